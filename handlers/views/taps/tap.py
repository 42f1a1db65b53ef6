"""A tap as a value: what every kind of it carries, and its at most 64 bytes on the wire, both ways.

A callback is an untrusted bearer text (T9): it names a row (a token, an order id) or repeats words that
the same person could type. What it may do is decided from the database. A family enters its own kinds under letters of their own.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from decimal import InvalidOperation
from enum import StrEnum
from typing import ClassVar, Generic, Self, TypeVar, cast

from bot.domain.people.account import Permission
from bot.domain.value import positional

MOST_BYTES = 64
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Tap(ABC):
    """What a button means: what it needs, and how it travels behind the letter of its kind."""

    __slots__ = ()

    letter: ClassVar[str]  # of the kind on the wire, the first where it has several
    label: str = ""  # of the account; empty: the one in use

    @property
    def permission(self) -> Permission | None:
        """None: it stands for words, which are judged as words, or it only takes a message away."""
        return None

    @abstractmethod
    def encode(self) -> str:
        """The callback data, however long."""

    @classmethod
    @abstractmethod
    def decode(cls, kind: str, rest: str) -> Self | None:
        """The tap behind a letter. None or ValueError for what this version does not know."""

    def shortened(self) -> "Tap":
        """The same without what may be left out where it does not fit."""
        return self


KINDS: dict[str, type[Tap]] = {}  # the letter on the wire -> the class that reads it
AnyTap = TypeVar("AnyTap", bound=Tap)


def travels_as(*letters: str) -> Callable[[type[AnyTap]], type[AnyTap]]:
    """Enters a class of taps under its letters. ValueError where one of them is another class's."""

    def enter(cls: type[AnyTap]) -> type[AnyTap]:
        if taken := KINDS.keys() & letters:
            msg = f"{cls.__name__}: {', '.join(sorted(taken))} is taken"
            raise ValueError(msg)
        KINDS.update(dict.fromkeys(letters, cls))
        cls.letter = letters[0]
        return cls

    return enter


class OfAccount(Tap):
    """A tap that names an account, whose label is left out where it does not fit."""

    __slots__ = ()

    def shortened(self) -> Tap:
        return replace(self, label="")  # type: ignore[type-var]  # each of its classes is a dataclass with this field


Verb = TypeVar("Verb", bound=StrEnum)


@positional
class TokenTap(OfAccount, Generic[Verb]):
    """A tap under a question or under what became of it: the token, and what is done by it.

    Each of its classes names its own verbs, which are all that it reads.
    """

    verbs: ClassVar[type[StrEnum]]

    token: str
    verb: Verb
    label: str = ""

    def encode(self) -> str:
        return f"{self.letter}:{self.token}:{self.verb}{label_behind(self.label)}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self:
        token, verb, label = parts_of(rest)
        return cls(token, cast("Verb", cls.verbs(verb)), label)


def encode(tap: Tap) -> str:
    """The callback data. ValueError when it would not fit."""
    data = tap.encode()
    if size(data) > MOST_BYTES:
        msg = f"callback data of {size(data)} bytes: {data!r}"
        raise ValueError(msg)
    return data


def decode(data: str) -> Tap | None:
    """What a tap means, once the registry has imported the families. None for what this version does not know. Never raises."""
    kind, _, rest = data.partition(":")
    try:
        return KINDS[kind].decode(kind, rest)
    except (KeyError, ValueError, InvalidOperation):
        return None


def size(data: str) -> int:
    """Bytes of it on the wire."""
    return len(data.encode("utf-8", "replace"))  # a name that cannot travel must not cost the message its words


def label_behind(label: str) -> str:
    """The label as the last part of the data, or nothing where there is none."""
    return f":{label}" if label else ""


def parts_of(rest: str) -> tuple[str, str, str]:
    """(id, what it does, label) of data in that order. ValueError where the id could be none."""
    name, _, more = rest.partition(":")
    verb, _, label = more.partition(":")
    return id_in(name), verb, label


def id_in(text: str) -> str:
    """The text, which may be an id of ours. ValueError where it may not."""
    if not _ID.fullmatch(text):
        raise ValueError(text)
    return text


def number_in(digits: str) -> int:
    """A whole number of at most nine digits. ValueError for anything else."""
    if not re.fullmatch(r"[0-9]{1,9}", digits):
        raise ValueError(digits)
    return int(digits)
