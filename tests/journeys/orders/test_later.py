"""An order asked for while the market is closed: a card at 09:16 with its date, on the exchange's own hours."""

from datetime import date
from pathlib import Path

import pytest

from bot.domain.clock import at_ist
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.simulators.telegram.chat.messages import Json
from tests.journeys.days.test_day_summaries import on_the_exchanges_calendar, until
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house

pytestmark = pytest.mark.exhaustive  # whole days

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


async def kept(house: House, words: str = "/buy RELIANCE 10 sl 1450/1440") -> Json:
    """An order of Friday evening, kept for Monday."""
    await house.log_in()
    price(house, "1480.00")
    await on_the_exchanges_calendar(house)
    card = await house.me.ask(words, "NSE takes this again on Mon 23 Nov at 09:00.")
    labels = [item["label"] for line in card["buttons"] for item in line]
    assert labels == ["Card at 09:16 on Mon 23 Nov", "Discard"], "no Confirm that could only fail"
    house.me.press(labels[0], card)
    return await house.me.wait_for("Nothing is sent before you confirm it.")


async def test_a_card_of_friday_evening_is_told_on_monday_and_asked_at_09_16(loop: VirtualLoop, tmp_path: Path) -> None:
    async with a_house(LoopClock(loop, at_ist(FRIDAY, 18)), tmp_path) as house:
        told = await kept(house)
        assert "BUY 10 RELIANCE CNC, stop 1,450.00" in told["text"], "a price that nobody named is not kept"
        await house.stop()
        await until(house, at_ist(MONDAY, 8, 35))
        await house.start()
        ahead = await house.me.wait_for("1 card of yours today", 600)
        assert "09:16:00 BUY 10 RELIANCE" in ahead["text"]
        await house.me.ask("/login", "until")
        price(house, "1500.00")
        due = await house.me.wait_for("The market is open. BUY 10 RELIANCE", 3600)
        assert f"{house.clock.now():%H:%M}" == "03:46"
        assert house.placed == 0
        price(house, "1500.00")
        card = await house.me.choose("Card at the price of now", "Stop, exchange")
        assert "(max 15" in card["text"].replace("1,5", "15"), "at the price of then"
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled #1 BUY 10 RELIANCE")
        house.me.press("Card at the price of now", due)
        await house.me.wait_for("This card is over (shown)")


async def test_a_card_of_later_is_struck_off_by_kill_and_dropped_by_its_button(loop: VirtualLoop, tmp_path: Path) -> None:
    async with a_house(LoopClock(loop, at_ist(FRIDAY, 18)), tmp_path) as house:
        await kept(house)
        await house.me.ask("/kill", "Stopped")
        struck = await house.me.wait_for("Struck off the card at 09:16 on Mon 23 Nov")
        assert "stopped trading. Nothing was sent." in struck["text"]
        await house.me.ask("/resume", "Allow new orders again?")
        await house.me.choose("Yes, allow new orders", "allowed again")
        house.me.press("Card at", await house.me.ask("/buy ITC 5 @400", "NSE takes this again"))
        told = await house.me.wait_for("Card at 09:16 on Mon 23 Nov. BUY 5 ITC")
        assert "@ 400.00" in told["text"], "the person's own limit is kept"
        house.me.press("Drop it", told)
        await house.me.wait_for("Dropped. BUY 5 ITC")
        await house.stop()
        await until(house, at_ist(MONDAY, 9, 10))
        await house.start()
        await until(house, at_ist(MONDAY, 9, 30))
        assert [each for each in house.me.history() if "The market is open" in each["text"]] == []
