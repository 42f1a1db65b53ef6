"""A basket's figures: what it costs at its worst prices, and a bound on its loss that no price of the underlying passes."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.domain.orders.order import OrderDraft
from bot.domain.plans.basket import WorstLoss, payoff_legs, worst_cost, worst_loss
from bot.domain.plans.payoff import profit
from bot.domain.terms import OrderKind, Product, Side
from tests.stage.values.orders import RELIANCE

EXPIRY = date(2026, 11, 23)


def contract(strike: int | None, right: Right | None, expiry: date = EXPIRY, symbol: str = "NIFTY") -> Instrument:
    return Instrument(
        exchange=Exchange.NFO, token=f"{symbol}{strike}{right}{expiry}", symbol=symbol, name=f"{symbol}{expiry}{strike}{right}",
        kind=InstrumentKind.INDEX_OPTION if right else InstrumentKind.INDEX_FUTURE, lot=5, tick=Decimal("0.05"), expiry=expiry,
        strike=Decimal(strike) if strike is not None else None, right=right,
    )  # fmt: skip


def order(instrument: Instrument, side: Side, lots: int, price: str | None) -> OrderDraft:
    return OrderDraft(
        instrument=instrument, side=side, quantity=lots * instrument.lot, product=Product.NRML,
        kind=OrderKind.MARKET if price is None else OrderKind.LIMIT, price=None if price is None else Decimal(price),
    )  # fmt: skip


def orders(strikes: range = range(100, 200, 5)) -> st.SearchStrategy[OrderDraft]:
    options = st.builds(contract, st.sampled_from(strikes), st.sampled_from(Right))
    price = st.integers(1, 1200).map(lambda ticks: f"{Decimal(ticks) * Decimal('0.05'):.2f}")
    return st.builds(order, options | st.just(contract(None, None)), st.sampled_from(Side), st.integers(1, 4), price)


@given(st.lists(orders(), min_size=1, max_size=6))
def test_no_price_of_the_underlying_loses_more_than_the_bound_and_one_loses_just_that(drafts: list[OrderDraft]) -> None:
    found, legs = worst_loss(drafts), payoff_legs(drafts)
    assert legs is not None
    spots = [Decimal(spot) for spot in range(401)]  # every strike and both sides of all of them, tick by tick of a rupee
    least = min(profit(legs, spot) for spot in spots)
    if found.endless:
        assert profit(legs, Decimal(100_000)) < profit(legs, Decimal(50_000)) < 0
        return
    assert found.rupees is not None
    assert found.rupees == max(-least, Decimal(0))
    assert all(-profit(legs, spot) <= found.rupees for spot in (*spots, Decimal(100_000)))


@given(st.lists(orders(), min_size=1, max_size=4), st.lists(orders(), min_size=1, max_size=4))
def test_two_underlyings_lose_at_most_what_each_loses(one: list[OrderDraft], other: list[OrderDraft]) -> None:
    apart = [order(contract(int(each.instrument.strike) if each.instrument.strike is not None else None, each.instrument.right,
                            symbol="BANKNIFTY"), each.side, each.lots, f"{each.price}") for each in other]  # fmt: skip
    first, second, both = worst_loss(one), worst_loss(apart), worst_loss([*one, *apart])
    assert both.endless is (first.endless or second.endless)
    if first.rupees is not None and second.rupees is not None:
        assert both.rupees == first.rupees + second.rupees


def test_a_calendar_spread_and_an_order_at_any_price_have_no_known_loss() -> None:
    near, far = contract(150, Right.CE), contract(150, Right.CE, date(2026, 12, 29))
    spread = [order(far, Side.BUY, 1, "12.00"), order(near, Side.SELL, 1, "8.00")]
    assert worst_loss(spread) == WorstLoss()
    assert worst_loss([order(near, Side.BUY, 1, None)]) == WorstLoss()
    assert worst_cost([order(near, Side.BUY, 1, None)]) is None


def test_premiums_and_shares_are_paid_and_a_future_costs_nothing_by_itself() -> None:
    spread = [order(contract(150, Right.CE), Side.BUY, 2, "12.00"), order(contract(160, Right.CE), Side.SELL, 2, "8.00")]
    assert worst_cost(spread) == 40
    assert worst_cost([*spread, order(contract(None, None), Side.BUY, 1, "150.00")]) == 40
    share = OrderDraft(
        instrument=RELIANCE, side=Side.BUY, quantity=2, kind=OrderKind.LIMIT, product=Product.CNC, price=Decimal("1480.00")
    )
    assert worst_cost([share]) == 2960
    assert worst_loss([share]) == WorstLoss(rupees=Decimal(2960))
