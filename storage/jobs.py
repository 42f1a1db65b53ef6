"""Drawer: which named job ran for which date."""

from datetime import datetime

from sqlalchemy import bindparam
from sqlalchemy.dialects.sqlite import insert

from storage.engine import Transaction
from storage.tables import jobs

_CLAIM = insert(jobs).values({name: bindparam(name) for name in ("name", "key", "at")}).on_conflict_do_nothing()
_RELEASE = jobs.delete().where(jobs.c.name == bindparam("job"), jobs.c.key == bindparam("which"))


class SqlJobs:
    """A job's row is its claim."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def claim(self, name: str, key: str, now: datetime) -> bool:
        return self._tx.write(_CLAIM, {"name": name, "key": key, "at": now}) == 1

    def release(self, name: str, key: str) -> None:
        self._tx.write(_RELEASE, {"job": name, "which": key})
