"""A position turned round under one card: a person in the demo chat, the real bot, the paper broker."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.orders.order import OrderStatus
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from bot.simulators.telegram.chat.messages import Json
from tests.journeys.exits.test_exits import open_rows
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house

RICH = PaperAccount(cash=50_00_000_00)
CALL = "NIFTY26NOV24500CE"


async def bought(house: House, words: str = "/buy RELIANCE 10 mis", shows: str = "BUY 10 RELIANCE") -> Json:
    """A position, and the news of its fill."""
    await house.log_in()
    price(house, "1480.00")
    price(house, "100.00", CALL, "NFO")
    house.me.press("Confirm buy", await house.me.ask(words, shows))
    return await house.me.wait_for("Position +")


@pytest.mark.core
async def test_reverse_closes_and_opens_the_other_side_in_leg_order_under_one_confirm(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        fill = await bought(house)
        house.me.press("Reverse", fill)
        card = await house.me.wait_for("REVERSE")
        rows = " ".join(card["text"].split())
        for said in (
            "1 SELL 10, closes 10",
            "2 SELL 10, opens a short",
            "sent after 1 is filled",
            "Closes 10, opens a short of 10.",
        ):
            assert said in rows
        assert house.placed == 1
        house.me.press("Confirm reverse", card)
        await house.me.wait_for("Position −10", 30)
        assert [(order.draft.side.value, order.status, order.closes) for order in await house.orders()] == [
            ("BUY", OrderStatus.FILLED, False), ("SELL", OrderStatus.FILLED, True), ("SELL", OrderStatus.FILLED, False),
        ]  # fmt: skip
        assert list(open_rows(house).values()) == [-10]
        way = await house.me.choose("Look again", "Reversing")
        assert "✅ SELL 10 RELIANCE: #3 filled" in way["text"]


async def test_the_other_side_waits_while_the_exit_rests_rings_and_is_left_by_its_button(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        fill = await bought(house)
        house.me.press("Reverse", fill)
        card = await house.me.wait_for("REVERSE")
        price(house, "1400.00")
        house.me.press("Confirm reverse", card)
        told = await house.me.wait_for("The other side waits for it.", 30)
        assert house.placed == 2
        house.me.press("Stop here", told)
        struck = await house.me.wait_for("Not sent whole")
        assert "0 of 10 were sent" in struck["text"]
        price(house, "1480.00")
        await house.me.wait_for("position closed", 30)
        await asyncio.sleep(30)
        assert (open_rows(house), house.placed) == ({}, 2)


async def test_a_bare_short_option_is_asked_in_words_before_the_position_is_turned(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        fill = await bought(house, "/buy nifty 24500 ce 1lot", "BUY 65 NIFTY 24500 CE")
        house.me.press("Reverse", fill)
        card = await house.me.wait_for("REVERSE")
        assert "without cover" in card["text"]
        house.me.press("Confirm reverse", card)
        asked = await house.me.wait_for("its loss has no floor")
        assert house.placed == 1
        await asyncio.sleep(2)
        house.me.press("Yes, sell 65 and 65 more", asked)
        await house.me.wait_for("Position −65", 30)
        assert house.placed == 3


async def test_kill_between_the_two_orders_strikes_off_the_second_and_a_restart_does_not_bring_it_back(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        fill = await bought(house)
        house.me.press("Reverse", fill)
        card = await house.me.wait_for("REVERSE")
        price(house, "1400.00")
        house.me.press("Confirm reverse", card)
        await asyncio.sleep(2)
        await house.me.ask("/kill", "Stopped")
        await house.me.wait_for("Not sent whole")
        await house.restart()
        price(house, "1480.00")
        await house.me.wait_for("position closed", 30)
        await asyncio.sleep(30)
        assert (open_rows(house), house.placed) == ({}, 2)


async def test_a_reversal_that_is_cut_off_goes_on_after_a_restart_and_takes_the_stop_with_it(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        fill = await bought(house, "/buy RELIANCE 10 mis sl 1450/1440")
        await house.me.wait_for("Stop placed", 30)
        house.me.press("Reverse", fill)
        card = await house.me.wait_for("REVERSE")
        price(house, "1475.00")
        house.near.paper.broker.faults.arm("fill_in_parts", parts=2, seconds=10)
        house.me.press("Confirm reverse", card)
        await asyncio.sleep(3)
        await house.restart()
        await house.me.wait_for("Position −10", 60)
        await asyncio.sleep(30)
        assert list(open_rows(house).values()) == [-10]
        working = [order for order in await house.orders() if order.status.is_working]
        assert working == [], "the stop of the long is gone"


async def test_delivery_is_not_turned_round(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        fill = await bought(house, "/buy RELIANCE 5", "BUY 5 RELIANCE")
        assert "Reverse" not in str(fill["buttons"])
        house.me.say("reverse", fill["id"])
        await house.me.wait_for("Delivery is not turned round")
