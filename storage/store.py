"""One writer runs plain functions over the repositories, each as one durable transaction.

Only this file commits.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Coroutine
from functools import cache, partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, cast

from sqlalchemy import Connection, Engine

from bot.domain.errors import StorageAway, StorageError
from bot.domain.people.origin import origin
from storage.db.database_file import close_to_others, refuse_missing, refuse_unfit
from storage.db.engine import DATABASE_ERRORS, READING, FileLock, Transaction, in_words, make_engine
from storage.db.prepared import Write
from storage.db.read_cache import ReadCache
from storage.db.reader import Reader
from storage.migrate import bring_up_to_date
from storage.repositories import SqlRepositories
from storage.secrets.vault import Vault
from storage.topics import ANYTHING, Listeners, Topic
from storage.writer_thread import CLOSED, WriterThread

T = TypeVar("T")
Work = Callable[[SqlRepositories], object]
_log = logging.getLogger(__name__)

BUSY = 5.0  # seconds that a transaction waits for another program's
BUSY_STILL = 0.2  # the same while that program was in the way a moment ago: reading must not wait behind it each time
MOST_OWED = 1000  # acts that memory holds while the database takes nothing


class SqlStore:
    """The Store over SQLite: one connection that writes, in a thread of its own and by turns, and one that only reads."""

    def __init__(
        self,
        engine: Engine,
        connection: Connection,
        vault: Vault,
        lock: FileLock | None,
        *,
        path: Path | None,
        inline: bool,
        busy_seconds: float,
        made: bool,
    ) -> None:
        self._engine = engine
        self._connection = connection
        self._cache = ReadCache(_raw(connection))
        self._vault = vault
        self._lock = lock
        self._path = path
        self._reader: Reader | None = None  # from the first read on
        self.made = made  # by this opening: there was no database before
        self._writer = WriterThread(inline=inline)
        self._closed = False
        self._busy_seconds = self._waits = busy_seconds
        self._owed: list[tuple[Work, str]] = []
        self._listeners = Listeners()
        self.away: Callable[[str], None] = lambda _words: None  # told at each refusal that may pass, and why

    @classmethod
    def open(cls, path: Path | None, vault: Vault, *, inline: bool = False, busy_seconds: float = BUSY, new: bool = True) -> Self:
        """Opens a database file, or one in memory when path is None, and brings it to the newest schema.

        inline: transactions run on the calling thread, for tests whose loop leaps in time. busy_seconds: how long to
        wait for another process's transaction. new: whether one is made where there is none. StorageError when the file cannot
        be used, is damaged, was written by a newer version or another program, or needs a migration while another process
        trades on it. SettingsError when it is missing, has a second name, or is open to others of this host.
        """
        if path is not None:
            path = path.resolve()  # the lock lies beside the file itself, whatever links lead to it
            if not new:
                refuse_missing(path)
            refuse_unfit(path)
        engine = make_engine(path, busy_seconds=busy_seconds)
        lock = None if path is None else FileLock(path.with_name(path.name + ".lock"))
        try:
            connection = engine.connect()
            try:
                made = True
                if path is None:
                    _raw(connection).deserialize(_empty_database())
                else:
                    made = bring_up_to_date(connection, lock, new=new)
                    close_to_others(path)
            except BaseException:
                connection.close()
                raise
        except DATABASE_ERRORS as error:
            raise in_words(error) from error
        return cls(engine, connection, vault, lock, path=path, inline=inline, busy_seconds=busy_seconds, made=made)

    def lock(self) -> None:
        """Says that this process trades on the database. StorageError when another one does (F28).

        The kernel gives the lock back when the process ends, in whatever way. Commands that only read or write a row
        need none.
        """
        if self._lock is not None and not self._lock.take():
            raise StorageError(self._of_another())

    def keep_lock(self) -> None:
        """Takes the lock of the process that trades anew where somebody removed the file. To be called now and then.

        StorageError when another process that trades has taken it meanwhile.
        """
        if self._lock is not None and not self._lock.keep():
            raise StorageError(self._of_another())

    def _of_another(self) -> str:
        number = self._lock.holder if self._lock is not None else "?"
        return (
            f"Another bot (process {number}) is running on this database. Two would send orders twice: stop that one first. "
            "Its lock ends with it, so there is no file to remove."
        )

    def on_commit(self, topic: Topic, listener: Callable[[], None]) -> None:
        """Calls the listener, on the loop's thread, after each commit that wrote something of the topic.

        The caller of that transaction, and what it starts at once, goes on before anybody who is woken so.
        """
        self._listeners.add(topic, listener)

    async def transaction(self, work: Callable[[SqlRepositories], T]) -> T:
        """Runs work as one transaction: committed when it returns, rolled back when it raises.

        The work may use what only the front door needs as well: the inbox, audit.verify, rewrap. A caller cancelled before
        its turn changes nothing. One cancelled in the midst is held until the transaction has ended. CancelledError then says
        nothing about it, so a result that was committed is told to the log.
        """
        return await self._run(work)

    async def lightly(self, work: Callable[[SqlRepositories], T]) -> T:
        """A transaction like any other, but its commit is not waited for until it lies on the disk.

        A power cut may undo it, and nothing that was committed before it. The next transaction makes it as lasting as itself.
        """
        return await (self.transaction(work) if self._path is None else self._run(work, lasting=False))

    async def _run(self, work: Callable[[SqlRepositories], T], *, lasting: bool = True) -> T:
        committed: set[Write] = set()
        act = partial(self._transact, work, origin.get(), committed, lasting=lasting)  # the writer has its own context
        try:
            return await self._writer.take(act)
        except StorageAway as error:
            self.away(error.say)
            raise
        finally:  # also when the caller was cancelled in the midst
            self._wake(committed)

    async def read(self, work: Callable[[SqlRepositories], T]) -> T:
        """Runs what only reads, here and now: it sees what was committed last, and waits for nobody.

        A transaction does it for a database in memory, which has one connection, and while acts are owed, which only a
        transaction sees. Where the reading connection fails, the writer's reads. What writes is refused.
        """
        if self._path is None or self._owed:
            return await self.transaction(work)
        try:
            if self._reader is None:
                self._reader = Reader(self._path)
            return self._reader.read(lambda transaction: _plain(work(SqlRepositories(transaction, self._vault))))
        except DATABASE_ERRORS as error:
            refused = in_words(error)
        try:
            return await self._writer.take(partial(self._read, work, refused))
        except StorageAway as error:
            self.away(error.say)
            raise

    async def owe(self, work: Work) -> None:
        """Runs what records an act: now, or as the first thing that is written once the database takes it."""
        committed: set[Write] = set()
        try:
            refused = await self._writer.take(partial(self._record, work, origin.get(), committed))
        finally:
            self._wake(committed)
        if refused is not None:
            self.away(refused.say)

    def _wake(self, committed: set[Write]) -> None:
        if committed:
            asyncio.get_running_loop().call_soon(self._listeners.wake, committed)

    @property
    def owed(self) -> int:
        """How many acts memory holds that are not in the database yet."""
        return len(self._owed)

    def _transact(self, work: Callable[[SqlRepositories], T], origin: str, committed: set[Write], *, lasting: bool = True) -> T:
        """One transaction on the writer thread. What it wrote stands in `committed` once it is committed, and not before."""
        if self._closed:
            raise StorageError(CLOSED)
        if not lasting and not self._owed:  # what is owed is written by this very transaction
            _raw(self._connection).execute("PRAGMA synchronous=NORMAL")
            try:
                return self._transact(work, origin, committed)
            finally:
                _raw(self._connection).execute("PRAGMA synchronous=FULL")
        transaction = Transaction(_raw(self._connection), self._cache)
        begun, only_read = False, []
        try:
            with self._connection.begin():
                self._pay(transaction)
                begun, changes = True, _raw(self._connection).total_changes
                db = SqlRepositories(transaction, self._vault, origin)
                result = _plain(work(db))
                if _raw(self._connection).total_changes == changes:
                    only_read.append(result)
            committed |= transaction.writes
            if db.destroyed:
                self._empty_log()
        except DATABASE_ERRORS as error:
            refused = in_words(error)
            if _raw(self._connection).in_transaction:  # a commit that found no room stays open
                _raw(self._connection).rollback()
            if not isinstance(refused, StorageAway):
                raise refused from error
            if only_read:  # what is owed could not be committed, and was seen
                return only_read[0]
            if begun:
                raise refused from error
            self._wait_for_others(min(self._busy_seconds, BUSY_STILL))
            return self._read(work, refused)
        finally:
            transaction.end()
            if self._cache.elsewhere:  # a command of the host, which cannot wake anybody here itself
                committed |= ANYTHING
        self._owed.clear()
        self._wait_for_others(self._busy_seconds)
        return result

    def _pay(self, transaction: Transaction) -> None:
        """What is owed is written before anything else is, so that no order overtakes a kill switch."""
        for owed in list(self._owed):
            work, origin = owed
            try:
                work(SqlRepositories(transaction, self._vault, origin))
            except DATABASE_ERRORS:
                raise
            except Exception as error:  # the last resort: a record that cannot be made must not keep all others from being made
                self._owed.remove(owed)
                _log.exception("an act was done, and its record could not be made")
                raise StorageAway("An act could not be recorded: see the log.") from error

    def _record(self, work: Work, origin: str, committed: set[Write]) -> StorageAway | None:
        try:
            self._transact(work, origin, committed)
        except StorageAway as refused:
            if len(self._owed) >= MOST_OWED:
                raise
            self._owed.append((work, origin))
            return refused
        return None

    def _read(self, work: Callable[[SqlRepositories], T], refused: StorageError) -> T:
        """Runs what only reads while nothing can be written. What writes meets the refusal."""
        connection = _raw(self._connection)
        transaction = Transaction(_raw(self._connection), self._cache)
        self._connection.info[READING] = True
        connection.execute("PRAGMA query_only=ON")
        try:
            with self._connection.begin():
                return _plain(work(SqlRepositories(transaction, self._vault)))
        except DATABASE_ERRORS as error:
            raise refused from error
        finally:
            transaction.end()
            connection.execute("PRAGMA query_only=OFF")
            self._connection.info[READING] = False

    def _wait_for_others(self, seconds: float) -> None:
        if seconds != self._waits:
            self._waits = seconds
            _raw(self._connection).execute(f"PRAGMA busy_timeout={round(seconds * 1000)}")

    def _empty_log(self) -> None:
        """What was destroyed in the database still stands in the write-ahead log until that is emptied."""
        try:
            busy, _, _ = _raw(self._connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:  # the transaction is committed, and its caller has to hear so
            _log.warning("the database's log could not be emptied", exc_info=error)
            return
        if busy:
            _log.warning("another program reads the database: its log will be emptied later")

    async def settle_log(self) -> None:
        """Moves what is committed from the write-ahead log into the database.

        This is done now and then, so that no commit has to.
        """
        await self._writer.take(self._settle)

    def _settle(self) -> None:
        try:
            _raw(self._connection).execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:  # nothing is lost: it stands in the log, and the next time comes
            _log.warning("the database's log could not be moved into it", exc_info=error)

    async def backup(self, target: Path) -> None:
        """Copies the database as it stands to a new file, mode 0600, by SQLite's own backup. No key goes with it.

        StorageError when the target exists or cannot be written.
        """
        await self._writer.take(partial(self._copy, target))

    def _copy(self, target: Path) -> None:
        if target.exists():
            raise StorageError(f"{target} is already there. A backup is never written over another.")
        try:
            with make_engine(target, busy_seconds=0).connect() as copy:
                _raw(self._connection).backup(_raw(copy))
        except DATABASE_ERRORS as error:
            raise in_words(error) from error

    @property
    def vault(self) -> Vault:
        """What secrets pass through now."""
        return self._vault

    def adopt(self, vault: Vault) -> None:
        """From the next transaction on, secrets pass through this vault (a rotation of keys)."""
        self._vault = vault

    async def close(self) -> None:
        """Ends what is under way, then closes. A second call does nothing."""
        if self._closed:
            return
        reader, self._reader, self._path = self._reader, None, None
        if reader is not None:
            reader.close()  # before the writer's, which empties the log as the last one
        await self._writer.take(self._shut)
        self._writer.close()

    def _shut(self) -> None:
        if self._owed:
            with contextlib.suppress(StorageAway):
                self._transact(lambda _: None, "", set())
            if self._owed:
                _log.critical("%d acts were done and could not be recorded: the database took nothing", len(self._owed))
        self._closed = True
        self._connection.close()
        self._engine.dispose()
        if self._lock is not None:
            self._lock.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()


@cache
def _empty_database() -> bytes:
    """A migrated database without rows: the chain runs once in a process, however many stores it makes in memory."""
    engine = make_engine(None, busy_seconds=0)
    with engine.connect() as connection:
        bring_up_to_date(connection, None)
        return _raw(connection).serialize()


def _raw(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.dbapi_connection)


def _plain(result: T) -> T:
    if isinstance(result, Coroutine):
        result.close()
        raise StorageError("What runs inside a transaction must be a plain function.")
    return result
