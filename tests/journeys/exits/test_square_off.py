"""mStock's own square-off that meets our exit, lived through: a person in the demo chat, the real bot, the paper broker."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from bot.domain.clock import at_ist
from bot.domain.orders.order import OrderStatus
from bot.simulators.broker.accounts.records import CANCELLED, Order
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_day_summaries import until
from tests.journeys.exits.test_closing_auction import confirmed
from tests.journeys.exits.test_convert import products
from tests.journeys.exits.test_exits import RICH
from tests.journeys.news.test_mornings import told
from tests.stage.house import House, a_house

FRIDAY = date(2026, 11, 20)


async def squaring_off(house: House, words: str = "/sell RELIANCE 10 mis", card: str = "SELL 10 RELIANCE") -> Order:
    """An intraday position that mStock's order, which rests, is closing."""
    await house.log_in()
    await confirmed(house, words, card, f"Confirm {words.split(maxsplit=1)[0][1:]}")
    broker = house.near.paper.broker
    broker.faults.arm("square_off_rests")
    broker.square_off(broker.ledger.accounts[RICH.client])
    await house.me.wait_for("Order from elsewhere", 30)
    (theirs,) = [order for order in broker.ledger.orders.values() if order.working and order.channel == "WEB"]
    return theirs


@pytest.mark.core
async def test_an_exit_is_held_back_for_mstocks_own_and_sent_for_what_that_leaves(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        broker = house.near.paper.broker
        theirs = await squaring_off(house)
        card = await house.me.ask("/exit reliance", "Mine is held back")
        house.me.press("Confirm 1 exit", card)
        await house.me.wait_for("is being closed by #2")
        assert house.placed == 2
        asked = await house.me.wait_for("Held back.", 60)
        house.me.press("Send mine for what is left", asked)
        await asyncio.sleep(5)
        assert house.placed == 2, "nothing is left while theirs works on all of it"
        broker.book.fill(theirs, 4, 1480_00)
        broker.book.end(theirs, CANCELLED, "CANCELLED BY RMS")
        await house.me.wait_for("position closed", 60)
        assert products(house) == {}
        assert [(order.draft.quantity, order.status) for order in await house.orders() if order.is_ours][-1] == (
            6, OrderStatus.FILLED,
        )  # fmt: skip


async def test_a_panic_and_a_fill_of_mstocks_own_leave_no_second_exit(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        broker = house.near.paper.broker
        theirs = await squaring_off(house, "/buy RELIANCE 10 mis", "BUY 10 RELIANCE")
        house.me.press("Close these", await house.me.ask("/panic", "PANIC"))
        asked = await house.me.wait_for("Not proven flat", 90)
        assert "is being closed by #2" in asked["text"]
        house.me.press("Send mine for what is left", asked)
        await asyncio.sleep(5)
        assert house.placed == 2
        broker.book.fill(theirs, 10, 1480_00)
        await house.me.wait_for("Flat at", 60)
        assert products(house) == {}
        assert house.placed == 2


async def test_an_exit_at_the_minute_of_the_square_off_meets_it_and_its_fill_names_the_fee(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(FRIDAY, 15, 8))
    async with a_house(clock, tmp_path, account=RICH, hours="real") as house:
        await house.log_in()
        await confirmed(house, "/buy RELIANCE 10 mis", "BUY 10 RELIANCE", "Confirm buy")
        await until(house, at_ist(FRIDAY, 15, 9, 2))
        card = await house.me.ask("/exit reliance", "SELL 10 RELIANCE")
        await until(house, at_ist(FRIDAY, 15, 10))
        house.me.press("Confirm sell", card)
        await asyncio.sleep(30)
        assert products(house) == {}, "never across zero"
        (fee,) = told(house, "Squared off by mStock, fee ≈ ₹118")
        assert "SELL 10 RELIANCE" in fee["text"]
        states = [(order.status, order.is_ours) for order in await house.orders()]
        assert states == [(OrderStatus.FILLED, True), (OrderStatus.CANCELLED, True), (OrderStatus.FILLED, False)]


async def test_a_square_off_of_an_hour_ago_is_told_when_the_bot_is_back(loop: VirtualLoop, tmp_path: Path) -> None:
    async with a_house(LoopClock(loop, at_ist(FRIDAY, 15, 5)), tmp_path, account=RICH, hours="real") as house:
        await house.log_in()
        await confirmed(house, "/buy RELIANCE 10 mis", "BUY 10 RELIANCE", "Confirm buy")
        await house.stop()
        await until(house, at_ist(FRIDAY, 16, 30))
        await house.start()
        told = await house.me.wait_for("Order from elsewhere", 60)
        assert "SELL 10 RELIANCE" in told["text"]
        assert "15:10" in told["text"]
        assert "Squared off by mStock" in told["text"]
        assert not any("Nothing was missed" in message["text"] for message in house.me.history())
