"""Secrets that can be recognised anywhere: planted before a story, looked for afterwards in all that it left behind.

Independent of the scrubber on purpose: what searches must not share a mistake with what hides (T20).
"""

import base64
import binascii
import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from urllib.parse import quote, quote_plus

_PIECE = 8
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """Every secret there is, each one unique and random."""

    bot_token: str
    client_code: str
    password: str
    totp_seed: str
    api_key: str
    access_token: str
    refresh_token: str
    feed_token: str
    step_token: str
    wrapping_key: str
    join_code: str
    passphrase: str
    pin: str


# Whole values only: people read these aloud or pieces of them are too ordinary to mean anything.
_WHOLE = frozenset({"client_code", "pin"})


def plant(chance: random.Random) -> Planted:
    """Thirteen canaries in the shapes of the real ones."""

    def some(alphabet: str, length: int) -> str:
        return "".join(chance.choice(alphabet) for _ in range(length))

    def token() -> str:
        return ".".join((some(_BASE62, 20), some(_BASE62, 120), some(_BASE62, 43)))

    return Planted(
        bot_token=f"{chance.randrange(10**9, 10**10)}:{some(_BASE62 + '_-', 35)}",
        client_code=f"MA{some('0123456789', 7)}",
        password=f"{some(_BASE62, 10)}&'%{some(_BASE62, 6)}",
        totp_seed=some(_BASE32, 32),
        api_key=some(_BASE62, 32) + "==",
        access_token=token(),
        refresh_token=token(),
        feed_token=token(),
        step_token=token(),
        wrapping_key=some("0123456789abcdef", 64),
        join_code=some(_BASE32, 26),
        passphrase=some(_BASE62, 24),
        pin=some("0123456789", 8),
    )


class Canaries:
    """Looks for planted secrets in text or bytes: plain, url-, base64-, hex-encoded, backwards, and in pieces of eight."""

    def __init__(self, planted: Planted | Mapping[str, str], *, whole: Collection[str] = _WHOLE) -> None:
        """whole: the names of those whose pieces are ordinary words or digits, so that only all of it counts."""
        secrets = (
            planted if isinstance(planted, Mapping) else {each.name: getattr(planted, each.name) for each in fields(planted)}
        )
        self._whole: dict[bytes, str] = {}
        self._pieces: dict[bytes, str] = {}
        for name, secret in secrets.items():
            for form, spelled in _forms(secret):
                self._whole.setdefault(spelled, f"{name} ({form})")
            if name in whole or len(secret) < 2 * _PIECE:
                continue
            raw = secret.encode()
            for at in range(len(raw) - _PIECE + 1):
                self._pieces.setdefault(raw[at : at + _PIECE], f"{name} (a piece)")

    def leaks(self, haystack: str | bytes) -> list[str]:
        """The names of what shows, each with how it is written."""
        content = haystack.encode("utf-8", "surrogatepass") if isinstance(haystack, str) else haystack
        found = {name for spelled, name in self._whole.items() if spelled in content}
        found |= {
            name for at in range(len(content) - _PIECE + 1) if (name := self._pieces.get(content[at : at + _PIECE])) is not None
        }
        return sorted(found)


def _forms(secret: str) -> Iterator[tuple[str, bytes]]:
    raw = secret.encode()
    yield "plain", raw
    yield "backwards", secret[::-1].encode()
    yield "url", quote(secret, safe="").encode()
    yield "url", quote_plus(secret).encode()
    yield "hex", binascii.hexlify(raw)
    yield "hex", binascii.hexlify(raw).upper()
    for before in range(3):
        # Cut to what stays the same whatever stands before and after it.
        start = 4 if before else 0
        code = base64.b64encode(b"\0" * before + raw)
        inner = code[start : (before + len(raw)) // 3 * 4]
        if len(inner) >= _PIECE:
            yield "base64", inner
            yield "base64url", inner.replace(b"+", b"-").replace(b"/", b"_")
