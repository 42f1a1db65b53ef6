"""Reads the tables of charges and plans into domain values."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from msgspec import field

from bot.domain.charges.charges import Tariff
from bot.domain.charges.tariff import (
    Asset,
    BrokeragePlan,
    BrokerageTerms,
    ChargeName,
    Fee,
    Interest,
    InterestSlab,
    Rate,
    Tax,
    TradeClass,
)
from bot.domain.market.instrument import Exchange
from bot.domain.terms import Side
from bot.reference.schema import SOME, Figure, InnerTable, Row, Tables, Text, value_of

TAXED = frozenset({ChargeName.BROKERAGE, ChargeName.EXCHANGE, ChargeName.IPFT, ChargeName.SEBI})
PLANNED = (TradeClass.DELIVERY, TradeClass.MTF, TradeClass.INTRADAY, TradeClass.FUTURE, TradeClass.OPTION)


class _Rate(Row, frozen=True, kw_only=True):
    charge: ChargeName
    classes: Annotated[frozenset[TradeClass], SOME]
    since: date = field(name="from")
    sides: Annotated[frozenset[Side], SOME] = frozenset(Side)
    percent: Figure | None = None  # none: it applies and is not known
    exchanges: Annotated[frozenset[Exchange], SOME] = frozenset(Exchange)
    assets: Annotated[frozenset[Asset], SOME] = frozenset(Asset)
    underlyings: frozenset[str] = frozenset()
    besides: frozenset[str] = frozenset()
    series: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.percent is not None and Decimal(self.percent) > 1:
            msg = f"{self.percent} % of the turnover cannot be a charge: is it written in percent?"
            raise ValueError(msg)


class _Fee(Row, frozen=True, kw_only=True):
    charge: ChargeName
    rupees: Figure
    gst: bool
    since: date = field(name="from")


class _Tax(Row, frozen=True, kw_only=True):
    percent: Figure
    on: Annotated[frozenset[ChargeName], SOME]
    since: date = field(name="from")

    def __post_init__(self) -> None:
        if not self.on <= TAXED:
            msg = f"GST is counted on {', '.join(sorted(TAXED))} only; fees say it themselves"
            raise ValueError(msg)


class _Slab(InnerTable, frozen=True, kw_only=True):
    percent: Figure
    to: Figure | None = None  # rupees lent, the figure itself included; none: the last slab


class _Interest(Row, frozen=True, kw_only=True):
    """One percentage for every loan, or slabs by the amount lent."""

    percent: Figure | None = None
    slabs: tuple[_Slab, ...] = ()
    since: date = field(name="from")

    def __post_init__(self) -> None:
        if (self.percent is None) is not bool(self.slabs):
            raise ValueError("it says either percent or slabs")
        limits = [Decimal(slab.to) if slab.to is not None else None for slab in self.slabs]
        if limits and limits[-1] is not None:
            raise ValueError("the last slab must have no limit, or larger loans have no answer")
        for before, after in pairwise(limits):
            if before is None or (after is not None and after <= before):
                raise ValueError("the slabs must rise, and only the last has no limit")

    def interest(self) -> Interest:
        """The domain's row."""
        slabs = self.slabs or (_Slab(percent=self.percent or "0"),)
        return Interest(
            slabs=tuple(
                InterestSlab(upto=None if slab.to is None else Decimal(slab.to), percent=Decimal(slab.percent)) for slab in slabs
            ),
            since=self.since,
            source=self.source,
        )


class _Plan(Row, frozen=True, kw_only=True):
    """Rupees for an executed order of each class, with `<class>_percent` where a percentage may be less."""

    name: Text
    title: Text
    delivery: Figure | None = None
    delivery_percent: Figure | None = None
    mtf: Figure | None = None
    mtf_percent: Figure | None = None
    intraday: Figure | None = None
    intraday_percent: Figure | None = None
    future: Figure | None = None
    future_percent: Figure | None = None
    option: Figure | None = None
    option_percent: Figure | None = None

    def __post_init__(self) -> None:
        for trade_class in PLANNED:
            flat, percent = self.of(trade_class)
            if flat is None and percent is not None:
                msg = f"{trade_class}_percent is a cap on {trade_class}, which is missing"
                raise ValueError(msg)

    def of(self, trade_class: TradeClass) -> tuple[str | None, str | None]:
        """The flat sum and the percentage of a class."""
        return getattr(self, trade_class), getattr(self, f"{trade_class}_percent")


class _Funds(Row, frozen=True, kw_only=True):
    asset: Asset
    symbols: tuple[str, ...] = ()


class _GrossSeries(Row, frozen=True, kw_only=True):
    series: tuple[str, ...] = ()


class ChargeTables(Tables, frozen=True, kw_only=True):
    """What a file may say of charges."""

    rates: tuple[_Rate, ...] = ()
    fees: tuple[_Fee, ...] = ()
    gst: tuple[_Tax, ...] = ()
    interest: tuple[_Interest, ...] = ()
    plans: tuple[_Plan, ...] = ()
    funds: tuple[_Funds, ...] = ()
    gross_series: tuple[_GrossSeries, ...] = ()


def read_tariff(files: Iterable[ChargeTables]) -> Tariff:
    """The charges of several files, a later file's row replacing an earlier one with the same key."""
    rates: dict[tuple[object, ...], Rate] = {}
    fees: dict[tuple[ChargeName, date], Fee] = {}
    taxes: dict[date, Tax] = {}
    interest: dict[date, Interest] = {}
    plans: dict[str, BrokeragePlan] = {}
    funds: dict[str, Asset] = {}
    gross: set[str] = set()
    for file in files:
        for row in file.rates:
            rates[_key(row)] = value_of(row, Rate)
        for fee in file.fees:
            fees[fee.charge, fee.since] = value_of(fee, Fee)
        for tax in file.gst:
            taxes[tax.since] = value_of(tax, Tax)
        for loan in file.interest:
            interest[loan.since] = loan.interest()
        for plan in file.plans:
            plans[plan.name] = BrokeragePlan(name=plan.name, title=plan.title, terms=_terms(plan), source=plan.source)
        for fund in file.funds:
            funds.update(dict.fromkeys(fund.symbols, fund.asset))
        for series in file.gross_series:
            gross.update(series.series)
    return Tariff(
        rates=tuple(rates.values()),
        fees=tuple(fees.values()),
        taxes=tuple(taxes.values()),
        interest=tuple(interest.values()),
        plans=tuple(plans.values()),
        funds=funds,
        gross_series=frozenset(gross),
    )


def _terms(plan: _Plan) -> Mapping[TradeClass, BrokerageTerms]:
    terms = {}
    for trade_class in PLANNED:
        flat, percent = plan.of(trade_class)
        if flat is not None:
            terms[trade_class] = BrokerageTerms(flat=Decimal(flat), percent=None if percent is None else Decimal(percent))
    return terms


def _key(row: _Rate) -> tuple[object, ...]:
    return (
        row.charge, row.classes, row.sides, row.since, row.exchanges, row.assets, row.underlyings, row.besides, row.series,
    )  # fmt: skip
