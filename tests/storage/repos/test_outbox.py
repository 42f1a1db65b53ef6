"""News leaves in order for each person, at least once, and never in front of what came before it."""

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.orders.notice import Delivery, FeedLost, OrderRejected, Sound, TradingStopped
from bot.domain.ports.broker import CardRef
from bot.domain.ports.repositories import Repositories
from storage.store import SqlStore
from tests.stage.depth import examples
from tests.storage.samples import ACCOUNT, DAY, NOW, PERSON, a_store, a_vault, an_order, at_once, seed

MINUTE = timedelta(minutes=1)
OTHER = PERSON + 1
NEWS = FeedLost(at=NOW)


async def add(store: SqlStore, *chats: int, at: datetime = NOW) -> None:
    await store.transaction(lambda db: db.outbox.add(ACCOUNT.id, chats, NEWS, at, order_id=None))


async def lease(store: SqlStore, at: datetime = NOW, limit: int = 20) -> Sequence[Delivery]:
    return await store.transaction(lambda db: db.outbox.lease(at, at + MINUTE, limit))


async def ids(store: SqlStore, at: datetime = NOW) -> list[int]:
    return [parcel.id for parcel in await lease(store, at)]


async def test_a_parcel_carries_all_that_delivery_needs(store: SqlStore) -> None:
    notice = OrderRejected(order=an_order(reason="RMS: no <margin>"))

    def begin(db: Repositories) -> None:
        db.orders.add(an_order(), DAY)
        db.cards.add(CardRef(chat_id=PERSON, message_id=10, order_id="o1", version=1))
        db.cards.add(CardRef(chat_id=PERSON, message_id=12, order_id="o1", version=1))
        db.cards.add(CardRef(chat_id=OTHER, message_id=99, order_id="o1", version=1))
        db.outbox.add(ACCOUNT.id, [PERSON], notice, NOW, order_id="o1")

    await store.transaction(begin)
    (parcel,) = await lease(store)
    assert parcel == Delivery(
        id=parcel.id, chat_id=PERSON, account_id=ACCOUNT.id, label=ACCOUNT.label, notice=notice, sound=Sound.RING,
        created_at=NOW, attempts=0, reply_to=12,
    )  # fmt: skip


async def test_each_person_gets_their_own_and_one_at_a_time(store: SqlStore) -> None:
    await add(store, PERSON, OTHER)
    await add(store, PERSON)
    first = await lease(store)
    assert [(parcel.chat_id, parcel.reply_to) for parcel in first] == [(PERSON, None), (OTHER, None)]
    assert await ids(store) == []
    await store.transaction(lambda db: db.outbox.sent(first[1].id, NOW, 5))
    assert await ids(store) == []
    await store.transaction(lambda db: db.outbox.sent(first[0].id, NOW, 5))
    assert await ids(store) == [first[1].id + 1]


async def test_no_more_are_taken_than_asked_for_and_the_oldest_first(store: SqlStore) -> None:
    await add(store, 5, 3, 4)
    assert [parcel.chat_id for parcel in await lease(store, limit=2)] == [5, 3]
    assert [parcel.chat_id for parcel in await lease(store, limit=2)] == [4]


async def test_a_lease_that_ends_without_a_word_is_given_out_again_and_says_so(store: SqlStore) -> None:
    await add(store, PERSON)
    (first,) = await lease(store)
    assert await ids(store, NOW + MINUTE - timedelta(microseconds=1)) == []
    (again,) = await lease(store, NOW + MINUTE)
    assert (first.id, first.attempts, again.id, again.attempts) == (again.id, 0, first.id, 1)


async def test_a_postponed_parcel_holds_back_those_behind_it_and_no_other_chat(store: SqlStore) -> None:
    await add(store, PERSON)
    await add(store, PERSON, OTHER)
    (mine, theirs) = await lease(store)
    await store.transaction(lambda db: db.outbox.sent(theirs.id, NOW, 1))
    await store.transaction(lambda db: db.outbox.postpone(mine.id, NOW + 5 * MINUTE, "flood"))
    assert await ids(store, NOW + 4 * MINUTE) == []
    assert await store.transaction(lambda db: db.outbox.next_due()) == NOW + 5 * MINUTE
    assert await ids(store, NOW + 5 * MINUTE) == [mine.id]


async def test_a_buried_parcel_is_counted_and_makes_way(store: SqlStore) -> None:
    await add(store, PERSON)
    await add(store, PERSON)
    (first,) = await lease(store)
    assert await store.transaction(lambda db: db.outbox.counts()) == (2, 0)
    await store.transaction(lambda db: db.outbox.bury(first.id, NOW, "blocked the bot"))
    assert await store.transaction(lambda db: db.outbox.counts()) == (1, 1)
    assert await ids(store) == [first.id + 1]


