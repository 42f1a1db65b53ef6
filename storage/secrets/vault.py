"""Encrypts each account's secrets with AES-256-GCM and decrypts them again, or raises: it gives back nothing that was changed.

Two levels (T30): every account has random 256-bit data keys that encrypt its values, and a
key-encryption key from outside the database wraps the data keys. There are two rings of such keys: the TOTP seed has a data
key that only the second ring wraps, so that the database and the first key together still do not make a login (T34). Both
kinds of encrypted bytes begin with a version and the name of the key that they need, so that either can be changed while the
other stays:

    a value:     version 1 | data key number 4 | nonce 12 | ciphertext and tag
    a data key:  version 1 | name of the wrapping key 8 | nonce 12 | ciphertext and tag

What surrounds the ciphertext, the account, the field and the row are authenticated with it, so no value opens in
another one's place.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.domain.errors import VaultError
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import RandomBytes
from bot.domain.value import positional

KEY_BYTES = 32
_VERSION = b"\x01"
_NONCE = 12
_TAG = 16
_NAME = 8
_NUMBER = 4

_CLOSED = "A stored secret does not open: the key is another one, or the value was changed. Nothing was done with it."
_NO_KEY = {
    "main": "The stored secrets cannot be opened without the key file.",
    "seed": "A TOTP seed is stored only under a key of its own. Make that one first: python -m bot key new --seed",
}


class Ring(StrEnum):
    """Which wrapping keys a data key belongs to. The word is bound to what they wrap."""

    MAIN = "main"
    SEED = "seed"  # for the TOTP seed alone


_PLACES = {Ring.MAIN: "data key", Ring.SEED: "data key of the seed"}


@positional
class WrappingKey:
    """A key-encryption key. Its name is drawn from it, so name and key cannot fall apart."""

    key: bytes = field(repr=False)
    name: bytes = field(init=False)

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise VaultError(f"A key of {len(self.key)} bytes is not a key of {KEY_BYTES}.")
        object.__setattr__(self, "name", hashlib.sha256(b"name of a wrapping key\0" + self.key).digest()[:_NAME])


@positional
class DataKey:
    """An account's own key, opened. It lives for one transaction."""

    account_id: str
    number: int
    key: bytes = field(repr=False)
    ring: Ring = Ring.MAIN


class Vault:
    """Encrypts and decrypts with the wrapping keys given. The first of a ring wraps what is new, the others only unwrap."""

    def __init__(self, keys: Sequence[WrappingKey], random: RandomBytes, seed_keys: Sequence[WrappingKey] = ()) -> None:
        rings: Mapping[Ring, Sequence[WrappingKey]] = {Ring.MAIN: tuple(keys), Ring.SEED: tuple(seed_keys)}
        if {key.name for key in keys} & {key.name for key in seed_keys}:
            raise VaultError("The key for TOTP seeds is the same as the first key: then it protects nothing. Make another one.")
        self._rings = rings
        self._keys = {key.name: (ring, AESGCM(key.key)) for ring, these in rings.items() for key in these}
        self._random = random

    def has(self, ring: Ring) -> bool:
        """Whether anything of that ring can be encrypted and decrypted."""
        return bool(self._rings[ring])

    def with_keys(self, ring: Ring, keys: Sequence[WrappingKey]) -> "Vault":
        """The same vault with other keys in one of its rings."""
        rings = {**self._rings, ring: keys}
        return Vault(rings[Ring.MAIN], self._random, rings[Ring.SEED])

    def new_data_key(self, account_id: str, number: int, ring: Ring = Ring.MAIN) -> DataKey:
        return DataKey(account_id, number, self._random(KEY_BYTES), ring)

    def wrap(self, key: DataKey) -> bytes:
        """The data key as it may lie in the database. VaultError when there is no wrapping key in its ring."""
        first = self._first(key.ring)
        if first is None:
            raise VaultError(_NO_KEY[key.ring])
        _, cipher = self._keys[first]
        return _encrypt(cipher, self._random, _VERSION + first, key.key, _place_of_key(key.account_id, key.number, key.ring))

    def unwrap(self, account_id: str, number: int, wrapped: bytes) -> DataKey:
        """VaultError when the wrapping key is not among ours, or the bytes were changed or moved."""
        if not self._keys:
            raise VaultError(_NO_KEY[Ring.MAIN])
        ring, cipher = self._keys.get(wrapped[1 : 1 + _NAME], (None, None))
        if ring is None or cipher is None:
            raise VaultError(_CLOSED)
        return DataKey(account_id, number, _decrypt(cipher, wrapped, 1 + _NAME, _place_of_key(account_id, number, ring)), ring)

    def ring_of(self, wrapped: bytes) -> Ring | None:
        """The ring whose wrapping key a data key needs. None when it is none of ours."""
        entry = self._keys.get(wrapped[1 : 1 + _NAME])
        return entry[0] if entry is not None else None

    def wrapped_by_first(self, wrapped: bytes) -> bool:
        """Whether a data key is already wrapped by the key that wraps what is new in its ring."""
        ring = self.ring_of(wrapped)
        return ring is not None and wrapped[1 : 1 + _NAME] == self._first(ring)

    def _first(self, ring: Ring) -> bytes | None:
        return self._rings[ring][0].name if self._rings[ring] else None

    def encrypt(self, key: DataKey, name: str, secret: Secret, row: str = "") -> bytes:
        """name: which of the account's fields. row: which row of it, where there are several."""
        head = _VERSION + key.number.to_bytes(_NUMBER)
        return _encrypt(AESGCM(key.key), self._random, head, secret.reveal().encode(), _place(key.account_id, name, row))

    def decrypt(self, key: DataKey, name: str, encrypted: bytes, row: str = "") -> Secret:
        """VaultError when it was encrypted for another account, field or row, with another key, or was changed."""
        if number_of(encrypted) != key.number:
            raise VaultError(_CLOSED)
        return Secret(_decrypt(AESGCM(key.key), encrypted, 1 + _NUMBER, _place(key.account_id, name, row)).decode())


def number_of(encrypted: bytes) -> int:
    """The number of the data key that an encrypted value needs."""
    return int.from_bytes(encrypted[1 : 1 + _NUMBER])


def _place(*names: str) -> bytes:
    """Names one after the other, each with its length, so that no two lists of names give the same bytes."""
    encoded = [name.encode() for name in ("value", *names)]
    return b"".join(len(name).to_bytes(4) + name for name in encoded)


def _place_of_key(account_id: str, number: int, ring: Ring) -> bytes:
    return _place(account_id, _PLACES[ring], str(number), "wrapped")


def _encrypt(cipher: AESGCM, random: RandomBytes, head: bytes, plain: bytes, place: bytes) -> bytes:
    nonce = random(_NONCE)
    if len(nonce) != _NONCE:
        raise VaultError("The source of randomness gave too little.")
    return head + nonce + cipher.encrypt(nonce, plain, head + place)


def _decrypt(cipher: AESGCM, encrypted: bytes, head: int, place: bytes) -> bytes:
    if encrypted[:1] != _VERSION or len(encrypted) < head + _NONCE + _TAG:
        raise VaultError(_CLOSED)
    nonce, body = encrypted[head : head + _NONCE], encrypted[head + _NONCE :]
    try:
        return cipher.decrypt(nonce, body, encrypted[:head] + place)
    except InvalidTag:
        raise VaultError(_CLOSED) from None
