"""Net lots of an underlying: calls, puts and futures apart, strikes and products together."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.instrument import Instrument, InstrumentKind, Right
from bot.domain.positions.net_lots import net_lots
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product
from tests.stage.values.orders import NIFTY_CALL, RELIANCE

PUT = replace(NIFTY_CALL, token="9001", name="NIFTY26NOV24000PE", right=Right.PE)
FUTURE = replace(NIFTY_CALL, token="9002", name="NIFTY26NOVFUT", right=None, strike=None, kind=InstrumentKind.INDEX_FUTURE)
FURTHER = replace(NIFTY_CALL, token="9003", name="NIFTY26NOV25000CE", strike=Decimal(25000))


def a_position(instrument: Instrument, lots: int) -> Position:
    return Position(
        instrument=instrument, product=Product.NRML, quantity=lots * 65, bought=0, sold=0,
        bought_value=Decimal(0), sold_value=Decimal(0), average=None,
    )  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from((NIFTY_CALL, PUT, FUTURE, FURTHER)), st.integers(-9, 9)), max_size=8))
def test_each_kind_is_the_sum_of_its_contracts(held: list[tuple[Instrument, int]]) -> None:
    named = net_lots([a_position(instrument, lots) for instrument, lots in held])
    open_ = {instrument for instrument, lots in held if lots}
    assert bool(named) == (len(open_) > 1)
    for each in named:
        assert each.symbol == "NIFTY"
        for kind, lots in each.lots:
            of = {"CE": (NIFTY_CALL, FURTHER), "PE": (PUT,), "FUT": (FUTURE,)}[kind]
            assert lots == Fraction(sum(number for instrument, number in held if instrument in of))


def test_shares_and_a_single_contract_are_named_by_their_own_rows() -> None:
    shares = replace(a_position(RELIANCE, 1), quantity=10)
    assert net_lots([shares, a_position(NIFTY_CALL, 2)]) == ()
