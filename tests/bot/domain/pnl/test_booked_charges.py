"""What an order that closed something cost, with the entries that it closed, as the day charges both."""

from datetime import date
from decimal import Decimal

import pytest

from bot.domain.charges.charges import Trade
from bot.domain.market.instrument import Instrument
from bot.domain.pnl.booked_charges import booked_charges
from bot.domain.pnl.fifo import Exit, Lot
from bot.domain.terms import Product, Side
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import NIFTY_CALL, RELIANCE

TODAY = date(2026, 11, 20)
TARIFF = REFERENCE_DATA.tariff
PLAN = TARIFF.plan("flat-5")


def an_exit(quantity: int, entry: str | None, price: str, *, opened: date = TODAY, order: str = "e1") -> Exit:
    lot = Lot(quantity, Decimal(entry) if entry is not None else None, opened, order)
    return Exit(quantity, lot, Lot(-quantity, Decimal(price), TODAY, "x1"))


def a_trade(instrument: Instrument, side: Side, product: Product, quantity: int, price: str) -> Trade:
    return Trade(
        instrument=instrument, side=side, product=product, quantity=quantity, price=Decimal(price), day=TODAY, order=side
    )


@pytest.mark.parametrize(
    ("instrument", "product", "quantity"),
    [(RELIANCE, Product.MIS, 10), (RELIANCE, Product.CNC, 10), (NIFTY_CALL, Product.NRML, -65)],
)
def test_a_round_trip_of_today_costs_what_the_day_will_charge(instrument: Instrument, product: Product, quantity: int) -> None:
    first, last = (Side.BUY, Side.SELL) if quantity > 0 else (Side.SELL, Side.BUY)
    whole = TARIFF.day(
        [
            a_trade(instrument, first, product, abs(quantity), "1480.30"),
            a_trade(instrument, last, product, abs(quantity), "1492.10"),
        ],
        PLAN,
    )
    exits = [an_exit(quantity, "1480.30", "1492.10")]
    assert booked_charges(exits, instrument, product, TODAY, tariff=TARIFF, plan=PLAN) == whole.total


def test_the_parts_of_one_order_pay_its_brokerage_once() -> None:
    parts = [an_exit(4, "1480.30", "1492.10"), an_exit(6, "1480.30", "1492.10")]
    once = booked_charges([an_exit(10, "1480.30", "1492.10")], RELIANCE, Product.MIS, TODAY, tariff=TARIFF, plan=PLAN)
    assert booked_charges(parts, RELIANCE, Product.MIS, TODAY, tariff=TARIFF, plan=PLAN) == once


def test_without_a_plan_or_a_cost_it_is_not_known() -> None:
    known = [an_exit(10, "1480.30", "1492.10")]
    assert booked_charges(known, RELIANCE, Product.MIS, TODAY, tariff=TARIFF, plan=None) is None
    assert booked_charges([an_exit(10, None, "1492.10")], RELIANCE, Product.MIS, TODAY, tariff=TARIFF, plan=PLAN) is None
