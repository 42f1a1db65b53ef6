"""The inbox over a store: what the poller asks of it, each call a transaction of its own."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.ports.inbox import InboxEntry
from storage.store import SqlStore


class SqlInbox:
    """The Inbox of the poller."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def add(self, updates: Sequence[InboxEntry]) -> Sequence[InboxEntry]:
        return await self._store.transaction(lambda db: db.inbox.add(updates))

    async def waiting(self) -> Sequence[InboxEntry]:
        return await self._store.transaction(lambda db: db.inbox.waiting())

    async def done(self, update_id: int, at: datetime) -> None:
        await self._store.owe(lambda db: db.inbox.done(update_id, at))

    async def highest(self) -> int | None:
        return await self._store.transaction(lambda db: db.inbox.highest())

    async def clear(self) -> None:
        """Forgets every update received, for another bot."""
        await self._store.transaction(lambda db: db.inbox.clear())

    async def forget_before(self, moment: datetime) -> int:
        return await self._store.transaction(lambda db: db.inbox.forget_before(moment))
