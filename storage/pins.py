"""Drawer: PINs with their count of misses, and phones that were sealed."""

from dataclasses import fields
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.access import Pin
from storage.engine import Transaction
from storage.tables import pins, seals

_FIELDS = tuple(field.name for field in fields(Pin))
_FIND = select(*(pins.c[name] for name in _FIELDS)).where(pins.c.telegram_id == bindparam("person"))
_put = insert(pins).values({name: bindparam(name) for name in _FIELDS})
_PUT = _put.on_conflict_do_update(
    index_elements=[pins.c.telegram_id], set_={name: _put.excluded[name] for name in _FIELDS if name != "telegram_id"}
)
_REMOVE = pins.delete().where(pins.c.telegram_id == bindparam("person"))
_SEAL = insert(seals).values({name: bindparam(name) for name in ("telegram_id", "at")}).on_conflict_do_nothing()
_UNSEAL = seals.delete().where(seals.c.telegram_id == bindparam("person"))
_SEALED = select(seals.c.at).where(seals.c.telegram_id == bindparam("person"))


class SqlPins:
    """Both go with the person when they are taken off the list."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def find(self, telegram_id: int) -> Pin | None:
        return next((Pin(**row._asdict()) for row in self._tx.kept(_FIND, {"person": telegram_id})), None)

    def put(self, pin: Pin) -> None:
        self._tx.write(_PUT, {name: getattr(pin, name) for name in _FIELDS})

    def remove(self, telegram_id: int) -> bool:
        return self._tx.write(_REMOVE, {"person": telegram_id}) == 1

    def seal(self, telegram_id: int, at: datetime) -> None:
        """The first moment stays."""
        self._tx.write(_SEAL, {"telegram_id": telegram_id, "at": at})

    def unseal(self, telegram_id: int) -> bool:
        return self._tx.write(_UNSEAL, {"person": telegram_id}) == 1

    def sealed(self, telegram_id: int) -> datetime | None:
        return next((row.at for row in self._tx.kept(_SEALED, {"person": telegram_id})), None)
