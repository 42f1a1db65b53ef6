"""The scrip master as columns, so that 150,000 rows can be indexed without making 150,000 objects."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar, overload, runtime_checkable

from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right

_T = TypeVar("_T")
_Key = TypeVar("_Key", bound=Hashable)


class CodedColumn(Sequence[_T]):
    """A column with few distinct values: each value once, and for each row its small number."""

    def __init__(self, keys: Iterable[_Key], values: Mapping[_Key, _T]) -> None:
        codes = {key: code for code, key in enumerate(values)}
        self._codes = array("H" if len(codes) <= 1 << 16 else "I", map(codes.__getitem__, keys))
        self._values = list(values.values())

    def __len__(self) -> int:
        return len(self._codes)

    def __iter__(self) -> Iterator[_T]:
        return map(self._values.__getitem__, self._codes)

    @overload
    def __getitem__(self, row: int) -> _T: ...
    @overload
    def __getitem__(self, row: slice) -> list[_T]: ...
    def __getitem__(self, row: int | slice) -> _T | list[_T]:
        if isinstance(row, slice):
            return [self._values[code] for code in self._codes[row]]
        return self._values[self._codes[row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The fields of all rows, row by row in the same order; strikes in rupees. Equal values may be one object."""

    exchange: Sequence[Exchange]
    token: Sequence[str]
    symbol: Sequence[str]
    name: Sequence[str]
    kind: Sequence[InstrumentKind]
    expiry: Sequence[date | None]
    strike: Sequence[Decimal | None]
    right: Sequence[Right | None]
    series: Sequence[str]


class Directory:
    """Finds the rows of a word. It holds row numbers sorted by their words: a dictionary of all words takes ten megabytes."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._rows = array("I", sorted(range(len(words)), key=words.__getitem__))

    def rows(self, word: str) -> Sequence[int]:
        """The rows that have this word, in their order."""
        word_of = self._words.__getitem__
        return self._rows[bisect_left(self._rows, word, key=word_of) : bisect_right(self._rows, word, key=word_of)]


@runtime_checkable
class Columnar(Protocol):
    """A sequence of instruments that makes each of them only when it is asked for."""

    def columns(self) -> Columns:
        """The same rows as columns."""
        ...


def columns_of(rows: Sequence[Instrument]) -> Columns:
    """The columns of any sequence of instruments; a Columnar one gives its own."""
    if isinstance(rows, Columnar):
        return rows.columns()
    return Columns(
        exchange=[row.exchange for row in rows],
        token=[row.token for row in rows],
        symbol=[row.symbol for row in rows],
        name=[row.name for row in rows],
        kind=[row.kind for row in rows],
        expiry=[row.expiry for row in rows],
        strike=[row.strike for row in rows],
        right=[row.right for row in rows],
        series=[row.series for row in rows],
    )
