"""The sealed key file: wrapping keys on disk behind a passphrase, so that a start needs a person or a credential.

One line of text (T32): a mark, Argon2id's figures, a salt, and the keys' own lines under AES-256-GCM with a
key drawn from the passphrase. The figures and the salt are authenticated with it. Whoever has the database and this file still
has to guess the passphrase at the price of one Argon2id cost.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bot.domain.errors import VaultError
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import RandomBytes
from bot.domain.value import value
from storage.secrets.keyplace import keys_of, lines_of
from storage.secrets.privatefile import make_private, read_private, refuse_beside, replace_private
from storage.secrets.vault import KEY_BYTES, WrappingKey

_MARK = "sealed-keys-1"
_SALT, _NONCE = 16, 12  # bytes
_LINE = re.compile(
    rf"(?P<head>{_MARK} argon2id t=(?P<passes>\d{{1,4}}) m=(?P<kib>\d{{1,8}}) p=(?P<lanes>\d{{1,2}}) (?P<salt>[A-Za-z0-9+/=]+)) "
    r"(?P<body>[A-Za-z0-9+/=]+)\s*"
)
SHORTEST = 15  # characters (NIST SP 800-63B-4: a password that stands alone)


class WrongPassphrase(VaultError):
    """The passphrase does not open the sealed key file, or the file was changed. Nothing tells the two apart."""


@value
class Cost:
    """What one guess costs: Argon2id's passes, memory in KiB, and lanes."""

    passes: int
    kib: int
    lanes: int

    def derive(self, passphrase: Secret, salt: bytes) -> bytes:
        """The key that a passphrase stands for. The same letters typed on another keyboard give the same key."""
        plain = unicodedata.normalize("NFKC", passphrase.reveal()).encode()
        return Argon2id(salt=salt, length=KEY_BYTES, iterations=self.passes, lanes=self.lanes, memory_cost=self.kib).derive(plain)

    @property
    def is_enough(self) -> bool:
        """Whether it is one of OWASP's settings or dearer (ASVS 5.0, appendix C), and no trap for this host's memory."""
        return self.kib <= MOST_KIB and any(
            self.passes >= cost.passes and self.kib >= cost.kib and self.lanes >= cost.lanes for cost in OWASP
        )


OWASP = tuple(
    Cost(passes=passes, kib=mib * 1024, lanes=1) for passes, mib in ((1, 46), (2, 19))
)  # the first two of its equal choices
MOST_KIB = 1024 * 1024
COST = Cost(passes=3, kib=64 * 1024, lanes=4)  # RFC 9106's second recommendation, above both; about a third of a second


class SealedKeyFile:
    """A KeyPlace on disk that opens with a passphrase only. It is asked for once, when first needed."""

    def __init__(
        self,
        path: Path,
        database: Path | None,
        passphrase: Callable[[], Secret],
        random: RandomBytes,
        cost: Cost = COST,
    ) -> None:
        self.path = path
        self._database = database
        self._ask = passphrase
        self._random = random
        self._cost = cost
        self._known: Secret | None = None

    @property
    def says(self) -> str:
        return f"The sealed key file {self.path}"

    @property
    def where(self) -> str:
        return str(self.path.resolve())

    def exists(self) -> bool:
        return self.path.exists()

    def make(self, keys: Sequence[WrappingKey]) -> None:
        refuse_beside(self.path, self._database)
        make_private(self.path, self._encrypted(keys))

    def load(self) -> tuple[WrappingKey, ...]:
        """WrongPassphrase when it does not open. Every wrong passphrase costs the same, one whole Argon2id."""
        body = read_private(self.path, self._database)
        match = _LINE.fullmatch(body.decode("ascii", "replace"))
        if match is None:
            if body.startswith(b"wrapping-key-"):
                raise VaultError(
                    f"{self.path} holds a key in the clear, and KEY_SOURCE says passphrase. Say KEY_SOURCE=file, "
                    "and to seal it then: python -m bot key rotate --to passphrase"
                )
            raise VaultError(f"{self.says} cannot be read: it is no sealed key file. Nothing was changed.")
        cost = Cost(passes=int(match["passes"]), kib=int(match["kib"]), lanes=int(match["lanes"]))
        if not self._fit(cost):
            raise VaultError(f"{self.says} names a cost that is too small or too large. Nothing was done with it.")
        try:
            salt, body = (base64.b64decode(match[name], validate=True) for name in ("salt", "body"))
        except binascii.Error:
            raise VaultError(f"{self.says} cannot be read: it is no sealed key file. Nothing was changed.") from None
        one_way = base64.b64encode(body).decode() == match["body"]  # the last letter has bits that decode to nothing
        if not one_way or len(salt) != _SALT or len(body) <= _NONCE:
            raise VaultError(f"{self.says} cannot be read: it is no sealed key file. Nothing was changed.")
        passphrase = self._known or self._ask()
        try:
            plain = AESGCM(cost.derive(passphrase, salt)).decrypt(body[:_NONCE], body[_NONCE:], match["head"].encode())
        except InvalidTag:
            raise WrongPassphrase("The passphrase is another one, or the key file was changed.") from None
        self._known = passphrase
        return keys_of(self.says, plain)

    def keep(self, keys: Sequence[WrappingKey]) -> None:
        refuse_beside(self.path, self._database)
        replace_private(self.path, self._encrypted(keys))

    def traces(self) -> Sequence[bytes]:
        """The sealed line itself: to know the keys a person would have to be asked."""
        match = _LINE.fullmatch(read_private(self.path, self._database).decode("ascii", "replace"))
        return [match["body"].encode(), base64.b64decode(match["body"])] if match is not None else []

    def _fit(self, cost: Cost) -> bool:
        return cost.is_enough or cost == self._cost  # a test's own cheap figures, which no setting can choose

    def _encrypted(self, keys: Sequence[WrappingKey]) -> bytes:
        if self._known is None:
            self._known = self._ask()
        salt, nonce = self._random(_SALT), self._random(_NONCE)
        if (len(salt), len(nonce)) != (_SALT, _NONCE):
            raise VaultError("The source of randomness gave too little.")
        cost = self._cost
        head = f"{_MARK} argon2id t={cost.passes} m={cost.kib} p={cost.lanes} {base64.b64encode(salt).decode()}"
        body = AESGCM(cost.derive(self._known, salt)).encrypt(nonce, lines_of(keys), head.encode())
        return f"{head} {base64.b64encode(nonce + body).decode()}\n".encode()


def good_passphrase(text: str) -> Secret:
    """VaultError, which does not repeat it, for one that a guesser would have soon."""
    if len(text) < SHORTEST:
        raise VaultError(f"A passphrase needs at least {SHORTEST} characters; four or five random words are good.")
    if len(set(text)) < SHORTEST // 3:
        raise VaultError("This passphrase repeats too few letters; four or five random words are good.")
    return Secret(text)
