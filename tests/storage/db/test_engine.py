"""The connection's own promises: errors in words without values, a lock that dies with its process, no slow search."""

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
from storage.repos import cards, confirmations, flags, inbox, orders, outbox, reports, stops

ALLOWED = {  # a whole table is meant, or the statement is only the beginning of others
    "storage.repos.orders._ORDERS",
    "storage.repos.confirmations._ALL",
}
FEW = {"SCAN earlier"}  # the accounts before one (storage/repos/account_marks.py): a handful, whatever the years


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


def test_a_lock_in_a_place_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        FileLock(tmp_path / "nowhere" / "bot.db.lock").take()
    assert os.listdir(tmp_path) == []  # noqa: PTH208
