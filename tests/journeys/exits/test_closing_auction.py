"""The closing auction of shares, lived through from 15:05 to 15:50: a person in the demo chat, the real bot, the paper broker."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.clock import at_ist, ist
from bot.domain.orders.order import OrderStatus
from bot.simulators.broker.accounts.records import CANCELLED
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_day_summaries import until
from tests.journeys.exits.test_convert import products
from tests.journeys.exits.test_exits import RICH
from tests.journeys.news.test_mornings import buttons, told
from tests.journeys.plans.test_plans import plan_of
from tests.stage.house import House, a_house

pytestmark = pytest.mark.exhaustive  # a quarter of an hour of the exchange's clock, second by second
FRIDAY = date(2026, 11, 20)


async def confirmed(house: House, words: str, card: str, button: str) -> None:
    house.me.press(button, await house.me.ask(words, card))
    await house.me.wait_for("Filled", 30)


async def test_exits_between_quarter_past_and_twenty_past_are_kept_discarded_and_sent_at_the_edge_after_a_restart(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(FRIDAY, 15, 0))
    async with a_house(clock, tmp_path, account=RICH, hours="real") as house:
        await house.log_in()
        await confirmed(house, "/buy RELIANCE 10", "BUY 10 RELIANCE", "Confirm buy")
        await confirmed(house, "/buy TCS 5", "BUY 5 TCS", "Confirm buy")
        await until(house, at_ist(FRIDAY, 15, 16))
        sent = house.placed
        card = await house.me.ask("/exit tcs", "No orders until 15:20:00")
        house.me.press("Confirm 1 exit", card)
        shown = await house.me.wait_for("waits for 15:20:00 (auction)")
        house.me.press("Discard what waits", shown)
        await house.me.wait_for("left as it is")
        card = await house.me.ask("/sell RELIANCE 10 cnc", "No orders until 15:20:00")
        assert "min 1," in card["text"]
        house.me.press("Confirm 1 exit", card)
        await house.me.wait_for("waits for 15:20:00 (auction)")
        assert house.placed == sent
        await house.restart()
        await until(house, at_ist(FRIDAY, 15, 20, 2))
        orders = await house.orders()
        assert house.placed == sent + 1
        assert orders[-1].status is OrderStatus.OPEN
        assert orders[-1].sent_at is not None
        assert f"{ist(orders[-1].sent_at):%H:%M:%S}" in ("15:20:00", "15:20:01")
        filled = await house.me.wait_for("Filled", 900)
        assert "SELL 10 RELIANCE" in filled["text"]
        await until(house, at_ist(FRIDAY, 15, 50))
        assert products(house) == {"DELIVERY": 5}
        assert house.placed == sent + 1


async def test_a_panic_in_the_pause_closes_options_at_once_and_an_intraday_short_at_the_edge_of_the_auction(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(FRIDAY, 15, 4))
    async with a_house(clock, tmp_path, account=RICH, hours="real") as house:
        broker = house.near.paper.broker
        await house.log_in()
        await confirmed(house, "/sell RELIANCE 10 mis sl 1600/1620 t 1300", "SELL 10 RELIANCE", "Confirm sell")
        await confirmed(house, "/buy nifty 24500 ce 23 nov 1 lot", "BUY 65 NIFTY 24500 CE", "Confirm buy")
        house.me.look_away()
        stops = await house.me.wait_for("The exchange cancels these stops at 15:15", 120)
        assert "Exit RELIANCE" in buttons(stops)
        broker.faults.arm("square_off_rests")
        await until(house, at_ist(FRIDAY, 15, 11))
        (theirs,) = [order for order in broker.ledger.orders.values() if order.working and order.channel == "WEB"]
        broker.book.end(theirs, CANCELLED, "SQUARE OFF FAILED")
        broker.faults.clear()
        await until(house, at_ist(FRIDAY, 15, 16))
        assert await plan_of(house) is None, "nothing is held by the bot for a share in its auction"
        card = await house.me.ask("/panic", "PANIC", 30)
        assert "No orders until 15:20:00: −10 RELIANCE is kept, and sent then." in card["text"]
        house.me.press("Close these", card)
        await house.me.wait_for("⏸ −10 RELIANCE waits for 15:20:00 (auction)", 30)
        await until(house, at_ist(FRIDAY, 15, 16, 20))
        again = await house.me.ask("/panic", "1 of 2 closed", 30)
        assert "waits for 15:20:00" in again["text"], "a second panic shows the one that runs"
        await house.restart()
        await until(house, at_ist(FRIDAY, 15, 26))
        (mine,) = [order for order in await house.orders() if order.status is OrderStatus.OPEN]
        assert mine.draft.price is not None
        assert mine.draft.price > Decimal(1500)
        assert told(house, "Not proven flat") == []
        await house.me.wait_for("Flat at 15:3", 600)
        assert products(house) == {}
        assert broker.portfolio.positions(RICH.client, f"{FRIDAY}")[0].net == 0
