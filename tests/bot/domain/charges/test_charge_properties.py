"""Properties of what any set of trades costs."""

from dataclasses import replace
from datetime import date
from decimal import ROUND_CEILING, Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.charges.charges import Trade
from bot.domain.charges.tariff import Asset, Bill, BrokeragePlan, ChargeName, merged
from bot.domain.market.instrument import Exchange
from bot.domain.money import total
from bot.domain.terms import Product, Side
from tests.bot.domain.charges.test_charges import CLOSE, TARIFF, TODAY
from tests.stage.values.market import a_future, a_share, an_option

INSTRUMENTS = [
    a_share(),
    a_share("TCS"),
    a_share("NIFTYBEES"),
    a_share("GOLDBEES"),
    a_share(exchange=Exchange.BSE),
    a_future(),
    an_option(),
    an_option("SENSEX", "84500", expiry=date(2026, 11, 26), lot=20),
]


DAYS = [date(2025, 6, 2), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1), TODAY]


PRICES = st.decimals("0.05", "90000", places=2)


PLANS = st.sampled_from([None, *TARIFF.plans])


@st.composite
def trades(draw: st.DrawFn) -> Trade:
    instrument = draw(st.sampled_from(INSTRUMENTS))
    products = [Product.NRML, Product.MIS] if instrument.is_derivative else [Product.CNC, Product.MIS, Product.MTF]
    return Trade(
        instrument=instrument,
        side=draw(st.sampled_from(list(Side))),
        product=draw(st.sampled_from(products)),
        quantity=draw(st.integers(1, 5000)),
        price=draw(PRICES),
        day=draw(st.sampled_from(DAYS)),
        orders=draw(st.integers(1, 4)),
    )


@given(trades(), PLANS)
def test_no_charge_is_ever_negative(trade: Trade, chosen: BrokeragePlan | None) -> None:
    bill = TARIFF.order(trade, chosen)
    assert all(line.amount >= 0 for line in bill.lines)
    assert bill.total == total(line.amount for line in bill.lines)


@given(trades(), PLANS, PRICES, st.integers(1, 5000))
def test_charges_never_fall_as_the_value_rises(trade: Trade, chosen: BrokeragePlan | None, price: Decimal, more: int) -> None:
    dearer = replace(trade, price=max(price, trade.price), quantity=trade.quantity + more)
    small, large = TARIFF.order(trade, chosen), TARIFF.order(dearer, chosen)
    assert large.total >= small.total
    for name in ChargeName:
        assert (large.amount(name) or 0) >= (small.amount(name) or 0)


def without_depository(bill: Bill) -> Decimal:
    return bill.total - (bill.amount(ChargeName.DP) or 0)


@given(st.lists(trades(), max_size=6), PLANS)
def test_charges_add_up_over_orders_with_the_depository_once_a_scrip_and_day(
    made: list[Trade], chosen: BrokeragePlan | None
) -> None:
    together = TARIFF.fills(made, chosen)
    apart = merged(TARIFF.order(trade, chosen) for trade in made)
    assert abs(without_depository(together) - without_depository(apart)) <= CLOSE
    assert together.unknown == apart.unknown
    sold = {(trade.instrument.key, trade.day) for trade in made if trade.delivers}
    assert together.amount(ChargeName.DP) == Decimal("21.24") * len(sold)


@given(st.lists(trades(), max_size=4), st.lists(trades(), max_size=4), PLANS)
def test_two_lists_cost_together_what_they_cost_apart_when_they_share_no_scrip(
    first: list[Trade], second: list[Trade], chosen: BrokeragePlan | None
) -> None:
    assume(not {trade.instrument.key for trade in first} & {trade.instrument.key for trade in second})
    together = TARIFF.day([*first, *second], chosen)
    assert abs(together.total - (TARIFF.day(first, chosen) + TARIFF.day(second, chosen)).total) <= CLOSE


@given(st.lists(trades(), max_size=6), PLANS)
def test_the_contract_note_of_a_day_never_costs_more_than_its_orders_one_by_one(
    made: list[Trade], chosen: BrokeragePlan | None
) -> None:
    delivered = [
        replace(trade, product=Product.CNC)
        for trade in made
        if not trade.instrument.is_derivative and TARIFF.asset(trade.instrument) is not Asset.EQUITY_FUND
    ]
    assert TARIFF.day(delivered, chosen).total <= TARIFF.fills(delivered, chosen).total + CLOSE


