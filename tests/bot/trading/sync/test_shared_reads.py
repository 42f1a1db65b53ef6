"""One read at the broker serves all who look at one moment, and none of them is shown what an act has made old."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.charges.charges import Tariff, Trade
from bot.domain.charges.tariff import Bill, BrokeragePlan
from bot.domain.errors import BotError, NotSent, SessionExpired, Unreadable
from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Quote, Tick
from bot.domain.orders.order import OrderFact, OrderStatus
from bot.domain.positions.portfolio import Funds, Position, Positions
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.trading.account.account_views import AccountViews
from bot.trading.feed_events import FeedEvents
from bot.trading.sync.shared_reads import YOUNG
from tests.bot.trading.desk.asked import a_position, ask
from tests.stage.brokers.broker import OneConnection, ScriptedBroker, StillFeed
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT, PERSON

READ = 0.2  # seconds that a read takes


class CountingBroker(ScriptedBroker):
    """Takes its time over each read, counts them, and answers what was true when it was asked."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__(clock)
        self.reads: list[str] = []
        self.failure: BotError | None = None

    async def _slowly(self, what: str) -> None:
        self.reads.append(what)
        failure = self.failure
        await asyncio.sleep(READ)
        if failure is not None:
            raise failure

    async def orders(self, *, urgent: bool = False) -> Sequence[OrderFact]:
        facts = await super().orders()
        await self._slowly("orders")
        return facts

    async def positions(self, *, urgent: bool = False) -> Sequence[Position]:
        positions = list(await super().positions())
        await self._slowly("positions")
        return positions

    async def funds(self) -> Funds:
        funds = await super().funds()
        await self._slowly("funds")
        return funds

    async def quotes(self, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Quote]:
        await self._slowly("quotes")
        return await super().quotes(keys)


@dataclass(kw_only=True)
class Readers:
    """Everybody who looks at the one account."""

    stage: DeskStage
    broker: CountingBroker
    views: AccountViews

    async def positions(self, *, urgent: bool = False) -> Positions:
        return await self.views.positions(self.stage.actor)

    async def quantities(self) -> list[int]:
        return [line.position.quantity for line in (await self.positions()).lines]


async def readers(clock: LoopClock) -> Readers:
    broker = CountingBroker(clock)
    stage = await set_stage(clock, broker=broker)
    proposing = stage.desk._proposing
    views = AccountViews(
        store=stage.store,
        connections=stage.connection,
        prices=stage.prices,
        instruments=proposing.instruments,
        reconcile=stage.reconcile,
        reads=stage.reads,
        tariff=proposing.tariff,
        plan=proposing.plan,
        day_book=stage.core.services.account_views.day_book,
        events=stage.core.services.account_views.events,
        bases=stage.core.services.account_views.bases,
        clock=clock,
    )
    return Readers(stage=stage, broker=broker, views=views)


async def test_sixty_who_ask_at_one_moment_are_served_by_two_reads(clock: LoopClock) -> None:
    people = await readers(clock)
    people.broker.held = [a_position(5)]
    answers = await asyncio.gather(*(people.quantities() for _ in range(60)))
    assert answers == [[5]] * 60
    assert people.broker.reads == ["positions", "positions"]


async def test_each_list_has_reads_of_its_own(clock: LoopClock) -> None:
    people = await readers(clock)
    actor = people.stage.actor
    await asyncio.gather(people.positions(), people.views.funds(actor), people.views.orders(actor))
    assert sorted(people.broker.reads) == ["funds", "orders", "positions", "positions"], "a look reads the positions too"


async def test_an_answer_younger_than_a_second_serves_and_the_list_says_when_its_read_began(clock: LoopClock) -> None:
    people = await readers(clock)
    began = clock.now()
    await people.positions()
    await asyncio.sleep(YOUNG - READ - 0.01)
    served = await people.positions()
    assert (served.as_of, people.broker.reads) == (began, ["positions"])
    await asyncio.sleep(0.01)
    now = clock.now()
    assert (await people.positions()).as_of == now
    assert people.broker.reads == ["positions", "positions"]


async def test_money_says_when_its_read_began(clock: LoopClock) -> None:
    people = await readers(clock)
    began = clock.now()
    await people.views.funds(people.stage.actor)
    await asyncio.sleep(0.5)
    assert (await people.views.funds(people.stage.actor)).as_of == began
    assert people.broker.reads == ["funds"]


