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
from bot.domain.orders.confirmation import ConfirmationState
from bot.domain.orders.order import CardRef
from bot.domain.people.account import Limits, Session
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from bot.runtime.signal import Signal
from storage.store import SqlStore
from storage.topics import Topic
from tests.stage.disk import Disk
from tests.storage.samples import ACCOUNT, DAY, NOW, PERSON, a_confirmation, a_fill, a_store, a_vault, an_order

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


def ask(db: Repositories) -> None:
    db.confirmations.add(a_confirmation(message_id=77))


def deliver(db: Repositories) -> None:
    (delivery,) = db.outbox.lease(NOW, LATER)
    db.outbox.postpone(delivery.id, LATER, "no network")
    db.outbox.release(NOW)
    db.outbox.bury(delivery.id, NOW, "blocked")


Work = Callable[[Repositories], object]


async def done(store: SqlStore, work: Work) -> None:
    """A transaction, and the loop's next turn, in which whoever waits for it is called."""
    await store.transaction(work)
    await asyncio.sleep(0)


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
        (ask, lambda db: db.confirmations.close("t1", ConfirmationState.REFUSED), {Topic.ANSWERS}),
    ],
    ids=[
        "news",
        "a fill's price",
        "an order",
        "what became of it",
        "a fill",
        "limits",
        "a login",
        "an order with its news",
        "a refusal",
    ],
)
async def test_each_writer_wakes_whoever_waits_for_it(
    before: Work | None, work: Work, heard: set[Topic], store: SqlStore
) -> None:
    if work is not place:
        await done(store, place)
    if before is not None:
        await done(store, before)
    calls = listen(store)
    await done(store, work)
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
    await done(store, place)
    await done(store, tell)
    calls = listen(store)
    await done(store, work)
    assert calls == []


async def test_two_who_wait_for_the_same_are_both_woken_once_a_commit(store: SqlStore) -> None:
    calls: list[str] = []
    store.on_commit(Topic.NOTICES, lambda: calls.append("first"))
    store.on_commit(Topic.NOTICES, lambda: calls.append("second"))
    await done(store, twice)
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
    await asyncio.sleep(0)
    assert calls == []
    disk.full = False


async def test_what_is_owed_wakes_when_it_is_written_at_last(store: SqlStore) -> None:
    calls, disk = listen(store), Disk(store)
    await store.owe(tell)
    await asyncio.sleep(0)
    assert calls == []
    disk.full = False
    await done(store, lambda db: db.flags.lock_down(NOW))
    assert calls == [Topic.NOTICES]
    await store.owe(tell)
    await asyncio.sleep(0)
    assert calls == [Topic.NOTICES] * 2, "at once where the database takes it"


async def test_what_another_program_wrote_wakes_all_at_the_next_reading_here(tmp_path: Path) -> None:
    async with await a_store(tmp_path / "bot.db") as store, SqlStore.open(tmp_path / "bot.db", a_vault(), inline=True) as host:
        await done(store, lambda db: db.people.all())
        calls = listen(store)
        await done(host, tell)
        assert calls == []
        await done(store, lambda db: db.people.all())
        assert calls == list(Topic)
        await done(store, lambda db: db.people.all())
        assert calls == list(Topic), "once"


@pytest.mark.asyncio(loop_factories=["real"])
async def test_listeners_are_called_on_the_loops_thread_in_its_next_turn(tmp_path: Path) -> None:
    async with await a_store(tmp_path / "bot.db", inline=False) as store:
        threads: list[int] = []
        store.on_commit(Topic.NOTICES, lambda: threads.append(threading.get_ident()))
        await done(store, tell)
        assert threads == [threading.get_ident()]


@pytest.mark.asyncio(loop_factories=["real"])
async def test_what_the_caller_starts_goes_on_before_whoever_was_woken(tmp_path: Path) -> None:
    async with await a_store(tmp_path / "bot.db", inline=False) as store:
        turns: list[str] = []
        waits = Signal()
        store.on_commit(Topic.NOTICES, waits)

        async def deliver() -> None:
            await waits.wait(None)
            turns.append("the woken")

        async def post() -> None:
            turns.append("the order")

        delivering = asyncio.create_task(deliver())
        await asyncio.sleep(0)
        await store.transaction(tell)
        await asyncio.gather(asyncio.create_task(post()), delivering)
        assert turns == ["the order", "the woken"]


@pytest.mark.asyncio(loop_factories=["real"])
async def test_a_commit_whose_caller_was_cancelled_in_the_midst_wakes_all_the_same(tmp_path: Path) -> None:
    async with await a_store(tmp_path / "bot.db", inline=False) as store:
        await asyncio.sleep(0)
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
        await asyncio.sleep(0)
        assert calls == [Topic.NOTICES]