def test_an_equity_fund_sold_on_the_day_it_was_bought_pays_the_higher_tax_of_intraday() -> None:
    buy = Trade(instrument=a_share("NIFTYBEES"), side=Side.BUY, product=Product.CNC, quantity=100, price=Decimal(280), day=TODAY)
    made = [buy, replace(buy, side=Side.SELL)]
    assert TARIFF.fills(made, None).amount(ChargeName.STT) == Decimal("0.28")  # 0.001 % of the sale
    assert TARIFF.day(made, None).amount(ChargeName.STT) == Decimal(7)  # 0.025 % of it


@given(trades(), st.permutations([0, 1, 2, 3]), PLANS)
def test_the_order_of_fills_changes_nothing_and_brokerage_is_paid_once_an_order(
    trade: Trade, turn: list[int], chosen: BrokeragePlan | None
) -> None:
    parts = [replace(trade, quantity=step + 1, order="1282", orders=1) for step in range(4)]
    whole = replace(trade, quantity=10, order="1282", orders=1)
    once = TARIFF.fills([whole], chosen)
    shuffled = TARIFF.fills([parts[step] for step in turn], chosen)
    assert abs(shuffled.total - once.total) <= CLOSE
    assert shuffled.amount(ChargeName.BROKERAGE) == once.amount(ChargeName.BROKERAGE)


@given(trades(), PLANS)
def test_a_further_fill_of_a_counted_order_pays_no_brokerage_again(trade: Trade, chosen: BrokeragePlan | None) -> None:
    first, further = replace(trade, orders=1), replace(trade, orders=0)
    once = TARIFF.order(first, chosen).amount(ChargeName.BROKERAGE)
    assert TARIFF.fills([first, further, further], chosen).amount(ChargeName.BROKERAGE) == once
    assert TARIFF.fills([replace(trade, orders=1, order="1282")] * 3, chosen).amount(ChargeName.BROKERAGE) == once


@given(trades(), PLANS)
def test_the_break_even_pays_for_the_round_trip_and_one_tick_less_does_not(trade: Trade, chosen: BrokeragePlan | None) -> None:
    trip = TARIFF.round_trip(trade, chosen)
    if trip is None:
        assert trade.delivers
        return
    point = trip.break_even
    if point is None:
        assert trade.side is Side.SELL  # only a short can run out of room
        return
    tick = trade.instrument.tick

    def net(price: Decimal) -> Decimal:
        back = replace(trade, side=trade.side.opposite, price=price)
        gain = (price - trade.price) * trade.side.sign * trade.quantity
        return gain - trip.entry.total - TARIFF.ledger_order(back, chosen).total

    assert abs(net(point.price)) < Decimal("0.0001")
    assert net(trade.price + trade.side.sign * tick * point.ticks) >= 0
    if point.ticks:
        assert net(trade.price + trade.side.sign * tick * (point.ticks - 1)) < 0


def searched(trade: Trade, chosen: BrokeragePlan | None) -> tuple[Decimal, int] | None:
    """The break-even price and its ticks, found step by step on whole bills. None below zero."""
    paid, side, tick = TARIFF.ledger_order(trade, chosen).total, trade.side.sign, trade.instrument.tick

    def gain(price: Decimal) -> Decimal:
        back = replace(trade, side=trade.side.opposite, price=price)
        return (price - trade.price) * side * trade.quantity - paid - TARIFF.ledger_order(back, chosen).total

    price = trade.price
    for _ in range(60):
        missing = -gain(price) / trade.quantity
        if abs(missing) < Decimal("1e-12"):
            break
        price += missing * side
    ticks = int((abs(price - trade.price) / tick).to_integral_value(ROUND_CEILING))
    while gain(trade.price + side * ticks * tick) < 0:
        ticks += 1
    while ticks > 0 and gain(trade.price + side * (ticks - 1) * tick) >= 0:
        ticks -= 1
    return (price, ticks) if price >= 0 and trade.price + side * ticks * tick >= 0 else None


@given(trades(), PLANS)
def test_the_break_even_is_the_price_that_a_search_over_whole_bills_finds(trade: Trade, chosen: BrokeragePlan | None) -> None:
    trip = TARIFF.round_trip(trade, chosen)
    assume(trip is not None)
    assert trip is not None
    found, point = searched(trade, chosen), trip.break_even
    if found is None or point is None:
        assert found is None
        assert point is None
        return
    assert abs(point.price - found[0]) < Decimal("1e-9")
    assert point.ticks == found[1]