async def test_who_asks_during_a_read_is_not_served_by_it_but_by_the_next(clock: LoopClock) -> None:
    people = await readers(clock)
    first = asyncio.create_task(people.quantities())
    await asyncio.sleep(READ / 2)
    people.broker.held = [a_position(5)]
    assert (await people.quantities(), await first) == ([5], [])


async def test_after_an_order_was_sent_no_list_shows_what_was_read_before_it(clock: LoopClock) -> None:
    people = await readers(clock)
    token = await ask(people.stage)
    assert await people.quantities() == []
    people.broker.after_place = lambda: people.broker.held.append(a_position(10))
    await people.stage.tap(token)
    assert await people.quantities() == [10]


async def test_a_read_that_an_order_overtook_serves_nobody_who_asks_after_the_order(clock: LoopClock) -> None:
    people = await readers(clock)
    token = await ask(people.stage)
    overtaken = asyncio.create_task(people.quantities())
    await asyncio.sleep(READ / 2)
    people.broker.after_place = lambda: people.broker.held.append(a_position(10))
    await people.stage.tap(token)
    assert await overtaken == []
    assert await people.quantities() == [10]


async def test_after_a_cancel_the_orders_are_read_anew(clock: LoopClock) -> None:
    people = await readers(clock)
    stage = people.stage
    await stage.tap(await ask(stage))
    listed = await people.views.orders(stage.actor)
    assert [order.status for order in listed.orders] == [OrderStatus.OPEN]
    await stage.orders.cancel(stage.actor, listed.orders[0].id, chat_id=PERSON)
    listed = await people.views.orders(stage.actor)
    assert [order.status for order in listed.orders] == [OrderStatus.CANCELLED]


async def test_after_the_feed_told_of_a_fill_the_position_is_read_anew(clock: LoopClock) -> None:
    people = await readers(clock)
    stage = people.stage
    feed = FeedEvents(
        store=stage.store, reconcile=stage.reconcile, watcher=stage.core.watcher, background=stage.background, clock=clock
    )
    assert await people.quantities() == []
    people.broker.held = [a_position(5)]
    feed.on_order_event(ACCOUNT.id)
    assert await people.quantities() == [5]


async def test_after_a_look_found_a_fill_that_nothing_told_of_the_position_is_read_anew(clock: LoopClock) -> None:
    people = await readers(clock)
    stage = people.stage
    await stage.tap(await ask(stage))
    await asyncio.sleep(10)
    assert await people.quantities() == []
    people.broker.fill(10)
    people.broker.held = [a_position(10)]
    await stage.reconcile.sync(ACCOUNT.id)
    assert await people.quantities() == [10]


async def test_twenty_who_ask_for_the_orders_at_one_moment_share_two_looks(clock: LoopClock) -> None:
    people = await readers(clock)
    began = clock.now()
    lists = await asyncio.gather(*(people.views.orders(people.stage.actor) for _ in range(20)))
    assert sorted(people.broker.reads) == ["orders", "orders", "positions", "positions"]
    assert {each.as_of for each in lists} <= {began, began + timedelta(seconds=READ)}
    await people.views.orders(people.stage.actor)
    assert people.broker.reads.count("orders") == 2


async def test_a_look_after_an_act_is_never_an_older_one(clock: LoopClock) -> None:
    people = await readers(clock)
    await people.views.orders(people.stage.actor)
    await people.stage.reconcile.sync(ACCOUNT.id)
    assert sorted(people.broker.reads) == ["orders", "orders", "positions", "positions"]


async def test_a_failure_is_told_to_those_who_waited_for_it_and_to_nobody_after_them(clock: LoopClock) -> None:
    people = await readers(clock)
    people.broker.failure = Unreadable("mStock did not answer as it should. Try again.")
    first = asyncio.create_task(people.quantities())
    await asyncio.sleep(READ / 2)
    people.broker.failure = None
    others = [asyncio.create_task(people.quantities()) for _ in range(5)]
    with pytest.raises(Unreadable):
        await first
    assert await asyncio.gather(*others) == [[]] * 5
    people.broker.failure = NotSent("mStock cannot be reached. Nothing was sent.")
    await asyncio.sleep(YOUNG)
    failed = await asyncio.gather(*(people.quantities() for _ in range(5)), return_exceptions=True)
    assert [type(answer) for answer in failed] == [NotSent] * 5
    people.broker.failure = None
    assert await people.quantities() == []


