"""Changes of product.

Each is stored before its one request leaves.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, or_, select

from bot.domain.positions.conversion import Conversion, ConversionState
from storage.db.engine import Transaction
from storage.db.tables.orders import conversions

_c = conversions.c
_ADD = conversions.insert().values({name: bindparam(name) for name in ("id", "account_id", "state", "body")})
_FIND = select(_c.body).where(_c.id == bindparam("conversion"))
_ALIVE = select(_c.body).where(or_(_c.state == ConversionState.SENT, _c.state == ConversionState.UNCLEAR)).order_by(_c.id)
_SAVE = conversions.update().where(_c.id == bindparam("conversion")).values(state=bindparam("becomes"), body=bindparam("whole"))


class SqlConversions:
    """One row for each conversion, whole, and its state beside it."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, conversion: Conversion) -> None:
        row = {"id": conversion.id, "account_id": conversion.account_id, "state": conversion.state, "body": conversion}
        self._tx.write(_ADD, row)

    def find(self, conversion_id: str) -> Conversion | None:
        row = self._tx.rows(_FIND, {"conversion": conversion_id}).one_or_none()
        return None if row is None else row.body

    def alive(self) -> Sequence[Conversion]:
        return [row.body for row in self._tx.rows(_ALIVE).all()]

    def save(self, conversion: Conversion) -> None:
        self._tx.write(_SAVE, {"conversion": conversion.id, "becomes": conversion.state, "whole": conversion})
