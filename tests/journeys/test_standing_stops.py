"""Stops that live over days: kept from the card of a stop, and placed each morning under one Confirm."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.clock import at_ist, ist_date
from bot.domain.orders.order import OrderStatus
from bot.domain.terms import Side
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.test_plans import price
from tests.stage.house import House, a_house

CALL = "NIFTY26NOV24500CE"


async def keep(house: House) -> None:
    """Holds 65 with a stop that is kept every day."""
    await house.log_in()
    price(house, "100.00", CALL, "NFO")
    card = await house.me.ask("/buy nifty 24500 ce 65 nrml", "BUY 65 NIFTY 24500 CE")
    house.me.press("Confirm buy", card)
    await house.me.wait_for("Filled")
    card = await house.me.ask("/sell nifty 24500 ce 65 stop 80/70 nrml", "SELL 65 NIFTY 24500 CE")
    house.me.press("Confirm sell", card)
    stop = await house.me.wait_for("waiting for 80.00", 30)
    house.me.press("Keep every day", stop)
    await house.me.wait_for("Kept every day until", 30)


def tomorrow(house: House, loop: VirtualLoop, opens_at: str = "100.00") -> None:
    """The next day, a minute before the open."""
    now = house.clock.now()
    loop.shift((at_ist(ist_date(now) + timedelta(days=1), 9, 14) - now).total_seconds())
    price(house, opens_at, CALL, "NFO")


@pytest.mark.core
async def test_a_stop_that_is_kept_is_asked_for_each_morning_and_placed_by_one_confirm(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await keep(house)
        tomorrow(house, loop)
        await house.me.ask("/login", "lives until")
        due = await house.me.wait_for("1 stop to place today", 180)
        placed = house.placed
        house.me.press("Place today's stops (1)", due)
        card = await house.me.wait_for("STOPS 1 order", 30)
        assert "sells to 70.00" in " ".join(card["text"].split())
        assert house.placed == placed, "nothing is sent before the Confirm"
        house.me.press("Confirm 1 stop", card)
        await house.me.wait_for("Stop placed", 60)
        guards = [(each.status, each.draft.quantity) for each in await house.orders() if each.draft.side is Side.SELL]
        assert guards == [(OrderStatus.TRIGGER_PENDING, 65)]
        await house.me.ask("/stops", "STOPS")
        await house.me.choose("Delete 1", "None. A stop that waits can be kept")


async def test_a_morning_that_opens_beyond_the_stop_offers_the_exit_and_places_nothing(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await keep(house)
        tomorrow(house, loop, "75.00")
        await house.me.ask("/login", "lives until")
        due = await house.me.wait_for("opened beyond your stop 80.00", 180)
        button = due["buttons"][0][0]["label"]
        assert button.startswith("Exit now")
        card = await house.me.choose(button, "SELL 65 NIFTY 24500 CE", 30)
        house.me.press("Confirm sell", card)
        await house.me.wait_for("Booked", 30)


async def test_a_morning_without_a_session_says_that_no_stop_is_placed(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await keep(house)
        await house.me.ask("/logout", "out")
        tomorrow(house, loop)
        due = await house.me.wait_for("1 stop not placed: no session", 180)
        await house.me.ask("/login", "lives until")
        house.me.press("Place today's stops", due)
        card = await house.me.wait_for("STOPS 1 order", 30)
        house.me.press("Confirm 1 stop", card)
        await house.me.wait_for("Stop placed", 60)
