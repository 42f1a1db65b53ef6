"""A refusal that proves nothing holds back the same entry, and whatever was told wrongly is taken back aloud."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import BrokerError, CheckFailed, Refused, Unclear
from bot.domain.news.orders.orders import OrderFound, OrderRejected
from bot.domain.orders.order import Order, OrderRequest, OrderStatus
from bot.domain.terms import Side
from bot.simulators.loop import LoopClock
from tests.stage.desk import DeskStage, set_stage
from tests.storage.samples import PERSON

BUY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10, price=Decimal("1475.00"))
NO = Refused("mStock said no", code="IA403", words="API key suspended")
LOST = Unclear("no answer")


async def card(stage: DeskStage, request: OrderRequest = BUY, message: int = 77) -> str:
    return await stage.card(await stage.proposals.propose(stage.actor, request, chat_id=PERSON), message)


async def sent(stage: DeskStage, error: BrokerError, *, arrives: bool) -> Order:
    def fail() -> None:
        raise error

    if arrives:
        stage.broker.after_place = fail
    else:
        stage.broker.before_place = fail
    order = await stage.tap(await card(stage))
    stage.broker.after_place = stage.broker.before_place = lambda: None
    assert isinstance(order, Order)
    return order


async def status(stage: DeskStage) -> OrderStatus:
    (order,) = await stage.store.transaction(lambda db: db.orders.of_day("a1", stage.clock.now().date()))
    return order.status


@pytest.mark.parametrize("error", [NO, LOST], ids=["refused", "no answer"])
async def test_the_same_entry_waits_until_the_doubtful_one_was_looked_for(clock: LoopClock, error: BrokerError) -> None:
    stage = await set_stage(clock)
    drawn_before = await card(stage, message=78)
    await sent(stage, error, arrives=False)
    with pytest.raises(CheckFailed, match="#1 is the same order") as held:
        await card(stage)
    assert held.value.near == (("Look at #1", "/order 1"),)
    with pytest.raises(CheckFailed, match="#1 is the same order"):
        await stage.tap(drawn_before, 78)
    await card(stage, replace(BUY, quantity=11))
    assert stage.broker.posts == 1


async def test_a_refusal_that_nothing_contradicted_frees_the_same_entry_after_the_look_out(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await sent(stage, NO, arrives=False)
    looking = asyncio.create_task(stage.reconcile.run())
    await asyncio.sleep(170)
    with pytest.raises(CheckFailed):
        await card(stage)
    await asyncio.sleep(75)
    looking.cancel()
    assert await status(stage) is OrderStatus.REJECTED
    await stage.tap(await card(stage))
    assert stage.broker.posts == 2


@pytest.mark.parametrize(("lag", "told"), [(20, OrderStatus.REFUSED), (400, OrderStatus.REJECTED)])
async def test_an_order_that_was_told_as_refused_and_exists_is_corrected_however_late_it_shows(
    clock: LoopClock, lag: float, told: OrderStatus
) -> None:
    stage = await set_stage(clock)
    stage.broker.book_lag = lag
    await sent(stage, NO, arrives=True)
    looking = asyncio.create_task(stage.reconcile.run())
    await asyncio.sleep(lag + 90)
    looking.cancel()
    assert await status(stage) is OrderStatus.OPEN
    rejected, found = await stage.notices()
    assert isinstance(rejected, OrderRejected)
    assert isinstance(found, OrderFound)
    assert (found.told, found.order.status) == (told, OrderStatus.OPEN)


async def test_an_order_that_the_person_closed_rings_when_it_turns_up(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.book_lag = 400
    order = await sent(stage, LOST, arrives=True)
    looking = asyncio.create_task(stage.reconcile.run())
    await asyncio.sleep(200)
    closed = await stage.orders.give_up(stage.actor, order.id)
    assert closed.status is OrderStatus.NOT_SEEN
    await stage.notices()
    await asyncio.sleep(300)
    looking.cancel()
    (found,) = await stage.notices()
    assert isinstance(found, OrderFound)
    assert (found.told, found.order.status) == (OrderStatus.NOT_SEEN, OrderStatus.OPEN)


async def test_a_row_that_says_rejected_as_it_was_told_rings_no_second_time(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.book_lag = 5
    await sent(stage, NO, arrives=True)
    stage.broker.true[0].status = OrderStatus.REJECTED
    looking = asyncio.create_task(stage.reconcile.run())
    await asyncio.sleep(30)
    looking.cancel()
    assert await status(stage) is OrderStatus.REJECTED
    (only,) = await stage.notices()
    assert isinstance(only, OrderRejected)