async def test_one_who_gives_up_takes_the_read_from_nobody(clock: LoopClock) -> None:
    people = await readers(clock)
    askers = [asyncio.create_task(people.quantities()) for _ in range(6)]
    await asyncio.sleep(READ / 2)
    for asker in (askers[0], askers[3]):  # the one whose question began the read, and one of those who share the next
        asker.cancel()
    answers = await asyncio.gather(*askers, return_exceptions=True)
    assert [answer for answer in answers if not isinstance(answer, asyncio.CancelledError)] == [[]] * 4
    assert people.broker.reads == ["positions", "positions"]


async def test_a_failure_that_nobody_waits_for_any_more_is_no_error_of_the_loop(clock: LoopClock) -> None:
    people = await readers(clock)
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    people.broker.failure = NotSent("mStock cannot be reached. Nothing was sent.")
    asker = asyncio.create_task(people.quantities())
    await asyncio.sleep(READ / 2)
    asker.cancel()
    await asyncio.sleep(1)
    del asker
    people.broker.failure = None
    assert await people.quantities() == []
    assert complaints == []


async def test_an_account_that_is_linked_anew_is_never_shown_the_reads_of_its_last_connection(clock: LoopClock) -> None:
    people = await readers(clock)
    people.broker.held = [a_position(5)]
    assert await people.quantities() == [5]
    people.stage.connection.broker = CountingBroker(clock)
    assert await people.quantities() == []


class SilentFeed(StillFeed):
    """A feed that knows no price."""

    connected = False

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        del key, within
        return None


async def test_those_who_ask_for_one_price_at_one_moment_share_the_quote(clock: LoopClock) -> None:
    people = await readers(clock)
    connection: OneConnection = people.stage.connection
    connection.feed = SilentFeed(clock)
    prices = await asyncio.gather(*(people.stage.prices.of(ACCOUNT.id, RELIANCE.key) for _ in range(20)))
    assert [price.last for price in prices if price is not None] == [Decimal("1480.30")] * 20
    assert people.broker.reads == ["quotes", "quotes"]


class CountingTariff(Tariff):
    """Counts how often it works out a day."""

    days = 0

    def day(self, trades: Iterable[Trade], plan: BrokeragePlan | None) -> Bill:
        type(self).days += 1
        return super().day(trades, plan)


async def test_charges_are_worked_out_once_for_the_same_fills_and_anew_after_each(clock: LoopClock) -> None:
    people = await readers(clock)
    tariff = people.views.tariff
    people.views.tariff = CountingTariff(**{each.name: getattr(tariff, each.name) for each in fields(tariff)})
    await people.stage.tap(await ask(people.stage))
    people.broker.fill(4)
    first = (await people.positions()).charges
    await asyncio.sleep(YOUNG)
    assert (await people.positions()).charges == first
    assert CountingTariff.days == 1
    people.broker.fill(6)
    await asyncio.sleep(YOUNG)
    second = (await people.positions()).charges
    assert CountingTariff.days == 2
    assert first is not None
    assert second is not None
    assert second > first


async def test_for_the_eye_alone_the_last_reading_of_today_serves_while_the_broker_is_away(
    clock: LoopClock, loop: VirtualLoop
) -> None:
    people = await readers(clock)
    people.broker.held, actor = [a_position(5)], people.stage.actor
    began = clock.now()
    fresh = await people.views.positions(actor, known=True)
    assert (fresh.as_of, fresh.stale) == (began, None)
    money = await people.views.funds(actor)
    await people.stage.reads.quotes(ACCOUNT.id, [RELIANCE.key])
    loop.shift(300)
    await people.stage.reads.quotes(ACCOUNT.id, [])  # another set, at which old ones are dropped
    people.broker.held, people.broker.failure = [a_position(9)], NotSent("mStock is away.")
    known = await people.views.positions(actor, known=True)
    assert (known.as_of, known.stale) == (began, "mStock is away.")
    assert [line.position.quantity for line in known.lines] == [5]
    assert (await people.views.funds(actor, known=True)).as_of == money.as_of
    with pytest.raises(NotSent):
        await people.positions()  # what an act or a rule asks for
    people.broker.failure = SessionExpired("Log in.")
    with pytest.raises(SessionExpired):
        await people.views.positions(actor, known=True)
    loop.shift(86_400)
    people.broker.failure = NotSent("mStock is away.")
    with pytest.raises(NotSent):  # another day's list is none of today
        await people.views.positions(actor, known=True)
