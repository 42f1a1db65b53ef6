"""A disk that is full, or damaged, for one store: a commit that would write fails as SQLite says it."""

import sqlite3
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, event

from storage.store import SqlStore


@dataclass
class Disk:
    """Full until it is said to have room again."""

    store: SqlStore
    full: bool = True
    damaged: bool = False

    def __post_init__(self) -> None:
        own, changes = self.store._connection, 0  # the engine serves other stores in memory too

        @event.listens_for(own, "begin")
        def begin(connection: Connection) -> None:
            nonlocal changes
            changes = _changes(connection)

        @event.listens_for(own, "commit")
        def commit(connection: Connection) -> None:
            if (self.full or self.damaged) and _changes(connection) != changes:
                error = sqlite3.OperationalError("what the disk said")
                error.sqlite_errorname = "SQLITE_CORRUPT" if self.damaged else "SQLITE_FULL"
                raise error


def _changes(connection: Connection) -> int:
    return cast("sqlite3.Connection", connection.connection.dbapi_connection).total_changes
