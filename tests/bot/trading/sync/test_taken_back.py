"""A trade that mStock takes back rings once, when its books have agreed on it for a minute, and a look that was late never."""

import asyncio

import pytest

from bot.domain.news.orders.orders import TradeTakenBack
from bot.simulators.loop import LoopClock
from tests.bot.trading.sync.test_ends import a_stage, look, place


@pytest.mark.parametrize("left", [0, 8])
async def test_a_fill_that_is_gone_from_all_three_books_for_a_minute_is_told_once_and_after_a_restart_no_more(
    clock: LoopClock, left: int
) -> None:
    stage, broker = await a_stage(clock)
    order = await place(stage)
    broker.true[0].filled = 20
    await look(stage)
    broker.true[0].filled = left
    assert await look(stage) == [], "the look may be older than the one before"
    await asyncio.sleep(61)
    (told,) = await look(stage)
    assert isinstance(told, TradeTakenBack)
    assert (told.order.id, told.order.filled, told.filled, told.held) == (order.id, 20, left, left)
    await asyncio.sleep(61)
    assert await look(stage) == []
    await stage.store.transaction(lambda db: db.orders.save(told.order.cancel_not_taken(clock.now())))
    for _ in range(2):
        await asyncio.sleep(61)
        assert await look(stage) == [], "it is compared anew, and was told"


async def test_books_that_were_late_and_those_that_do_not_agree_ring_for_nothing(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    await place(stage)
    broker.true[0].filled = 20
    await look(stage)
    for _ in range(3):
        broker.true[0].filled = 0
        assert await look(stage) == []
        await asyncio.sleep(40)
        broker.true[0].filled = 20
        assert await look(stage) == []
        await asyncio.sleep(40)
    broker.true[0].filled, broker.lag = 12, -8  # the position still has all of it
    for _ in range(3):
        assert await look(stage) == []
        await asyncio.sleep(61)
