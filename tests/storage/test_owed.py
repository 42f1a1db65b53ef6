"""While the disk is full or held: what reads is answered, what writes is refused, and what is owed is written first."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bot.domain.errors import NotFound, StorageAway, StorageError
from bot.domain.people.account import Stop
from bot.domain.ports.repositories import Repositories
from storage.repositories import SqlRepositories
from storage.store import MOST_OWED, SqlStore
from tests.stage.disk import Disk
from tests.storage.samples import ACCOUNT, DAY, NOW, PERSON, a_store, a_vault
from tests.storage.test_store import STOP, add_order


async def test_a_full_disk_is_named_and_leaves_the_transactions_before_it_whole(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")

    def no_room(db: SqlRepositories) -> None:
        connection = db.flags._tx._live()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    await store.transaction(no_room)
    numbers = iter(range(1, 1000))

    async def until_full() -> None:
        for number in numbers:
            await store.transaction(partial(add_order, number))

    with pytest.raises(StorageError, match="disk is full"):
        await until_full()
    stored = await store.transaction(lambda db: db.orders.of_day(ACCOUNT.id, DAY))
    assert [order.number for order in stored] == list(range(1, next(numbers) - 1))
    await store.close()


def kill(db: Repositories) -> None:
    db.stops.stop(Stop(account_id=ACCOUNT.id, by=PERSON, at=NOW))


async def test_while_the_disk_is_full_what_only_reads_is_answered_and_what_writes_is_refused(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    await store.transaction(partial(add_order, 1))
    said: list[str] = []
    store.away = said.append
    disk = Disk(store)
    assert len(await store.transaction(lambda db: db.orders.of_day(ACCOUNT.id, DAY))) == 1
    assert said == []
    with pytest.raises(StorageAway, match="disk is full"):
        await store.transaction(partial(add_order, 2))
    assert said == ["The disk is full: nothing can be stored."]
    disk.full = False
    await store.transaction(partial(add_order, 2))
    assert len(await store.transaction(lambda db: db.orders.of_day(ACCOUNT.id, DAY))) == 2
    await store.close()


async def test_what_is_owed_is_seen_at_once_and_written_before_anything_else_can_be(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    disk = Disk(store)
    await store.owe(kill)
    assert store.owed == 1
    assert await store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is not None
    with pytest.raises(StorageAway):
        await store.transaction(partial(add_order, 1))
    disk.full = False

    def order_if_running(db: Repositories) -> bool:
        if db.stops.stopped(ACCOUNT.id) is not None:
            return False
        add_order(1, db)
        return True

    assert not await store.transaction(order_if_running), "the kill switch was overtaken"
    assert store.owed == 0
    await store.close()
    again = SqlStore.open(tmp_path / "bot.db", a_vault(), inline=True)
    assert await again.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is not None
    await again.close()


async def test_what_is_owed_is_written_by_a_close_that_finds_room(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    disk = Disk(store)
    await store.owe(kill)
    disk.full = False
    await store.close()
    again = SqlStore.open(tmp_path / "bot.db", a_vault(), inline=True)
    assert await again.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is not None
    await again.close()


async def test_memory_owes_so_much_and_no_more(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    disk = Disk(store)
    for _ in range(MOST_OWED):
        store._owed.append((lambda _: None, ""))
    with pytest.raises(StorageAway):
        await store.owe(kill)
    disk.full = False
    await store.owe(kill)
    assert store.owed == 0
    await store.close()


async def test_a_record_that_cannot_be_made_is_logged_and_holds_up_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await a_store(tmp_path / "bot.db")
    disk = Disk(store)

    def broken(db: Repositories) -> None:
        if not disk.full:
            raise NotFound("gone")
        db.flags.claim_address_notice("a", DAY, NOW)

    await store.owe(broken)
    await store.owe(kill)
    disk.full = False
    with pytest.raises(StorageAway, match="see the log"):
        await store.transaction(partial(add_order, 1))
    await store.transaction(partial(add_order, 1))
    assert "its record could not be made" in caplog.text
    assert await store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is not None
    await store.close()


async def test_while_another_program_writes_reading_is_answered_and_what_is_owed_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    await (await a_store(path)).close()
    store = SqlStore.open(path, a_vault(), inline=True, busy_seconds=0.05)
    await store.transaction(partial(add_order, 1))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len(await store.transaction(lambda db: db.orders.of_day(ACCOUNT.id, DAY))) == 1
        with pytest.raises(StorageAway, match="held by another program"):
            await store.transaction(partial(add_order, 2))
        await store.owe(kill)
        assert store.owed == 1
        other.execute("ROLLBACK")
    await store.transaction(partial(add_order, 2))
    assert store.owed == 0
    assert await store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is not None
    await store.close()


async def test_what_writes_is_refused_as_a_read_and_what_is_owed_is_seen_by_one(tmp_path: Path) -> None:
    async with await a_store(tmp_path / "bot.db") as store:
        with pytest.raises(StorageError, match="read-only"):
            await store.read(lambda db: db.stops.stop(STOP))
        assert await store.read(lambda db: db.stops.stopped(ACCOUNT.id)) is None
        disk = Disk(store)
        await store.owe(lambda db: db.stops.stop(STOP))
        assert await store.read(lambda db: db.stops.stopped(ACCOUNT.id)) == STOP
        disk.full = False
