"""How news is heard, as the person chose: discreet, silent, quiet by night.

What protects rings all the same.
"""

from datetime import date
from pathlib import Path

import pytest

from bot.domain.clock import at_ist
from bot.simulators.broker.accounts.records import CANCELLED
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.news.test_news import fill, order
from tests.stage.house import a_house

ON = date(2026, 11, 20)


@pytest.mark.core
async def test_a_discreet_fill_hides_rupees_until_the_person_taps_show(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        card = await house.me.ask("/settings", "What protects you always rings")
        house.me.press("Discreet: no", card)
        house.me.press("Fills: ring", card)
        await order(house, "/buy ITC 20 @380", "BUY 20 ITC", "Confirm buy")
        await house.me.wait_for("open at 380.00")
        fill(house, 20)
        told = await house.me.wait_for("Filled #1 BUY 20 ITC, avg •••")
        assert told["silent"]
        assert "380" not in told["text"]
        await house.restart()
        await house.me.choose("Show", "Filled #1 BUY 20 ITC, avg 380.00")
        shown = house.me.message(told["id"])
        assert shown is not None
        assert "Position +20, avg 380.00" in shown["text"]
        assert [choice["label"] for line in shown["buttons"] for choice in line] == ["Set stop", "Exit", "Add"]


async def test_in_quiet_hours_a_fill_makes_no_sound_and_the_end_of_a_stop_does(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(ON, 10))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await house.me.ask("/settings quiet 09:30-11:00", "What protects you always rings")
        await order(house, "/buy RELIANCE 10 mis sl 1400/1390", "BUY 10 RELIANCE", "Confirm buy")
        assert (await house.me.wait_for("Filled #1"))["silent"]
        await house.me.wait_for("Stop placed", 30)
        broker = house.near.paper.broker
        broker.book.end(list(broker.ledger.orders.values())[-1], CANCELLED)
        ended = await house.me.wait_for("Cancelled #2", 60)
        assert not ended["silent"]
