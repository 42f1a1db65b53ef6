"""One row of a dated table: typed reading that names the file, the table and the row when something is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from bot.domain.errors import SettingsError
from bot.domain.money import exact

Word = TypeVar("Word", bound=StrEnum)


class BadRow(SettingsError):
    """A row of the dated data cannot be used; the words name the file, the table and the row."""


class Row:
    """A cursor over one table row; each value is taken once, and what nobody takes is refused by finish()."""

    def __init__(self, values: Mapping[str, object], where: str) -> None:
        self._left = dict(values)
        self.where = where

    def wrong(self, what: str) -> BadRow:
        return BadRow(f"{self.where}: {what}")

    def has(self, key: str) -> bool:
        return key in self._left

    def text(self, key: str) -> str:
        """A sentence or a name; never empty."""
        value = self._take(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(f"{key} must be text, not {value!r}")
        return value

    def source(self) -> str:
        """Where the row's fact comes from; a row without one is not believed."""
        return self.text("source")

    def date(self, key: str) -> date:
        """A TOML date (2026-11-22)."""
        value = self._take(key)
        if not isinstance(value, date) or hasattr(value, "hour"):
            raise self.wrong(f"{key} must be a date such as 2026-11-22, not {value!r}")
        return value

    def clock(self, key: str) -> time:
        """A TOML time (15:10:00), India's wall clock."""
        value = self._take(key)
        if not isinstance(value, time):
            raise self.wrong(f"{key} must be a time such as 15:10:00, not {value!r}")
        return value

    def whole(self, key: str, *, least: int = 0) -> int:
        """A whole number."""
        value = self._take(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.wrong(f"{key} must be a whole number from {least}, not {value!r}")
        return value

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """true or false; the default is for a missing key."""
        if default is not None and key not in self._left:
            return default
        value = self._take(key)
        if not isinstance(value, bool):
            raise self.wrong(f"{key} must be true or false, not {value!r}")
        return value

    def amount(self, key: str) -> Decimal:
        """A figure written as text, so that it stays exact; never negative."""
        value = self._take(key)
        if not isinstance(value, str):
            raise self.wrong(f'{key} must be a figure in quotes such as "0.05", not {value!r}')
        try:
            number = exact(value)
        except ValueError:
            raise self.wrong(f"{key} is no figure: {value!r}") from None
        if number < 0:
            raise self.wrong(f"{key} must not be negative: {value}")
        return number

    def word(self, key: str, words: type[Word]) -> Word:
        """One word of a fixed list."""
        return self._word(key, self._take(key), words)

    def words(self, key: str, words: type[Word], *, default: Sequence[Word] = ()) -> frozenset[Word]:
        """Several words of a fixed list; the default is for a missing key."""
        if default and key not in self._left:
            return frozenset(default)
        return frozenset(self._word(key, value, words) for value in self.items(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of names; empty where the key is missing."""
        if key not in self._left:
            return ()
        values = self.items(key)
        for value in values:
            if not isinstance(value, str):
                raise self.wrong(f"{key} must be a list of names, not {value!r}")
        return tuple(str(value) for value in values)

    def items(self, key: str) -> Sequence[object]:
        """A list with something in it."""
        value = self._take(key)
        if not isinstance(value, list) or not value:
            raise self.wrong(f"{key} must be a list, not {value!r}")
        return value

    def rows(self, key: str) -> Iterator["Row"]:
        """The rows inside a row."""
        for number, value in enumerate(self.items(key), start=1):
            yield Row(_table(value, self, key), f"{self.where}, {key} {number}")

    def inner(self, key: str) -> "Row":
        """A table inside a row."""
        return Row(_table(self._take(key), self, key), f"{self.where}, {key}")

    def names(self) -> tuple[str, ...]:
        """The keys that nobody has taken yet, for tables whose keys are data."""
        return tuple(self._left)

    def finish(self) -> None:
        """Refuses what was not understood: a misspelt key must not pass for a missing one."""
        if self._left:
            raise self.wrong(f"I do not know {', '.join(sorted(self._left))}")

    def _take(self, key: str) -> object:
        if key not in self._left:
            raise self.wrong(f"{key} is missing")
        return self._left.pop(key)

    def _word(self, key: str, value: object, words: type[Word]) -> Word:
        try:
            return words(str(value))
        except ValueError:
            raise self.wrong(f"{key} must be one of {', '.join(words)}, not {value!r}") from None


class Table:
    """All rows of one name in one file."""

    def __init__(self, content: Mapping[str, object], file: str) -> None:
        self._content = dict(content)
        self._file = file

    def rows(self, name: str) -> Iterator[Row]:
        """The rows [[name]] in the order of the file; none where the table is missing."""
        value = self._content.pop(name, [])
        if not isinstance(value, list):
            msg = f"{self._file}: [[{name}]] must be a list of rows"
            raise BadRow(msg)
        for number, values in enumerate(value, start=1):
            where = f"{self._file}, [[{name}]] row {number}"
            if not isinstance(values, dict):
                msg = f"{where}: not a row"
                raise BadRow(msg)
            row = Row(values, where)
            yield row
            row.finish()

    def one(self, name: str) -> Row | None:
        """The single table [name], or None."""
        value = self._content.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            msg = f"{self._file}: [{name}] must be one table"
            raise BadRow(msg)
        return Row(value, f"{self._file}, [{name}]")

    def finish(self) -> None:
        """Refuses tables that nobody read."""
        if self._content:
            msg = f"{self._file}: I do not know the table {', '.join(sorted(self._content))}"
            raise BadRow(msg)


def _table(value: object, row: Row, key: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise row.wrong(f"{key} must be a table, not {value!r}")
    return value
