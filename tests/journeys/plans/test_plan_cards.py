"""The living card of an entry with a stop and a target: a person in the demo chat, the real bot, the paper broker."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from bot.simulators.loop import LoopClock
from tests.journeys.news.test_mornings import buttons
from tests.journeys.plans.test_plans import enter, open_quantity, price
from tests.stage.house import House, a_house


def card_of_entry(house: House) -> dict[str, Any]:
    """The one message that shows order #1 from the tap on."""
    (found,) = [each for each in house.me.history() if each["from_bot"] and re.match(r"\S+ ✅ #1 BUY 10 RELIANCE", each["text"])]
    return found


@pytest.mark.core
async def test_the_card_of_a_filled_entry_shows_its_stop_its_target_and_when_a_price_was_last_seen(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house)
        await house.me.wait_for("Stop placed", 30)
        await asyncio.sleep(3)
        card = card_of_entry(house)
        assert "Stop 1,450.00, sells down to 1,440.00, at the exchange (#2)" in card["text"]
        (first,) = re.findall(r"Target 1,500.00, held by me, seen (\S+)", card["text"])
        assert buttons(card) == ["Exit", "Change stop"]
        await asyncio.sleep(70)
        (later,) = re.findall(r"held by me, seen (\S+)", card_of_entry(house)["text"])
        assert later > first
        house.me.press("Change stop", card)
        await house.me.wait_for("Reply with a new trigger", 10)
        house.me.press("Confirm", await house.me.ask("1460", "CHANGE #2", 10))
        await asyncio.sleep(5)
        assert "Stop 1,460.00, sells down to" in card_of_entry(house)["text"]
        await house.restart()
        await asyncio.sleep(5)
        assert "Target 1,500.00, held by me" in card_of_entry(house)["text"]
        price(house, "1501.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        await asyncio.sleep(5)
        assert "held by me" not in card_of_entry(house)["text"]
        assert "at the exchange" not in card_of_entry(house)["text"]
        assert open_quantity(house) == 0


async def test_a_trail_stands_on_the_card_of_its_entry_and_moves_with_the_stop(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house, "/buy RELIANCE 10 @1475 mis trail 15")
        await asyncio.sleep(10)
        first = card_of_entry(house)
        assert "Trail 15.00 below the high (continuous)" in first["text"]
        assert "at the exchange (#2)" in first["text"]
        assert buttons(first) == ["Exit", "Change stop", "Stop the trail"]
        for rupees in ("1480.00", "1490.00", "1500.00"):
            price(house, rupees)
            await asyncio.sleep(8)
        moved = card_of_entry(house)["text"]
        assert moved != first["text"]
        assert "high 1,500.00" in moved
        house.me.press("Stop the trail", card_of_entry(house))
        await asyncio.sleep(10)
        assert "held by me" not in card_of_entry(house)["text"]
