"""One SQLite connection with durable settings, and the open transaction that the repositories work in."""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVarTuple

from sqlalchemy import Connection, Engine, NullPool, Result, Row, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError, StatementError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.selectable import ExecutableReturnsRows, TypedReturnsRows

from bot.domain.errors import StorageAway, StorageError
from storage.db.prepared import Prepared, Write, prepared
from storage.db.read_cache import ReadCache

Ts = TypeVarTuple("Ts")
SQLITE = sqlite3.sqlite_version  # of the library, for reports

_WORDS = {
    "SQLITE_BUSY": "The database is held by another program and did not come free in time.",
    "SQLITE_LOCKED": "The database is held by another program and did not come free in time.",
    "SQLITE_FULL": "The disk is full: nothing can be stored.",
    "SQLITE_READONLY": "The database cannot be written: the file or its directory is read-only.",
    "SQLITE_IOERR": "The disk failed while the database was being read or written.",
    "SQLITE_CORRUPT": "The database file is damaged. Restore the last backup.",
    "SQLITE_NOTADB": "The database file is not a database, or it is damaged.",
    "SQLITE_CANTOPEN": "The database file cannot be opened: the file or its directory is not readable, or read-only.",
}
_PASSES = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR")
_STAYS = ("SQLITE_IOERR_CORRUPTFS", "SQLITE_IOERR_DATA")
READING = "reading"  # in a connection's info: its next transaction only reads, and another program's writing is no hindrance

_NONE: Mapping[str, Any] = {}

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # with NORMAL a power cut may lose what was committed (F27)
    "foreign_keys=ON",
    "secure_delete=ON",  # a removed secret is overwritten, not merely forgotten
    "recursive_triggers=ON",  # else INSERT OR REPLACE would delete an audit row without its trigger
    "trusted_schema=OFF",
    # SQLite moves its log into the database within some commit, and a tap that met it waited 20 ms: SqlStore.settle_log does it
    # beforehand; here stands where it must be done all the same, in pages of 4 KiB.
    "wal_autocheckpoint=8000",
)


def in_words(error: BaseException) -> StorageError:
    """What the database threw, as our own error. The words carry no values."""
    origin = error.orig if isinstance(error, StatementError) else error
    name = getattr(origin, "sqlite_errorname", "") or ""
    kind = StorageAway if name.startswith(_PASSES) and name not in _STAYS else StorageError
    for prefix, words in _WORDS.items():
        if name.startswith(prefix):
            return kind(words)
    return StorageError(f"The database refused a statement ({name or type(origin).__name__}).")


def make_engine(path: Path | None, *, busy_seconds: float) -> Engine:
    """An engine over one file, or over memory when there is no path. It opens connections and keeps none.

    Every database in memory is a connection of its own, so one engine, with the statements it has compiled, serves them all.
    """
    if path is None:
        return _memory_engine()
    _create_private(path)
    return _engine(str(path), busy_seconds)


@cache
def _memory_engine() -> Engine:
    return _engine(":memory:", 0)  # nobody else holds it, so there is nobody to wait for


def _engine(database: str, busy_seconds: float) -> Engine:
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=database),
        poolclass=NullPool,
        connect_args={"check_same_thread": False, "timeout": busy_seconds, "isolation_level": None, "cached_statements": 512},
        hide_parameters=True,  # an error's text would carry the values of the statement
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that begins by reading could find at its first write that another process was quicker.
        connection.exec_driver_sql("BEGIN" if connection.info.get(READING) else "BEGIN IMMEDIATE")

    return engine


