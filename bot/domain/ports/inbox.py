"""Where received updates wait: each is stored before Telegram is told that the bot has it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.value import value


@value
class InboxEntry:
    """One update as it came."""

    update_id: int
    user_id: int
    body: str  # the update's JSON; the text of a secret is blanked once handled
    received_at: datetime


class Inbox(Protocol):
    """Updates received and not yet handled. Each is stored before Telegram is told that we have it."""

    async def add(self, updates: Sequence[InboxEntry]) -> Sequence[InboxEntry]:
        """Stores, in one transaction, those whose update_id is new. Returns them."""
        ...

    async def waiting(self) -> Sequence[InboxEntry]:
        """What was received and not handled before the last stop, oldest first."""
        ...

    async def done(self, update_id: int, at: datetime) -> None:
        """Marks one as handled."""
        ...

    async def highest(self) -> int | None:
        """The highest update_id ever stored."""
        ...

    async def forget_before(self, moment: datetime) -> int:
        """Deletes handled entries older than the moment, and says how many."""
        ...
