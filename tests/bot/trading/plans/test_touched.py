"""A target that is touched while something else happens: what is stored, and known, before its change leaves."""

import asyncio
from decimal import Decimal

from bot.domain.orders.order import OrderDraft
from bot.domain.plans.plan import PlanState
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.bot.trading.plans.test_plan_runner import entered, state
from tests.stage.disk import Disk
from tests.stage.values.orders import RELIANCE


async def test_while_the_database_takes_nothing_no_change_leaves_and_the_target_is_taken_once_it_does(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        disk = Disk(stage.desk.store)
        stage.trade("1500.00")
        await asyncio.sleep(5)
        assert (stage.standing(), stage.broker.changes) == ([(OrderKind.SL, 10)], [])
        disk.full = False
        await asyncio.sleep(10)
        assert (stage.broker.net, stage.standing(), await state(stage)) == (0, [], PlanState.OVER)
    assert (stage.broker.posts, stage.broker.over) == (2, [])


async def test_a_plan_that_ended_a_moment_before_the_touch_takes_nothing(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        (plan,) = await stage.desk.store.transaction(lambda db: db.plans.alive())
        await stage.desk.store.transaction(lambda db: db.plans.end(plan.id, "by another way"))
        stage.trade("1500.00")
        await asyncio.sleep(5)
        assert (stage.standing(), stage.broker.changes) == ([(OrderKind.SL, 10)], [])


async def test_what_was_sold_in_the_brokers_app_a_moment_before_the_touch_is_not_sold_again(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        draft = OrderDraft(
            instrument=RELIANCE, side=Side.SELL, quantity=10, kind=OrderKind.LIMIT, product=Product.MIS, price=Decimal("1490.00")
        )
        stage.broker.app_order(draft)
        stage.trade("1490.00")
        stage.trade("1500.00")
        await asyncio.sleep(10)
        assert (stage.broker.net, stage.broker.changes) == (0, [])
    assert stage.broker.posts == 2
