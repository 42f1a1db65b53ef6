"""The watch list at the phone, across restarts of the bot: its message goes on, or says that it does not."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from bot.simulators.loop import LoopClock
from tests.journeys.news.test_alerts import last_of, trades_at
from tests.stage.house import House, a_house

pytestmark = pytest.mark.exhaustive


def text_of(house: House, message_id: int) -> str:
    message = house.me.message(message_id)
    assert message is not None
    return str(message["text"])


async def test_after_a_restart_it_goes_on_and_after_a_long_one_it_says_that_it_is_over(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        card = await house.me.ask("/watch RELIANCE", "Refreshes itself until")
        last = await last_of(house)
        await house.restart()
        await trades_at(house, last + Decimal("3.20"))
        await asyncio.sleep(30)
        assert f"{last + Decimal('3.20'):,.2f}" in text_of(house, card["id"])
        assert "Refreshes itself until" in text_of(house, card["id"])
        await house.stop()
        await asyncio.sleep(700)
        await house.start()
        await asyncio.sleep(30)
        assert "No longer refreshed" in text_of(house, card["id"])
        await house.restart()
        await trades_at(house, last)
        await asyncio.sleep(30)
        assert f"{last + Decimal('3.20'):,.2f}" in text_of(house, card["id"]), "it is over for good"
