"""Rows that every act reads and hardly any act changes, kept for as long as nobody has written to their tables.

What is kept is as true as what is read: our own writes to these tables empty it, and SQLite's data_version, asked inside the open
transaction, tells of a commit by any other connection. A reading costs a tenth of a statement then.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Row
from sqlalchemy.sql.base import Executable

# Who may do what, and the brakes: small tables, and none of them is written by an order on its way.
TABLES = frozenset({"people", "roles", "accounts", "pins", "seals", "stops", "limit_sets", "day_locks"})
MOST = 2000  # readings; more than that are forgotten together, for nothing here is dear to read again


class ReadCache:
    """The readings of one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rows: dict[tuple[Any, ...], Sequence[Row[*tuple[Any, ...]]]] = {}
        self._seen: int | None = None
        self._checked = False  # in this transaction
        self._written = False  # by this transaction, which may yet be rolled back
        self.elsewhere = False  # whether this transaction saw that another program has committed since

    def begin(self) -> None:
        """A transaction was opened."""
        self._checked = self._written = self.elsewhere = False

    def note(self, table: str) -> None:
        """A statement that writes to this table is about to be executed. For one of ours it ends what is kept."""
        if table in TABLES:
            self._rows.clear()
            self._written = True

    def rows(
        self,
        statement: Executable,
        values: Mapping[str, Any],
        read: Callable[[], Sequence[Row[*tuple[Any, ...]]]],
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of a SELECT over those tables alone, kept or read. The statement lives as long as the program."""
        if self._written:
            return read()
        if not self._checked:
            (version,) = cast("tuple[int]", self._connection.execute("PRAGMA data_version").fetchone())
            if version != self._seen or len(self._rows) > MOST:
                self._rows.clear()
            self.elsewhere = self._seen is not None and version != self._seen
            self._seen, self._checked = version, True
        key = (id(statement), *values.values())
        rows = self._rows.get(key)
        if rows is None:
            rows = self._rows[key] = read()
        return rows
