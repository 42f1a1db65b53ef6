"""Whoever waits for what a transaction writes is woken by its commit, and by nothing else."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.errors import NotFound, StorageAway
from bot.domain.news.orders.orders import Filled
from bot.domain.news.safety import TradingStopped
from bot.domain.orders.order import CardRef
from bot.domain.people.account import Limits, Session
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from storage.store import SqlStore
from storage.topics import Topic
from tests.stage.disk import Disk
from tests.storage.samples import ACCOUNT, DAY, NOW, PERSON, a_fill, a_store, a_vault, an_order

LATER = NOW + timedelta(minutes=1)
ORDER = an_order().accepted("1151261120106", NOW)


def tell(db: Repositories) -> None:
    db.outbox.add(ACCOUNT.id, [PERSON], TradingStopped(name="Asha", at=NOW), NOW, order_id=None)


def tell_of_a_fill(db: Repositories) -> None:
    db.outbox.add(ACCOUNT.id, [PERSON], Filled(order=ORDER, fill=a_fill(price=None)), NOW, order_id=ORDER.id)
    (delivery,) = db.outbox.lease(NOW, LATER)
    db.outbox.sent(delivery.id, NOW, 5)


def place(db: Repositories) -> None:
    db.orders.add(an_order(), DAY)
    db.cards.add(CardRef(chat_id=PERSON, message_id=77, order_id="o1", version=0))


def settle(db: Repositories) -> None:
    db.orders.save(ORDER)
    tell(db)


def twice(db: Repositories) -> None:
    tell(db)
    tell(db)


def log_in(db: Repositories) -> None:
    db.accounts.keep_session(ACCOUNT.id, Session(token=Secret("jwt"), issued=NOW, expires=LATER))


def listen(store: SqlStore) -> list[Topic]:
    """What the store calls from now on."""
    heard: list[Topic] = []
    for topic in Topic:
        store.on_commit(topic, lambda topic=topic: heard.append(topic))  # type: ignore[misc]  # bound at once
    return heard


def deliver(db: Repositories) -> None:
    (delivery,) = db.outbox.lease(NOW, LATER)
    db.outbox.postpone(delivery.id, LATER, "no network")
    db.outbox.release(NOW)
    db.outbox.bury(delivery.id, NOW, "blocked")


Work = Callable[[Repositories], object]


@pytest.mark.parametrize(
    ("before", "work", "heard"),
    [
        (None, tell, {Topic.NOTICES}),
        (tell_of_a_fill, lambda db: db.outbox.correct(Filled(order=ORDER, fill=a_fill()), NOW), {Topic.NOTICES}),
        (None, place, {Topic.SENDING}),
        (None, lambda db: db.orders.save(ORDER), {Topic.ORDERS}),
        (None, lambda db: db.orders.add_fill(ORDER, a_fill()), {Topic.RESULTS}),
        (None, lambda db: db.limits.put(ACCOUNT.id, DAY, Limits(daily_loss=Decimal(5000))), {Topic.RESULTS}),
        (None, log_in, {Topic.RESULTS}),
        (None, settle, {Topic.NOTICES, Topic.ORDERS}),
    ],
    ids=["news", "a fill's price", "an order", "what became of it", "a fill", "limits", "a login", "an order with its news"],
)
async def test_each_writer_wakes_whoever_waits_for_it(
    before: Work | None, work: Work, heard: set[Topic], store: SqlStore
) -> None:
    if work is not place:
        await store.transaction(place)
    if before is not None:
        await store.transaction(before)
    calls = listen(store)
    await store.transaction(work)
    assert (set(calls), len(calls)) == (heard, len(heard))


@pytest.mark.parametrize(
    "work",
    [
        lambda db: db.orders.of_day(ACCOUNT.id, DAY),
        lambda db: db.flags.lock_down(NOW),
        deliver,
        lambda db: db.cards.drawn(PERSON, 77, 0, moved_to=78),
        lambda db: db.cards.bury(PERSON, 77),
    ],
    ids=["reading", "a claim", "a delivery", "a drawing", "a card that is gone"],
)
async def test_reading_and_the_work_of_the_woken_wakes_nobody(work: Work, store: SqlStore) -> None:
    await store.transaction(place)
    await store.transaction(tell)
    calls = listen(store)
    await store.transaction(work)
    assert calls == []


async def test_two_who_wait_for_the_same_are_both_woken_once_a_commit(store: SqlStore) -> None:
    calls: list[str] = []
    store.on_commit(Topic.NOTICES, lambda: calls.append("first"))
    store.on_commit(Topic.NOTICES, lambda: calls.append("second"))
    await store.transaction(twice)
    assert calls == ["first", "second"]


async def test_what_was_rolled_back_wakes_nobody(store: SqlStore) -> None:
    calls = listen(store)

    def fails(db: Repositories) -> None:
        tell(db)
        raise NotFound("no such thing")

    with pytest.raises(NotFound):
        await store.transaction(fails)
    disk = Disk(store)
    with pytest.raises(StorageAway):
        await store.transaction(tell)
    assert calls == []
    disk.full = False


async def test_what_is_owed_wakes_when_it_is_written_at_last(store: SqlStore) -> None:
    calls, disk = listen(store), Disk(store)
    await store.owe(tell)
    assert calls == []
    disk.full = False
    await store.transaction(lambda db: db.flags.lock_down(NOW))
    assert calls == [Topic.NOTICES]
    await store.owe(tell)
    assert calls == [Topic.NOTICES] * 2, "at once where the database takes it"


async def test_what_another_program_wrote_wakes_all_at_the_next_reading_here(tmp_path: Path) -> None:
    async with await a_store(tmp_path / "bot.db") as store, SqlStore.open(tmp_path / "bot.db", a_vault(), inline=True) as host:
        await store.transaction(lambda db: db.people.all())
        calls = listen(store)
        await host.transaction(tell)
        assert calls == []
        await store.transaction(lambda db: db.people.all())
        assert calls == list(Topic)
        await store.transaction(lambda db: db.people.all())
        assert calls == list(Topic), "once"


@pytest.mark.asyncio(loop_factories=["real"])
async def test_listeners_are_called_on_the_loops_thread_and_before_the_caller_sleeps_again(tmp_path: Path) -> None:
    async with await a_store(tmp_path / "bot.db", inline=False) as store:
        threads: list[int] = []
        store.on_commit(Topic.NOTICES, lambda: threads.append(threading.get_ident()))
        await store.transaction(tell)
        assert threads == [threading.get_ident()]


@pytest.mark.asyncio(loop_factories=["real"])
async def test_a_commit_whose_caller_was_cancelled_in_the_midst_wakes_all_the_same(tmp_path: Path) -> None:
    async with await a_store(tmp_path / "bot.db", inline=False) as store:
        calls = listen(store)
        begun, go_on = threading.Event(), threading.Event()

        def slowly(db: Repositories) -> None:
            begun.set()
            go_on.wait(5)
            tell(db)

        caller = asyncio.create_task(store.transaction(slowly))
        await asyncio.to_thread(begun.wait, 5)
        caller.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert calls == [Topic.NOTICES]
