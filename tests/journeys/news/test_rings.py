"""What rings by itself, lived through: an intraday short until after the closing auction, an exit that rests, a mute feed."""

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.clock import at_ist
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_day_summaries import on_the_exchanges_calendar, until
from tests.journeys.news.test_mornings import buttons, told
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house

FRIDAY = date(2026, 11, 20)


async def confirmed(house: House, words: str, card: str, button: str) -> None:
    house.me.press(button, await house.me.ask(words, card))
    await house.me.wait_for("Filled")


def rang(house: House, message: dict[str, Any]) -> bool:
    return any(ring["id"] == message["id"] for ring in house.me.rings(message["id"] - 1))


async def test_an_intraday_short_in_a_share_of_the_auction_rings_its_way_to_the_close(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(FRIDAY, 14, 30))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        price(house, "1480.00")
        await confirmed(house, "/sell RELIANCE 10 mis sl 1510/1515", "SELL 10 RELIANCE", "Confirm sell")
        await house.me.wait_for("Stop placed", 30)
        house.me.look_away()
        await until(house, at_ist(FRIDAY, 14, 41))
        (listed,) = told(house, "mStock closes these from 15:10")
        assert "−10 RELIANCE MIS; cannot be carried" in listed["text"]
        assert (rang(house, listed), buttons(listed)) == (False, ["Exit RELIANCE"])
        await until(house, at_ist(FRIDAY, 15, 6, 30))
        assert [rang(house, one) for one in told(house, "mStock closes these from 15:10")] == [False, True, True]
        (stops,) = told(house, "The exchange cancels these stops at 15:15")
        assert "trigger 1,510.00" in stops["text"]
        assert (rang(house, stops), buttons(stops)) == (True, ["Exit RELIANCE"])
        await house.restart()
        await until(house, at_ist(FRIDAY, 15, 50))
        assert len(told(house, "mStock closes these")) == 3
        (over,) = told(house, "Will go to auction")
        assert "−10 RELIANCE MIS" in over["text"]
        assert rang(house, over)
        assert told(house, "Unprotected tonight") == []


async def test_a_short_that_is_closed_by_the_rings_own_button_rings_no_more(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(FRIDAY, 14, 30))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        price(house, "1480.00")
        await confirmed(house, "/sell RELIANCE 10 mis", "SELL 10 RELIANCE", "Confirm sell")
        await house.me.wait_for("mStock closes these from 15:10", 1800)
        house.me.press("Confirm", await house.me.choose("Exit RELIANCE", "BUY 10 RELIANCE"))
        await house.me.wait_for("position closed", 30)
        await until(house, at_ist(FRIDAY, 15, 50))
        assert len(told(house, "mStock closes these")) == 1
        assert told(house, "Will go to auction") == []


async def test_a_long_is_carried_by_the_rings_own_button_and_rings_no_more(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(FRIDAY, 14, 30))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        price(house, "1480.00")
        await confirmed(house, "/buy RELIANCE 10 mis", "BUY 10 RELIANCE", "Confirm buy")
        ring = await house.me.wait_for("mStock closes these from 15:10", 1800)
        (carry,) = [label for label in buttons(ring) if label.startswith("Carry RELIANCE: needs ₹")]
        assert carry.endswith(" more")
        card = await house.me.choose(carry, "Delivery", 30)
        house.me.press("Confirm", card)
        await house.me.wait_for("Converted. +10 RELIANCE MIS → CNC", 30)
        await until(house, at_ist(FRIDAY, 15, 12))
        assert len(told(house, "mStock closes these")) == 1
        broker = house.near.paper.broker
        assert {row.product: row.net for row in broker.portfolio.positions("MA00001", f"{FRIDAY}") if row.net} == {"DELIVERY": 10}


@pytest.mark.core
async def test_an_exit_that_the_price_left_rings_and_its_button_is_the_repair(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        await confirmed(house, "/buy RELIANCE 10 mis", "BUY 10 RELIANCE", "Confirm buy")
        card = await house.me.ask("/sell RELIANCE 10 @1482 mis", "SELL 10 RELIANCE")
        house.me.press("Confirm sell", card)
        await house.me.wait_for("open at", 10)
        price(house, "1478.00")
        asks = await house.me.wait_for("Exit not filled.", 20)
        assert rang(house, asks)
        (exit_,) = buttons(asks)
        house.me.press("Confirm", await house.me.choose(exit_, "CHANGE #2"))
        await house.me.wait_for("position closed", 30)
        assert len(told(house, "Exit not filled.")) == 1


async def test_a_feed_that_goes_mute_rings_once_and_says_when_it_speaks_again(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        await confirmed(house, "/buy RELIANCE 10 mis sl 1450/1440 t 1500", "BUY 10 RELIANCE", "Confirm buy")
        await house.me.wait_for("Stop placed", 30)
        went = house.clock.now()
        house.near.paper.broker.faults.arm("socket_mute", times=None)
        mute = await house.me.wait_for("No live prices.", 600)
        assert rang(house, mute)
        assert house.clock.now() - went < timedelta(minutes=5)
        house.near.paper.broker.faults.clear()
        back = await house.me.wait_for("Live prices are back.", 900)
        assert rang(house, back)
        assert len(told(house, "No live prices.")) == 1


async def test_on_a_market_that_never_closes_an_intraday_position_is_squared_off_before_midnight_and_rings(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(FRIDAY, 23, 40))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        await confirmed(house, "/buy RELIANCE 10 mis", "BUY 10 RELIANCE", "Confirm buy")
        closed = await house.me.wait_for("Order from elsewhere.", 1200)
        assert "SELL 10 RELIANCE" in closed["text"]
        assert rang(house, closed)
        assert clock.now() < at_ist(FRIDAY, 23, 52)


async def test_a_bare_position_rings_after_three_minutes_delivery_only_where_it_is_wanted_and_a_near_loss_limit_rings(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        await house.me.ask("/limits loss 400", "Daily loss")
        await confirmed(house, "/buy RELIANCE 10 mis", "BUY 10 RELIANCE", "Confirm buy")
        await confirmed(house, "/buy ITC 5", "BUY 5 ITC", "Confirm buy")
        bare = await house.me.wait_for("No stop.", 400)
        assert rang(house, bare)
        assert ("+10 RELIANCE MIS" in bare["text"], "ITC" in bare["text"]) == (True, False)
        await asyncio.sleep(200)
        assert len(told(house, "No stop.")) == 1
        await house.me.ask("/settings delivery ring", "What protects you always rings")
        await confirmed(house, "/buy INFY 5", "BUY 5 INFY", "Confirm buy")
        await until(house, clock.now() + timedelta(minutes=6))
        (delivery,) = told(house, "No stop.")[1:]
        assert "+5 INFY CNC" in delivery["text"]
        price(house, "1447.00")
        near = await house.me.wait_for("The daily loss is near", 180)
        assert rang(house, near)
