"""Which scrip master is in use.

Its rows lie in the broker's own file, beside the database.
"""

from datetime import date, datetime

from sqlalchemy import bindparam, select

from bot.domain.market.instrument import MasterDay
from storage.db.engine import Transaction
from storage.db.tables.bot import master

_CLEAR = master.delete()
_ADD = master.insert().values({name: bindparam(name) for name in ("id", "day", "rows", "loaded_at")})
_DAY = select(master.c.day, master.c.rows, master.c.loaded_at)


class SqlScripMaster:
    """The master of one date."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def note(self, day: date, rows: int, at: datetime) -> None:
        self._tx.write(_CLEAR)
        self._tx.write(_ADD, {"id": 1, "day": day, "rows": rows, "loaded_at": at})

    def last(self) -> MasterDay | None:
        row = self._tx.rows(_DAY).one_or_none()
        return None if row is None else MasterDay(date=row.day, rows=row.rows, loaded_at=row.loaded_at)
