"""What is shown of positions adds up, and what nobody knows is left out and said."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.prices import Price
from bot.domain.pnl.day import day_line
from bot.domain.positions.portfolio import Holding, Position
from bot.domain.terms import Product
from tests.stage.values.orders import RELIANCE

PRICES = st.decimals(min_value="1", max_value="5000", places=2)


def a_position(bought: int, buy: Decimal, sold: int, sell: Decimal, product: Product = Product.MIS) -> Position:
    net = bought - sold
    average = None if net == 0 else (buy if net > 0 else sell)
    return Position(
        instrument=RELIANCE, product=product, quantity=net, bought=bought, sold=sold, bought_value=buy * bought,
        sold_value=sell * sold, average=average,
    )  # fmt: skip


@given(st.integers(0, 500), PRICES, st.integers(0, 500), PRICES, PRICES)
def test_booked_and_open_add_up_to_what_closing_now_would_leave(
    bought: int, buy: Decimal, sold: int, sell: Decimal, last: Decimal
) -> None:
    position = a_position(bought, buy, sold, sell)
    line = day_line(position, Price(last=last))
    assert line.booked is not None
    assert line.open is not None
    assert line.booked + line.open == sell * sold - buy * bought + last * position.quantity


@given(st.integers(1, 500), PRICES, PRICES)
def test_a_flat_row_is_booked_whatever_the_price_does(quantity: int, buy: Decimal, sell: Decimal) -> None:
    line = day_line(a_position(quantity, buy, quantity, sell), None)
    assert line.booked == (sell - buy) * quantity
    assert line.open == 0


def test_an_open_row_without_a_price_is_not_valued() -> None:
    line = day_line(a_position(10, Decimal(100), 0, Decimal(0)), None)
    assert line.open is None
    assert line.booked == 0


@given(st.integers(1, 500), PRICES, PRICES)
def test_stock_sold_out_of_the_holdings_is_booked_at_its_own_cost_and_never_a_short(
    quantity: int, cost: Decimal, sell: Decimal
) -> None:
    sale = a_position(0, Decimal(0), quantity, sell, Product.CNC)
    holding = Holding(
        instrument=RELIANCE, isin="INE002A01018", quantity=quantity, t1=0, authorised=0, collateral=0, average=cost, last=None,
        previous_close=None,
    )  # fmt: skip
    line = day_line(sale, Price(last=Decimal(1)), holding=holding)
    assert line.booked == (sell - cost) * quantity
    assert line.open == 0
    unknown = day_line(sale, None)
    assert unknown.booked is None
    assert unknown.open is None
