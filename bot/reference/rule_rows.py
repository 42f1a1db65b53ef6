"""Reads the market rules' tables into domain values."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, field

from bot.domain.market.instrument import Exchange, InstrumentKind
from bot.domain.market.rules import (
    Ban,
    Band,
    BrokerRisk,
    Freeze,
    Ladder,
    LotSize,
    MarketRules,
    PriceStep,
    StockExpiryRule,
    Surveillance,
    TriggerRange,
)
from bot.domain.market.sessions import Withdrawal
from bot.reference.schema import SOME, BadRow, Count, Figure, InnerTable, Row, Tables, Text, value_of

Kinds = Annotated[frozenset[InstrumentKind], SOME]


class _Protection(Row, frozen=True, kw_only=True):
    market_ticks: Count
    stop_slabs: Count
    stop_ticks: Count


class _Units(Row, frozen=True, kw_only=True):
    units: dict[str, int]  # of an underlying

    def __post_init__(self) -> None:
        for underlying, units in self.units.items():
            if units < 1:
                msg = f"{underlying} must be a whole number from 1, not {units}"
                raise ValueError(msg)


class _Freeze(_Units, frozen=True, kw_only=True):
    exchange: Exchange
    monthly: bool
    since: date = field(name="from")


class _Lots(_Units, frozen=True, kw_only=True):
    first_expiry: date
    units: dict[str, int] = field(default_factory=dict)
    not_known: frozenset[str] = frozenset()  # changed by a notice whose figure was not read: the older row no longer holds

    def __post_init__(self) -> None:
        _Units.__post_init__(self)
        if not self.units and not self.not_known:
            raise ValueError("units are missing")


class _Step(InnerTable, frozen=True, kw_only=True):
    value: Figure
    to: Figure | None = None  # the limit itself belongs to the step
    below: Figure | None = None

    def __post_init__(self) -> None:
        if self.to is not None and self.below is not None:
            raise ValueError("to and below both say where the step ends")
        if Decimal(self.value) == 0:
            raise ValueError("a step of nothing")

    def step(self) -> PriceStep:
        """The domain's step. Without a limit it is the last."""
        upto = self.below if self.to is None else self.to
        return PriceStep(upto=None if upto is None else Decimal(upto), inclusive=self.to is not None, value=Decimal(self.value))


class _Ladder(Row, frozen=True, kw_only=True):
    kinds: Kinds
    steps: Annotated[tuple[_Step, ...], SOME]
    since: date = field(name="from")

    def __post_init__(self) -> None:
        reached = Decimal(0)
        for place, step in enumerate((row.step() for row in self.steps), start=1):
            if step.upto is None and place < len(self.steps):
                msg = f"steps {place + 1}: nothing may follow the step without a limit"
                raise ValueError(msg)
            if step.upto is not None and step.upto <= reached:
                msg = f"steps {place}: {step.upto} is not above {reached}"
                raise ValueError(msg)
            if step.upto is not None and place == len(self.steps):
                raise ValueError("the last step must have no limit, or prices above it have no answer")
            reached = step.upto or reached

    def ladder(self) -> Ladder:
        """The domain's ladder."""
        return Ladder(kinds=self.kinds, since=self.since, steps=tuple(row.step() for row in self.steps), source=self.source)


class _TriggerRange(Row, frozen=True, kw_only=True):
    kinds: Kinds
    low_upto: Figure
    low_rupees: Figure
    percent: Figure
    since: date = field(name="from")


class _Band(Row, frozen=True, kw_only=True):
    exchange: Exchange
    symbol: Text
    percent: Figure
    since: date = field(name="from")


class _Ban(Row, frozen=True, kw_only=True):
    on: date
    symbols: frozenset[Text]  # an empty list is one as well: nothing is banned on that day


class _Surveillance(Row, frozen=True, kw_only=True):
    exchange: Exchange
    measure: Text
    symbols: frozenset[Text]
    since: date = field(name="from")


class _StockExpiry(Row, frozen=True, kw_only=True):
    tell: int
    warn: int
    refuse: Annotated[int, Meta(ge=0)]
    squared_off: Count
    since: date = field(name="from")

    def __post_init__(self) -> None:
        if not self.tell >= self.warn >= self.refuse:
            raise ValueError("tell, warn and refuse must fall in this order")


