"""Updates received, handled or not.

Each is stored before Telegram is told.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.ports.inbox import InboxEntry
from storage.db.engine import Transaction
from storage.db.tables.messages import inbox

_i = inbox.c
_ADD = (
    insert(inbox)
    .values({name: bindparam(name) for name in ("update_id", "user_id", "body", "received_at")})
    .on_conflict_do_nothing()
)
_WAITING = (
    select(_i.update_id, _i.user_id, _i.body, _i.received_at)
    .where(_i.handled_at.is_(None))
    .order_by(_i.received_at, _i.update_id)
)
_DONE = (
    inbox.update().where(_i.update_id == bindparam("update"), _i.handled_at.is_(None)).values(handled_at=bindparam("at"), body="")
)
_HIGHEST = select(func.max(_i.update_id))
_CLEAR = inbox.delete()
_FORGET = inbox.delete().where(_i.handled_at < bindparam("moment"), _i.update_id < _HIGHEST.scalar_subquery())


class SqlInboxRepository:
    """Updates as rows, unique on their id."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, updates: Sequence[InboxEntry]) -> Sequence[InboxEntry]:
        return [entry for entry in updates if self._tx.write(_ADD, _row(entry)) == 1]

    def waiting(self) -> Sequence[InboxEntry]:
        return [
            InboxEntry(update_id=row.update_id, user_id=row.user_id, body=row.body, received_at=row.received_at)
            for row in self._tx.rows(_WAITING)
        ]

    def done(self, update_id: int, at: datetime) -> None:
        """The body goes at once: it may hold six digits, and only the id is needed from here on."""
        self._tx.write(_DONE, {"update": update_id, "at": at})

    def highest(self) -> int | None:
        return self._tx.rows(_HIGHEST).scalar_one_or_none()

    def clear(self) -> int:
        """Forgets everything, the highest id too: ids of one bot mean nothing for another."""
        return self._tx.write(_CLEAR)

    def forget_before(self, moment: datetime) -> int:
        """The row with the highest id stays: from it the next offset is known."""
        return self._tx.write(_FORGET, {"moment": moment})


def _row(entry: InboxEntry) -> dict[str, object]:
    return {"update_id": entry.update_id, "user_id": entry.user_id, "body": entry.body, "received_at": entry.received_at}
