"""What a report on the bot may say: values of types that cannot hold a secret, and no other.

Redacted by construction: a fact is a number, a yes or no, a moment, a span of time, a version, or a word out of a closed list of
ours. Free text, whether a person's, the broker's or a setting's own value, has no way in: the label of an account, a path, a
rejection and an error's words stay out, and with them the trade book's PAN and masked phones.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from bot.domain.clock import ist
from bot.domain.value import positional, value

_DIGITS = re.compile(r"\d{1,6}")
_MOST_PARTS = 4


@positional
class Version:
    """A version as numbers. Whatever stands after them is left out."""

    parts: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "Version":
        return cls(tuple(int(part) for part in _DIGITS.findall(text)[:_MOST_PARTS]))

    def __str__(self) -> str:
        return ".".join(str(part) for part in self.parts)


@positional
class ListedWord:
    """One word out of a closed list. What is not in the list is shown as `other`."""

    text: str
    among: frozenset[str]

    @classmethod
    def of(cls, text: str, among: Collection[str]) -> "ListedWord":
        return cls(text, frozenset(among))

    def __str__(self) -> str:
        return self.text if self.text in self.among else "other"


Plain = int | bool | date | datetime | timedelta | Version | ListedWord | None
_ALLOWED = (int, bool, date, datetime, timedelta, Version, ListedWord, type(None))


@value
class Fact:
    """One line: a name that stands in our own code, and a value."""

    name: ListedWord
    value: Plain

    def __post_init__(self) -> None:
        if type(self.value) not in _ALLOWED or type(self.name) is not ListedWord:
            msg = f"a {type(self.value).__name__} has no place in a report"
            raise TypeError(msg)

    @property
    def line(self) -> str:
        return f"{self.name}: {_shown(self.value)}"


def facts(room: str, values: Mapping[str, Plain]) -> list[Fact]:
    """Makes the facts of one room. Their names are the keys as they stand in the code that calls."""
    names = {f"{room} {name}" for name in values}
    return [Fact(name=ListedWord.of(f"{room} {name}", names), value=value) for name, value in values.items()]


def _shown(value: Plain) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{ist(value):%Y-%m-%d %H:%M:%S} IST"
        case timedelta():
            return f"{value.total_seconds():.0f} s"
        case _:
            return str(value)