async def test_a_late_word_about_a_parcel_that_is_closed_changes_nothing(store: SqlStore) -> None:
    await add(store, PERSON)
    (parcel,) = await lease(store)

    def late(db: Repositories) -> None:
        db.outbox.sent(parcel.id, NOW, 5)
        db.outbox.postpone(parcel.id, NOW, "late")
        db.outbox.bury(parcel.id, NOW, "late")

    await store.transaction(late)
    assert await store.transaction(lambda db: db.outbox.counts()) == (0, 0)
    assert await store.transaction(lambda db: db.outbox.next_due()) is None
    assert await ids(store, NOW + MINUTE * 9) == []


async def test_the_next_due_is_the_nearest_head_of_a_queue_a_leased_one_at_its_end(store: SqlStore) -> None:
    assert await store.transaction(lambda db: db.outbox.next_due()) is None
    await add(store, PERSON, at=NOW)
    assert await store.transaction(lambda db: db.outbox.next_due()) == NOW
    await ids(store)
    await add(store, PERSON, at=NOW)
    assert await store.transaction(lambda db: db.outbox.next_due()) == NOW + MINUTE
    await add(store, OTHER, at=NOW + timedelta(seconds=5))
    assert await store.transaction(lambda db: db.outbox.next_due()) == NOW + timedelta(seconds=5)


async def test_news_of_a_transaction_that_fails_was_never_written(store: SqlStore) -> None:
    def fails(db: Repositories) -> None:
        db.outbox.add(ACCOUNT.id, [PERSON], TradingStopped(name="Asha", at=NOW), NOW, order_id=None)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.transaction(fails)
    await store.transaction(lambda db: db.outbox.add(ACCOUNT.id, [], NEWS, NOW, order_id=None))
    assert await store.transaction(lambda db: db.outbox.counts()) == (0, 0)


async def test_a_parcel_that_cannot_be_read_is_buried_and_counted_and_the_next_one_goes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await a_store(tmp_path / "bot.db")
    await add(store, PERSON)
    await add(store, PERSON)
    with sqlite3.connect(tmp_path / "bot.db") as raw:
        raw.execute("UPDATE outbox SET body = '{' WHERE id = 1")
    raw.close()
    assert await ids(store) == []
    assert "parcel 1 is buried" in caplog.text
    assert await store.transaction(lambda db: db.outbox.counts()) == (1, 1)
    assert await ids(store) == [2]
    await store.close()


class Notifiers(RuleBasedStateMachine):
    """Any order of writing, leasing, sending, failing and waiting: each chat reads its news once, in order."""

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.written: dict[int, list[int]] = {}
        self.read: dict[int, list[int]] = {}
        self.held: dict[int, tuple[Delivery, datetime]] = {}
        self.count = 0
        self.store = SqlStore.open(None, a_vault(), inline=True)
        at_once(self.store, seed)

    @rule(chats=st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=3, unique=True))
    def write(self, chats: list[int]) -> None:
        at_once(self.store, lambda db: db.outbox.add(ACCOUNT.id, chats, NEWS, self.now, order_id=None))
        for chat in chats:
            self.count += 1
            self.written.setdefault(chat, []).append(self.count)

    @rule(limit=st.integers(1, 4))
    def take(self, limit: int) -> None:
        parcels = at_once(self.store, lambda db: db.outbox.lease(self.now, self.now + MINUTE, limit))
        for parcel in parcels:
            if parcel.chat_id in self.held:
                assert self.held[parcel.chat_id][1] <= self.now, "leased twice at once"
            unread = self.written[parcel.chat_id][len(self.read.get(parcel.chat_id, [])) :]
            assert parcel.id == unread[0], "out of order"
            self.held[parcel.chat_id] = (parcel, self.now + MINUTE)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        chat = data.draw(st.sampled_from(sorted(self.held)))
        parcel, _ = self.held.pop(chat)
        at_once(self.store, lambda db: db.outbox.sent(parcel.id, self.now, 1))
        self.read.setdefault(chat, []).append(parcel.id)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), wait=st.integers(0, 120))
    def fail(self, data: st.DataObject, wait: int) -> None:
        chat = data.draw(st.sampled_from(sorted(self.held)))
        parcel, _ = self.held[chat]
        until = self.now + timedelta(seconds=wait)
        at_once(self.store, lambda db: db.outbox.postpone(parcel.id, until, "try later"))
        self.held[chat] = (parcel, until)

    @rule(seconds=st.integers(1, 90))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def nothing_is_lost(self) -> None:
        unread = sum(len(ids) for ids in self.written.values()) - sum(len(ids) for ids in self.read.values())
        assert at_once(self.store, lambda db: db.outbox.counts()) == (unread, 0)
        due = at_once(self.store, lambda db: db.outbox.next_due())
        assert (due is None) is (unread == 0)

    def teardown(self) -> None:
        asyncio.run(self.store.close())


TestNotifiers = Notifiers.TestCase
TestNotifiers.settings = settings(max_examples=examples(25), stateful_step_count=30, deadline=None)
