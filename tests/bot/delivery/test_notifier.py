"""News reaches each chat in order, at least once, whatever Telegram does, and says nothing twice that was taken once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.notifier import LEASE, Notifier
from bot.domain.errors import DeliveryError
from bot.domain.news.delivery import Delivery
from bot.domain.news.safety import TradingStopped
from bot.domain.orders.order import CardRef, Order
from bot.domain.proposals.ended_question import EndedQuestion
from bot.simulators.loop import LoopClock
from storage.store import SqlStore
from storage.topics import Topic
from tests.stage.loop import HostClock
from tests.storage.samples import ACCOUNT, NOW, a_store


@dataclass
class Phone:
    """A messenger that does what the test says."""

    trouble: Callable[[Delivery], DeliveryError | None] = lambda _: None
    taken: list[Delivery] = field(default_factory=list)

    async def deliver(self, delivery: Delivery) -> int:
        await asyncio.sleep(0.1)
        problem = self.trouble(delivery)
        if problem is not None:
            raise problem
        self.taken.append(delivery)
        return len(self.taken)

    async def draw(self, shown: CardRef, order: Order, label: str) -> int:
        raise AssertionError("the notifier draws no cards")

    async def answer(self, answer: EndedQuestion) -> None:
        raise AssertionError("no question was asked")


async def write(store: SqlStore, clock: LoopClock, names: str, chats: tuple[int, ...] = (1001,)) -> None:
    for name in names:
        now = clock.now()
        await store.transaction(
            lambda db, name=name, now=now: db.outbox.add(  # type: ignore[misc] # bound at once
                ACCOUNT.id, list(chats), TradingStopped(name=name, at=now), now, order_id=None
            )
        )


def said(phone: Phone, chat: int = 1001) -> str:
    return "".join(
        delivery.notice.name
        for delivery in phone.taken
        if delivery.chat_id == chat and isinstance(delivery.notice, TradingStopped)
    )


async def run_for(notifier: Notifier, seconds: float) -> None:
    running = asyncio.create_task(notifier.run())
    await asyncio.sleep(seconds)
    running.cancel()


async def test_each_chat_gets_all_of_its_news_in_order(clock: LoopClock) -> None:
    store, phone = await a_store(), Phone()
    await write(store, clock, "abcdef", (1001, 1002))
    await run_for(Notifier(store=store, messenger=phone, clock=clock), 5)
    assert said(phone, 1001) == said(phone, 1002) == "abcdef"


@pytest.mark.parametrize("steps", range(12))
async def test_news_written_in_the_moment_in_which_deliveries_end_follows_soon(clock: LoopClock, steps: int) -> None:
    """Whatever runs first: what became of a delivery, the look for what is due, or the end of that chat's worker."""
    tried: list[int] = []

    class Jittery(Phone):
        async def deliver(self, delivery: Delivery) -> int:
            tried.append(delivery.chat_id)
            for _ in range(4 if delivery.chat_id == 1001 else 6):
                await asyncio.sleep(0)
            return await super().deliver(delivery)

    def once(delivery: Delivery) -> DeliveryError | None:
        return DeliveryError("not reached") if delivery.chat_id == 1001 and tried.count(1001) == 1 else None

    store, phone = await a_store(), Jittery(once)
    notifier = Notifier(store=store, messenger=phone, clock=clock)
    store.on_commit(Topic.NOTICES, notifier.wake)
    running = asyncio.create_task(notifier.run())
    await asyncio.sleep(1)
    await write(store, clock, "a", (1001, 1002))
    await asyncio.sleep(0.1)
    for _ in range(steps):
        await asyncio.sleep(0)
    await write(store, clock, "b", (1001, 1002))
    await asyncio.sleep(20)
    running.cancel()
    assert (said(phone, 1001), said(phone, 1002)) == ("ab", "ab")


