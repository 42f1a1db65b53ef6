"""Kinds of orders beside the plain ones, lived through in the demo chat: shown in part, sized by risk, a stop to the market."""

from pathlib import Path

import pytest

from bot.domain.orders.order import OrderStatus
from bot.domain.terms import OrderKind
from bot.simulators.loop import LoopClock
from tests.journeys.plans.test_plans import price
from tests.stage.house import a_house


@pytest.mark.core
async def test_an_order_is_sized_by_risk_shown_in_part_and_guarded(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        card = await house.me.ask("/buy RELIANCE 1475 risk 1000 sl 1450/1440 dq 10", "BUY 28 RELIANCE")
        rows = " ".join(card["text"].split())
        assert "Shows 10 at a time" in rows
        assert "if hit −980.00" in rows
        house.me.press("Confirm buy", card)
        await house.me.wait_for("open at 1,475.00")
        (order,) = house.near.paper.broker.ledger.orders.values()
        assert (order.quantity, order.disclosed) == (28, 10)
        again = await house.me.ask("/modify 1 q 40", "CHANGE #1")
        assert "Shows 12 at a time" in " ".join(again["text"].split()), "mStock wants 30 % to be shown"
        house.me.press("Confirm change", again)
        await house.me.wait_for("40 RELIANCE")
        assert house.near.paper.broker.ledger.orders[order.id].disclosed == 12


async def test_a_stop_to_the_market_waits_and_fills_where_the_price_is(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"))
        await house.me.wait_for("Position +10")
        card = await house.me.ask("/sell RELIANCE 10 mis stop 1450 mkt", "SELL 10 RELIANCE")
        assert "Stop 1,450.00 then at market" in " ".join(card["text"].split())
        house.me.press("Confirm sell", card)
        await house.me.wait_for("waiting for 1,450.00, then at market")
        price(house, "1430.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE")
        stop = (await house.orders())[-1]
        assert (stop.draft.kind, stop.status) == (OrderKind.SL_M, OrderStatus.FILLED)
