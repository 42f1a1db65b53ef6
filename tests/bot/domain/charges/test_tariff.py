"""Bills add up, keep what is not known apart, and a rate covers exactly the cases that it names."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.charges.tariff import Asset, Bill, BrokerageTerms, Case, ChargeName, Gap, Rate, TariffLine, TradeClass, merged
from bot.domain.market.instrument import Exchange
from bot.domain.terms import Side

AMOUNTS = st.decimals("0", "100000", places=6)
LINES = st.builds(TariffLine, name=st.sampled_from(list(ChargeName)), amount=AMOUNTS, sources=st.just(("a source",)))
GAPS = st.builds(Gap, name=st.sampled_from(list(ChargeName)), why=st.just("a test"))
BILLS = st.builds(Bill, lines=st.lists(LINES, max_size=5).map(tuple), gaps=st.lists(GAPS, max_size=2).map(tuple))

A_CASE = Case(
    trade_class=TradeClass.OPTION,
    side=Side.SELL,
    exchange=Exchange.BFO,
    asset=Asset.SHARE,
    symbol="SENSEX",
    series="",
    day=date(2026, 4, 1),
)
A_RATE = Rate(
    charge=ChargeName.EXCHANGE,
    classes=frozenset({TradeClass.OPTION}),
    sides=frozenset(Side),
    since=date(2026, 4, 1),
    percent=Decimal("0.0325"),
    source="a test",
    exchanges=frozenset({Exchange.BFO}),
    assets=frozenset(Asset),
    underlyings=frozenset({"SENSEX", "BANKEX"}),
)


@given(st.lists(BILLS, max_size=5))
def test_a_merged_bill_has_each_charge_once_and_the_same_total(bills: list[Bill]) -> None:
    together = merged(bills)
    names = [line.name for line in together.lines]
    assert len(names) == len(set(names))
    assert together.total == sum((bill.total for bill in bills), Decimal())
    assert together.unknown == frozenset().union(*(bill.unknown for bill in bills))


@given(BILLS, BILLS)
def test_adding_bills_does_not_depend_on_their_order(first: Bill, second: Bill) -> None:
    assert (first + second).total == (second + first).total
    assert all((first + second).amount(name) == (second + first).amount(name) for name in ChargeName)


def test_a_charge_that_is_partly_unknown_is_not_known_as_a_whole() -> None:
    bill = Bill(lines=(TariffLine(name=ChargeName.BROKERAGE, amount=Decimal(20)),))
    unknown = Bill(gaps=(Gap(name=ChargeName.BROKERAGE, why="no plan"),))
    assert (bill + unknown).amount(ChargeName.BROKERAGE) is None
    assert (bill + unknown).total == Decimal(20)
    assert bill.amount(ChargeName.STT) == 0


def test_a_rate_covers_only_the_case_that_it_names() -> None:
    assert A_RATE.covers(A_CASE)
    for other in (
        replace(A_CASE, trade_class=TradeClass.FUTURE),
        replace(A_CASE, exchange=Exchange.NFO),
        replace(A_CASE, symbol="SENSEX50"),
        replace(A_CASE, day=date(2026, 3, 31)),
    ):
        assert not A_RATE.covers(other)
    besides = replace(A_RATE, underlyings=frozenset(), besides=frozenset({"SENSEX", "BANKEX"}))
    assert not besides.covers(A_CASE)
    assert besides.covers(replace(A_CASE, symbol="RELIANCE"))
    assert not replace(A_RATE, sides=frozenset({Side.BUY})).covers(A_CASE)
    assert not replace(A_RATE, assets=frozenset({Asset.OTHER_FUND})).covers(A_CASE)
    assert not replace(A_RATE, series=frozenset({"XT"})).covers(A_CASE)


@given(st.decimals("0", "10000000", places=2))
def test_terms_with_a_ceiling_never_exceed_it_and_never_fall_as_the_value_rises(value: Decimal) -> None:
    terms = BrokerageTerms(flat=Decimal(20), percent=Decimal("0.03"))
    assert 0 <= terms.of(value) <= 20
    assert terms.of(value + 1) >= terms.of(value)
    assert BrokerageTerms(flat=Decimal(20)).of(value) == 20