async def test_a_flooded_chat_waits_as_told_and_holds_up_no_other(clock: LoopClock) -> None:
    store = await a_store()
    begun = clock.now()

    def flood(delivery: Delivery) -> DeliveryError | None:
        if delivery.chat_id == 1001 and clock.now() - begun < timedelta(seconds=30):
            return DeliveryError("too many messages", retry_after=30)
        return None

    phone = Phone(flood)
    await write(store, clock, "abc", (1001, 1002))
    await run_for(Notifier(store=store, messenger=phone, clock=clock), 10)
    assert (said(phone, 1001), said(phone, 1002)) == ("", "abc")
    await run_for(Notifier(store=store, messenger=phone, clock=clock), 60)
    assert said(phone, 1001) == "abc"


async def test_a_stop_waits_for_the_news_that_is_on_its_way_so_that_nothing_is_sent_twice(clock: LoopClock) -> None:
    class SlowToAnswer(Phone):
        async def deliver(self, delivery: Delivery) -> int:
            self.taken.append(delivery)
            await asyncio.sleep(5)
            return len(self.taken)

    store, phone = await a_store(), SlowToAnswer()
    await write(store, clock, "a")
    notifier = Notifier(store=store, messenger=phone, clock=clock)
    running = asyncio.create_task(notifier.run())
    await asyncio.sleep(1)  # Telegram has it and has not answered
    await notifier.drain(10)
    running.cancel()
    await run_for(Notifier(store=store, messenger=phone, clock=clock), 120)
    assert said(phone) == "a"


@pytest.mark.exhaustive
async def test_hours_of_outage_lose_nothing(clock: LoopClock) -> None:
    store = await a_store()
    begun = clock.now()
    phone = Phone(lambda _: DeliveryError("no network") if clock.now() - begun < timedelta(hours=3) else None)
    await write(store, clock, "abcdefgh")
    await run_for(Notifier(store=store, messenger=phone, clock=clock), timedelta(hours=4).total_seconds())
    assert said(phone) == "abcdefgh"


@pytest.mark.parametrize("away", [90, 3_600])
async def test_news_that_waited_through_an_outage_rings_within_ten_seconds_of_its_end(clock: LoopClock, away: int) -> None:
    store = await a_store()
    back = clock.now() + timedelta(seconds=away)
    came: list[float] = []

    def outage(_: Delivery) -> DeliveryError | None:
        if clock.now() < back:
            return DeliveryError("Telegram could not be reached.")
        came.append((clock.now() - back).total_seconds())
        return None

    phone = Phone(trouble=outage)
    await write(store, clock, "ab")
    await run_for(Notifier(store=store, messenger=phone, clock=clock), away + 15)
    assert said(phone) == "ab"
    assert came[0] <= 10.2


async def test_what_telegram_refuses_for_good_is_buried_and_counted_and_the_rest_goes_on(clock: LoopClock) -> None:
    store = await a_store()

    def refuse(delivery: Delivery) -> DeliveryError | None:
        broken = isinstance(delivery.notice, TradingStopped) and delivery.notice.name == "b"
        return DeliveryError("bad markup", permanent=True) if broken else None

    phone = Phone(refuse)
    await write(store, clock, "abc")
    await run_for(Notifier(store=store, messenger=phone, clock=clock), 5)
    assert said(phone) == "ac"
    assert await store.transaction(lambda db: db.outbox.counts()) == (0, 1)


async def test_killed_between_sending_and_marking_it_sends_again_with_the_same_event_number(clock: LoopClock) -> None:
    store, phone = await a_store(), Phone()
    await write(store, clock, "a")

    class Killed(BaseException):
        """The process ends here."""

    class Dying:
        """The store of a process that dies before it can mark."""

        def __init__(self) -> None:
            self.runs = 0

        async def transaction(self, work: Callable[..., object]) -> object:
            self.runs += 1
            if self.runs == 2:
                raise Killed
            return await store.transaction(work)

        lightly = transaction

    with pytest.raises(Killed):
        await Notifier(store=Dying(), messenger=phone, clock=clock).deliver_due()  # type: ignore[arg-type] # a store for one run
    assert said(phone) == "a"
    await run_for(Notifier(store=store, messenger=phone, clock=clock), 90)
    assert said(phone) == "aa"
    assert phone.taken[0].id == phone.taken[1].id


