"""An after-market order with the setting on: an evening, its morning and its fate, on the exchange's own hours."""

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.config.settings import Consent
from bot.domain.clock import at_ist
from bot.domain.orders.order import OrderStatus
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_day_summaries import until
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house

pytestmark = pytest.mark.exhaustive  # whole days

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


async def evening(house: House) -> None:
    """Friday after the close, with after-market orders switched on."""
    await house.log_in()
    await asyncio.sleep(120)
    house.settings = replace(house.settings, after_market=Consent.YES)
    await house.restart()
    price(house, "1480.00")


async def test_an_order_of_friday_evening_waits_for_monday_and_its_fate_is_told(loop: VirtualLoop, tmp_path: Path) -> None:
    async with a_house(LoopClock(loop, at_ist(FRIDAY, 18)), tmp_path, hours="real") as house:
        await evening(house)
        asked = await house.me.ask("/buy RELIANCE 10", "NSE takes this again on Mon 23 Nov at 09:00.")
        labels = [item["label"] for line in asked["buttons"] for item in line]
        assert labels[0].startswith("AMO limit at 1,4")
        assert labels[1:] == ["Card at 09:16 on Mon 23 Nov", "Discard"]
        house.me.press(labels[0], asked)
        card = await house.me.wait_for("Sent now, for the session of Mon 23 Nov, priced from the close")
        assert "Limit" in card["text"]
        assert "Market  " not in card["text"], "never protected-market"
        await asyncio.sleep(540)
        house.me.press("Confirm buy", card)
        await house.me.wait_for("for Mon 23 Nov, limit 1,4")
        (order,) = house.near.paper.broker.ledger.orders.values()
        assert (order.variety, order.day) == ("AMO", "2026-11-23")
        await house.stop()
        await until(house, at_ist(MONDAY, 8, 35))
        await house.start()
        told = await house.me.wait_for("After-market orders of today", 600)
        assert "#1 BUY 10 RELIANCE: for Mon 23 Nov, limit" in told["text"]
        await house.me.ask("/login", "until")
        price(house, "1470.00")
        await house.me.wait_for("Filled #1 BUY 10 RELIANCE", 3600)
        fate = await house.me.wait_for("After-market orders of today", 600)
        assert "#1 BUY 10 RELIANCE: filled" in fate["text"]
        assert house.placed == 1


async def test_an_evening_order_is_changed_and_cancelled_the_same_evening_and_carries_nothing_else(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(LoopClock(loop, at_ist(FRIDAY, 18)), tmp_path, hours="real") as house:
        await evening(house)
        card = await house.me.ask("/buy RELIANCE 10 1470 amo", "Sent now, for the session of Mon 23 Nov")
        house.me.press("Confirm buy", card)
        living = await house.me.wait_for("for Mon 23 Nov, limit 1,470.00")
        house.me.press("Cancel", living)
        await house.me.wait_for("cancelled, nothing filled", 30)
        assert house.store is not None
        account = (await house.store.transaction(lambda db: db.accounts.all()))[0]
        orders = await house.store.transaction(lambda db: db.orders.of_day(account.id, MONDAY))
        assert [(each.status, each.draft.price) for each in orders] == [(OrderStatus.CANCELLED, Decimal(1470))]
        await house.me.ask("/buy ITC 5 amo mkt", "a plain limit here")
        await house.me.ask("/buy ITC 5 400 sl 390 amo", "A stop or a target is set once the order is filled")
        card = await house.me.ask("/buy RELIANCE 5 1475 amo", "Sent now")
        house.me.say("q 6", card["id"])
        changed = await house.me.wait_for("BUY 6 RELIANCE")
        assert "Sent now, for the session of Mon 23 Nov" in changed["text"]
        house.me.press("Confirm buy", changed)
        await house.me.wait_for("for Mon 23 Nov, limit 1,475.00")
        listed = await house.me.ask("/orders open", "OPEN ORDERS")
        assert "#2 BUY 6" in listed["text"]
        house.me.press("Confirm change", await house.me.ask("/modify 2 1472", "CHANGE #2"))
        await house.me.wait_for("for Mon 23 Nov, limit 1,472.00")
        assert [order.variety for order in house.near.paper.broker.ledger.orders.values()] == ["AMO", "AMO"]


async def test_the_second_of_two_equal_cards_of_an_evening_is_asked_again_once_the_first_was_sent(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(LoopClock(loop, at_ist(FRIDAY, 18)), tmp_path, hours="real") as house:
        await evening(house)
        first = await house.me.ask("/buy RELIANCE 10 1470 amo", "Sent now, for the session of Mon 23 Nov")
        await asyncio.sleep(5)
        second = await house.me.ask("/buy RELIANCE 10 1470 amo", "Sent now, for the session of Mon 23 Nov")
        await asyncio.sleep(5)
        house.me.press("Confirm buy", first)
        await house.me.wait_for("for Mon 23 Nov, limit 1,470.00")
        await asyncio.sleep(300)
        house.me.press("Confirm buy", second)
        anew = await house.me.wait_for("Asked again. #1 on the same terms was sent after this card.")
        assert "for the session of Mon 23 Nov" in anew["text"]
        assert house.placed == 1
        await asyncio.sleep(2)
        house.me.press("Confirm buy", house.me.message(anew["id"]))
        await asyncio.sleep(5)
        assert house.placed == 2


async def test_while_the_market_is_open_the_word_is_a_question(loop: VirtualLoop, tmp_path: Path) -> None:
    async with a_house(LoopClock(loop, at_ist(FRIDAY, 11)), tmp_path, hours="real") as house:
        await evening(house)
        await house.me.ask("/buy RELIANCE 5 1470 amo", "The market takes orders now")
        await house.me.choose("Ask for it now", "BUY 5 RELIANCE")


async def test_without_the_setting_the_word_leads_to_the_card_at_09_16_at_once(loop: VirtualLoop, tmp_path: Path) -> None:
    async with a_house(LoopClock(loop, at_ist(FRIDAY, 18)), tmp_path, hours="real") as house:
        await house.log_in()
        await asyncio.sleep(120)
        card = await house.me.ask("/buy RELIANCE 10 1470 amo", "NSE takes this again on Mon 23 Nov")
        assert "No after-market orders here (AFTER_MARKET is off): a card at 09:16 instead" in card["text"]
        assert [choice["label"] for line in card["buttons"] for choice in line] == ["Card at 09:16 on Mon 23 Nov", "Discard"]
        with_stop = await house.me.ask("/buy RELIANCE 5 1470 sl 1450 amo", "NSE takes this again on Mon 23 Nov")
        assert "Stop" in with_stop["text"], "which a card at 09:16 carries and an after-market order does not"
        house.me.press("Card at 09:16 on Mon 23 Nov", card)
        await house.me.wait_for("09:16", 10)
        assert house.placed == 0


async def test_without_the_setting_the_word_in_an_open_market_is_a_question(loop: VirtualLoop, tmp_path: Path) -> None:
    async with a_house(LoopClock(loop, at_ist(FRIDAY, 11)), tmp_path, hours="real") as house:
        await house.log_in()
        await house.me.ask("/buy RELIANCE 5 1470 amo", "The market takes orders now")
        await house.me.choose("Ask for it now", "BUY 5 RELIANCE")
