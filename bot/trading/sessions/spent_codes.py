"""Which six digits were submitted already, for this process and the next: a code that comes twice is a try too many."""

import hashlib
from datetime import datetime, timedelta

from bot.domain.errors import NotSent
from bot.domain.ports.repositories import Repositories

REMEMBERED = timedelta(seconds=120)  # a code, its neighbours in time, and room for skewed clocks


def spend(db: Repositories, account_id: str, digits: str, now: datetime) -> None:
    """Notes that they are about to be submitted. NotSent when they were before. Kept as a digest, for as long as it matters."""
    digest = hashlib.sha256(f"{account_id} {digits}".encode()).hexdigest()[:16]
    if not db.flags.spend_code(account_id, digest, now, REMEMBERED):
        raise NotSent("This code was used already. Wait for the next one.")
