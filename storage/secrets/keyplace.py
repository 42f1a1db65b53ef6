"""Where wrapping keys lie outside the database, and how such a place is filled, added to and thinned out."""

import base64
import binascii
from collections.abc import Sequence
from typing import Protocol

from bot.domain.errors import VaultError
from bot.domain.ports.broker import RandomBytes
from storage.secrets.vault import KEY_BYTES, WrappingKey

_MARK = "wrapping-key-1"  # each line: this mark, then the key; the first line's key wraps what is new


class KeyPlace(Protocol):
    """One place that holds wrapping keys. Every way in and out raises VaultError, naming the repair."""

    @property
    def says(self) -> str:
        """How the place is called in a sentence."""
        ...

    @property
    def where(self) -> str:
        """Equal for two places that would overwrite each other."""
        ...

    def exists(self) -> bool:
        """Whether something is there, fit or not."""
        ...

    def make(self, keys: Sequence[WrappingKey]) -> None:
        """Puts the first keys there. Refuses when something is there already."""
        ...

    def load(self) -> tuple[WrappingKey, ...]:
        """The keys, the one that wraps what is new first."""
        ...

    def keep(self, keys: Sequence[WrappingKey]) -> None:
        """Replaces all that is there by these, as a whole or not at all."""
        ...

    def traces(self) -> Sequence[bytes]:
        """Bytes that must stand in no backup, as far as they can be told without asking anybody."""
        ...


def new_key(random: RandomBytes) -> WrappingKey:
    """A wrapping key that nobody has seen."""
    return WrappingKey(random(KEY_BYTES))


def lines_of(keys: Sequence[WrappingKey]) -> bytes:
    """The keys as lines of text."""
    return "".join(f"{_MARK} {base64.b64encode(key.key).decode()}\n" for key in keys).encode()


def keys_of(says: str, body: bytes) -> tuple[WrappingKey, ...]:
    """The keys in lines of text. VaultError, which repeats none of it, when a line is no key. says: where they lie."""
    keys = []
    for line in body.decode("ascii", "replace").splitlines():
        if not line.strip():
            continue
        mark, _, text = line.partition(" ")
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            key = b""
        if mark != _MARK or len(key) != KEY_BYTES:
            raise VaultError(f"{says} holds a line that is no key. Nothing was changed.")
        keys.append(WrappingKey(key))
    if not keys:
        raise VaultError(f"{says} holds no key.")
    return tuple(keys)


def spellings(keys: Sequence[WrappingKey]) -> list[bytes]:
    """Each key as it might lie in a file by mistake."""
    return [form for key in keys for form in (key.key, key.key.hex().encode(), base64.b64encode(key.key))]
