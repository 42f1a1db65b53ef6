"""What each account held at the end of the last days."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.positions.held import HeldNote
from storage.db.engine import Transaction
from storage.db.tables.ledger import held

REMEMBERED = timedelta(days=14)  # longer than any run of holidays

_h = held.c
_VALUES: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in ("account_id", "day", "body")}
_NOTE = insert(held).values(_VALUES).on_conflict_do_update(index_elements=["account_id", "day"], set_={"body": bindparam("body")})
_FORGET = held.delete().where(_h.account_id == bindparam("account"), _h.day < bindparam("long_ago"))
_OF = _h.account_id == bindparam("account")
_BEFORE = select(_h.body).where(_OF, _h.day < bindparam("date")).order_by(_h.day.desc()).limit(1)
_FIND = select(_h.body).where(_OF, _h.day == bindparam("date"))


class SqlHeld:
    """One note for an account and a date."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def note(self, note: HeldNote) -> None:
        self._tx.write(_FORGET, {"account": note.account_id, "long_ago": note.day - REMEMBERED})
        self._tx.write(_NOTE, {"account_id": note.account_id, "day": note.day, "body": note})

    def before(self, account_id: str, day: date) -> HeldNote | None:
        return self._tx.rows(_BEFORE, {"account": account_id, "date": day}).scalar_one_or_none()

    def find(self, account_id: str, day: date) -> HeldNote | None:
        return self._tx.rows(_FIND, {"account": account_id, "date": day}).scalar_one_or_none()
