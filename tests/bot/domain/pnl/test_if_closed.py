"""What a position would leave if it were closed now: at the price an exit would meet, after the charges of both sides."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from bot.domain.charges.charges import Trade
from bot.domain.market.prices import Price
from bot.domain.pnl.if_closed import if_closed
from bot.domain.positions.portfolio import Position, PositionLine
from bot.domain.terms import Product, Side
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import RELIANCE

DAY = date(2026, 11, 20)
TARIFF, PLAN = REFERENCE_DATA.tariff, REFERENCE_DATA.tariff.plan("flat-5")
LONG = PositionLine(
    position=Position(
        instrument=RELIANCE, product=Product.CNC, quantity=10, bought=10, sold=0, bought_value=Decimal(14_800),
        sold_value=Decimal(0), average=Decimal(1480),
    ),
    price=Price(last=Decimal(1490), bid=Decimal("1489.50"), ask=Decimal("1490.10")), booked=Decimal(0), open=Decimal(100),
)  # fmt: skip


def charges(entry: str, close: str) -> Decimal:
    trades = [
        Trade(instrument=RELIANCE, side=side, product=Product.CNC, quantity=10, price=Decimal(price), day=DAY)
        for side, price in ((Side.BUY, entry), (Side.SELL, close))
    ]
    return TARIFF.day(trades, PLAN).total


def test_a_long_meets_the_bid_and_shares_of_today_are_charged_as_intraday() -> None:
    assert if_closed(LONG, TARIFF, PLAN, DAY) == Decimal(95) - charges("1480", "1489.50")


def test_without_depth_the_last_price_stands_and_without_a_price_or_a_cost_nothing_does() -> None:
    bare = replace(LONG, price=Price(last=Decimal(1490)))
    assert if_closed(bare, TARIFF, PLAN, DAY) == Decimal(100) - charges("1480", "1490")
    assert if_closed(replace(LONG, price=None), TARIFF, PLAN, DAY) is None
    assert if_closed(replace(LONG, position=replace(LONG.position, average=None)), TARIFF, PLAN, DAY) is None


def test_what_is_flat_or_sold_out_of_the_holdings_has_nothing_to_close() -> None:
    for quantity in (0, -10):
        assert if_closed(replace(LONG, position=replace(LONG.position, quantity=quantity)), TARIFF, PLAN, DAY) is None


def test_mtf_shares_of_an_earlier_day_leave_the_depository() -> None:
    carried = replace(LONG.position, product=Product.MTF, carried=10)
    today = replace(LONG.position, product=Product.MTF)
    kept = if_closed(replace(LONG, position=carried), TARIFF, PLAN, DAY)
    intraday = if_closed(replace(LONG, position=today), TARIFF, PLAN, DAY)
    assert kept is not None
    assert intraday is not None
    assert kept < intraday, "the DP charge and delivery's STT"


def test_a_contract_that_has_ended_cannot_be_closed_any_more() -> None:
    assert if_closed(replace(LONG, settled=True), TARIFF, PLAN, DAY) is None
