"""The rows of a book, each read once for as long as the book shows it unchanged."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Rows(Generic[T]):
    """A book is read whole at every look, and all but one or two of its rows read as they did at the look before."""

    def __init__(self, read: Callable[[object], T | None]) -> None:
        """read: what one row means, by its content alone; None for a row to be left out."""
        self._read = read
        self._known: dict[str, T | None] = {}

    def facts(self, told: Iterable[object]) -> list[T]:
        """In the order of the rows; what reading a row raises passes through, and then all are read anew next time."""
        known, self._known = self._known, {}
        fresh: dict[str, T | None] = {}
        found = []
        for row in told:
            same = repr(row)  # unlike equality it tells true from 1 and 1 from 1.0
            fact = fresh[same] = known[same] if same in known else self._read(row)
            if fact is not None:
                found.append(fact)
        self._known = fresh
        return found
