"""Something carried while the process is away for two sessions: its days are made of records, history and candles, and add up."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from bot.domain.clock import at_ist
from bot.domain.money import total
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_carried import figure, made, price
from tests.journeys.days.test_day_summaries import on_the_exchanges_calendar
from tests.journeys.days.test_range_of_days import deal, evening, fills_of, until
from tests.stage.house import a_house

pytestmark = pytest.mark.exhaustive

THURSDAY, FRIDAY, MONDAY, WEDNESDAY = (date(2026, 11, day) for day in (12, 13, 16, 18))
CALL = "NIFTY26NOV24500CE"


def test_two_sessions_away_with_a_carried_option_are_found_out_after_the_login_and_add_up(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(limit=9 * 86_400.0)) as runner:
        runner.run(two_sessions_away(tmp_path))


async def two_sessions_away(directory: Path) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    clock = LoopClock(loop, at_ist(THURSDAY, 9, 30))
    async with a_house(clock, directory) as house:
        me = house.me
        await house.log_in()
        await on_the_exchanges_calendar(house)
        price(house, clock, CALL, "134.00")
        await deal(house, "/buy NIFTY 24500 CE 23 nov 65 nrml", "BUY 65 NIFTY 24500 CE")
        first = await evening(house, loop, THURSDAY)
        await house.stop()
        until(house, loop, at_ist(date(2026, 11, 17), 9, 20))
        await house.start()
        await asyncio.sleep(3600)  # without a session the broker can say nothing of either day
        assert "no data" in (await me.ask("/report 13 nov", "13 NOV 2026"))["text"]
        await me.ask("/login", "lives until")
        await asyncio.sleep(700)
        days = [first]
        for day in (FRIDAY, MONDAY):
            text = (await me.ask(f"/report {day}", f"{day.day} NOV 2026"))["text"]
            assert "≈ mStock's books of this day are gone" in text
            assert "no data" not in text
            days.append(text)
        assert "closes of mStock's daily candles" in days[1]
        await deal(house, "/sell NIFTY 24500 CE 23 nov 65 nrml", "SELL 65 NIFTY 24500 CE")
        days.append(await evening(house, loop, date(2026, 11, 17)))
        flow = -total(signed * at for _, signed, at in await fills_of(house))
        assert total(made(text) for text in days) == flow
        ranged = (await me.ask(f"/pnl {THURSDAY}..2026-11-17", "Open, change"))["text"]
        assert made(ranged) == flow
        assert figure(ranged, "Net") or figure(ranged, "Net of these")
