"""News leaves in order for each person, at least once, and never in front of what came before it."""

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.news.connections import FeedLost
from bot.domain.news.delivery import Delivery
from bot.domain.news.notice import Sound
from bot.domain.news.orders.orders import Filled, OrderRejected
from bot.domain.news.safety import TradingStopped
from bot.domain.orders.order import CardRef
from bot.domain.ports.repositories import Repositories
from storage.store import SqlStore
from tests.stage.depth import examples
from tests.storage.samples import ACCOUNT, DAY, NOW, PERSON, a_fill, a_store, a_vault, an_order, at_once, seed

MINUTE = timedelta(minutes=1)
OTHER = PERSON + 1
NEWS = FeedLost(since=NOW)


async def add(store: SqlStore, *chats: int, at: datetime = NOW) -> None:
    await store.transaction(lambda db: db.outbox.add(ACCOUNT.id, chats, NEWS, at, order_id=None))


async def lease(store: SqlStore, at: datetime = NOW, limit: int = 20) -> Sequence[Delivery]:
    return await store.transaction(lambda db: db.outbox.lease(at, at + MINUTE, limit))


async def ids(store: SqlStore, at: datetime = NOW) -> list[int]:
    return [delivery.id for delivery in await lease(store, at)]


async def test_a_delivery_carries_all_that_is_needed(store: SqlStore) -> None:
    notice = OrderRejected(order=an_order(reason="RMS: no <margin>"))

    def begin(db: Repositories) -> None:
        db.orders.add(an_order(), DAY)
        db.cards.add(CardRef(chat_id=PERSON, message_id=10, order_id="o1", version=1))
        db.cards.add(CardRef(chat_id=PERSON, message_id=12, order_id="o1", version=1))
        db.cards.add(CardRef(chat_id=OTHER, message_id=99, order_id="o1", version=1))
        db.outbox.add(ACCOUNT.id, [PERSON], notice, NOW, order_id="o1")

    await store.transaction(begin)
    (delivery,) = await lease(store)
    assert delivery == Delivery(
        id=delivery.id, chat_id=PERSON, account_id=ACCOUNT.id, label=ACCOUNT.label, notice=notice, sound=Sound.RING,
        created_at=NOW, attempts=0, reply_to=12,
    )  # fmt: skip


async def test_each_person_gets_their_own_and_one_at_a_time(store: SqlStore) -> None:
    await add(store, PERSON, OTHER)
    await add(store, PERSON)
    first = await lease(store)
    assert [(delivery.chat_id, delivery.reply_to) for delivery in first] == [(PERSON, None), (OTHER, None)]
    assert await ids(store) == []
    await store.transaction(lambda db: db.outbox.sent(first[1].id, NOW, 5))
    assert await ids(store) == []
    await store.transaction(lambda db: db.outbox.sent(first[0].id, NOW, 5))
    assert await ids(store) == [first[1].id + 1]


async def test_no_more_are_taken_than_asked_for_and_the_oldest_first(store: SqlStore) -> None:
    await add(store, 5, 3, 4)
    assert [delivery.chat_id for delivery in await lease(store, limit=2)] == [5, 3]
    assert [delivery.chat_id for delivery in await lease(store, limit=2)] == [4]


async def test_a_lease_that_ends_without_a_word_is_given_out_again_and_says_so(store: SqlStore) -> None:
    await add(store, PERSON)
    (first,) = await lease(store)
    assert await ids(store, NOW + MINUTE - timedelta(microseconds=1)) == []
    (again,) = await lease(store, NOW + MINUTE)
    assert (first.id, first.attempts, again.id, again.attempts) == (again.id, 0, first.id, 1)


async def test_a_postponed_delivery_holds_back_those_behind_it_and_no_other_chat(store: SqlStore) -> None:
    await add(store, PERSON)
    await add(store, PERSON, OTHER)
    (mine, theirs) = await lease(store)
    await store.transaction(lambda db: db.outbox.sent(theirs.id, NOW, 1))
    await store.transaction(lambda db: db.outbox.postpone(mine.id, NOW + 5 * MINUTE, "flood"))
    assert await ids(store, NOW + 4 * MINUTE) == []
    assert await store.transaction(lambda db: db.outbox.next_due()) == NOW + 5 * MINUTE
    assert await ids(store, NOW + 5 * MINUTE) == [mine.id]


async def test_a_buried_delivery_is_counted_and_makes_way(store: SqlStore) -> None:
    await add(store, PERSON)
    await add(store, PERSON)
    (first,) = await lease(store)
    assert await store.transaction(lambda db: db.outbox.counts()) == (2, 0)
    await store.transaction(lambda db: db.outbox.bury(first.id, NOW, "blocked the bot"))
    assert await store.transaction(lambda db: db.outbox.counts()) == (1, 1)
    assert await ids(store) == [first.id + 1]