def _create_private(path: Path) -> None:
    """SQLite gives its WAL the permissions of the database, so the file is made before SQLite sees it.

    One that is there is not opened here: to close it again would drop the locks that SQLite holds on it in this process.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StorageError(f"The database {path} cannot be opened: {error.strerror}.") from error


class Transaction:
    """What a repository may do while a transaction is open: execute. It can neither commit nor be used once it has ended."""

    __slots__ = ("_cache", "_connection", "_open", "writes")

    def __init__(self, connection: sqlite3.Connection, cache: ReadCache) -> None:
        self._connection = connection
        self._cache = cache
        self._open = True
        self.writes: set[Write] = set()
        cache.begin()

    def rows(self, statement: TypedReturnsRows[*Ts], values: Mapping[str, Any] = _NONE) -> Result[*Ts]:
        """The rows of a SELECT, or of a statement with RETURNING. Every statement must be a constant of its module."""
        rows: Result[*Ts] = self._prepared(statement).rows(self._live(), values)
        return rows

    def cached(self, statement: TypedReturnsRows[*Ts], values: Mapping[str, Any]) -> Sequence[Row[*Ts]]:
        """The rows of a SELECT over the tables of read_cache.py alone."""
        live = self._live()
        rows: Sequence[Row[*Ts]] = self._cache.rows(statement, values, lambda: prepared(statement).rows(live, values).all())
        return rows

    def write(self, statement: ExecutableReturnsRows, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] = _NONE) -> int:
        """Executes an INSERT, UPDATE or DELETE, and says how many rows it touched."""
        try:
            return self._prepared(statement).write(self._live(), values)
        except (OverflowError, TypeError, ValueError) as error:  # beyond 64 bits, a lone surrogate, a moment without a zone
            raise StorageError("A value is too large, or is not of its column's kind, for the database.") from error

    def _prepared(self, statement: ExecutableReturnsRows) -> Prepared:
        words = prepared(statement)
        if words.writes is not None:
            self.writes.add(words.writes)
            self._cache.note(words.writes[1])
        return words

    def end(self) -> None:
        """After this nothing can be executed any more."""
        self._open = False

    def _live(self) -> sqlite3.Connection:
        # Without this, a repository that outlived its transaction would open a transaction that nobody ends.
        if not self._open:
            raise StorageError("A repository was used after its transaction had ended.")
        return self._connection


class FileLock:
    """An exclusive lock on a file, held until released or until the process dies, however it dies.

    The file stays when the lock is gone, with the number of the process that took it last.
    """

    def __init__(self, path: Path, *, flock: Callable[[int, int], None] = fcntl.flock) -> None:
        """flock: the system's own, which some file systems refuse."""
        self._path = path
        self._flock = flock
        self._handle: int | None = None

    def take(self) -> bool:
        """True when this call, or an earlier one of this object, took it. False when another process has it."""
        if self._handle is not None:
            return True
        try:
            handle = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"The lock file {self._path} cannot be opened: {error.strerror}.") from error
        try:
            self._flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            raise StorageError(f"The lock file {self._path} cannot be locked: {error.strerror}.") from error
        with suppress(OSError):  # on a full disk the lock holds all the same
            os.ftruncate(handle, 0)
            os.pwrite(handle, b"%d\n" % os.getpid(), 0)
        self._handle = handle
        return True

    def keep(self) -> bool:
        """Whether the lock that was taken keeps others out still. Where somebody removed its file, it is taken anew.

        False when another process was quicker to take the new one.
        """
        if self._handle is None:
            return False
        try:
            if os.path.samestat(os.fstat(self._handle), self._path.stat()):
                return True
        except FileNotFoundError:
            pass
        except OSError:  # a disk that is away takes no second process either
            return True
        before, self._handle = self._handle, None
        try:
            taken = self.take()
        except StorageError:  # no room for it now
            self._handle = before
            return True
        if taken:
            os.close(before)
        else:
            self._handle = before
        return taken

    @property
    def holder(self) -> str:
        """The number of the process that took it last, as far as that can be read."""
        with suppress(OSError, ValueError):
            return str(int(self._path.read_bytes()[:20]))
        return "?"

    def release(self) -> None:
        """Gives it back, once or again."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error)
