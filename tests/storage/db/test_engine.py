"""The connection's own promises: errors in words without values, a lock that dies with its process, no slow search."""

import errno
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.sql.base import Executable

from bot.domain.errors import StorageError
from storage.db.engine import FileLock, in_words, make_engine
from storage.migrate import bring_up_to_date
from storage.repos import flags, inbox, outbox
from storage.repos.money import reports
from storage.repos.orders import cards, confirmations, orders
from storage.repos.people import stops

ALLOWED = {  # a whole table is meant, or the statement is only the beginning of others
    "storage.repos.orders.orders._ORDERS",
    "storage.repos.orders.confirmations._ALL",
}
# The accounts before one (storage/repos/account_marks.py), and what messages are owed: a handful, whatever the years.
FEW = {"SCAN earlier", "SCAN answers"}


def test_no_search_walks_through_a_table_that_grows_with_the_years() -> None:
    with make_engine(None, busy_seconds=0).connect() as connection:
        bring_up_to_date(connection, None)
        walked, looked = set(), 0
        for module in (cards, confirmations, flags, inbox, orders, outbox, reports, stops):
            for name, value in vars(module).items():
                for statement in value if isinstance(value, tuple) else (value,):
                    if not isinstance(statement, Executable) or not (statement.is_select or statement.is_dml):
                        continue
                    text = str(statement.compile(dialect=sqlite.dialect()))  # type: ignore[attr-defined]  # each of them compiles
                    sql = re.sub(r"\(__\[POSTCOMPILE_\w+\]\)", "(?)", text)
                    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple([1] * sql.count("?"))).all()
                    looked += 1
                    if any(str(row[3]).startswith("SCAN") and str(row[3]) not in FEW for row in plan):
                        walked.add(f"{module.__name__}.{name}")
    assert looked > 40
    assert walked == ALLOWED


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SQLITE_BUSY_SNAPSHOT", "held by another"),
        ("SQLITE_FULL", "disk is full"),
        ("SQLITE_IOERR_FSYNC", "disk failed"),
        ("SQLITE_READONLY_DBMOVED", "cannot be written"),
        ("SQLITE_CANTOPEN", "or read-only"),  # a read-only directory takes no log, and SQLite opens nothing
        ("SQLITE_CORRUPT_VTAB", "damaged"),
        ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_UNIQUE"),
        (None, "OperationalError"),
    ],
)
def test_what_the_database_throws_is_said_in_words_without_its_text(name: str | None, words: str) -> None:
    error = sqlite3.OperationalError("near CANARY")
    if name is not None:
        error.sqlite_errorname = name  # as the library sets it
    for thrown in (error, OperationalError("SELECT CANARY", {"a": "CANARY"}, error)):
        said = in_words(thrown)
        assert isinstance(said, StorageError)
        assert words in said.say
        assert "CANARY" not in said.say
    assert "TypeError" in in_words(StatementError("x", "SELECT", {}, TypeError("CANARY"))).say


def test_a_lock_belongs_to_one_process_and_dies_with_it(tmp_path: Path) -> None:
    path = tmp_path / "bot.db.lock"
    holder = "import sys; from pathlib import Path; from storage.db.engine import FileLock\n"
    holder += "lock = FileLock(Path(sys.argv[1])); print(lock.take(), flush=True); sys.stdin.read()"
    child = subprocess.Popen(
        [sys.executable, "-c", holder, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "True\n"
    mine = FileLock(path)
    assert not mine.take()
    child.kill()
    child.communicate()
    assert mine.take()
    assert path.stat().st_mode & 0o777 == 0o600
    mine.release()
    mine.release()


def test_a_lock_file_that_a_dead_process_left_is_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "bot.db.lock"
    for left in (b"", b"4711\n", b"\xff\xfe no number"):
        path.write_bytes(left)
        lock = FileLock(path)
        assert lock.take()
        assert lock.holder == str(os.getpid())
        lock.release()


def test_a_lock_whose_file_is_removed_is_taken_anew_and_keeps_others_out(tmp_path: Path) -> None:
    path = tmp_path / "bot.db.lock"
    first, second = FileLock(path), FileLock(path)
    assert not first.keep(), "what was never taken cannot be kept"
    assert first.take()
    assert first.keep()
    path.unlink()
    assert first.keep()
    assert not second.take()
    assert second.holder == str(os.getpid())
    first.release()


def test_a_lock_whose_file_is_removed_is_lost_to_whoever_takes_the_new_one_first(tmp_path: Path) -> None:
    path = tmp_path / "bot.db.lock"
    first, second = FileLock(path), FileLock(path)
    assert first.take()
    path.unlink()
    assert second.take()
    assert not first.keep()
    assert not first.keep()
    second.release()
    assert first.keep()
    first.release()


def test_a_lock_outlives_a_disk_that_takes_no_new_file(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.mkdir()
    lock = FileLock(place / "bot.db.lock")
    assert lock.take()
    place.rename(tmp_path / "away")
    assert lock.keep()
    (tmp_path / "away").rename(place)
    assert not FileLock(place / "bot.db.lock").take()
    lock.release()


@pytest.mark.parametrize(
    ("fault", "words"), [(errno.ENOLCK, "No locks available"), (errno.EOPNOTSUPP, "not supported")], ids=["no locks", "no flock"]
)
def test_a_file_system_that_knows_no_locks_is_an_error_in_words(tmp_path: Path, fault: int, words: str) -> None:
    def refuse(_handle: int, _how: int) -> None:
        raise OSError(fault, os.strerror(fault))

    with pytest.raises(StorageError, match=words):
        FileLock(tmp_path / "bot.db.lock", flock=refuse).take()
    lock = FileLock(tmp_path / "bot.db.lock")
    assert lock.take(), "nothing is held by the one that was refused"
    lock.release()


def test_a_lock_in_a_place_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        FileLock(tmp_path / "nowhere" / "bot.db.lock").take()
    assert os.listdir(tmp_path) == []  # noqa: PTH208
