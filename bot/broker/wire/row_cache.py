"""The rows of a book, each read once for as long as the book shows it unchanged."""

import logging
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from bot.broker.wire.answers import decode
from bot.domain.errors import Unreadable

log = logging.getLogger(__name__)

T = TypeVar("T")


class Rows(Generic[T]):
    """A book is read whole at every look, and all but one or two of its rows read as they did at the look before."""

    def __init__(self, read: Callable[[object], T | None], spare: Callable[[object], bool] = lambda _row: False) -> None:
        """read: what one row means, by its content alone. None for a row to be left out.

        spare: whether a row that cannot be read may be left out too: it is none of ours, or it is counted and said.
        """
        self._read = read
        self._spare = spare
        self._earlier: dict[str | bytes, T | Unreadable | None] = {}
        self.left_out = 0  # rows of the newest book that could not be read

    def facts(self, rows: Iterable[object]) -> list[T]:
        """The rows in their order, each as JSON or read from it.

        What reading a row raises passes through, and then all are read anew next time.
        A book of which no row can be read raises too: it is never an empty book.
        """
        earlier, self._earlier = self._earlier, {}
        fresh: dict[str | bytes, T | Unreadable | None] = {}
        facts: list[T] = []
        odd: Unreadable | None = None
        self.left_out = 0
        for row in rows:
            same = row if isinstance(row, bytes) else repr(row)  # unlike equality it tells true from 1 and 1 from 1.0
            fact = fresh[same] = earlier[same] if same in earlier else self._one(row)
            if isinstance(fact, Unreadable):
                odd = fact
                self.left_out += 1
            elif fact is not None:
                facts.append(fact)
        if odd is not None and not facts:
            raise Unreadable(odd.say)
        self._earlier = fresh
        return facts

    def _one(self, row: object) -> T | Unreadable | None:
        try:
            row = decode(row) if isinstance(row, bytes) else row
        except ValueError:
            raise Unreadable("mStock's answer has a row that cannot be read.") from None
        try:
            return self._read(row)
        except Unreadable as odd:
            if not self._spare(row):
                raise
            log.warning("a row that cannot be read is left out: %s", odd.say)
            return Unreadable(odd.say)  # without the trace, which holds the row
