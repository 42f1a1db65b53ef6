"""The living card of an entry with a stop and a target: a person in the demo chat, the real bot, the paper broker."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from bot.simulators.loop import LoopClock
from tests.journeys.test_mornings import buttons
from tests.journeys.test_plans import enter, open_quantity, price
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
        await house.me.wait_for("reply with one", 10)
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
