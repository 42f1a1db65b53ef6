"""Rejected, then repaired by the button under the card: a person in the demo chat, the real bot, the paper broker."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.orders.order import OrderStatus
from bot.domain.terms import Product
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from tests.journeys.plans.test_plans import price
from tests.stage.house import a_house

POOR = PaperAccount(cash=14_500_00)


@pytest.mark.core
async def test_rejected_for_funds_then_repaired_by_the_button(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=POOR) as house:
        await house.log_in()
        price(house, "1480.00")
        card = await house.me.ask("/buy RELIANCE 10 @1480 sl 1450/1440", "BUY 10 RELIANCE")
        assert "more than the cash there is" in card["text"]
        house.me.press("Confirm buy", card)
        told = await house.me.wait_for("Rejected #1 BUY 10 RELIANCE")
        assert "Not enough funds, ₹300.00 short." in told["text"]
        assert [[item["label"] for item in row] for row in told["buttons"]] == [["Buy 9 instead", "Funds"]]
        await asyncio.sleep(3)
        living = house.me.message(card["id"])
        assert living is not None
        assert living["buttons"][0][0]["label"] == "Buy 9 instead"
        house.me.press("Buy 9 instead", living)
        again = await house.me.wait_for("BUY 9 RELIANCE")
        assert "Stop, exchange" in again["text"], "what was attached comes along"
        house.me.press("Confirm buy", again)
        price(house, "1479.00")
        await house.me.wait_for("Filled #2 BUY 9 RELIANCE")
        await house.me.wait_for("Stop placed")
        assert [order.status for order in await house.orders()][:2] == [OrderStatus.REJECTED, OrderStatus.FILLED]


async def test_a_product_that_is_not_taken_is_repaired_by_the_other_one(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        house.near.paper.broker.faults.arm("order_rejected", reason="Intraday is blocked for T2T scrip")
        card = await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("trade-to-trade")
        again = await house.me.choose("Buy as CNC", "BUY 10 RELIANCE")
        assert "Delivery (CNC)" in again["text"]
        house.me.press("Confirm buy", again)
        await house.me.wait_for("Filled #2 BUY 10 RELIANCE")
        assert [order.draft.product for order in await house.orders()] == [Product.MIS, Product.CNC]


async def test_a_price_out_of_the_days_range_is_asked_for_at_the_price_of_now(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        card = await house.me.ask("/buy RELIANCE 10 @900", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("outside the range of the day")
        again = await house.me.choose("Buy at the price of now", "BUY 10 RELIANCE")
        assert "(max 1,4" in again["text"]
        house.me.press("Confirm buy", again)
        await house.me.wait_for("Filled #2 BUY 10 RELIANCE")


async def test_a_lot_mistake_is_two_buttons_and_a_new_lot_of_the_exchange_is_told(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "100.00", "NIFTY26NOV24500CE", "NFO")
        asked = await house.me.ask("/buy nifty 24500 ce 100", "trades in lots of 65")
        assert [row[0]["label"] for row in asked["buttons"]] == ["1 lot = 65", "2 lots = 130"]
        card = await house.me.choose("2 lots = 130", "BUY 130 NIFTY 24500 CE")
        house.near.paper.broker.faults.arm("order_rejected", reason="QUANTITY SHOULD BE MULTIPLE OF LOT SIZE 125")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("no whole number of lots")
        again = await house.me.choose("Ask again", "BUY 130 NIFTY 24500 CE")
        assert "Confirm buy" in again["buttons"][0][0]["label"]


async def test_an_order_refused_for_the_session_leads_to_the_login_and_back(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await asyncio.sleep(60)
        house.near.paper.broker.faults.arm("order_rejected", reason="invalid session. Kindly logout and login again")
        card = await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC")
        house.me.press("Confirm buy", card)
        told = await house.me.wait_for("Rejected #1 BUY 5 ITC")
        assert [item["label"] for item in told["buttons"][0]] == ["Log in", "Ask again"]
        house.me.press("Log in", told)
        await house.me.wait_for("lives until")
        house.me.press("Ask again", told)
        again = await house.me.wait_for("Break-even")
        house.me.press("Confirm buy", again)
        await house.me.wait_for("open at 380.00")
