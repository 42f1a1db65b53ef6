"""New orders in a stock future near its end: warned from E−2, refused on its last two days unless the host says otherwise."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.config.settings import ExpiryEntries
from bot.domain.clock import at_ist
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_day_summaries import on_the_exchanges_calendar
from tests.stage.house import a_house

pytestmark = pytest.mark.exhaustive

RICH = PaperAccount(cash=50_00_000_00)
THURSDAY, FRIDAY = date(2026, 11, 19), date(2026, 11, 20)  # E−2 and E−1 of the shares' contracts of Monday the 23rd


async def test_an_entry_is_warned_about_on_e_2(loop: VirtualLoop, tmp_path: Path) -> None:
    async with a_house(LoopClock(loop, at_ist(THURSDAY, 11)), tmp_path, account=RICH) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        card = await house.me.ask("/buy reliance nov fut 1lot", "BUY 500 RELIANCE FUT")
        assert "it squares it off on Fri 20 Nov, best effort" in " ".join(card["text"].split())
        assert card["buttons"][0][0]["label"] == "Confirm buy"


async def test_an_entry_is_refused_on_e_1_unless_the_host_says_warn(loop: VirtualLoop, tmp_path: Path) -> None:
    async with a_house(LoopClock(loop, at_ist(FRIDAY, 11)), tmp_path, account=RICH) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        await house.me.ask("/buy reliance nov fut 1lot", "settles in shares in a day or less")
        assert "Confirm" not in str(house.me.last["buttons"])
        house.settings = replace(house.settings, expiry_entries=ExpiryEntries.WARN)
        await house.restart()
        card = await house.me.ask("/buy reliance nov fut 1lot", "BUY 500 RELIANCE FUT")
        assert "it squares it off today, best effort" in " ".join(card["text"].split())
