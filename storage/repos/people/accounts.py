"""Linked accounts with their encrypted credentials and sessions, and who has chosen which."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.errors import StorageError, VaultError
from bot.domain.people.account import Account, Credentials, KnownAccount, Session
from bot.domain.people.secret import Secret
from storage.db.engine import Transaction
from storage.db.tables.accounts import accounts, data_keys, secrets
from storage.db.tables.people import choices
from storage.repos.account_marks import PLACE, mark_of
from storage.secrets.vault import DataKey, Ring, Vault, number_of

_SESSION = "session"
_SEED = "totp_seed"  # the one secret under the second ring of keys
_CLIENT_CODE = "client_code"  # the one secret that outlives the link: it tells that an account is the same
_CREDENTIALS = tuple(field.name for field in fields(Credentials))

_a = accounts.c
_new = insert(accounts).values(
    id=bindparam("id"), label=bindparam("label"), client=bindparam("client"), created_at=bindparam("created_at"), linked=True
)
_LINK = _new.on_conflict_do_update(
    index_elements=[_a.id], set_={"label": _new.excluded.label, "client": _new.excluded.client, "linked": True}
)
_STOP_WORDS = select(_a.stop_words).where(_a.id == bindparam("account"))
_KEEP_STOP_WORDS = accounts.update().where(_a.id == bindparam("account")).values(stop_words=bindparam("words"))
_UNLINK = accounts.update().where(_a.id == bindparam("account"), _a.linked).values(linked=False)
_LINKED = select(_a.id, _a.label, _a.client, _a.created_at, PLACE).where(_a.linked).order_by(_a.created_at, _a.id)
_FIND = _LINKED.where(_a.id == bindparam("account"))
_EVER = select(_a.id, _a.label, _a.client, _a.created_at, _a.linked, PLACE).order_by(_a.linked.desc(), _a.created_at, _a.id)
_BY_LABEL = _LINKED.where(_a.label == bindparam("name"))

_KEYS = select(data_keys.c.account_id, data_keys.c.number, data_keys.c.wrapped).order_by(
    data_keys.c.account_id, data_keys.c.number
)
_KEYS_OF = _KEYS.where(data_keys.c.account_id == bindparam("account"))
_NEWEST_KEY = select(func.max(data_keys.c.number)).where(data_keys.c.account_id == bindparam("account"))
_ADD_KEY = data_keys.insert().values({name: bindparam(name) for name in ("account_id", "number", "wrapped")})
_REWRAP = (
    data_keys.update()
    .where(data_keys.c.account_id == bindparam("account"), data_keys.c.number == bindparam("key"))
    .values(wrapped=bindparam("anew"))
)
_SECRETS = select(secrets.c.field, secrets.c.sealed).where(secrets.c.account_id == bindparam("account"))
_SECRET = _SECRETS.where(secrets.c.field == bindparam("name"))
_put = insert(secrets).values({name: bindparam(name) for name in ("account_id", "field", "sealed")})
_PUT = _put.on_conflict_do_update(index_elements=[secrets.c.account_id, secrets.c.field], set_={"sealed": _put.excluded.sealed})
_FORGET_ONE = secrets.delete().where(secrets.c.account_id == bindparam("account"), secrets.c.field == bindparam("name"))
_DESTROY = (
    secrets.delete().where(secrets.c.account_id == bindparam("account")),
    data_keys.delete().where(data_keys.c.account_id == bindparam("account")),
)
_FORGET_KEY = data_keys.delete().where(data_keys.c.account_id == bindparam("account"), data_keys.c.number == bindparam("key"))

_choice = insert(choices).values({name: bindparam(name) for name in ("telegram_id", "account_id", "until")})
_CHOOSE = _choice.on_conflict_do_update(
    index_elements=[choices.c.telegram_id], set_={"account_id": _choice.excluded.account_id, "until": _choice.excluded.until}
)
_CHOSEN = (
    select(choices.c.account_id)
    .join(accounts, _a.id == choices.c.account_id)
    .where(choices.c.telegram_id == bindparam("person"), _a.linked)
    .where(choices.c.until > bindparam("now"), choices.c.until <= bindparam("furthest"))
)
_FORGET_CHOICES = choices.delete().where(choices.c.account_id == bindparam("account"))

_sessions = msgspec.json.Decoder(tuple[str, datetime, datetime])


class SqlAccounts:
    """Linked accounts. What is secret about them passes through the vault."""

    def stop_words(self, account_id: str) -> str | None:
        return self._tx.rows(_STOP_WORDS, {"account": account_id}).scalar_one_or_none()

    def keep_stop_words(self, account_id: str, words: str) -> None:
        self._tx.write(_KEEP_STOP_WORDS, {"account": account_id, "words": words})

    def __init__(self, transaction: Transaction, vault: Vault) -> None:
        self._tx = transaction
        self._vault = vault
        self.destroyed = False  # a secret was destroyed: the store then empties the write-ahead log as well

    @property
    def keeps_seeds(self) -> bool:
        return self._vault.has(Ring.SEED)

    def add(self, account: Account, credentials: Credentials) -> None:
        """Links an account. One that is there already gets its label and credentials anew, under a new data key."""
        self._tx.write(
            _LINK,
            {"id": account.id, "label": account.label, "client": account.client, "created_at": account.created_at},
        )
        self._destroy(account.id)
        keys = {Ring.MAIN: self._new_key(account.id, 1)}
        if credentials.totp_seed is not None:
            keys[Ring.SEED] = self._new_key(account.id, 2, Ring.SEED)
        for name in _CREDENTIALS:
            secret: Secret | None = getattr(credentials, name)
            if secret is not None:
                self._put(keys[_ring_for(name)], name, secret)

    def remove(self, account_id: str) -> bool:
        client_code = self._get(account_id, _CLIENT_CODE)
        if self._tx.write(_UNLINK, {"account": account_id}) != 1:
            return False
        self._destroy(account_id)
        if client_code is not None:
            self._put(self._new_key(account_id, 1), _CLIENT_CODE, client_code)
        self._tx.write(_FORGET_CHOICES, {"account": account_id})
        return True

    def all(self) -> Sequence[Account]:
        return [_account(row) for row in self._tx.cached(_LINKED, {})]

    def find(self, account_id: str) -> Account | None:
        return next((_account(row) for row in self._tx.cached(_FIND, {"account": account_id})), None)

    def by_label(self, label: str) -> Account | None:
        """Labels are told apart without regard to case."""
        row = self._tx.rows(_BY_LABEL, {"name": label}).one_or_none()
        return None if row is None else _account(row)

    def known(self, client_code: Secret) -> KnownAccount | None:
        """Finds it without regard to case, as the broker takes it."""
        code = _comparable(client_code)
        for row in self._tx.rows(_EVER).all():
            stored = self._get(row.id, _CLIENT_CODE)
            if stored is not None and _comparable(stored) == code:
                return KnownAccount(account=_account(row), linked=row.linked)
        return None

    def credentials(self, account_id: str) -> Credentials | None:
        """All of them. Without the second ring of keys a stored seed stays closed, and six digits have to be typed."""
        if self.find(account_id) is None:
            return None
        values: dict[str, Secret | None] = dict.fromkeys(_CREDENTIALS)
        values |= {name: self._get(account_id, name) for name in _CREDENTIALS if self._vault.has(_ring_for(name))}
        client_code, password, api_key = values["client_code"], values["password"], values["api_key"]
        if client_code is None or password is None or api_key is None:
            raise VaultError("A stored secret of this account is missing. Link the account again.")
        return Credentials(client_code=client_code, password=password, api_key=api_key, totp_seed=values["totp_seed"])

    def keep_session(self, account_id: str, session: Session | None) -> None:
        """Token and times are encrypted as one, so that a dead token cannot be given a longer life."""
        if session is None:
            self._tx.write(_FORGET_ONE, {"account": account_id, "name": _SESSION})
            return
        if session.issued.tzinfo is None or session.expires.tzinfo is None:
            raise StorageError("A session's times need a zone.")
        if self.find(account_id) is None:
            raise StorageError("There is no linked account to keep this secret for.")
        whole = msgspec.json.encode((session.token.reveal(), session.issued, session.expires)).decode()
        self._put(self._newest_key(account_id), _SESSION, Secret(whole))

    def session(self, account_id: str) -> Session | None:
        whole = self._get(account_id, _SESSION)
        if whole is None:
            return None
        token, issued, expires = _sessions.decode(whole.reveal())
        return Session(token=Secret(token), issued=issued, expires=expires)

    def choose(self, telegram_id: int, account_id: str, until: datetime) -> None:
        self._tx.write(_CHOOSE, {"telegram_id": telegram_id, "account_id": account_id, "until": until})

    def chosen(self, telegram_id: int, now: datetime, furthest: datetime) -> str | None:
        return self._tx.rows(_CHOSEN, {"person": telegram_id, "now": now, "furthest": furthest}).scalar_one_or_none()

    def keyed(self) -> Sequence[str]:
        """The ids of all accounts of which something encrypted is stored, unlinked ones included."""
        return sorted({row.account_id for row in self._tx.rows(_KEYS).all()})

    def prove(self) -> int:
        """Decrypts every value whose ring is here, and says how many. VaultError at the first that does not open."""
        count = 0
        for account_id in self.keyed():
            for name, _ in self._tx.rows(_SECRETS, {"account": account_id}).all():
                if self._vault.has(_ring_for(name)):
                    self._get(account_id, name)
                    count += 1
        return count

    def rewrap(self, ring: Ring = Ring.MAIN) -> int:
        """Wraps every data key of a ring with its first wrapping key, and says how many were wrapped by another before.

        VaultError, and nothing changed, when afterwards a secret would not open.
        """
        rows = self._tx.rows(_KEYS).all()
        old = [row for row in rows if self._vault.ring_of(row.wrapped) is ring and not self._vault.wrapped_by_first(row.wrapped)]
        for row in old:
            anew = self._vault.wrap(self._vault.unwrap(row.account_id, row.number, row.wrapped))
            self._tx.write(_REWRAP, {"account": row.account_id, "key": row.number, "anew": anew})
        self.prove()
        self.destroyed = self.destroyed or bool(old)
        return len(old)

    def renew_keys(self, account_id: str) -> int:
        """Gives an account new data keys and encrypts everything anew with them, and says how many values.

        A seed whose ring is not here keeps its key. One that stood under the first ring moves to its own.
        """
        newest = self._tx.rows(_NEWEST_KEY, {"account": account_id}).scalar_one_or_none()
        if newest is None:
            return 0
        rows = self._tx.rows(_SECRETS, {"account": account_id}).all()
        names = [name for name, _ in rows if self._vault.has(_ring_for(name))]
        rings = sorted({_ring_for(name) for name in names})
        keys = {ring: self._new_key(account_id, newest + at, ring) for at, ring in enumerate(rings, 1)}
        for name in names:
            secret = self._get(account_id, name)
            if secret is not None:
                self._put(keys[_ring_for(name)], name, secret)
        needed = {number_of(body) for _, body in self._tx.rows(_SECRETS, {"account": account_id}).all()}
        for row in self._tx.rows(_KEYS_OF, {"account": account_id}).all():
            if row.number not in needed:
                self._tx.write(_FORGET_KEY, {"account": account_id, "key": row.number})
        self.destroyed = True
        return len(names)

    def _new_key(self, account_id: str, number: int, ring: Ring = Ring.MAIN) -> DataKey:
        key = self._vault.new_data_key(account_id, number, ring)
        self._tx.write(_ADD_KEY, {"account_id": account_id, "number": number, "wrapped": self._vault.wrap(key)})
        return key

    def _newest_key(self, account_id: str) -> DataKey:
        keys = self._tx.rows(_KEYS_OF, {"account": account_id}).all()
        if not keys:
            raise StorageError("There is no linked account to keep this secret for.")
        ours = [row for row in keys if self._vault.ring_of(row.wrapped) is Ring.MAIN] or keys
        return self._vault.unwrap(account_id, ours[-1].number, ours[-1].wrapped)

    def _put(self, key: DataKey, name: str, secret: Secret) -> None:
        if key.ring is not _ring_for(name):
            raise VaultError("A secret was about to be sealed under the wrong key. Nothing was stored.")
        self._tx.write(_PUT, {"account_id": key.account_id, "field": name, "sealed": self._vault.encrypt(key, name, secret)})

    def _get(self, account_id: str, name: str) -> Secret | None:
        row = self._tx.rows(_SECRET, {"account": account_id, "name": name}).one_or_none()
        if row is None:
            return None
        number = number_of(row.sealed)
        for key in self._tx.rows(_KEYS_OF, {"account": account_id}).all():
            if key.number == number:
                return self._vault.decrypt(self._vault.unwrap(account_id, number, key.wrapped), name, row.sealed)
        raise VaultError("A stored secret does not open: the key that it was sealed with is gone.")

    def _destroy(self, account_id: str) -> None:
        for statement in _DESTROY:
            self._tx.write(statement, {"account": account_id})
        self.destroyed = True


def _account(row: Row[*tuple[Any, ...]]) -> Account:
    return Account(id=row.id, label=row.label, client=row.client, created_at=row.created_at, mark=mark_of(row.place))


def _comparable(client_code: Secret) -> str:
    return client_code.reveal().strip().casefold()


def _ring_for(name: str) -> Ring:
    return Ring.SEED if name == _SEED else Ring.MAIN
