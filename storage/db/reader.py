"""Reads of what was committed last, on a second connection: at once, on the caller's own thread, beside whoever writes."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from storage.db.engine import Transaction
from storage.db.read_cache import ReadCache

T = TypeVar("T")

_PRAGMAS = ("query_only=ON", "trusted_schema=OFF")


class Reader:
    """A connection that cannot write. In WAL mode no writer, of this program or of another, keeps it waiting."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.Error when the file cannot be opened."""
        self._connection = sqlite3.connect(
            f"{path.as_uri()}?mode=rw",  # no file is made where there is none
            uri=True,
            isolation_level=None,
            timeout=0,
            cached_statements=512,
        )
        for pragma in _PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")
        self._cache = ReadCache(self._connection)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """All that the work reads is of one moment. Raises sqlite3.Error for what cannot be read, and for any writing."""
        self._connection.execute("BEGIN")
        transaction = Transaction(self._connection, self._cache)
        try:
            return work(transaction)
        finally:
            transaction.end()
            self._connection.rollback()

    def close(self) -> None:
        """Lets go of the file."""
        self._connection.close()