class _BrokerRisk(Row, frozen=True, kw_only=True):
    band_used: Figure
    margin_lost: Figure
    since: date = field(name="from")


class RuleTables(Tables, frozen=True, kw_only=True):
    """What a file may say of the market's rules."""

    protection: _Protection | None = None
    freeze: tuple[_Freeze, ...] = ()
    slabs: tuple[_Ladder, ...] = ()
    ticks: tuple[_Ladder, ...] = ()
    trigger_ranges: tuple[_TriggerRange, ...] = ()
    lots: tuple[_Lots, ...] = ()
    price_bands: tuple[_Band, ...] = ()
    bans: tuple[_Ban, ...] = ()
    surveillance: tuple[_Surveillance, ...] = ()
    stock_expiry: tuple[_StockExpiry, ...] = ()
    broker_risk: tuple[_BrokerRisk, ...] = ()


def read_rules(files: Iterable[RuleTables], withdrawals: tuple[Withdrawal, ...]) -> MarketRules:
    """The rules of several files, a later file's row replacing an earlier one with the same key."""
    freezes: dict[tuple[Exchange, str, date], Freeze] = {}
    slabs: dict[tuple[frozenset[InstrumentKind], date], Ladder] = {}
    ticks: dict[tuple[frozenset[InstrumentKind], date], Ladder] = {}
    ranges: dict[tuple[frozenset[InstrumentKind], date], TriggerRange] = {}
    lots: dict[tuple[str, date], LotSize] = {}
    bands: dict[tuple[Exchange, str, date], Band] = {}
    bans: dict[date, Ban] = {}
    watched: dict[tuple[Exchange, str, date], Surveillance] = {}
    stock_expiry: dict[date, StockExpiryRule] = {}
    risks: dict[date, BrokerRisk] = {}
    protection: _Protection | None = None
    for file in files:
        protection = file.protection or protection
        for freeze in file.freeze:
            for underlying, quantity in freeze.units.items():
                freezes[freeze.exchange, underlying, freeze.since] = Freeze(
                    exchange=freeze.exchange, underlying=underlying, quantity=quantity,
                    since=freeze.since, monthly=freeze.monthly, source=freeze.source,
                )  # fmt: skip
        slabs |= {(row.kinds, row.since): row.ladder() for row in file.slabs}
        ticks |= {(row.kinds, row.since): row.ladder() for row in file.ticks}
        ranges |= {(row.kinds, row.since): value_of(row, TriggerRange) for row in file.trigger_ranges}
        for lot in file.lots:
            for underlying, units in [*lot.units.items(), *((name, None) for name in lot.not_known)]:
                lots[underlying, lot.first_expiry] = LotSize(
                    underlying=underlying, first_expiry=lot.first_expiry, units=units, source=lot.source
                )
        bands |= {(row.exchange, row.symbol, row.since): value_of(row, Band) for row in file.price_bands}
        bans |= {row.on: value_of(row, Ban) for row in file.bans}
        watched |= {(row.exchange, row.measure, row.since): value_of(row, Surveillance) for row in file.surveillance}
        stock_expiry |= {row.since: value_of(row, StockExpiryRule) for row in file.stock_expiry}
        risks |= {row.since: value_of(row, BrokerRisk) for row in file.broker_risk}
    if protection is None:
        raise BadRow("rules: the table [protection] is missing")
    return MarketRules(
        freezes=tuple(freezes.values()),
        slabs=tuple(slabs.values()),
        ticks=tuple(ticks.values()),
        ranges=tuple(ranges.values()),
        withdrawals=withdrawals,
        lots=tuple(lots.values()),
        bands=tuple(bands.values()),
        bans=tuple(bans.values()),
        surveillances=tuple(watched.values()),
        stock_expiry=tuple(stock_expiry.values()),
        risks=tuple(risks.values()),
        market_ticks=protection.market_ticks,
        stop_slabs=protection.stop_slabs,
        stop_ticks=protection.stop_ticks,
    )
