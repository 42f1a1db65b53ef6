"""PINs with their count of misses, and phones that were locked.

Six digits can be searched through in a day, however slow their hash is. So the hash itself is encrypted under the bot's own key:
whoever has the database alone has nothing to compare a guess with.
"""

import base64
import binascii
from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.errors import VaultError
from bot.domain.people.access import Pin
from bot.domain.people.secret import Secret
from storage.db.engine import Transaction
from storage.db.tables.people import pins, seals
from storage.repos.people.bot_keys import BotKeys
from storage.secrets.vault import DataKey, Vault, number_of

_MARK = "sealed:"  # then base64
_PLAIN = "$argon2id$"  # of a PIN that was set before hashes were encrypted; that happens with its next use
_FIELD = "pin"

_FIELDS = tuple(field.name for field in fields(Pin))
_ALL = select(pins.c.telegram_id).order_by(pins.c.telegram_id)
_FIND = select(*(pins.c[name] for name in _FIELDS)).where(pins.c.telegram_id == bindparam("person"))
_put = insert(pins).values({name: bindparam(name) for name in _FIELDS})
_PUT = _put.on_conflict_do_update(
    index_elements=[pins.c.telegram_id], set_={name: _put.excluded[name] for name in _FIELDS if name != "telegram_id"}
)
_REMOVE = pins.delete().where(pins.c.telegram_id == bindparam("person"))
_LOCK = insert(seals).values({name: bindparam(name) for name in ("telegram_id", "at")}).on_conflict_do_nothing()
_UNLOCK = seals.delete().where(seals.c.telegram_id == bindparam("person"))
_LOCKED_SINCE = select(seals.c.at).where(seals.c.telegram_id == bindparam("person"))


class SqlPins:
    """Both go with the person when they are taken off the list."""

    def __init__(self, transaction: Transaction, vault: Vault) -> None:
        self._tx = transaction
        self._vault = vault
        self._keys = BotKeys(transaction, vault)

    def find(self, telegram_id: int) -> Pin | None:
        """VaultError when the hash was changed, belongs to somebody else, or needs a key that is not here."""
        pin = next((Pin(**row._asdict()) for row in self._tx.cached(_FIND, {"person": telegram_id})), None)
        return None if pin is None else replace(pin, hashed=self._decrypted(telegram_id, pin.hashed))

    def put(self, pin: Pin) -> None:
        self._put(pin, self._keys.newest())

    def rewrap(self) -> int:
        """Does what SqlAccounts.rewrap does, for the keys of the PINs. VaultError when afterwards one would not open."""
        count = self._keys.rewrap()
        self.prove()
        return count

    def renew_keys(self) -> int:
        """Encrypts every PIN anew under a new key, and says how many."""
        people = self._tx.rows(_ALL).scalars().all()
        if people:
            key = self._keys.renew()
            for pin in [self.find(person) for person in people]:
                if pin is not None:
                    self._put(pin, key)
            self._keys.forget_before(key)
        return self.prove()

    def prove(self) -> int:
        """Decrypts every PIN's hash, and says how many. VaultError at the first that does not open."""
        return sum(self.find(person) is not None for person in self._tx.rows(_ALL).scalars().all())

    def _put(self, pin: Pin, key: DataKey) -> None:
        encrypted = self._vault.encrypt(key, _FIELD, Secret(pin.hashed), str(pin.telegram_id))
        hashed = _MARK + base64.b64encode(encrypted).decode()
        self._tx.write(_PUT, {name: getattr(pin, name) for name in _FIELDS} | {"hashed": hashed})

    def _decrypted(self, telegram_id: int, stored: str) -> str:
        if stored.startswith(_PLAIN):
            return stored
        text = stored.removeprefix(_MARK)
        try:
            encrypted = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            encrypted = b""
        if text == stored or not encrypted or base64.b64encode(encrypted).decode() != text:
            raise VaultError("A stored PIN cannot be read: it was changed. The host takes it away: python -m bot people unlock.")
        return self._vault.decrypt(self._keys.numbered(number_of(encrypted)), _FIELD, encrypted, str(telegram_id)).reveal()

    def remove(self, telegram_id: int) -> bool:
        return self._tx.write(_REMOVE, {"person": telegram_id}) == 1

    def lock_phone(self, telegram_id: int, at: datetime) -> None:
        """The first moment stays."""
        self._tx.write(_LOCK, {"telegram_id": telegram_id, "at": at})

    def unlock_phone(self, telegram_id: int) -> bool:
        return self._tx.write(_UNLOCK, {"person": telegram_id}) == 1

    def phone_locked_since(self, telegram_id: int) -> datetime | None:
        return next((row.at for row in self._tx.cached(_LOCKED_SINCE, {"person": telegram_id})), None)
