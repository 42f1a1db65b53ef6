"""Drawer: which named job ran for which date."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from storage.db.engine import Transaction
from storage.db.tables import jobs

_CLAIM = insert(jobs).values({name: bindparam(name) for name in ("name", "key", "at")}).on_conflict_do_nothing()
_RELEASE = jobs.delete().where(jobs.c.name == bindparam("job"), jobs.c.key == bindparam("which"))

_CLAIMED = select(jobs.c.key).where(jobs.c.name == bindparam("job")).order_by(jobs.c.at)


class SqlClaims:
    """A job's row is its claim."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def claim(self, name: str, key: str, now: datetime) -> bool:
        return self._tx.write(_CLAIM, {"name": name, "key": key, "at": now}) == 1

    def claimed(self, name: str) -> Sequence[str]:
        return self._tx.rows(_CLAIMED, {"job": name}).scalars().all()

    def release(self, name: str, key: str) -> None:
        self._tx.write(_RELEASE, {"job": name, "which": key})
