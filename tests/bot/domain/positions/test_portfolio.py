"""Profit and value are exact sums of what is known, and say nothing where something is not."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.domain.money import ZERO
from bot.domain.positions.portfolio import Holding, Holdings, Position, PositionLine, Positions
from bot.domain.terms import Product
from tests.storage.samples import RELIANCE

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def a_position(**changes: Any) -> Position:
    values: dict[str, Any] = {
        "instrument": RELIANCE, "product": Product.CNC, "quantity": 6, "bought": 10, "sold": 4,
        "bought_value": Decimal("1000.10"), "sold_value": Decimal("420.40"), "average": Decimal("100.01"),
    }  # fmt: skip
    return Position(**values | changes)


def a_holding(**changes: Any) -> Holding:
    values: dict[str, Any] = {
        "instrument": RELIANCE, "isin": "INE002A01018", "quantity": 7, "t1": 3, "authorised": 0, "collateral": 0,
        "average": Decimal("100.10"), "last": Decimal("110.15"), "previous_close": Decimal(109),
    }  # fmt: skip
    return Holding(**values | changes)


def test_a_position_has_booked_what_was_sold_and_has_open_what_is_left() -> None:
    position = a_position()
    assert position.booked_profit() == Decimal("20.36")  # 4 sold at 105.10, bought at 100.01
    assert position.open_profit(Decimal("99.01")) == Decimal("-6.00")


def test_a_short_earns_as_the_price_falls() -> None:
    short = a_position(
        product=Product.MIS, quantity=-2, bought=0, sold=2, bought_value=ZERO, sold_value=Decimal(200), average=Decimal(100)
    )
    assert short.booked_profit() == 0
    assert short.open_profit(Decimal(90)) == 20
    assert not short.is_sold_holding
    assert a_position(quantity=-2).is_sold_holding


def test_a_flat_position_has_nothing_open_whatever_the_price() -> None:
    flat = a_position(quantity=0, sold=10, sold_value=Decimal("1100.10"), average=None)
    assert flat.open_profit(Decimal(5000)) == 0
    assert flat.booked_profit() == 100


def test_the_sums_of_positions_leave_out_what_is_unknown_and_name_it() -> None:
    priced = PositionLine(position=a_position(), price=None, booked=Decimal(20), open=Decimal(-6))
    unpriced = PositionLine(position=a_position(), price=None, booked=Decimal(1), open=None)
    costless = PositionLine(position=a_position(quantity=-2), price=None, booked=None, open=ZERO)
    closed = PositionLine(position=a_position(quantity=0), price=None, booked=Decimal(3), open=None)
    positions = Positions(lines=(priced, unpriced, costless, closed), as_of=AT, charges=Decimal("4.50"))
    assert (positions.booked, positions.open, positions.net) == (Decimal(24), Decimal(-6), Decimal("13.50"))
    assert positions.unknown == (unpriced, costless)
    assert Positions(lines=(priced,), as_of=AT).net is None


def test_holdings_are_worth_what_is_known_of_them() -> None:
    whole = a_holding()
    assert (whole.total, whole.invested, whole.value, whole.profit) == (10, Decimal(1001), Decimal("1101.50"), Decimal("100.50"))
    unpriced, costless = a_holding(last=None), a_holding(average=None)
    assert (unpriced.value, unpriced.profit) == (None, None)
    assert (costless.invested, costless.profit) == (None, None)
    holdings = Holdings(lines=(whole, unpriced, costless), as_of=AT)
    assert (holdings.invested, holdings.value) == (Decimal(2002), Decimal(2203))
