"""A target that is touched while something else happens: what is stored, and known, before its change leaves."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest

from bot.domain.orders.order import OrderDraft, OrderFact
from bot.domain.plans.plan import PlanState
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.bot.trading.plans.test_plan_runner import entered, state
from tests.stage.disk import Disk
from tests.stage.tape import TapeStage
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT


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


def quotes(stage: TapeStage, last: str) -> None:
    """A trade at this price, of which no event of an order comes."""
    stage.broker.last = Decimal(last)
    tick = stage.desk.feed.last(stage.broker.instrument.key)
    assert tick is not None
    stage.desk.core.watcher.tick(ACCOUNT.id, tick)


def noted(stage: TapeStage) -> list[str]:
    """What reaches the exchange from now on: looks at its order book, and changes."""
    reads, changes = stage.broker.orders, stage.broker.modify
    seen: list[str] = []

    async def orders(*, urgent: bool = False) -> Sequence[OrderFact]:
        seen.append("look")
        return await reads(urgent=urgent)

    async def modify(broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
        seen.append("change")
        await changes(broker_id, draft, urgent=urgent)

    stage.broker.orders, stage.broker.modify = orders, modify  # type: ignore[method-assign] # seen on their way
    return seen


@pytest.mark.parametrize(
    ("near", "event", "looks"),
    [("1499.80", False, 1), ("1499.80", True, 3), ("1490.00", False, 1)],  # the event's own, and one after it
    ids=["nothing changed", "an event told of something", "it was far"],
)
async def test_a_price_near_the_target_has_the_books_looked_at_once_for_the_touch(
    near: str, event: bool, looks: int, clock: LoopClock
) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(6.5)  # between two looks by the clock
        seen = noted(stage)
        quotes(stage, near)
        await asyncio.sleep(0.1)
        assert seen == ([] if near == "1490.00" else ["look"])
        if event:
            stage.desk.reconcile.notify(ACCOUNT.id)
            await asyncio.sleep(0.1)
        quotes(stage, "1500.00")
        await asyncio.sleep(0.1)
        assert (seen.index("change"), stage.broker.net) == (looks, 0)


async def test_a_price_that_stays_near_the_target_has_the_books_looked_at_every_five_seconds(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        seen = noted(stage)
        for _ in range(300):
            quotes(stage, "1499.80")
            await asyncio.sleep(0.1)
    assert seen.count("look") <= 2 * 30 / 5 + 1, "as often as by the clock, which goes on"
