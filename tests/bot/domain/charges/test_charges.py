"""What trades cost: the worked fixtures line by line, the changes of rate on their dates, and what is not known."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from bot.domain.charges.charges import Trade
from bot.domain.charges.tariff import Bill, BrokeragePlan, BrokerageTerms, ChargeName, TradeClass
from bot.domain.charges.turnover import series_of
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.domain.money import to_paise
from bot.domain.terms import Product, Side
from tests.stage.values.market import REFERENCE_DATA, a_future, a_share, an_option
from tests.stage.values.worked import Worked, worked_cases, worth

TARIFF = REFERENCE_DATA.tariff
WORKED = worked_cases()
TODAY = date(2026, 11, 20)
CLOSE = Decimal("1e-9")


def plan(name: str = "flat-5") -> BrokeragePlan:
    plan = TARIFF.plan(name)
    assert plan is not None
    return plan


def instrument_of(row: dict[str, Any]) -> Instrument:
    kind = InstrumentKind(row["kind"])
    option = kind in {InstrumentKind.INDEX_OPTION, InstrumentKind.STOCK_OPTION}
    derivative = kind is not InstrumentKind.EQUITY
    return Instrument(
        exchange=Exchange(row["exchange"]),
        token=f"{row['exchange']}-{row['symbol']}-{kind}",
        symbol=row["symbol"],
        name=row["symbol"],
        kind=kind,
        lot=1,
        tick=Decimal("0.05"),
        expiry=date(2026, 12, 29) if derivative else None,
        strike=Decimal(24500) if option else None,
        right=Right.CE if option else None,
        series=row.get("series", ""),
    )


def trade_of(row: dict[str, Any]) -> Trade:
    return Trade(
        instrument=instrument_of(row),
        side=Side(row["side"]),
        product=Product(row["product"]),
        quantity=row["quantity"],
        price=Decimal(row["price"]),
        day=row["day"],
        orders=row.get("orders", 1),
        order=row.get("order", ""),
    )


def a_contract(exchange: str, symbol: str, strike: str, right: str) -> Instrument:
    stock = symbol == "RELIANCE"
    if not strike:
        return a_future(symbol, lot=500, stock=stock)
    contract = an_option(symbol, strike, right=Right(right), stock=stock, lot=500 if stock else 65)
    assert contract.exchange == exchange
    return contract


def answer(case: Worked) -> Bill:
    made = [trade_of(row) for row in case.trades]
    terms = plan(case.plan) if case.plan else None
    match case.asks, case.given:
        case "order", ():
            (trade,) = made
            return TARIFF.order(trade, terms)
        case "fills", ():
            return TARIFF.fills(made, terms)
        case "day", ():
            return TARIFF.day(made, terms)
        case "exercise", (exchange, symbol, strike, right, quantity, settlement, day):
            contract = a_contract(exchange, symbol, strike, right)
            return TARIFF.exercise(contract, int(quantity), Decimal(settlement), date.fromisoformat(day))
        case "physical", (exchange, symbol, strike, right, quantity, settlement, day, side):
            contract = a_contract(exchange, symbol, strike, right)
            return TARIFF.physical(contract, Side(side), int(quantity), Decimal(settlement), date.fromisoformat(day))
        case "square-off", (orders, day):
            return TARIFF.square_off_fee(date.fromisoformat(day), int(orders))
        case "mtf", (borrowed, days, pledges, day):
            return TARIFF.mtf(Decimal(borrowed), date.fromisoformat(day), days=int(days), pledges=int(pledges))
    msg = f"nobody knows how to ask {case.asks}"
    raise ValueError(msg)


def test_there_are_at_least_sixty_worked_cases_besides_the_four_of_the_reference() -> None:
    names = [case.name for case in WORKED]
    assert len(names) == len(set(names))
    assert sum(not name.startswith("worked-") for name in names) >= 60


def test_every_worked_case_agrees_line_by_line_before_rounding() -> None:
    close = Fraction(CLOSE)
    for case in WORKED:
        for arithmetic, result in case.lines.values():
            assert abs(worth(arithmetic) - Fraction(result)) <= close, case.name
        total = sum((worth(arithmetic) for arithmetic, _ in case.lines.values()), Fraction())
        assert abs(total - Fraction(case.total)) <= close, case.name
        bill = answer(case)
        for name in ChargeName:
            expected = Fraction(case.lines[name][1]) if name in case.lines else Fraction()
            charged = sum((Fraction(line.amount) for line in bill.lines if line.name is name), Fraction())
            assert abs(charged - expected) <= close, (case.name, name)
        assert {str(name) for name in bill.unknown} == case.not_known, case.name
        assert abs(bill.total - Decimal(case.total)) <= CLOSE, case.name
        assert all(line.sources and all(line.sources) for line in bill.lines), case.name


@pytest.mark.parametrize(
    ("name", "rupees", "besides"),
    [
        ("worked-intraday", "47.57", "0"),
        ("worked-delivery", "223.52", "21.24"),
        ("worked-option", "28.46", "0"),
        ("worked-future", "969.28", "0"),
    ],
)
def test_the_four_examples_of_the_reference_come_to_the_paisa(name: str, rupees: str, besides: str) -> None:
    (case,) = [case for case in WORKED if case.name == name]
    assert to_paise(answer(case).total - Decimal(besides)) == Decimal(rupees)


@pytest.mark.parametrize(
    ("charge", "trade", "day", "before", "after"),
    [
        (ChargeName.STT, "future", date(2026, 4, 1), "0.02", "0.05"),
        (ChargeName.STT, "option", date(2026, 4, 1), "0.1", "0.15"),
        (ChargeName.STT, "share", date(2026, 4, 1), "0.1", "0.1"),
        (ChargeName.EXCHANGE, "share", date(2026, 3, 1), "0.00297", "0.0030699"),
        (ChargeName.EXCHANGE, "future", date(2026, 3, 1), "0.00173", "0.0018299"),
        (ChargeName.EXCHANGE, "option", date(2026, 3, 1), "0.03503", "0.03552"),
        (ChargeName.IPFT, "share", date(2026, 3, 1), "0.0001", "0.0000001"),
        (ChargeName.IPFT, "future", date(2026, 3, 1), "0.0001", "0.0000001"),
        (ChargeName.IPFT, "option", date(2026, 3, 1), "0.0005", "0.00001"),
    ],
)
def test_a_rate_changes_at_midnight_of_its_date(charge: ChargeName, trade: str, day: date, before: str, after: str) -> None:
    instrument = {"future": a_future(), "option": an_option(), "share": a_share()}[trade]
    product = Product.CNC if trade == "share" else Product.NRML
    eve = day - timedelta(days=1)
    sale = Trade(instrument=instrument, side=Side.SELL, product=product, quantity=65, price=Decimal(100), day=eve)
    assert TARIFF.order(sale, None).amount(charge) == Decimal(6500) * Decimal(before) / 100
    assert TARIFF.order(replace(sale, day=day), None).amount(charge) == Decimal(6500) * Decimal(after) / 100


def test_nses_new_split_of_march_leaves_the_total_where_it_was() -> None:
    for instrument, product in ((a_share(), Product.MIS), (a_future(), Product.NRML), (an_option(), Product.NRML)):
        sale = Trade(
            instrument=instrument, side=Side.BUY, product=product, quantity=65, price=Decimal(100), day=date(2026, 2, 28)
        )
        later = replace(sale, day=date(2026, 3, 1))
        assert TARIFF.order(sale, None).total == TARIFF.order(later, None).total


def test_without_a_plan_the_brokerage_is_not_known_and_the_rest_is_counted() -> None:
    trade = Trade(instrument=an_option(), side=Side.BUY, product=Product.NRML, quantity=65, price=Decimal(100), day=TODAY)
    bare, full = TARIFF.order(trade, None), TARIFF.order(trade, plan("flat-20"))
    assert bare.amount(ChargeName.BROKERAGE) is None
    assert bare.unknown == {ChargeName.BROKERAGE}
    assert full.total - bare.total == Decimal(20) * Decimal("1.18")


def test_no_plan_is_assumed_and_mstocks_three_are_named() -> None:
    assert {plan.name for plan in TARIFF.plans} == {"zero", "flat-20", "flat-5"}
    assert TARIFF.plan("something") is None
    assert {plan.name for plan in TARIFF.plans if TradeClass.MTF in plan.terms} == {"flat-5"}


def test_a_users_own_terms_may_be_a_percentage_with_a_ceiling() -> None:
    terms = {TradeClass.INTRADAY: BrokerageTerms(flat=Decimal(20), percent=Decimal("0.03"))}
    own = BrokeragePlan(name="own", title="20 or 0.03 %", terms=terms, source="the user")
    small = Trade(instrument=a_share(), side=Side.BUY, product=Product.MIS, quantity=1, price=Decimal(1000), day=TODAY)
    assert TARIFF.order(small, own).amount(ChargeName.BROKERAGE) == Decimal("0.3")
    large = replace(small, quantity=1000)
    assert TARIFF.order(large, own).amount(ChargeName.BROKERAGE) == Decimal(20)
    halves = replace(small, quantity=100, orders=2)
    assert TARIFF.order(halves, own).amount(ChargeName.BROKERAGE) == Decimal(30)


def test_a_date_before_the_rates_is_not_known_rather_than_free() -> None:
    trade = Trade(
        instrument=a_share(), side=Side.SELL, product=Product.CNC, quantity=10, price=Decimal(100), day=date(2016, 5, 2)
    )
    bill = TARIFF.order(trade, plan())
    assert bill.unknown >= {ChargeName.STT, ChargeName.EXCHANGE, ChargeName.SEBI, ChargeName.STAMP, ChargeName.GST, ChargeName.DP}
    assert bill.amount(ChargeName.STT) is None


@pytest.mark.parametrize(("series", "rupees"), [("A", "0.0375"), ("X", "1"), ("ZP", "1"), ("ST", "10"), ("XD", None)])
def test_a_group_of_bse_pays_its_own_exchange_charge_and_one_without_a_rate_is_not_known(series: str, rupees: str | None) -> None:
    share = replace(a_share("SMALLCO", exchange=Exchange.BSE), name=f"SMALLCO-{series}")  # as the scrip master has it
    bill = TARIFF.order(
        Trade(instrument=share, side=Side.BUY, product=Product.CNC, quantity=10, price=Decimal(100), day=TODAY), plan()
    )
    assert bill.amount(ChargeName.EXCHANGE) == (None if rupees is None else Decimal(rupees))
    assert (bill.amount(ChargeName.GST) is None) is (rupees is None)
    assert bill.amount(ChargeName.STT) == Decimal(1)


@pytest.mark.parametrize(("name", "series"), [("SMALLCO", ""), ("BAJAJ-AUTO", "AUTO"), ("SMALLCO-XT", "XT"), ("SMALLCO-T", "T")])
def test_a_bse_share_is_of_the_group_that_its_name_ends_in(name: str, series: str) -> None:
    share = replace(a_share("SMALLCO", exchange=Exchange.BSE), name=name)
    assert series_of(share) == series
    buy = Trade(instrument=share, side=Side.BUY, product=Product.CNC, quantity=10, price=Decimal(100), day=TODAY)
    nets = TARIFF.day([buy, replace(buy, side=Side.SELL)], plan()).amount(ChargeName.DP) == 0
    assert nets is (series != "T"), "trade-to-trade never nets"


def test_a_fund_that_nobody_named_counts_as_a_share_which_pays_most() -> None:
    named, unnamed = a_share("GOLDBEES"), a_share("NEWGOLDFUND")
    sale = Trade(instrument=named, side=Side.SELL, product=Product.CNC, quantity=10, price=Decimal(100), day=TODAY)
    assert TARIFF.order(sale, None).amount(ChargeName.STT) == 0
    assert TARIFF.order(replace(sale, instrument=unnamed), None).amount(ChargeName.STT) == Decimal(1)


def test_asking_for_the_wrong_kind_of_settlement_is_refused() -> None:
    with pytest.raises(ValueError, match="no index option"):
        TARIFF.exercise(a_future(), 65, Decimal(24000), TODAY)
    with pytest.raises(ValueError, match="no index option"):
        TARIFF.exercise(replace(an_option(), strike=None), 65, Decimal(24000), TODAY)
    with pytest.raises(ValueError, match="no stock contract"):
        TARIFF.physical(an_option(), Side.BUY, 65, Decimal(24000), TODAY)


def test_fees_are_for_one_order_and_interest_for_one_day_unless_said_otherwise() -> None:
    assert TARIFF.square_off_fee(TODAY).total == Decimal(118)
    one_day = TARIFF.mtf(Decimal(100_000), TODAY)
    assert to_paise(one_day.total) == Decimal("41.07")
    assert [line.name for line in one_day.lines] == [ChargeName.MTF_INTEREST]


def test_reliance_delivery_round_trip_reads_as_on_the_card() -> None:
    trade = Trade(instrument=a_share(), side=Side.BUY, product=Product.CNC, quantity=10, price=Decimal("1487.70"), day=TODAY)
    trip = TARIFF.round_trip(trade, plan("zero"))
    assert trip is not None
    assert to_paise(trip.entry.total) == Decimal("17.67")
    assert trip.exit.amount(ChargeName.DP) == Decimal("21.24")
    assert trip.break_even is not None
    assert to_paise(trip.break_even.move) == Decimal("5.44")
    assert trip.break_even.ticks == 55


def test_a_delivery_sale_has_no_second_side_to_price() -> None:
    sale = Trade(instrument=a_share(), side=Side.SELL, product=Product.CNC, quantity=10, price=Decimal(1480), day=TODAY)
    assert TARIFF.round_trip(sale, plan()) is None
    short = replace(sale, product=Product.MIS)
    assert TARIFF.round_trip(short, plan()) is not None


def test_a_short_that_costs_more_than_it_brings_never_breaks_even() -> None:
    short = Trade(instrument=an_option(), side=Side.SELL, product=Product.NRML, quantity=1, price=Decimal("0.05"), day=TODAY)
    trip = TARIFF.round_trip(short, plan("flat-20"))
    assert trip is not None
    assert trip.break_even is None


def test_shares_on_margin_are_pledged_and_unpledged_on_the_ledger_but_not_those_that_were_bought_and_sold_today() -> None:
    bought = Trade(
        instrument=a_share(), side=Side.BUY, product=Product.MTF, quantity=10, price=Decimal(1480), day=date(2026, 11, 20)
    )
    sold = replace(bought, side=Side.SELL)
    for trade in (bought, sold):
        assert TARIFF.ledger_order(trade, None).amount(ChargeName.PLEDGE) == Decimal(32)
        assert TARIFF.order(trade, None).amount(ChargeName.PLEDGE) == 0, "the contract note has no pledge"
    assert TARIFF.ledger_order(sold, None, meets=10).amount(ChargeName.PLEDGE) == 0
    assert TARIFF.ledger_order(replace(bought, product=Product.CNC), None).amount(ChargeName.PLEDGE) == 0
    trip = TARIFF.round_trip(bought, None)
    assert trip is not None
    assert trip.both.amount(ChargeName.PLEDGE) == Decimal(64)
