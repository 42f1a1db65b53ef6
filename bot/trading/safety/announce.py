"""Tells the others of an account of one person's act."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.domain.orders.notice import Notice
from bot.domain.ports.repositories import Repositories


def tell_others(
    db: Repositories, account_id: str, but: Collection[int], notice: Notice, at: datetime, *, order_id: str | None = None
) -> Sequence[int]:
    """Writes the notice to everybody who watches the account, but not to these; to whom it was written."""
    others = [person for person in db.people.watching(account_id) if person not in but]
    db.outbox.add(account_id, others, notice, at, order_id=order_id)
    return others
