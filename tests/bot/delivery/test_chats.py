"""Each chat has its own way: a slow, flooded or closed one delays nobody, and what was missed is told on its return."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.delivery.card_updater import CardUpdater
from bot.delivery.notifier import Notifier
from bot.domain.clock import ist_date
from bot.domain.errors import DeliveryError, StorageError
from bot.domain.news.delivery import Delivery
from bot.domain.news.notice import Notice
from bot.domain.news.orders.orders import Filled, OrderEnded
from bot.domain.news.safety import TradingStopped
from bot.domain.orders.order import CardRef, Order, OrderStatus
from bot.domain.ports.repositories import Repositories
from bot.domain.proposals.ended_question import EndedQuestion
from bot.simulators.loop import LoopClock
from storage.store import SqlStore
from tests.stage.values.orders import an_order
from tests.storage.samples import ACCOUNT, a_fill, a_store

ASHA, RAVI = 1001, 1002


@dataclass
class Phones:
    """The phones of several people. The test names what each does."""

    clock: LoopClock
    trouble: Callable[[Delivery], DeliveryError | None] = lambda _: None
    seconds: dict[int, float] = field(default_factory=dict)  # by chat, that Telegram takes
    taken: list[tuple[Delivery, datetime]] = field(default_factory=list)
    drawn: list[tuple[int, int]] = field(default_factory=list)

    async def deliver(self, delivery: Delivery) -> int:
        await asyncio.sleep(self.seconds.get(delivery.chat_id, 0.1))
        if (problem := self.trouble(delivery)) is not None:
            raise problem
        self.taken.append((delivery, self.clock.now()))
        return delivery.edits or len(self.taken)

    async def draw(self, shown: CardRef, order: Order, label: str) -> int:
        await asyncio.sleep(self.seconds.get(shown.chat_id, 0.1))
        self.drawn.append((shown.chat_id, order.version))
        return shown.message_id

    async def answer(self, answer: EndedQuestion) -> None:
        raise AssertionError("no question was asked")

    def told(self, chat: int) -> list[Notice]:
        """Every notice that a chat has received, those of one message included."""
        return [each.notice for delivery, _ in self.taken if delivery.chat_id == chat for each in (delivery, *delivery.more)]


async def write(store: SqlStore, clock: LoopClock, chat: int, *notices: Notice) -> None:
    now = clock.now()

    def add(db: Repositories) -> None:
        for notice in notices:
            order_id = notice.order.id if isinstance(notice, Filled | OrderEnded) else None
            db.outbox.add(ACCOUNT.id, [chat], notice, now, order_id=order_id)

    await store.transaction(add)


async def with_orders(store: SqlStore, clock: LoopClock, count: int) -> list[Order]:
    orders = [
        an_order(id=f"o{n}", number=n, tag=f"TAG{n}", broker_id=str(n), created_at=clock.now()) for n in range(1, count + 1)
    ]

    def add(db: Repositories) -> None:
        for order in orders:
            db.orders.add(order, ist_date(clock.now()))

    await store.transaction(add)
    return orders


def stop(clock: LoopClock, name: str = "a") -> TradingStopped:
    return TradingStopped(name=name, at=clock.now())


async def run(notifier: Notifier, seconds: float) -> None:
    running = asyncio.create_task(notifier.run())
    await asyncio.sleep(seconds)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_chat_that_times_out_again_and_again_delays_nobody(clock: LoopClock) -> None:
    store = await a_store()
    lost = DeliveryError("Telegram could not be reached.", may_have_arrived=True)
    phones = Phones(clock, lambda delivery: lost if delivery.chat_id == ASHA else None, {ASHA: 20.0})
    notifier = Notifier(store=store, messenger=phones, clock=clock)
    running = asyncio.create_task(notifier.run())
    await write(store, clock, ASHA, stop(clock))
    for second in range(60):
        await asyncio.sleep(1)
        written = clock.now()
        await write(store, clock, RAVI, stop(clock, str(second)))
        notifier.wake()
        await asyncio.sleep(0.2)
        assert [at - written for delivery, at in phones.taken if delivery.chat_id == RAVI][-1] < timedelta(seconds=0.2)
    running.cancel()
    assert len(phones.told(RAVI)) == 60


@pytest.mark.exhaustive
async def test_an_outage_of_telegram_ends_for_all_as_soon_as_anything_gets_through(clock: LoopClock) -> None:
    store = await a_store()
    back = clock.now() + timedelta(minutes=10)
    phones = Phones(clock, lambda _: DeliveryError("Telegram could not be reached.") if clock.now() < back else None)
    notifier = Notifier(store=store, messenger=phones, clock=clock)
    running = asyncio.create_task(notifier.run())
    for chat in range(20):
        await write(store, clock, 2000 + chat, stop(clock))
        await asyncio.sleep(0.7)
    await asyncio.sleep((back - clock.now()).total_seconds() + 0.01)
    notifier.back()  # the poll for updates was answered
    await asyncio.sleep(0.5)
    running.cancel()
    assert len(phones.taken) == 20


async def test_a_flooded_chat_is_not_hurried_by_the_end_of_an_outage(clock: LoopClock) -> None:
    store = await a_store()
    troubles = iter([DeliveryError("flood", retry_after=30)])
    phones = Phones(clock, lambda _: next(troubles, None))
    notifier = Notifier(store=store, messenger=phones, clock=clock)
    running = asyncio.create_task(notifier.run())
    await write(store, clock, ASHA, stop(clock))
    await asyncio.sleep(1)
    notifier.back()
    await asyncio.sleep(25)
    assert phones.taken == []
    await asyncio.sleep(6)
    running.cancel()
    assert len(phones.taken) == 1


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_chat_that_was_blocked_hears_everything_in_order_when_its_person_writes_again(
    clock: LoopClock, *, restarted: bool
) -> None:
    store = await a_store()
    blocked = [True]
    calls: list[int] = []

    def closed(delivery: Delivery) -> DeliveryError | None:
        calls.append(delivery.id)
        return DeliveryError("The person has closed the chat.", closed=True) if blocked[0] else None

    phones = Phones(clock, closed)
    notifier = Notifier(store=store, messenger=phones, clock=clock)
    await write(store, clock, ASHA, *(stop(clock, name) for name in "abc"))
    await run(notifier, 3600)
    assert len(calls) == 1, "a closed chat is not called again and again"
    assert await store.transaction(lambda db: db.outbox.counts()) == (3, 0)
    blocked[0] = False
    notifier = Notifier(store=store, messenger=phones, clock=clock) if restarted else notifier
    running = asyncio.create_task(notifier.run())
    await asyncio.sleep(5)
    assert phones.taken == []
    notifier.heard(ASHA)
    await asyncio.sleep(5)
    running.cancel()
    assert "".join(news.name for news in phones.told(ASHA) if isinstance(news, TradingStopped)) == "abc"


async def test_something_new_is_the_occasion_to_try_a_closed_chat_again_oldest_first(clock: LoopClock) -> None:
    store = await a_store()
    blocked = [True]
    phones = Phones(clock, lambda _: DeliveryError("closed", closed=True) if blocked[0] else None)
    notifier = Notifier(store=store, messenger=phones, clock=clock)
    running = asyncio.create_task(notifier.run())
    await write(store, clock, ASHA, stop(clock, "a"))
    await asyncio.sleep(2)
    await write(store, clock, ASHA, stop(clock, "b"))
    notifier.wake()
    await asyncio.sleep(2)
    blocked[0] = False
    await write(store, clock, ASHA, stop(clock, "c"))
    notifier.wake()
    await asyncio.sleep(5)
    running.cancel()
    assert "".join(news.name for news in phones.told(ASHA) if isinstance(news, TradingStopped)) == "abc"


async def test_a_burst_leaves_as_one_message_that_tells_every_fill_and_lets_safety_stand_alone(clock: LoopClock) -> None:
    store = await a_store()
    orders = await with_orders(store, clock, 30)
    phones = Phones(clock)
    fills = [Filled(order=order, fill=a_fill(filled_after=10)) for order in orders]
    await write(store, clock, ASHA, *fills[:12], stop(clock), *fills[12:])
    await run(Notifier(store=store, messenger=phones, clock=clock), 10)
    assert [1 + len(delivery.more) for delivery, _ in phones.taken] == [12, 1, 18]
    told = [news.order.number for news in phones.told(ASHA) if isinstance(news, Filled)]
    assert told == list(range(1, 31))
    assert await store.transaction(lambda db: db.outbox.counts()) == (0, 0)


async def test_what_follows_a_burst_is_written_into_its_message_but_for_ends_and_the_last_which_rings(clock: LoopClock) -> None:
    store = await a_store()
    orders = await with_orders(store, clock, 14)
    phones = Phones(clock)
    parts = [Filled(order=replace(order, filled=4), fill=a_fill(filled_after=4)) for order in orders]
    whole = Filled(order=replace(orders[12], filled=10), fill=a_fill(filled_after=10))
    notifier = Notifier(store=store, messenger=phones, clock=clock)
    running = asyncio.create_task(notifier.run())
    for wave in (parts[:6], parts[6:10], [parts[10], whole, parts[13]], [parts[11]]):
        await write(store, clock, ASHA, *wave)
        notifier.wake()
        await asyncio.sleep(4)
    running.cancel()
    first = 1
    waves = [([news.notice.order.number for news in (one, *one.more)], one.edits) for one, _ in phones.taken]  # type: ignore[attr-defined] # each tells of an order
    assert waves == [
        ([1, 2, 3, 4, 5, 6], None), ([7, 8, 9], first), ([10], None), ([11], None), ([13], None), ([14], None), ([12], None),
    ]  # fmt: skip
    grown = phones.taken[1][0]
    assert [news.notice.order.number for news in grown.earlier] == [1, 2, 3, 4, 5, 6]  # type: ignore[attr-defined] # the same


@pytest.mark.parametrize(("pause", "messages"), [(5.0, 1), (20.0, 2)])
async def test_a_burst_grows_in_its_message_for_a_moment_and_a_later_one_is_a_message_that_rings(
    clock: LoopClock, pause: float, messages: int
) -> None:
    store = await a_store()
    orders = await with_orders(store, clock, 12)
    phones = Phones(clock)
    notifier = Notifier(store=store, messenger=phones, clock=clock)
    running = asyncio.create_task(notifier.run())
    parts = [Filled(order=replace(order, filled=4), fill=a_fill(filled_after=4)) for order in orders]
    for wave in (parts[:6], parts[6:]):
        await write(store, clock, ASHA, *wave)
        notifier.wake()
        await asyncio.sleep(pause)
    running.cancel()
    assert sum(parcel.edits is None for parcel, _ in phones.taken if len(parcel.more) > 1) == messages


async def test_a_few_that_wait_together_ring_one_by_one(clock: LoopClock) -> None:
    store = await a_store()
    orders = await with_orders(store, clock, 4)
    phones = Phones(clock)
    await write(store, clock, ASHA, *(Filled(order=order, fill=a_fill()) for order in orders))
    await run(Notifier(store=store, messenger=phones, clock=clock), 10)
    assert [delivery.more for delivery, _ in phones.taken] == [()] * 4


async def test_a_burst_that_telegram_does_not_take_is_told_one_by_one_and_only_the_bad_one_is_buried(clock: LoopClock) -> None:
    store = await a_store()
    orders = await with_orders(store, clock, 7)

    def refuse(delivery: Delivery) -> DeliveryError | None:
        numbers = [each.notice.order.number for each in (delivery, *delivery.more) if isinstance(each.notice, Filled)]
        return DeliveryError("too long", permanent=True) if 3 in numbers else None

    phones = Phones(clock, refuse)
    await write(store, clock, ASHA, *(Filled(order=order, fill=a_fill()) for order in orders))
    await run(Notifier(store=store, messenger=phones, clock=clock), 10)
    assert [news.order.number for news in phones.told(ASHA) if isinstance(news, Filled)] == [1, 2, 4, 5, 6, 7]
    assert await store.transaction(lambda db: db.outbox.counts()) == (0, 1)


@pytest.mark.parametrize(
    ("gap", "edited"), [(1.0, [False, True, True, False]), (2.0, [False, True, False, False]), (5.0, [False] * 4)]
)
async def test_parts_within_three_seconds_count_up_in_one_message_and_the_last_fill_rings_anew(
    clock: LoopClock, gap: float, edited: list[bool]
) -> None:
    store = await a_store()
    (order,) = await with_orders(store, clock, 1)
    phones = Phones(clock)
    notifier = Notifier(store=store, messenger=phones, clock=clock)
    running = asyncio.create_task(notifier.run())
    for done in (2, 4, 6, 10):
        after = replace(order, filled=done, status=OrderStatus.FILLED if done == 10 else OrderStatus.PARTIAL)
        await write(store, clock, ASHA, Filled(order=after, fill=a_fill(filled_after=done)))
        notifier.wake()
        await asyncio.sleep(gap)
    running.cancel()
    assert [delivery.edits is not None for delivery, _ in phones.taken] == edited
    assert [news.fill.filled_after for news in phones.told(ASHA) if isinstance(news, Filled)] == [2, 4, 6, 10]


async def test_an_end_is_never_written_into_the_message_of_a_part(clock: LoopClock) -> None:
    store = await a_store()
    (order,) = await with_orders(store, clock, 1)
    part = replace(order, filled=4, status=OrderStatus.PARTIAL)
    phones = Phones(clock)
    end = OrderEnded(order=replace(part, status=OrderStatus.CANCELLED))
    await write(store, clock, ASHA, Filled(order=part, fill=a_fill(filled_after=4)), end)
    await run(Notifier(store=store, messenger=phones, clock=clock), 5)
    assert [delivery.edits for delivery, _ in phones.taken] == [None, None]


async def test_a_price_that_comes_late_never_covers_a_newer_part(clock: LoopClock) -> None:
    store = await a_store()
    (order,) = await with_orders(store, clock, 1)
    phones = Phones(clock)
    notifier = Notifier(store=store, messenger=phones, clock=clock)
    steps = [replace(order, filled=done, status=OrderStatus.PARTIAL) for done in (2, 4)]
    for after in steps:
        fill = a_fill(filled_after=after.filled, price=None, average=None)
        await write(store, clock, ASHA, Filled(order=after, fill=fill))
        await notifier.drain(5)
    now = clock.now()
    priced = Filled(order=steps[1], fill=a_fill(filled_after=2, price=Decimal(7)))
    await store.transaction(lambda db: db.outbox.correct(priced, now))
    await notifier.drain(5)
    assert [news.fill.filled_after for news in phones.told(ASHA) if isinstance(news, Filled)] == [2, 4]


async def test_sixty_orders_that_expire_in_one_look_have_all_their_cards_drawn(clock: LoopClock) -> None:
    store = await a_store()
    orders = await with_orders(store, clock, 60)

    def expire(db: Repositories) -> None:
        for number, order in enumerate(orders):
            db.cards.add(CardRef(chat_id=ASHA if number < 55 else RAVI, message_id=number + 1, order_id=order.id, version=1))
            db.orders.save(order.accepted(order.broker_id or "", clock.now()))

    await store.transaction(expire)
    phones = Phones(clock, seconds={ASHA: 20.0})
    cards = CardUpdater(store=store, messenger=phones)
    running = asyncio.create_task(cards.run())
    await asyncio.sleep(1)
    assert len(phones.drawn) == 5, "the slow chat delays no other"
    await asyncio.sleep(55 * 20)
    running.cancel()
    assert len(phones.drawn) == 60
    assert not await store.transaction(lambda db: db.cards.stale())


async def test_what_was_told_and_drawn_is_swept_and_what_waits_is_kept(clock: LoopClock) -> None:
    store = await a_store()
    first, second = await with_orders(store, clock, 2)
    phones = Phones(clock, lambda delivery: DeliveryError("closed", closed=True) if delivery.chat_id == RAVI else None)

    def show(db: Repositories) -> None:
        for number, order in enumerate((first, second)):
            db.cards.add(CardRef(chat_id=ASHA, message_id=number + 1, order_id=order.id, version=1))
        db.orders.save(first.refused("no", clock.now(), broker_id=None, final=True))
        db.flags.claim_address_notice(ACCOUNT.id, ist_date(clock.now()), clock.now())

    await store.transaction(show)
    await CardUpdater(store=store, messenger=phones).draw_stale()
    await write(store, clock, ASHA, stop(clock))
    await write(store, clock, RAVI, stop(clock))
    await Notifier(store=store, messenger=phones, clock=clock).drain(5)
    later = clock.now() + timedelta(days=4)
    swept = await store.transaction(
        lambda db: (db.outbox.forget_before(later), db.cards.forget_before(later), db.flags.forget_days_before(ist_date(later)))
    )
    assert swept == (1, 1, 1)
    assert await store.transaction(lambda db: db.outbox.counts()) == (1, 0)


class Breaking:
    """A store whose disk breaks at its n-th transaction from now."""

    def __init__(self, store: SqlStore, left: int) -> None:
        self.store = store
        self.left = left

    async def transaction(self, work: Callable[[Any], Any]) -> Any:
        self.left -= 1
        if self.left < 0:
            raise StorageError("The disk is broken.")
        return await self.store.transaction(work)

    lightly = read = transaction

    async def owe(self, work: Callable[[Any], object]) -> None:
        await self.transaction(work)


@pytest.mark.parametrize("left", range(4))
async def test_a_disk_that_breaks_ends_the_notifier_instead_of_leaving_a_chat_behind(clock: LoopClock, left: int) -> None:
    store = await a_store()
    await write(store, clock, ASHA, stop(clock))
    notifier = Notifier(store=Breaking(store, left), messenger=Phones(clock), clock=clock)
    with pytest.raises(StorageError):
        await asyncio.wait_for(notifier.run(), 60)
