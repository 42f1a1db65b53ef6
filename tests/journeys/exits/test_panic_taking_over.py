"""A panic gets out of what other exits of ours were to close and do not: a stop gapped through, a limit far away."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.orders.order import OrderStatus
from bot.simulators.loop import LoopClock
from tests.journeys.exits.test_exits import RICH, carry, open_rows
from tests.journeys.plans.test_plans import enter, exits, price
from tests.stage.house import a_house


@pytest.mark.core
async def test_a_panic_after_a_gap_turns_the_stop_that_rests_above_the_price_into_its_exit(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await enter(house)
        await house.me.wait_for("Stop placed", 30)
        price(house, "1430.00")
        await house.me.wait_for("Stop triggered, not filled", 60)
        house.me.press("Close these", await house.me.ask("/panic", "PANIC", 30))
        flat = await house.me.wait_for("Flat at", 30)
        assert "1 row closed in 1 order" in flat["text"]
        assert ([order.status for order in await exits(house)], open_rows(house), house.placed) == ([OrderStatus.FILLED], {}, 2)


async def test_a_panic_turns_a_limit_that_waits_far_away_and_leaves_the_cover_behind_it(clock: LoopClock, tmp_path: Path) -> None:
    short, cover = "NIFTY26NOV24500CE", "NIFTY26NOV24800CE"
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, {short: -130, cover: 130})
        house.me.press("Confirm buy", await house.me.ask("/buy nifty 24500 ce 65 @60 nrml", "BUY 65"))
        await house.me.wait_for("open at 60.00", 30)
        await asyncio.sleep(5)
        house.me.press("Close these", await house.me.ask("/panic", "PANIC", 30))
        await house.me.wait_for("Flat at", 60)
        trades = [(trade.side, trade.quantity) for trade in house.near.paper.broker.ledger.trades]
        assert (trades, open_rows(house)) == ([("BUY", 130), ("SELL", 130)], {})
        assert house.placed == 2, "the limit became the exit of all of it"
