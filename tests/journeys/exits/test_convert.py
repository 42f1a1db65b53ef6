"""Another product for an open position, lived through: a person in the demo chat, the real bot, the paper broker."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Role
from bot.simulators.loop import LoopClock
from tests.journeys.exits.test_exits import RICH, carry
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house


def held(house: House) -> dict[tuple[str, str], int]:
    """Net units by instrument and the exchange's own word for the product."""
    broker = house.near.paper.broker
    rows = broker.portfolio.positions(RICH.client, f"{house.clock.now():%Y-%m-%d}")
    return {(row.key[1], row.product): row.net for row in rows if row.net}


def products(house: House) -> dict[str, int]:
    return {product: net for (_, product), net in held(house).items()}


async def bought(house: House, words: str = "/buy RELIANCE 10 mis") -> None:
    await house.log_in()
    price(house, "1480.00")
    house.me.press("Confirm buy", await house.me.ask(words, "BUY 10 RELIANCE"))
    await house.me.wait_for("Filled")


@pytest.mark.core
async def test_intraday_becomes_delivery_by_one_confirm_and_its_stop_goes_first(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await bought(house, "/buy RELIANCE 10 mis sl 1450/1440 t 1500")
        await house.me.wait_for("Stop placed", 30)
        card = await house.me.ask("/convert reliance", "CONVERT +10 RELIANCE")
        assert "Delivery (CNC)" in card["text"]
        assert "Stop #2 is MIS and would open the other side: it is cancelled first." in card["text"]
        assert "target at 1,500.00 that I hold ends" in card["text"]
        house.me.press("Confirm conversion", card)
        house.me.press("Confirm conversion", card)
        told = await house.me.wait_for("Converted.", 30)
        assert "nothing guards 10 of it now" in told["text"]
        assert products(house) == {"DELIVERY": 10}
        assert [order.status for order in await house.orders()] == [OrderStatus.FILLED, OrderStatus.CANCELLED]
        await house.me.choose("Set stop", "Stop at which price?")
        price(house, "1505.00")
        await asyncio.sleep(10)
        assert products(house) == {"DELIVERY": 10}, "the target that was held for the intraday row sells nothing"
        listed = await house.me.ask("/positions", "POSITIONS")
        assert "RELIANCE CNC   +10  +249.00" in listed["text"]


async def test_carry_keeps_over_the_night_and_never_makes_delivery_intraday(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await bought(house)
        house.me.press("Confirm conversion", await house.me.ask("carry reliance", "Delivery (CNC)"))
        await house.me.wait_for("Converted.", 30)
        told = await house.me.ask("carry reliance", "RELIANCE is CNC already.")
        assert "It needs no carry: only intraday is squared off. Nothing was changed." in told["text"]
        await house.me.ask("/convert reliance mis", "mStock closes it by itself")
        assert products(house) == {"DELIVERY": 10}


async def test_a_lost_answer_is_looked_for_in_the_positions_and_sent_once(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await bought(house)
        house.near.paper.broker.faults.arm("answer_lost", route="convert")
        house.me.press("Confirm conversion", await house.me.ask("/convert reliance cnc", "CONVERT"))
        await house.me.wait_for("Converted.", 60)
        assert products(house) == {"DELIVERY": 10}


async def test_a_conversion_that_never_left_is_told_as_not_seen_after_a_minute_and_across_a_restart(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await bought(house)
        house.near.paper.broker.faults.arm("gateway_502", route="convert")
        house.me.press("Confirm conversion", await house.me.ask("/convert reliance", "CONVERT"))
        await house.me.wait_for("Conversion unclear.", 30)
        await house.restart()
        await house.me.wait_for("Not converted as far as I see.", 120)
        assert products(house) == {"INTRADAY": 10}


async def test_what_mstock_refuses_and_what_cannot_be_is_said(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await bought(house)
        house.me.press("Confirm sell", await house.me.ask("/sell TCS 5 mis", "SELL 5 TCS"))
        await house.me.wait_for("Filled")
        await house.me.ask("/convert tcs", "A share sold short cannot be carried")
        house.near.paper.broker.faults.arm("fill_never")
        house.me.press("Confirm sell", await house.me.ask("/sell RELIANCE 5 @1600 mis", "SELL 5 RELIANCE"))
        await house.me.wait_for("open at")
        await house.me.ask("/convert reliance", "#3 may be closing it")
        await house.me.ask("/cancel_all", "Cancelled 1 order.")
        card = await house.me.ask("/convert reliance 4 to cnc", "CONVERT +4 RELIANCE")
        house.me.press("Confirm conversion", card)
        await house.me.wait_for("Converted.", 30)
        reliance = house.near.paper.broker.named("NSE", "RELIANCE-EQ")
        assert reliance is not None
        assert {product: net for (token, product), net in held(house).items() if token == reliance.token} == {
            "INTRADAY": 6, "DELIVERY": 4,
        }  # fmt: skip


async def test_a_guardian_never_converts_and_a_lot_is_carried_and_back(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, {"NIFTY26NOV24500CE": 65})
        guardian = await house.join(77, "Meera", Role.GUARDIAN)
        guardian.say("/convert nifty mis")
        told = await guardian.wait_for("")
        assert "CONVERT" not in told["text"]
        house.me.press("Confirm conversion", await house.me.ask("/convert nifty", "CONVERT +65 NF 24500CE"))
        await house.me.wait_for("Converted.", 30)
        rung = await guardian.wait_for("Converted.", 30)
        assert "Asked by" in rung["text"]
        assert products(house) == {"INTRADAY": 65}
