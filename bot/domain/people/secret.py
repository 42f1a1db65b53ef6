"""A text that cannot print itself: passwords, keys, seeds and tokens travel in this type only."""

import hmac
from typing import NoReturn


class Secret:
    """Holds a secret text. No repr, str, format or pickling shows it. reveal() is the one way out."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one call that needs it. Keep it in no variable that outlives that call."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        msg = "a secret is not to be pickled"
        raise TypeError(msg)