@given(st.lists(st.sampled_from(["ok", "later", "wait"]), max_size=10))
async def test_whatever_goes_wrong_in_between_the_order_is_kept_and_nothing_is_lost(fates: list[str]) -> None:
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop, NOW)
    store, fate = await a_store(), iter(fates)

    def trouble(_: Delivery) -> DeliveryError | None:
        match next(fate, "ok"):
            case "later":
                return DeliveryError("no network")
            case "wait":
                return DeliveryError("flood", retry_after=7)
            case _:
                return None

    phone = Phone(trouble)
    await write(store, clock, "abcde")
    await run_for(Notifier(store=store, messenger=phone, clock=clock), timedelta(minutes=30).total_seconds())
    assert said(phone) == "abcde"


async def test_a_notice_that_cannot_be_put_into_words_is_buried_and_the_rest_goes_on(clock: LoopClock) -> None:
    store = await a_store()

    class Stumbling(Phone):
        async def deliver(self, delivery: Delivery) -> int:
            if isinstance(delivery.notice, TradingStopped) and delivery.notice.name == "b":
                raise ZeroDivisionError
            return await super().deliver(delivery)

    phone = Stumbling()
    await write(store, clock, "abc")
    await run_for(Notifier(store=store, messenger=phone, clock=clock), 5)
    assert said(phone) == "ac"
    assert await store.transaction(lambda db: db.outbox.counts()) == (0, 1)


@pytest.mark.parametrize("step", [-7200, -120, 120, 7200])
async def test_a_postponed_notice_and_those_behind_it_wait_no_longer_because_the_clock_was_set(
    host_clock: HostClock, step: int
) -> None:
    store = await a_store()
    troubles = iter([DeliveryError("flood", retry_after=30)])
    phone = Phone(lambda _: next(troubles, None))
    await write(store, host_clock, "a")
    running = asyncio.create_task(Notifier(store=store, messenger=phone, clock=host_clock).run())
    await asyncio.sleep(5)
    host_clock.step(step)
    await write(store, host_clock, "bc")
    await asyncio.sleep(35)
    running.cancel()
    assert said(phone) == "abc"


@pytest.mark.parametrize("step", [-7200, -120, 120, 7200])
async def test_a_clock_set_there_and_back_leaves_no_notice_behind(host_clock: HostClock, step: int) -> None:
    store = await a_store()
    troubles = iter([None, DeliveryError("flood", retry_after=5)])
    phone = Phone(lambda _: next(troubles, None))
    await write(store, host_clock, "a")
    notifier = Notifier(store=store, messenger=phone, clock=host_clock)
    running = asyncio.create_task(notifier.run())
    await asyncio.sleep(5)
    host_clock.step(step)
    await write(store, host_clock, "b")
    notifier.wake()
    await asyncio.sleep(1)
    host_clock.step(-step)
    await write(store, host_clock, "c")
    await asyncio.sleep(70)
    running.cancel()
    assert said(phone) == "abc"


@pytest.mark.parametrize("step", [-7200, 0, 7200])
async def test_what_a_killed_process_was_delivering_or_had_put_off_is_told_at_the_next_start(
    host_clock: HostClock, step: int
) -> None:
    store, phone = await a_store(), Phone()
    await write(store, host_clock, "ab", (1001, 1002))
    now = host_clock.now()
    held = await store.transaction(lambda db: db.outbox.lease(now, now + LEASE))
    await store.transaction(lambda db: db.outbox.postpone(held[1].id, now + timedelta(hours=1), "flood"))
    host_clock.step(step)
    await run_for(Notifier(store=store, messenger=phone, clock=host_clock), 2)
    assert said(phone, 1001) == said(phone, 1002) == "ab"
