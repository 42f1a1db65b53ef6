"""The scrip master as columns, so that 150,000 rows can be indexed without making 150,000 objects.

What is large in them may lie in memory or on disk.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import accumulate
from typing import Protocol, TypeVar, overload, runtime_checkable

from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey, InstrumentKind, Right
from bot.domain.value import value

_T = TypeVar("_T")
_Other = TypeVar("_Other")
_Key = TypeVar("_Key", bound=Hashable)


class CodedColumn(Sequence[_T]):
    """A column with few distinct values: each value once, and for each row its small number."""

    def __init__(self, codes: "array[int]", values: Sequence[_T]) -> None:
        narrowest = "B" if len(values) <= 1 << 8 else "H" if len(values) <= 1 << 16 else "I"
        if codes.typecode != narrowest:
            codes = array(narrowest, bytes(iter(codes)) if narrowest == "B" else codes)  # through bytes in a quarter of the time
        self._codes = codes
        self._values = values

    @classmethod
    def of(cls, keys: Iterable[_Key], values: Mapping[_Key, _T]) -> "CodedColumn[_T]":
        """The column of these rows: each is a key of `values`."""
        codes = {key: code for code, key in enumerate(values)}
        return cls(array("I", map(codes.__getitem__, keys)), list(values.values()))

    @property
    def distinct(self) -> Sequence[_T]:
        """Each value once."""
        return self._values

    @property
    def codes(self) -> "array[int]":
        """For each row the place of its value among the distinct ones."""
        return self._codes

    def mapped(self, meaning: Callable[[_T], _Other]) -> "CodedColumn[_Other]":
        """The same rows, with what each value means. The numbers are shared."""
        other: CodedColumn[_Other] = CodedColumn(array("I"), [meaning(value) for value in self._values])
        other._codes = self._codes
        return other

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


class Bytes(Protocol):
    """Bytes that are asked for by their places."""

    def __getitem__(self, part: slice, /) -> bytes | bytearray: ...


class TextColumn(Sequence[str]):
    """A column of texts that differ, in one piece of UTF-8. An object for each takes four times as much."""

    def __init__(self, text: Bytes, ends: Sequence[int]) -> None:
        """text: all texts, one behind the other. ends: where each of them begins, and where the last one ends."""
        self.text = text
        self.ends = ends

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __iter__(self) -> Iterator[str]:
        return map(bytes.decode, map(bytes(self.text[:]).__getitem__, map(slice, self.ends, self.ends[1:])))

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            return [self[each] for each in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(row)
        row %= len(self)
        return str(self.text[slice(*self.ends[row : row + 2])], "utf-8")


class GrowingTextColumn(TextColumn):
    """Such a column on its way, to which rows are added."""

    def __init__(self) -> None:
        self._text, self._ends = bytearray(), array("I", [0])
        super().__init__(self._text, self._ends)

    def extend(self, texts: Sequence[str]) -> None:
        """More rows."""
        encoded = [text.encode() for text in texts]
        self._ends.extend(accumulate(map(len, encoded), initial=self._ends.pop()))
        self._text += b"".join(encoded)


@value
class Columns:
    """The fields of all rows, row by row in the same order. Strikes are in rupees. Equal values may be one object."""

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

    def __init__(self, words: Sequence[str], order: Sequence[int] | None = None) -> None:
        """order: that of such a directory of the same words, where it is at hand."""
        self._words = words
        if order is not None:
            self.order = order

    @cached_property
    def order(self) -> Sequence[int]:
        """The row numbers, sorted when first asked for: a tenth of a second."""
        return array("I", sorted(range(len(self._words)), key=list(self._words).__getitem__))

    def rows(self, word: str) -> Sequence[int]:
        """The rows that have this word, in their order."""
        word_of = self._words.__getitem__
        return self.order[bisect_left(self.order, word, key=word_of) : bisect_right(self.order, word, key=word_of)]


@runtime_checkable
class Columnar(Protocol):
    """A sequence of instruments that makes each of them only when it is asked for."""

    def columns(self) -> Columns:
        """The same rows as columns."""
        ...

    def find(self, key: InstrumentKey) -> Instrument | None:
        """The instrument of a key, made now."""
        ...

    def rows_named(self, name: str) -> Sequence[int]:
        """The rows with exactly that trading symbol, in their order."""
        ...


def columns_of(rows: Sequence[Instrument]) -> Columns:
    """The columns of any sequence of instruments. A Columnar one gives its own."""
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
