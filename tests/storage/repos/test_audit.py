"""Acts cannot be changed or removed by the database's own rules, and what was changed all the same is found and named."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.ports.repositories import Repositories
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, NOW, PERSON, a_store

ROWS = 30


def fill(db: Repositories) -> None:
    for number in range(1, ROWS + 1):
        at = NOW + timedelta(seconds=number)
        db.audit.add(
            at,
            PERSON if number % 3 else None,
            "kill",
            ACCOUNT.id if number % 2 else None,
            f"detail {number}",
            before="",
            after="",
        )


async def test_it_is_read_newest_first_page_by_page(store: SqlStore) -> None:
    await store.transaction(fill)
    first = await store.transaction(lambda db: db.audit.page())
    assert [row[0] for row in first] == list(range(30, 10, -1))
    assert first[0] == (30, NOW + timedelta(seconds=30), None, "kill", "detail 30")
    rest = await store.transaction(lambda db: db.audit.page(first[-1][0], 100))
    assert [row[0] for row in rest] == list(range(10, 0, -1))
    assert await store.transaction(lambda db: db.audit.page(1)) == []


async def test_an_untouched_record_verifies_and_so_does_an_empty_one(store: SqlStore) -> None:
    assert await store.transaction(lambda db: db.audit.verify()) is None
    await store.transaction(fill)
    assert await store.transaction(lambda db: db.audit.verify()) is None


@pytest.mark.parametrize("act", ["UPDATE audit SET detail = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 30"])
async def test_the_database_itself_refuses_to_change_or_delete(tmp_path: Path, act: str) -> None:
    store = await a_store(tmp_path / "bot.db")
    await store.transaction(fill)
    raw = sqlite3.connect(tmp_path / "bot.db")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(act)
    raw.close()
    await store.close()


ROW = "INSERT INTO audit VALUES (?, '2026-11-20T04:00:00.000000+00:00', 1, 'w', NULL, 'd', x'00')"


@pytest.mark.parametrize("number", [1, 2, 17, 29, 30])
@pytest.mark.parametrize(
    "change",
    [
        "at = '2026-11-20T04:00:00.000000+00:00'",
        "who = 666",
        "what = 'resume'",
        "account_id = 'a9'",
        "detail = detail || ' '",
        "hash = zeroblob(32)",
        "id = id + 100",
    ],
)
async def test_whoever_gets_past_that_is_found_at_the_row_they_changed(tmp_path: Path, number: int, change: str) -> None:
    store = await a_store(tmp_path / "bot.db")
    await store.transaction(fill)
    with sqlite3.connect(tmp_path / "bot.db") as raw:
        raw.execute("DROP TRIGGER audit_no_update")
        raw.execute(f"UPDATE audit SET {change} WHERE id = {number}")  # noqa: S608  # fixed words
    raw.close()
    assert await store.transaction(lambda db: db.audit.verify()) == number
    await store.close()


@pytest.mark.parametrize(("first", "last"), [(1, 1), (1, 30), (15, 16), (30, 30), (20, 30)])
async def test_rows_that_were_taken_out_are_missed_the_newest_too(tmp_path: Path, first: int, last: int) -> None:
    store = await a_store(tmp_path / "bot.db")
    await store.transaction(fill)
    with sqlite3.connect(tmp_path / "bot.db") as raw:
        raw.execute("DROP TRIGGER audit_no_delete")
        raw.execute("DELETE FROM audit WHERE id BETWEEN ? AND ?", (first, last))
    raw.close()
    assert await store.transaction(lambda db: db.audit.verify()) == first
    await store.close()


async def test_rows_that_were_slipped_in_are_named(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    await store.transaction(fill)
    with sqlite3.connect(tmp_path / "bot.db") as raw:
        raw.execute(ROW, (31,))
        raw.execute(ROW, (0,))
    assert await store.transaction(lambda db: db.audit.verify()) == 1
    with raw:
        raw.execute("DROP TRIGGER audit_no_delete")
        raw.execute("DELETE FROM audit WHERE id = 0")
    raw.close()
    assert await store.transaction(lambda db: db.audit.verify()) == 31
    await store.close()
