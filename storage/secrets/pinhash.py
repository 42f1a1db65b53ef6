"""Turns a PIN into what may be kept of it: Argon2id, slow on purpose (OWASP: 46 MiB, one pass, one lane)."""

from collections.abc import Callable

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bot.domain.people.secret import Secret

MEMORY = 46 * 1024  # KiB
SALT = 16  # bytes


class Argon2Pins:
    """The PinHash port. Some 80 ms of one core for each try, which five tries in a row can afford and a search cannot."""

    def __init__(self, random_bytes: Callable[[int], bytes], *, memory: int = MEMORY) -> None:
        self._random = random_bytes
        self._memory = memory

    def of(self, pin: Secret) -> str:
        """The PHC string: parameters, salt and hash."""
        return self._kdf().derive_phc_encoded(pin.reveal().encode())

    def fits(self, pin: Secret, hashed: str) -> bool:
        """Whether this is the PIN. False, too, for what is no such string."""
        try:
            Argon2id.verify_phc_encoded(pin.reveal().encode(), hashed)
        except (InvalidKey, ValueError):
            return False
        return True

    def _kdf(self) -> Argon2id:
        return Argon2id(salt=self._random(SALT), length=32, iterations=1, lanes=1, memory_cost=self._memory)
