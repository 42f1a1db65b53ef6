"""The stop of a plan on its way to the exchange: cut off before it left, and read back once it is there."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.errors import NotSent
from bot.domain.news.plans.exits import ExitAsks, ExitTrouble
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.plans.plan import LegKind
from bot.domain.ports.broker import Leaving
from bot.domain.terms import OrderKind, Side
from bot.simulators.loop import LoopClock
from tests.bot.trading.plans.test_plan_runner import STOP, entered
from tests.stage.tape import set_tape


async def test_a_stop_that_had_not_left_when_the_process_was_gone_is_placed_after_the_restart(clock: LoopClock) -> None:
    stage = await entered(clock, STOP)
    sends, gone = stage.broker.place, asyncio.Event()
    stage.broker.at_once = 0

    async def stands_in_the_queue(draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        await gone.wait()
        raise NotSent("Nothing was sent.")

    stage.broker.place = stands_in_the_queue  # type: ignore[method-assign] # the order rate, for this process alone
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        assert stage.standing() == []
        stage.broker.place = sends  # type: ignore[method-assign] # nothing of the first process ever runs again
        after = await set_tape(clock, store=stage.desk.store, broker=stage.broker)
        await after.desk.reconcile.settle_start()
        async with after.running():
            await asyncio.sleep(5)
            assert after.standing() == [(OrderKind.SL, 10)]
        gone.set()
    assert (stage.broker.posts, stage.broker.over) == (2, [])


@pytest.mark.parametrize("wrong", ["bare", "wrong side"])
async def test_a_stop_that_the_book_shows_bare_or_on_the_wrong_side_rings(clock: LoopClock, wrong: str) -> None:
    stage = await entered(clock, STOP)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(0.5)
        stop = stage.broker.true[-1]
        assert stop.status is OrderStatus.TRIGGER_PENDING
        bare, turned = replace(stop.draft, kind=OrderKind.LIMIT, trigger=None), replace(stop.draft, side=Side.BUY)
        stop.draft = bare if wrong == "bare" else turned
        await asyncio.sleep(3)
        asked = [news for news in await stage.desk.notices() if isinstance(news, ExitAsks)]
    assert [news.why for news in asked] == [ExitTrouble.WRONG_STOP]


async def test_a_stop_that_the_book_shows_at_its_target_rings_where_nothing_of_that_is_stored(
    clock: LoopClock,
) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
    (plan,) = await stage.desk.store.transaction(lambda db: db.plans.alive())
    target = plan.leg(LegKind.TARGET)
    assert target is not None
    stage.broker.stuck = True
    await stage.broker.modify(stage.broker.true[-1].broker_id, target.draft)  # it arrived, and nothing of it is stored
    after = await set_tape(clock, store=stage.desk.store, broker=stage.broker)
    async with after.running():
        await asyncio.sleep(5)
        asked = [news for news in await after.desk.notices() if isinstance(news, ExitAsks)]
    assert [news.why for news in asked] == [ExitTrouble.TRIGGERED]
    assert (after.standing(), after.broker.over) == ([(OrderKind.LIMIT, 10)], [])
