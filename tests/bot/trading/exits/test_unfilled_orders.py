"""What should fill at once and does not rings once, with a price at which it would fill.

Nothing else rings.
"""

import asyncio
from dataclasses import replace
from decimal import Decimal

from bot.domain.news.orders.orders import MarketUnfilled
from bot.domain.news.plans.exits import ExitAsks, ExitTrouble
from bot.domain.orders.order import OrderRequest
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.tape import TapeStage, a_stop, set_tape
from tests.storage.samples import ACCOUNT, PERSON

STOP = OrderRequest(
    side=Side.SELL,
    symbol="RELIANCE",
    product=Product.MIS,
    quantity=10,
    trigger=Decimal("1450.00"),
    trigger_limit=Decimal("1440.00"),
)


async def asked(stage: TapeStage) -> list[ExitAsks]:
    return [each for each in await stage.desk.notices() if isinstance(each, ExitAsks)]


async def test_a_stop_that_was_jumped_over_rings_once_and_its_change_is_a_limit(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    desk = stage.desk
    stage.broker.open_with(10)
    await desk.tap(await desk.card(await desk.proposals.propose(desk.actor, STOP, chat_id=PERSON)))
    async with stage.running():
        stage.trade("1430.00")
        await asyncio.sleep(2)
        assert await asked(stage) == []
        await asyncio.sleep(60)
        rung = await asked(stage)
        assert [(each.why, each.price) for each in rung] == [(ExitTrouble.TRIGGERED, Decimal("1422.90"))]
        change = await desk.proposals.modify(desk.actor, 1, price=rung[0].price, quantity=None, chat_id=PERSON)
        assert (change.draft.kind, change.draft.price, change.draft.trigger) == (OrderKind.LIMIT, Decimal("1422.90"), None)
        await desk.tap(await desk.card(change, 90), 90)
        await asyncio.sleep(5)
    assert (stage.broker.net, stage.standing(), stage.broker.over) == (0, [], [])


async def test_a_stop_of_the_brokers_app_rings_as_well(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    stage.broker.open_with(10)
    stage.broker.app_order(a_stop(10))
    async with stage.running():
        await asyncio.sleep(1)
        stage.trade("1430.00")
        await asyncio.sleep(10)
    assert [each.why for each in await asked(stage)] == [ExitTrouble.TRIGGERED]


async def test_a_stop_that_fills_or_that_opens_rings_nothing(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    stage.broker.open_with(10)
    stage.broker.app_order(a_stop(10))
    async with stage.running():
        stage.trade("1449.00")
        await asyncio.sleep(10)
        stage.broker.app_order(replace(a_stop(5), side=Side.BUY, trigger=Decimal("1460.00"), price=Decimal("1461.00")))
        await desk_sync(stage)
        stage.trade("1470.00")
        await asyncio.sleep(10)
    assert await asked(stage) == []


async def desk_sync(stage: TapeStage) -> None:
    await stage.desk.reconcile.sync(ACCOUNT.id)


async def test_a_market_order_that_the_price_ran_away_from_rings_after_three_seconds_and_is_chased(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    desk = stage.desk
    stage.broker.part = 4
    buy = OrderRequest(side=Side.BUY, symbol="RELIANCE", product=Product.MIS, quantity=10)
    async with stage.running():
        await desk.tap(await desk.card(await desk.proposals.propose(desk.actor, buy, chat_id=PERSON)))
        stage.trade("1500.00")
        await asyncio.sleep(2)
        assert [each for each in await desk.notices() if isinstance(each, MarketUnfilled)] == []
        await asyncio.sleep(30)
        rung = [each for each in await desk.notices() if isinstance(each, MarketUnfilled)]
        assert [(each.order.filled, each.price, each.within) for each in rung] == [(4, Decimal("1507.50"), False)]
        change = await desk.proposals.modify(desk.actor, 1, price=rung[0].price, quantity=None, chat_id=PERSON)
        stage.broker.part = None
        await desk.tap(await desk.card(change, 90), 90)
        await asyncio.sleep(5)
    assert (stage.broker.net, stage.standing()) == (10, [])


async def test_a_limit_that_rests_is_what_was_asked_for_and_rings_nothing(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    desk = stage.desk
    rests = OrderRequest(side=Side.BUY, symbol="RELIANCE", product=Product.MIS, quantity=10, price=Decimal("1400.00"))
    async with stage.running():
        await desk.tap(await desk.card(await desk.proposals.propose(desk.actor, rests, chat_id=PERSON)))
        await asyncio.sleep(30)
    assert [each for each in await desk.notices() if isinstance(each, MarketUnfilled)] == []


CLOSE = replace(STOP, trigger=None, trigger_limit=None)


async def test_an_exit_that_the_price_left_rings_after_ten_seconds_with_its_repair(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    desk = stage.desk
    stage.broker.open_with(10)
    async with stage.running():
        near = replace(CLOSE, price=Decimal("1481.00"))
        await desk.tap(await desk.card(await desk.proposals.propose(desk.actor, near, chat_id=PERSON)))
        await asyncio.sleep(1)
        stage.trade("1470.00")
        await asyncio.sleep(8)
        assert await asked(stage) == []
        await asyncio.sleep(60)
        rung = await asked(stage)
        assert [(each.why, each.price) for each in rung] == [(ExitTrouble.RESTS, Decimal("1462.70"))]
        change = await desk.proposals.modify(desk.actor, 1, price=rung[0].price, quantity=None, chat_id=PERSON)
        await desk.tap(await desk.card(change, 90), 90)
        await asyncio.sleep(30)
    assert (stage.broker.net, stage.standing(), stage.broker.over) == (0, [], [])
    assert await asked(stage) == []


async def test_an_exit_far_from_the_market_is_a_target_that_rests_as_it_was_asked_for(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    desk = stage.desk
    stage.broker.open_with(10)
    async with stage.running():
        far = replace(CLOSE, price=Decimal("1600.00"))
        await desk.tap(await desk.card(await desk.proposals.propose(desk.actor, far, chat_id=PERSON)))
        await asyncio.sleep(60)
    assert await asked(stage) == []


async def test_an_exit_rings_ten_seconds_after_the_market_opened_and_not_before(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    desk = stage.desk
    stage.broker.open_with(10)
    traded: list[bool] = []
    desk.core.unfilled.trades = lambda _: bool(traded)
    async with stage.running():
        near = replace(CLOSE, price=Decimal("1481.00"))
        await desk.tap(await desk.card(await desk.proposals.propose(desk.actor, near, chat_id=PERSON)))
        await asyncio.sleep(300)
        assert await asked(stage) == []
        traded.append(True)
        await asyncio.sleep(60)
    assert [each.why for each in await asked(stage)] == [ExitTrouble.RESTS]


async def test_a_market_order_that_waits_in_an_auction_is_not_said_to_have_missed_its_price(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    desk = stage.desk
    stage.broker.stuck = True
    traded: list[bool] = []
    desk.core.unfilled.trades = lambda _: bool(traded)
    buy = OrderRequest(side=Side.BUY, symbol="RELIANCE", product=Product.MIS, quantity=10)
    async with stage.running():
        await desk.tap(await desk.card(await desk.proposals.propose(desk.actor, buy, chat_id=PERSON)))
        await asyncio.sleep(300)
        assert [each for each in await desk.notices() if isinstance(each, MarketUnfilled)] == []
        traded.append(True)
        await asyncio.sleep(60)
    assert len([each for each in await desk.notices() if isinstance(each, MarketUnfilled)]) == 1