async def test_a_late_word_about_a_delivery_that_is_closed_changes_nothing(store: SqlStore) -> None:
    await add(store, PERSON)
    (delivery,) = await lease(store)

    def late(db: Repositories) -> None:
        db.outbox.sent(delivery.id, NOW, 5)
        db.outbox.postpone(delivery.id, NOW, "late")
        db.outbox.bury(delivery.id, NOW, "late")

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


async def test_a_fill_whose_price_came_later_is_put_right_where_it_waits_and_edited_where_it_was_sent(store: SqlStore) -> None:
    unpriced = Filled(order=an_order(), fill=a_fill(price=None, average=None))
    another = Filled(order=an_order(), fill=a_fill(filled_after=10, price=None, average=None))
    priced = Filled(order=an_order(), fill=a_fill())

    def begin(db: Repositories) -> None:
        db.orders.add(an_order(), DAY)
        db.outbox.add(ACCOUNT.id, [PERSON, OTHER], unpriced, NOW, order_id="o1")
        db.outbox.add(ACCOUNT.id, [PERSON, OTHER], another, NOW, order_id="o1")

    def sent(delivery_id: int, db: Repositories) -> None:
        db.outbox.sent(delivery_id, NOW, 78)

    await store.transaction(begin)
    first = next(delivery for delivery in await lease(store) if delivery.chat_id == PERSON)
    await store.transaction(lambda db: db.outbox.sent(first.id, NOW, 77))
    await store.transaction(lambda db: db.outbox.correct(priced, NOW))
    await store.transaction(lambda db: db.outbox.release(NOW))
    chats: dict[int, list[tuple[object, int | None, Sound]]] = {PERSON: [], OTHER: []}
    while deliveries := await lease(store):
        for delivery in deliveries:
            chats[delivery.chat_id].append((delivery.notice, delivery.edits, delivery.sound))
            await store.transaction(partial(sent, delivery.id))
    assert chats[PERSON] == [(another, None, Sound.RING), (priced, 77, Sound.SILENT)]
    assert chats[OTHER] == [(priced, None, Sound.RING), (another, None, Sound.RING)]


async def test_a_notice_that_was_sent_late_is_not_edited(store: SqlStore) -> None:
    def begin(db: Repositories) -> None:
        db.orders.add(an_order(), DAY)
        unpriced = Filled(order=an_order(), fill=a_fill(price=None, average=None))
        db.outbox.add(ACCOUNT.id, [PERSON], unpriced, NOW, order_id="o1")

    await store.transaction(begin)
    (delivery,) = await lease(store)
    late = NOW + timedelta(hours=1)
    await store.transaction(lambda db: db.outbox.sent(delivery.id, late, 77))
    await store.transaction(lambda db: db.outbox.correct(Filled(order=an_order(), fill=a_fill()), late))
    assert await lease(store, late) == []


async def test_a_delivery_that_cannot_be_read_is_buried_and_counted_and_the_next_one_goes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await a_store(tmp_path / "bot.db")
    await add(store, PERSON)
    await add(store, PERSON)
    with sqlite3.connect(tmp_path / "bot.db") as raw:
        raw.execute("UPDATE outbox SET body = '{' WHERE id = 1")
    raw.close()
    assert await ids(store) == [2]
    assert "delivery 1 is buried" in caplog.text
    assert await store.transaction(lambda db: db.outbox.counts()) == (1, 1)
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
        deliveries = at_once(self.store, lambda db: db.outbox.lease(self.now, self.now + MINUTE, limit))
        for delivery in deliveries:
            if delivery.chat_id in self.held:
                assert self.held[delivery.chat_id][1] <= self.now, "leased twice at once"
            unread = self.written[delivery.chat_id][len(self.read.get(delivery.chat_id, [])) :]
            assert delivery.id == unread[0], "out of order"
            self.held[delivery.chat_id] = (delivery, self.now + MINUTE)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        chat = data.draw(st.sampled_from(sorted(self.held)))
        delivery, _ = self.held.pop(chat)
        at_once(self.store, lambda db: db.outbox.sent(delivery.id, self.now, 1))
        self.read.setdefault(chat, []).append(delivery.id)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), wait=st.integers(0, 120))
    def fail(self, data: st.DataObject, wait: int) -> None:
        chat = data.draw(st.sampled_from(sorted(self.held)))
        delivery, _ = self.held[chat]
        until = self.now + timedelta(seconds=wait)
        at_once(self.store, lambda db: db.outbox.postpone(delivery.id, until, "try later"))
        self.held[chat] = (delivery, until)

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
