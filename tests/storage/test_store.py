"""What the store promises of a transaction: whole or not at all, durable, and one at a time."""

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bot.domain.errors import NotFound, StorageError
from bot.domain.people.account import Stop
from bot.domain.ports.inbox import Inbox
from bot.domain.ports.repositories import Repositories, Store
from storage.inbox import SqlInbox
from storage.repositories import SqlRepositories
from storage.secrets.keyplace import new_key
from storage.store import SqlStore
from tests.stage.disk import Disk
from tests.storage.killed import Keys
from tests.storage.samples import ACCOUNT, DAY, NOW, PERSON, a_store, a_vault, an_order, seed

STOP = Stop(account_id=ACCOUNT.id, by=PERSON, at=NOW, why="x")


def test_the_store_and_the_inbox_fit_the_ports_of_the_domain(tmp_path: Path) -> None:
    opened = SqlStore.open(tmp_path / "bot.db", a_vault())
    store: Store = opened  # the type checker proves the fit
    inbox: Inbox = SqlInbox(opened)
    assert asyncio.run(store.transaction(lambda db: db.flags.claim_address_notice("a", DAY, NOW)))
    assert asyncio.run(inbox.highest()) is None
    asyncio.run(opened.close())


async def test_what_returns_is_committed_and_what_raises_is_rolled_back_with_its_own_error(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    await store.transaction(lambda db: db.orders.add(an_order(1), DAY))

    def fails(db: Repositories) -> None:
        db.orders.add(an_order(2), DAY)
        raise NotFound("no such thing")

    with pytest.raises(NotFound):
        await store.transaction(fails)
    await store.close()
    again = SqlStore.open(tmp_path / "bot.db", a_vault(), inline=True)
    assert [order.number for order in await again.transaction(lambda db: db.orders.of_day(ACCOUNT.id, DAY))] == [1]
    await again.close()


async def test_an_error_of_the_database_is_ours_and_leaves_nothing_behind(store: SqlStore) -> None:
    def twice(db: Repositories) -> None:
        db.orders.add(an_order(1), DAY)
        db.orders.add(an_order(1), DAY)

    with pytest.raises(StorageError) as caught:
        await store.transaction(twice)
    assert "TAG" not in str(caught.value)
    assert await store.transaction(lambda db: db.orders.of_day(ACCOUNT.id, DAY)) == []


async def test_a_repository_that_outlives_its_transaction_is_refused(store: SqlStore) -> None:
    db_of_before = await store.transaction(lambda db: db)
    with pytest.raises(StorageError, match="after its transaction"):
        db_of_before.orders.find("o1")


async def test_a_coroutine_cannot_be_run_as_a_transaction(store: SqlStore) -> None:
    async def waits(db: Repositories) -> None:
        db.flags.claim_address_notice("a", DAY, NOW)

    with pytest.raises(StorageError, match="plain function"):
        await store.transaction(waits)  # type: ignore[unused-coroutine]  # that it is one is the point


@pytest.mark.asyncio(loop_factories=["real"])
async def test_a_caller_cancelled_in_the_midst_is_held_until_the_commit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = await a_store(tmp_path / "bot.db", inline=False)
    inside, go_on = threading.Event(), threading.Event()

    def slow(db: Repositories) -> bool:
        claimed = db.flags.claim_address_notice("report", DAY, NOW)
        inside.set()
        go_on.wait(10)
        return claimed

    task = asyncio.create_task(store.transaction(slow))
    await asyncio.get_running_loop().run_in_executor(None, inside.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()  # an impatient second time
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "committed after its caller" in caplog.text
    assert not await store.transaction(lambda db: db.flags.claim_address_notice("report", DAY, NOW))
    await store.close()


@pytest.mark.asyncio(loop_factories=["real"])
async def test_a_caller_cancelled_while_it_waits_its_turn_changes_nothing(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db", inline=False)
    inside, go_on = threading.Event(), threading.Event()

    def holds(_: Repositories) -> None:
        inside.set()
        go_on.wait(10)

    first = asyncio.create_task(store.transaction(holds))
    await asyncio.get_running_loop().run_in_executor(None, inside.wait, 10)
    second = asyncio.create_task(store.transaction(lambda db: db.flags.claim_address_notice("a", DAY, NOW)))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    go_on.set()
    await first
    assert await store.transaction(lambda db: db.flags.claim_address_notice("a", DAY, NOW))
    await store.close()


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.asyncio(loop_factories=["real"])
async def test_a_closed_store_refuses_work_and_closes_twice(tmp_path: Path, inline: bool) -> None:
    store = await a_store(tmp_path / "bot.db", inline=inline)
    await store.close()
    await store.close()
    with pytest.raises(StorageError, match="closed"):
        await store.transaction(lambda db: db.flags.claim_address_notice("a", DAY, NOW))


async def test_a_second_process_that_trades_is_refused_and_one_that_only_writes_is_not(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    first = await a_store(path)
    first.lock()
    first.lock()
    second = SqlStore.open(path, a_vault(), inline=True)
    with pytest.raises(StorageError, match="Another bot"):
        second.lock()
    await second.transaction(lambda db: db.flags.claim_address_notice("a", DAY, NOW))
    assert not await first.transaction(lambda db: db.flags.claim_address_notice("a", DAY, NOW))
    await first.close()
    second.lock()
    await second.close()


async def test_a_database_held_by_another_program_is_named_in_words(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    await (await a_store(path)).close()
    store = SqlStore.open(path, a_vault(), inline=True, busy_seconds=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="held by another program"):
        await store.transaction(lambda db: db.flags.claim_address_notice("a", DAY, NOW))
    other.execute("ROLLBACK")
    other.close()
    assert await store.transaction(lambda db: db.flags.claim_address_notice("a", DAY, NOW))
    await store.close()


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.asyncio(loop_factories=["real"])
async def test_the_connection_is_durable_and_private(tmp_path: Path, inline: bool) -> None:
    path = tmp_path / "made" / "bot.db"
    store = await a_store(path, inline=inline)

    def pragmas(db: SqlRepositories) -> list[object]:
        connection = db.flags._tx._live()
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await store.transaction(pragmas) == ["wal", 2, 1, 1]
    store.lock()
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(("bot.db", "bot.db-wal", "bot.db-shm", "bot.db.lock"), 0o600)
    await store.close()


@pytest.mark.asyncio(loop_factories=["real"])
async def test_a_settled_log_leaves_everything_in_the_database_file_itself(tmp_path: Path) -> None:
    path, copy = tmp_path / "bot.db", tmp_path / "copy.db"
    store = await a_store(path, inline=False)
    for number in range(1, 40):
        await store.transaction(partial(add_order, number))
    await store.settle_log()
    shutil.copy(path, copy)  # without the log beside it
    await store.close()
    with closing(sqlite3.connect(copy)) as alone:
        assert alone.execute("SELECT count(*) FROM orders").fetchone() == (39,)


@pytest.mark.exhaustive
def test_killed_at_any_step_of_a_claim_nothing_answered_is_lost_and_nothing_is_half_done(tmp_path: Path) -> None:
    """A process dies by SIGKILL at step after step of claim and order, before, in and after the commit."""
    keys = Keys(tmp_path)
    for place in (keys.main, keys.seed):
        place.make([new_key(random.Random(str(place.path)).randbytes)])
    store = keys.open()
    asyncio.run(store.transaction(seed))
    asyncio.run(store.close())
    command = [sys.executable, "-m", "tests.storage.killed", "orders", str(tmp_path)]
    swept = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert swept.returncode == 0, swept.stderr
    outcomes = {line.partition(": ")[2] for line in swept.stdout.splitlines()}
    assert outcomes == {"not stored, not answered", "stored, answered", "stored, not answered"}


def add_order(number: int, db: Repositories) -> None:
    db.orders.add(an_order(number), DAY)


async def test_a_backup_is_whole_private_and_written_over_nothing(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    await store.transaction(lambda db: db.orders.add(an_order(), DAY))
    await store.backup(tmp_path / "copies" / "copy.db")
    with pytest.raises(StorageError, match="already there"):
        await store.backup(tmp_path / "copies" / "copy.db")
    await store.transaction(lambda db: db.orders.add(an_order(2), DAY))
    await store.close()
    assert [(file.name, file.stat().st_mode & 0o777) for file in (tmp_path / "copies").iterdir()] == [("copy.db", 0o600)]
    copy = SqlStore.open(tmp_path / "copies" / "copy.db", a_vault(), inline=True)
    assert await copy.transaction(lambda db: db.orders.of_day(ACCOUNT.id, DAY)) == [an_order()]
    await copy.close()


@pytest.mark.parametrize("inline", [True, False])
async def test_a_read_sees_the_last_commit_and_only_that_while_a_transaction_is_under_way(tmp_path: Path, inline: bool) -> None:
    async with await a_store(tmp_path / "bot.db", inline=inline) as store:
        assert await store.read(lambda db: db.stops.stopped(ACCOUNT.id)) is None
        await store.transaction(lambda db: db.stops.stop(STOP))
        assert await store.read(lambda db: db.stops.stopped(ACCOUNT.id)) == STOP
        with sqlite3.connect(tmp_path / "bot.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("DELETE FROM stops")
            assert await store.read(lambda db: db.stops.stopped(ACCOUNT.id)) == STOP
            other.execute("COMMIT")
            assert await store.read(lambda db: db.stops.stopped(ACCOUNT.id)) is None
        other.close()


async def test_a_read_holds_up_no_writer_and_leaves_no_log_behind_a_destroyed_secret(tmp_path: Path) -> None:
    async with await a_store(tmp_path / "bot.db", inline=False) as store:

        def read(db: Repositories) -> str:
            with sqlite3.connect(tmp_path / "bot.db", timeout=0, isolation_level=None) as other:
                other.execute("UPDATE accounts SET label = 'papa'")
            other.close()
            return db.accounts.all()[0].label

        assert await store.read(lambda db: (db.accounts.all()[0].label, read(db))) == (ACCOUNT.label, ACCOUNT.label), "one moment"
        assert await store.read(lambda db: db.accounts.all()[0].label) == "papa"
        await store.transaction(lambda db: db.accounts.remove(ACCOUNT.id))
        assert (tmp_path / "bot.db-wal").stat().st_size == 0


async def test_where_the_reading_connection_cannot_be_had_the_writers_reads(tmp_path: Path) -> None:
    async with await a_store(tmp_path / "bot.db") as store:
        (tmp_path / "bot.db").rename(tmp_path / "away.db")
        assert (await store.read(lambda db: db.accounts.all()))[0] == ACCOUNT
        assert not (tmp_path / "bot.db").exists()
        (tmp_path / "away.db").rename(tmp_path / "bot.db")
    with pytest.raises(StorageError, match="closed"):
        await store.read(lambda db: db.accounts.all())


async def test_what_is_written_lightly_is_seen_at_once_and_leaves_all_after_it_as_lasting_as_before(tmp_path: Path) -> None:
    async with await a_store(tmp_path / "bot.db") as store:
        lasting: list[int] = []

        def write(db: SqlRepositories) -> None:
            lasting.extend(store._connection.connection.execute("PRAGMA synchronous").fetchone())
            db.stops.stop(STOP)

        await store.lightly(write)
        assert await store.read(lambda db: db.stops.stopped(ACCOUNT.id)) == STOP
        with pytest.raises(ZeroDivisionError):
            await store.lightly(lambda _: 1 // 0)
        await store.transaction(write)
        disk = Disk(store)
        await store.owe(partial(add_order, 1))
        assert store.owed == 1
        disk.full = False
        await store.lightly(write)
        assert store.owed == 0
        assert lasting == [1, 2, 2], "what was owed must last"
