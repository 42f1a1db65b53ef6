"""What is told when an order fills and ends: every end that is news, what was filled of it, and what is held after it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from bot.domain.errors import BrokerError, OrderOver, Refused, Unclear
from bot.domain.news.notice import Notice
from bot.domain.news.orders.orders import Filled, OrderEnded, OrderNotSeen, OrderRejected, OrderUnclear
from bot.domain.orders.order import Order, OrderDraft, OrderFact, OrderRequest, OrderStatus, TradeFact
from bot.domain.orders.position_after import PositionAfter
from bot.domain.orders.standing import Cancelled
from bot.domain.ports.broker import Leaving
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.bot.trading.desk.asked import a_holding
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT, PERSON

BUY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=20, price=Decimal("1475.00"))
SELL = replace(BUY, side=Side.SELL, quantity=10, product=Product.MIS)


class Bookkeeping(ScriptedBroker):
    """A broker whose position book follows its trades, unless it lags, is down or hangs."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__(clock)
        self.lag = 0  # shares that the position book has not booked yet
        self.hangs = False
        self.positions_down: BrokerError | None = None
        self.cancel_refused: BrokerError | None = None
        self.place_refused: BrokerError | None = None
        self.reads: list[float] = []  # when the order book was asked for, in loop time
        self.takes = 0.0  # seconds until it answers that
        self.prices: Sequence[str] = ("1480.30", "1492.10")  # of the trades of each order

    async def cancel(self, broker_id: str) -> None:
        if self.cancel_refused is not None:
            raise self.cancel_refused
        await super().cancel(broker_id)

    async def place(self, draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        if self.place_refused is not None:
            raise self.place_refused
        return await super().place(draft, tag, urgent=urgent, leaving=leaving)

    async def orders(self, *, urgent: bool = False) -> Sequence[OrderFact]:
        self.reads.append(asyncio.get_running_loop().time())
        rows = await super().orders()
        await asyncio.sleep(self.takes)
        return rows

    async def trades(self, *, urgent: bool = False) -> Sequence[TradeFact]:
        return [replace(row, price=Decimal(price)) for row, price in zip(await super().trades(), self.prices, strict=False)]

    async def positions(self, *, urgent: bool = False) -> Sequence[Position]:
        if self.positions_down is not None:
            raise self.positions_down
        if self.hangs:
            await asyncio.sleep(600)
        rows = []
        for product in Product:
            done = [order for order in self.true if order.draft.product is product and order.filled]
            if done:
                rows.append(a_row(sum(order.filled * order.draft.side.sign for order in done) - self.lag, product))
        return rows


def a_row(net: int, product: Product = Product.CNC, carried: int = 0) -> Position:
    return Position(
        instrument=RELIANCE, product=product, quantity=net, bought=max(net, 0), sold=0, bought_value=Decimal(0),
        sold_value=Decimal(0), average=Decimal("1480.30") if net else None, carried=carried,
    )  # fmt: skip


async def a_stage(clock: LoopClock) -> tuple[DeskStage, Bookkeeping]:
    broker = Bookkeeping(clock)
    return await set_stage(clock, broker=broker), broker


async def place(stage: DeskStage, request: OrderRequest = BUY) -> Order:
    order = await stage.tap(await stage.card(await stage.proposals.propose(stage.actor, request, chat_id=PERSON)))
    assert isinstance(order, Order)
    return order


async def look(stage: DeskStage) -> list[Notice]:
    await stage.reconcile.sync(ACCOUNT.id)
    return await stage.notices()


async def test_a_cancel_that_met_a_part_tells_the_part_and_then_the_end(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    order = await place(stage)
    broker.true[0].filled = 8
    await stage.orders.cancel(stage.actor, order.id, chat_id=PERSON)
    part, end = await stage.notices()
    assert isinstance(part, Filled)
    assert isinstance(end, OrderEnded)
    assert (part.fill.filled_after, end.order.filled, end.order.status) == (8, 8, OrderStatus.CANCELLED)
    assert await look(stage) == []


async def test_a_cancel_of_ones_own_order_of_which_nothing_filled_is_answered_by_its_card_alone(clock: LoopClock) -> None:
    stage, _ = await a_stage(clock)
    order = await place(stage)
    await stage.orders.cancel(stage.actor, order.id, chat_id=PERSON)
    assert await stage.notices() == []


@pytest.mark.parametrize(
    "error", [Refused("mStock refused the cancel: no"), Unclear("no answer"), OrderOver("over already", code="RS-00093")]
)
async def test_an_end_an_hour_after_a_cancel_that_was_not_taken_rings(clock: LoopClock, error: BrokerError) -> None:
    stage, broker = await a_stage(clock)
    order = await place(stage)
    broker.cancel_refused = error
    told = await stage.orders.cancel(stage.actor, order.id, chat_id=PERSON)
    assert isinstance(told, Cancelled)
    assert told.error is error
    broker.cancel_refused = None
    assert await look(stage) == []
    await asyncio.sleep(3600)
    broker.true[0].status = OrderStatus.CANCELLED
    (end,) = await look(stage)
    assert isinstance(end, OrderEnded)


async def test_a_cancel_cut_off_by_the_end_of_the_process_is_no_wish_any_more(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    order = await place(stage)
    now = clock.now()
    await stage.store.transaction(lambda db: db.orders.save(order.cancel_asked(PERSON, now)))
    await stage.reconcile.settle_start()
    broker.true[0].status = OrderStatus.CANCELLED
    assert [type(news) for news in await look(stage)] == [OrderEnded]


async def test_an_order_that_expires_after_its_cancel_was_asked_rings(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    order = await place(stage)
    now = clock.now()
    await stage.store.transaction(lambda db: db.orders.save(order.cancel_asked(PERSON, now)))
    broker.true[0].status = OrderStatus.EXPIRED
    assert [type(news) for news in await look(stage)] == [OrderEnded]


async def test_a_fill_carries_the_position_of_the_same_look(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    await place(stage)
    broker.fill(20)
    (news,) = await look(stage)
    assert isinstance(news, Filled)
    assert news.after == PositionAfter(quantity=20, average=Decimal("1480.30"), open=Decimal(0))


@pytest.mark.parametrize("trouble", ["lags", "down", "hangs", "another order was traded"])
async def test_a_position_on_which_the_books_disagree_is_not_known_and_the_fill_rings_all_the_same(
    clock: LoopClock, trouble: str
) -> None:
    stage, broker = await a_stage(clock)
    await place(stage)
    broker.fill(20)
    match trouble:
        case "lags":
            broker.lag = 20
        case "down":
            broker.positions_down = Unclear("no")
        case "hangs":
            broker.hangs = True
        case _:
            broker.lag = -5
    began = clock.now()
    (news,) = await look(stage)
    assert isinstance(news, Filled)
    assert news.after == PositionAfter(quantity=None)
    assert news.fill.price == Decimal("1480.30")
    assert (clock.now() - began).total_seconds() < 3


async def test_a_fill_that_closes_tells_what_it_booked_and_what_is_left(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    await place(stage, replace(BUY, product=Product.MIS))
    broker.fill(20)
    await look(stage)
    await place(stage, SELL)
    broker.fill(10, at=1)
    (news,) = await look(stage)
    assert isinstance(news, Filled)
    assert news.after is not None
    assert (news.after.quantity, news.after.booked, news.after.closes) == (10, Decimal("118.00"), True)


async def test_a_refused_exit_says_that_what_it_was_to_close_is_held_and_unguarded(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    await place(stage, replace(BUY, product=Product.MIS))
    broker.fill(20)
    await look(stage)
    broker.place_refused = Refused("no", words="RMS:1:no", broker_id="1", final=True)
    await place(stage, SELL)
    (news,) = await stage.notices()
    assert isinstance(news, OrderRejected)
    assert news.after == PositionAfter(quantity=None, closes=True)


@pytest.mark.parametrize("guarded", [False, True])
async def test_a_stop_cancelled_at_its_trigger_says_what_is_held_and_whether_anything_guards_it(
    clock: LoopClock, *, guarded: bool
) -> None:
    stage, broker = await a_stage(clock)
    await place(stage, replace(BUY, product=Product.MIS))
    broker.fill(20)
    await look(stage)
    stop = replace(SELL, price=None, trigger=Decimal("1400.00"), trigger_limit=Decimal("1390.00"))
    await place(stage, stop)
    if guarded:
        await place(stage, replace(stop, trigger=Decimal("1410.00")))
    await look(stage)
    broker.true[1].status, broker.true[1].reason = OrderStatus.CANCELLED, "The order price is outside the range."
    (news,) = await look(stage)
    assert isinstance(news, OrderEnded)
    assert news.after is not None
    assert (news.after.left_by(news.order), news.after.guarded) == (20, guarded)


async def test_a_refusal_in_loose_words_keeps_them_until_the_order_is_found(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)

    def deny() -> None:
        raise Unclear("cannot be read (HTTP 403)", words="Access denied (HTTP 403)")

    broker.after_place = deny
    broker.book_lag = 4
    assert (await place(stage)).reason == "Access denied (HTTP 403)"
    (unclear,) = await stage.notices()
    assert isinstance(unclear, OrderUnclear)
    assert unclear.order.reason == "Access denied (HTTP 403)"
    await asyncio.sleep(5)
    await look(stage)
    found = await stage.order()
    assert found is not None
    assert (found.status, found.reason) == (OrderStatus.OPEN, "")


@pytest.mark.parametrize("seconds", [0.0, 0.4, 3.0, 9.0, 30.0])
async def test_an_absent_order_is_told_of_once_however_long_each_look_takes(clock: LoopClock, seconds: float) -> None:
    stage, broker = await a_stage(clock)

    def lose() -> None:
        raise Unclear("no answer")

    broker.before_place = lose
    broker.takes = seconds
    running = asyncio.create_task(stage.reconcile.run())
    await place(stage)
    await asyncio.sleep(400)
    running.cancel()
    assert [type(news) for news in await stage.notices()] == [OrderUnclear, OrderNotSeen]


async def test_the_books_are_read_every_two_seconds_of_a_young_order_and_every_ten_of_an_older_one(
    clock: LoopClock,
) -> None:
    stage, broker = await a_stage(clock)
    running = asyncio.create_task(stage.reconcile.run())
    await place(stage)
    sent = asyncio.get_running_loop().time()
    await asyncio.sleep(60)
    running.cancel()
    ages = [at - sent for at in broker.reads if at > sent]
    assert all(after - before < 2.1 for before, after in pairwise(ages) if before < 18)
    assert all(9 < after - before < 10.1 for before, after in pairwise(ages) if before > 22)


async def test_what_an_exit_booked_is_first_in_first_out_and_its_own_alone(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    broker.prices = ("1480.00", "1490.00", "1500.00", "1510.00")
    told = []
    for number, request in enumerate((replace(BUY, quantity=10), replace(BUY, quantity=10), SELL, SELL)):
        await place(stage, replace(request, product=Product.MIS))
        broker.fill(10, at=number)
        told += [news.after for news in await look(stage) if isinstance(news, Filled)]
    assert [after.booked for after in told if after is not None] == [None, None, Decimal(200), Decimal(200)]
    assert [after.quantity for after in told if after is not None] == [10, 20, 10, 0]


async def test_shares_sold_out_of_the_holdings_are_no_short_and_leave_nothing_to_exit(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    broker.demat = [a_holding(50)]
    await place(stage, replace(SELL, product=Product.CNC))
    broker.fill(10)
    (news,) = await look(stage)
    assert isinstance(news, Filled)
    assert news.after is not None
    assert replace(news.after, booked=None, charges=None) == PositionAfter(quantity=0, closes=True, sold_holding=True)
    assert news.after.booked == (Decimal("1480.30") - Decimal("1400.00")) * 10, "at the broker's average"
    assert news.after.charges is not None
