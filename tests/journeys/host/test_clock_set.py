"""The host's clock is set back or forward under a running bot: nobody is locked out, nothing is sent late, news comes."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.orders.order import OrderStatus
from bot.simulators.loop import LoopClock
from tests.stage.house import a_house
from tests.stage.loop import HostClock


@pytest.mark.parametrize("step", [-7200, -120])
async def test_a_person_who_says_much_is_heard_again_ten_seconds_later_though_the_clock_was_set_back(
    clock: LoopClock, host_clock: HostClock, tmp_path: Path, step: int
) -> None:
    async with a_house(clock, tmp_path, host_clock=host_clock) as house:
        await house.log_in()
        card = await house.me.ask("/buy RELIANCE 10 1400", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("open at")
        for _ in range(25):
            house.me.say("/session")
        await asyncio.sleep(3)
        host_clock.step(step)
        for _ in range(25):
            house.me.say("/session")
        await house.me.wait_for("Too many messages at once")
        await asyncio.sleep(60)
        house.me.say("/cancel_all")
        await house.me.wait_for("Cancelled 1 order")
        assert [order.status for order in await house.orders()] == [OrderStatus.CANCELLED]


@pytest.mark.parametrize("step", [-7200, -120])
@pytest.mark.core
async def test_after_the_clock_was_set_back_an_exit_goes_and_an_entry_is_refused_for_the_clock(
    clock: LoopClock, host_clock: HostClock, tmp_path: Path, step: int
) -> None:
    async with a_house(clock, tmp_path, host_clock=host_clock) as house:
        await house.log_in()
        card = await house.me.ask("/buy nifty fut 1lot", "BUY 65 NIFTY FUT")
        house.me.press("Confirm buy", card)
        filled = await house.me.wait_for("Filled")
        house.me.say("/buy TCS 1")
        entry = await house.me.wait_for("BUY 1 TCS")
        host_clock.step(step)
        house.me.press("Confirm buy", entry)
        await house.me.wait_for("clock was set back")
        await house.me.ask("/buy TCS 1", "This server's clock is")
        house.me.press("Exit", filled)
        house.me.press("Confirm sell", await house.me.wait_for("SELL 65 NIFTY FUT"))
        await house.me.wait_for("Filled #2")
        assert house.placed == 2
