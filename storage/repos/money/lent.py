"""What mStock lends of a purchase on margin, by share and date of purchase."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.market.instrument import InstrumentKey
from storage.db.engine import Transaction
from storage.db.tables.ledger import lent

_l = lent.c
_FIELDS = ("account_id", "exchange", "token", "day", "part")
_note = insert(lent).values({name: bindparam(name) for name in _FIELDS})
_NOTE = _note.on_conflict_do_update(index_elements=[_l[name] for name in _FIELDS[:4]], set_={"part": _note.excluded.part})
_ALL = select(_l.exchange, _l.token, _l.day, _l.part).where(_l.account_id == bindparam("account"))


class SqlLent:
    """One part for an account, a share and a date."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def note(self, account_id: str, key: InstrumentKey, day: date, part: Decimal) -> None:
        values = {"account_id": account_id, "exchange": key.exchange, "token": key.token, "day": day, "part": part}
        self._tx.write(_NOTE, values)

    def of(self, account_id: str) -> Mapping[tuple[InstrumentKey, date], Decimal]:
        rows = self._tx.rows(_ALL, {"account": account_id})
        return {(InstrumentKey(row.exchange, row.token), row.day): row.part for row in rows}
