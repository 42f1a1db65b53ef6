"""The bot's own data keys, for what is secret and belongs to no account.

They are wrapped as those of the accounts are.
"""

from sqlalchemy import bindparam, select

from bot.domain.errors import VaultError
from storage.db.engine import Transaction
from storage.db.tables.bot import own_keys
from storage.secrets.vault import DataKey, Vault

_NOBODY = ""  # in an account's place, where no account is

_k = own_keys.c
_ALL = select(_k.number, _k.wrapped).order_by(_k.number)
_ADD = own_keys.insert().values(number=bindparam("number"), wrapped=bindparam("wrapped"))
_REWRAP = own_keys.update().where(_k.number == bindparam("key")).values(wrapped=bindparam("anew"))
_FORGET_BEFORE = own_keys.delete().where(_k.number < bindparam("key"))


class BotKeys:
    """The newest one encrypts. The others only decrypt what they encrypted."""

    def __init__(self, transaction: Transaction, vault: Vault) -> None:
        self._tx = transaction
        self._vault = vault

    def newest(self) -> DataKey:
        """Made when there is none yet. VaultError without a wrapping key."""
        rows = self._tx.rows(_ALL).all()
        return self._vault.unwrap(_NOBODY, rows[-1].number, rows[-1].wrapped) if rows else self._new(1)

    def numbered(self, number: int) -> DataKey:
        """VaultError when it is gone, was changed, or its wrapping key is not among ours."""
        for row in self._tx.rows(_ALL).all():
            if row.number == number:
                return self._vault.unwrap(_NOBODY, number, row.wrapped)
        raise VaultError("A stored secret does not open: the key that it was sealed with is gone.")

    def rewrap(self) -> int:
        """Wraps all of them with the first wrapping key, and says how many were wrapped by another before."""
        old = [row for row in self._tx.rows(_ALL).all() if not self._vault.wrapped_by_first(row.wrapped)]
        for row in old:
            anew = self._vault.wrap(self._vault.unwrap(_NOBODY, row.number, row.wrapped))
            self._tx.write(_REWRAP, {"key": row.number, "anew": anew})
        return len(old)

    def renew(self) -> DataKey:
        """A key that nobody has seen. Whoever asks for it encrypts everything anew and then forgets the older ones."""
        return self._new(max((row.number for row in self._tx.rows(_ALL).all()), default=0) + 1)

    def forget_before(self, key: DataKey) -> None:
        """Nothing is encrypted with the older ones any more."""
        self._tx.write(_FORGET_BEFORE, {"key": key.number})

    def _new(self, number: int) -> DataKey:
        key = self._vault.new_data_key(_NOBODY, number)
        self._tx.write(_ADD, {"number": number, "wrapped": self._vault.wrap(key)})
        return key
