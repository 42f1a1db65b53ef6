"""The database's file: there, with one name, and nobody else's to read or replace."""

import logging
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.domain.errors import SettingsError, StorageError
from storage.db.database_file import others_write
from storage.db.engine import make_engine
from storage.migrate import bring_up_to_date
from storage.store import SqlStore
from tests.storage.samples import a_store, a_vault


def reopened(path: Path) -> SqlStore:
    """As every command opens it but the one that names the first owner."""
    return SqlStore.open(path, a_vault(), inline=True, new=False)


def test_a_database_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no database .*/data/bot\.db.*wrong place.*people add"):
        reopened(tmp_path / "data" / "bot.db")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_in_the_databases_place_is_refused_as_often_as_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "bot.db").touch(0o600)
    for _ in range(2):
        with pytest.raises(StorageError, match=r"bot\.db is empty.*restore"):
            reopened(tmp_path / "bot.db")


@pytest.mark.parametrize("new", [True, False])
async def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path, new: bool) -> None:
    path = tmp_path / "bot.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE notes (words TEXT)")
    raw.close()
    path.chmod(0o644)
    before = path.stat().st_mode
    with pytest.raises(StorageError, match="another program"):
        SqlStore.open(path, a_vault(), inline=True, new=new)
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("notes",)]
    raw.close()
    assert path.stat().st_mode == before


@pytest.mark.parametrize("mode", [0o666, 0o644, 0o640, 0o604, 0o660])
async def test_a_database_that_others_could_use_is_closed_to_them_and_that_is_said(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "bot.db"
    await (await a_store(path)).close()
    path.chmod(mode)
    with caplog.at_level(logging.WARNING):
        async with reopened(path):
            modes = [stat.S_IMODE(file.stat().st_mode) for file in (path, tmp_path / "bot.db-wal", tmp_path / "bot.db-shm")]
    assert modes == [0o600] * 3
    assert f"bot.db had mode {mode:04o}" in caplog.text
    caplog.clear()
    await reopened(path).close()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o703])
async def test_a_directory_that_others_can_write_is_refused_with_the_repair(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "data" / "bot.db"
    await (await a_store(path)).close()
    path.parent.chmod(mode)
    with pytest.raises(SettingsError, match="chmod go-w"):
        reopened(path)
    path.parent.chmod(0o755)
    await reopened(path).close()


def test_a_group_that_is_not_the_bots_own_counts_as_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o775)
    assert not others_write(tmp_path)
    if os.geteuid():
        pytest.skip("only root can give a directory to another group")
    os.chown(tmp_path, -1, 65534)
    assert others_write(tmp_path)


async def test_a_database_with_a_second_name_is_refused_by_either(tmp_path: Path) -> None:
    path, other = tmp_path / "bot.db", tmp_path / "elsewhere" / "other.db"
    running = await a_store(path)
    running.lock()
    other.parent.mkdir()
    other.hardlink_to(path)
    for name in (path, other):
        with pytest.raises(SettingsError, match=r"2 names.*second bot"):
            reopened(name)
    other.unlink()
    await reopened(path).close()
    await running.close()


async def test_a_link_to_the_database_leads_to_the_lock_beside_it(tmp_path: Path) -> None:
    path, link = tmp_path / "bot.db", tmp_path / "elsewhere" / "other.db"
    running = await a_store(path)
    running.lock()
    link.parent.mkdir()
    link.symlink_to(path)
    second = reopened(link)
    with pytest.raises(StorageError, match="Another bot"):
        second.lock()
    await second.close()
    assert not link.with_name("other.db.lock").exists()
    await running.close()


def test_opening_a_database_again_drops_no_lock_that_this_process_holds_on_it(tmp_path: Path) -> None:
    """POSIX drops a process's locks on a file when any of its descriptors on it is closed."""
    path = tmp_path / "bot.db"
    another = f"import sqlite3; print(sqlite3.connect({str(path)!r}, timeout=0).execute('PRAGMA journal_mode=DELETE').fetchall())"
    with make_engine(path, busy_seconds=0).connect() as connection:
        bring_up_to_date(connection, None)
        make_engine(path, busy_seconds=0)
        tried = subprocess.run([sys.executable, "-c", another], capture_output=True, text=True, check=False)
    assert "database is locked" in tried.stderr, tried.stdout
