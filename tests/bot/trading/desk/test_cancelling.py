"""A cancel is a wish: told as refused where it was, confirmed from the book, and repeated only after a look."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import BrokerError, Refused, Unclear
from bot.domain.orders.order import Order, OrderRequest, OrderStatus
from bot.domain.orders.standing import Cancelled
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT, PERSON

BUY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10, price=Decimal("1475.00"))
NO = Refused("mStock refused the cancel: not now", code="IA403", words="not now")
LOST = Unclear("mStock's answer to the cancel cannot be read (HTTP 502). It may have happened; looking for it.")
A_LONG = Position(
    instrument=RELIANCE, product=Product.MIS, quantity=10, bought=10, sold=0,
    bought_value=Decimal(14803), sold_value=Decimal(0), average=Decimal("1480.30"),
)  # fmt: skip


async def rests(stage: DeskStage, request: OrderRequest = BUY, message: int = 77) -> Order:
    order = await stage.tap(
        await stage.card(await stage.proposals.propose(stage.actor, request, chat_id=PERSON), message), message
    )
    assert isinstance(order, Order)
    return order


@pytest.mark.parametrize("why", [NO, LOST], ids=["refused", "no answer"])
@pytest.mark.parametrize("way", ["one", "all", "after kill"])
async def test_a_cancel_that_was_not_taken_is_told_with_its_reason_and_the_order_works_on(
    clock: LoopClock, why: BrokerError, way: str
) -> None:
    stage = await set_stage(clock)
    order = await rests(stage)
    stage.broker.cancels_refused[""] = why
    if way == "one":
        told = await stage.orders.cancel(stage.actor, order.number, chat_id=PERSON)
    else:
        (told,) = await (stage.orders.cancel_all if way == "all" else stage.orders.cancel_entries)(stage.actor)
    assert isinstance(told, Cancelled)
    assert (told.error, told.order.status, told.order.cancelled_by) == (why, OrderStatus.OPEN, None)
    assert len(stage.broker.cancels) == (1 if why is NO else 2), (
        "an answer that was lost is asked again once a look shows it open"
    )


async def test_one_refusal_among_many_keeps_none_of_the_others_from_being_cancelled(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    orders = [await rests(stage, replace(BUY, quantity=size), 70 + size) for size in (1, 2, 3)]
    stage.broker.cancels_refused[orders[1].broker_id or ""] = NO
    told = await stage.orders.cancel_all(stage.actor)
    assert [outcome.error for outcome in told] == [None, NO, None]
    assert [outcome.order.status for outcome in told] == [OrderStatus.CANCELLED, OrderStatus.OPEN, OrderStatus.CANCELLED]


async def test_a_yes_that_changed_nothing_is_asked_for_once_more_after_a_look(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await rests(stage)
    stage.broker.deaf_to_cancels = 1
    told = await stage.orders.cancel(stage.actor, order.number, chat_id=PERSON)
    assert isinstance(told, Cancelled)
    assert (told.error, told.order.status) == (None, OrderStatus.CANCELLED)
    assert len(stage.broker.cancels) == 2


async def test_a_yes_that_changed_nothing_twice_is_told_as_a_wish(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await rests(stage)
    stage.broker.deaf_to_cancels = 9
    told = await stage.orders.cancel(stage.actor, order.number, chat_id=PERSON)
    assert isinstance(told, Cancelled)
    assert (told.error, told.order.status, told.order.cancelled_by) == (None, OrderStatus.OPEN, PERSON)
    assert len(stage.broker.cancels) == 2


async def test_all_cancels_leave_before_anything_is_read(clock: LoopClock) -> None:
    class Slow(ScriptedBroker):
        reads: int = 0

        async def orders(self, *, urgent: bool = False):  # type: ignore[no-untyped-def] # as the broker's
            self.reads += 1
            return await super().orders()

        async def cancel(self, broker_id: str) -> None:
            await super().cancel(broker_id)
            await asyncio.sleep(0.3)

    broker = Slow(clock)
    stage = await set_stage(clock, broker=broker)
    for size in range(1, 21):
        await rests(stage, replace(BUY, quantity=size), 70 + size)
    await asyncio.sleep(30)
    broker.reads, began = 0, asyncio.get_running_loop().time()
    told = await stage.orders.cancel_all(stage.actor)
    assert {outcome.order.status for outcome in told} == {OrderStatus.CANCELLED}
    assert asyncio.get_running_loop().time() - began < 0.5
    assert broker.reads == 1


async def test_kill_calls_a_resting_exit_an_exit_and_its_button_leaves_it(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await rests(stage, replace(BUY, product=Product.MIS))
    stage.broker.fill(10)
    stage.broker.held = [A_LONG]
    await stage.reconcile.sync(ACCOUNT.id)
    way_out = await rests(stage, replace(BUY, side=Side.SELL, product=Product.MIS, price=Decimal("1490.00")), 78)
    entry = await rests(stage, replace(BUY, price=Decimal("1470.00")), 79)
    killed = await stage.switch.kill(stage.actor)
    assert [order.id for order in killed.entries] == [entry.id]
    assert [order.id for order in killed.exits] == [way_out.id]
    (told,) = await stage.orders.cancel_entries(stage.actor)
    assert (told.order.id, told.order.status) == (entry.id, OrderStatus.CANCELLED)
    assert stage.broker.cancels == [entry.broker_id]


async def test_kill_says_that_an_outcome_is_unknown(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.book_lag = 60

    def lose() -> None:
        raise LOST

    stage.broker.after_place = lose
    lost = await rests(stage)
    assert lost.status is OrderStatus.UNKNOWN
    killed = await stage.switch.kill(stage.actor)
    assert (killed.entries, [order.id for order in killed.unknown]) == ((), [lost.id])


async def test_a_stop_that_opens_a_position_is_cancelled_with_one_tap(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await rests(stage, replace(BUY, product=Product.MIS, price=None, trigger=Decimal("1500.00")))
    await asyncio.sleep(5)
    told = await stage.orders.cancel(stage.actor, order.number, chat_id=PERSON)
    assert isinstance(told, Cancelled)
    assert told.order.status is OrderStatus.CANCELLED
