"""Copies of the database that can be trusted: checked before they get their name, brought back whole."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bot.domain.errors import StorageError
from bot.domain.news.safety import TradingStopped
from bot.domain.people.account import Stop
from bot.domain.value import value
from storage.db.engine import in_words
from storage.repositories import SqlRepositories
from storage.secrets.privatefile import sync_directory
from storage.store import SqlStore

T = TypeVar("T")

RESTORED = "The database was restored from a backup: look at your orders and positions at the broker first, then /resume."
_CHUNK = 1 << 20


@value
class Checked:
    """What a look into a copy found."""

    accounts: int
    orders: int
    audit_rows: int


async def back_up(store: SqlStore, target: Path, traces: Iterable[bytes]) -> Checked:
    """Copies the database to a new file, mode 0600, checks the copy, and only then gives it its name.

    traces: bytes of keys, none of which may stand in it. StorageError when the target exists or the copy is not whole. Then
    there is no target.
    """
    beside = _room_for(target)
    try:
        await store.backup(beside)
        return _accept(beside, target, traces)
    finally:
        _sweep(beside)


def _room_for(target: Path) -> Path:
    """The name under which a copy is made before it is trusted."""
    if target.exists():
        raise StorageError(f"{target} is already there. A backup is never written over another.")
    beside = target.with_name(f".{target.name}.part")
    _sweep(beside)  # left by a backup that was cut off
    return beside


def _accept(beside: Path, target: Path, traces: Iterable[bytes]) -> Checked:
    _settle(beside)
    checked = check_copy(beside)
    if _holds(beside, traces):
        raise StorageError("The copy holds bytes of a key. It was thrown away.")
    try:
        target.hardlink_to(beside)  # unlike a rename it never writes over another file
    except OSError as error:
        raise StorageError(f"The backup {target} cannot be made: {error.strerror}.") from error
    sync_directory(target.parent)
    return checked


def _sweep(beside: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal", ".lock"):
        beside.with_name(beside.name + suffix).unlink(missing_ok=True)


def check_copy(copy: Path) -> Checked:
    """Reads a copy through and through without changing it. StorageError names what is wrong."""
    if not copy.is_file():
        raise StorageError(f"There is no backup {copy}.")
    try:
        with closing(_reading(copy)) as opened:
            damage = opened.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if damage != "ok":
                raise StorageError(f"The backup {copy} is damaged.")
            if opened.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise StorageError(f"The backup {copy} is damaged: rows in it point nowhere.")
            opened.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            counts = [opened.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("accounts", "orders", "audit")]  # noqa: S608  # our own words
    except (sqlite3.Error, TypeError) as error:
        raise StorageError(f"{copy} is no backup of this program's database.") from error
    return Checked(accounts=counts[0], orders=counts[1], audit_rows=counts[2])


async def bring_back(
    copy: Path, database: Path, aside: Path, *, open_store: Callable[[Path], SqlStore], make_safe: Callable[[SqlRepositories], T]
) -> T:
    """Puts a checked copy in the database's place, and returns what make_safe answered.

    make_safe works on a copy of the copy, before that takes the place: whenever the power fails, the database is the whole
    old one or the whole new one made safe, and what a cut-off restore leaves is cleared by the next. What is there now is kept
    as `aside`, even when it is damaged. open_store: needs no keys. The caller holds the lock of the database, and no store is
    open on it. StorageError says why not, and then the old one stands.
    """
    staged = database.with_name(f".{database.name}.restoring")
    try:
        _stage(copy, staged, aside)
        async with open_store(staged) as store:
            answer = await store.transaction(make_safe)
        _change_over(staged, database, aside)
    except sqlite3.Error as error:
        raise in_words(error) from error
    except OSError as error:
        raise StorageError(f"The database {database} cannot be written: {error.strerror}.") from error
    finally:
        _sweep(staged)
    return answer


def _stage(copy: Path, staged: Path, aside: Path) -> None:
    if aside.exists():
        raise StorageError(f"{aside} is already there: it is what an earlier restore put aside. Move it away first.")
    staged.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(staged)  # left by a restore that was cut off
    os.close(os.open(staged, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    with closing(_reading(copy)) as source, closing(sqlite3.connect(staged)) as written:
        source.backup(written)


def _change_over(staged: Path, database: Path, aside: Path) -> None:
    _settle(staged)
    check_copy(staged)
    if database.exists() and _put_aside(database, aside):
        _write_over(database, staged)
    else:  # nothing there, or nothing that SQLite could write over
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        staged.replace(database)
    sync_directory(database.parent)


def _write_over(database: Path, staged: Path) -> None:
    """One transaction of SQLite's own: an old log beside the database is dealt with, not played into the new one."""
    with closing(_reading(staged)) as source, closing(sqlite3.connect(database)) as target:
        target.execute("PRAGMA synchronous=FULL")
        source.backup(target)
    database.chmod(0o600)


def _put_aside(database: Path, aside: Path) -> bool:
    """A copy of what opens. Of what does not, the files themselves with their logs, and False."""
    part = aside.with_name(f".{aside.name}.part")
    _sweep(part)
    try:
        with closing(sqlite3.connect(database)) as present, closing(sqlite3.connect(part)) as kept:
            present.backup(kept)
        part.chmod(0o600)
        part.replace(aside)
    except sqlite3.Error:
        _sweep(part)
        for suffix in ("-wal", "-shm", ""):
            log = database.with_name(database.name + suffix)
            if log.exists():
                shutil.copy2(log, aside.with_name(aside.name + suffix))
        return False
    return True


def _reading(copy: Path) -> sqlite3.Connection:
    """Changes nothing, not even beside the file."""
    return sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def after_bringing_back(db: SqlRepositories, now: datetime, made_of: str) -> int:
    """Nothing from before goes on by itself: questions are closed, updates are old, sessions dead, trading is stopped.

    A question that was open in the copy may have been confirmed since. To claim it again would send its order twice.
    """
    for user, _, _ in db.people.all():
        db.confirmations.refuse_of(user.telegram_id, None)
    db.confirmations.forget_answers()
    for entry in db.inbox.waiting():
        db.inbox.done(entry.update_id, now)
    accounts = db.accounts.all()
    for account in accounts:
        db.accounts.keep_session(account.id, None)
        db.stops.stop(Stop(account_id=account.id, by=None, at=now, why=RESTORED))
        notice = TradingStopped(name="the host", at=now, why=RESTORED)
        db.outbox.add(account.id, db.people.watching(account.id), notice, now, order_id=None)
    db.audit.add(now, None, "restored", before="what is kept beside it", after=made_of)
    return len(accounts)


def _settle(copy: Path) -> None:
    """One file without a write-ahead log beside it, which can be opened from a read-only place."""
    with closing(sqlite3.connect(copy)) as opened:
        opened.execute("PRAGMA journal_mode=DELETE")
    with copy.open("rb+") as file:
        os.fsync(file.fileno())


def _holds(copy: Path, traces: Iterable[bytes]) -> bool:
    """Reads in chunks that overlap, so that nothing hides at an edge."""
    traces = [trace for trace in traces if trace]
    longest = max((len(trace) for trace in traces), default=0)
    window = b""
    with copy.open("rb") as file:
        while chunk := file.read(_CHUNK):
            window = window[-longest:] + chunk
            if any(trace in window for trace in traces):
                return True
    return False
