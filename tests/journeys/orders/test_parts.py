"""Orders over the freeze quantity, lived through: entries with stop and target, exits, an exchange that wants them smaller."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.orders.order import Order, OrderStatus
from bot.domain.terms import Side
from bot.simulators.loop import LoopClock
from tests.journeys.exits.test_exits import RICH, carry, open_rows
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house

pytestmark = pytest.mark.exhaustive

CALL = "NIFTY26NOV24500CE"


async def sold(house: House) -> list[Order]:
    return [order for order in await house.orders() if order.draft.side is Side.SELL]


async def test_an_entry_in_parts_guards_each_of_them_and_its_targets_close_all(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        price(house, "49.00", CALL, "NFO")
        card = await house.me.ask("/buy nifty 24500 ce 60lots @50 sl 40/35 t 60", "sent in 3 orders")
        assert "Stop, exchange" in card["text"]
        house.me.press("Confirm buy", card)
        await asyncio.sleep(30)
        guards = [(order.status, order.draft.quantity) for order in await sold(house)]
        assert guards == [(OrderStatus.TRIGGER_PENDING, size) for size in (1755, 1755, 390)]
        await house.restart()
        await asyncio.sleep(10)
        price(house, "61.00", CALL, "NFO")
        await asyncio.sleep(60)
        assert open_rows(house) == {}
        assert house.placed == 6


async def test_an_exit_over_the_freeze_by_two_taps_goes_in_parts(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, {CALL: 3900})
        card = await house.me.ask("exit nifty", "SELL 3,900 NIFTY 24500 CE", 30)
        assert "sent in 3 orders" in card["text"]
        house.me.press("Confirm sell", card)
        await house.me.wait_for("of 1 closed", 30)
        await asyncio.sleep(20)
        assert open_rows(house) == {}
        assert [order.draft.quantity for order in await sold(house)] == [1755, 1755, 390]


async def test_a_stop_over_the_freeze_rests_in_parts_and_an_exit_turns_each(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, {CALL: 3900})
        card = await house.me.ask("/sell nifty 24500 ce 60lots stop 80/70 nrml", "sent in 3 orders")
        house.me.press("Confirm sell", card)
        await asyncio.sleep(20)
        stops = [(order.status, order.draft.quantity) for order in await sold(house)]
        assert stops == [(OrderStatus.TRIGGER_PENDING, size) for size in (1755, 1755, 390)]
        card = await house.me.ask("exit nifty", "SELL 3,900 NIFTY 24500 CE", 30)
        house.me.press("Confirm sell", card)
        await asyncio.sleep(30)
        assert open_rows(house) == {}
        assert house.placed == 3


async def test_a_part_that_the_exchange_finds_too_big_is_cut_in_half_once(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        price(house, "49.00", CALL, "NFO")
        house.near.paper.broker.faults.arm("order_rejected", reason="freeze")
        card = await house.me.ask("/buy nifty 24500 ce 60lots @50", "sent in 3 orders")
        house.me.press("Confirm buy", card)
        await asyncio.sleep(40)
        taken = [order.draft.quantity for order in await house.orders() if order.status is OrderStatus.FILLED]
        assert taken == [845, 845, 845, 845, 520]
        assert list(open_rows(house).values()) == [3900]
