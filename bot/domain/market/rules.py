"""Dated market rules for which the scrip master has no column: freeze, protection slabs, stop limits, stock F&O near expiry."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import IntEnum

from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind
from bot.domain.market.market_days import MarketDays
from bot.domain.market.sessions import Withdrawal
from bot.domain.money import tick_down, tick_up
from bot.domain.terms import OrderKind, Side
from bot.domain.value import value

HUNDRED = Decimal(100)
NEAR = 14  # calendar days; nearer than this an expiry that the calendar cannot count is treated as close


@value
class PriceStep:
    """One step of a price ladder: it holds up to a price. upto None is the last step."""

    upto: Decimal | None
    inclusive: bool  # the price upto itself belongs to this step
    value: Decimal

    def holds(self, price: Decimal) -> bool:
        return self.upto is None or price < self.upto or (self.inclusive and price == self.upto)


@value
class Ladder:
    """A value that depends on the price, for some instruments, from a date on."""

    kinds: frozenset[InstrumentKind]
    since: date
    steps: tuple[PriceStep, ...]  # in rising order, the last one open
    source: str

    def at(self, price: Decimal) -> Decimal:
        return next(step.value for step in self.steps if step.holds(price))


@value
class TriggerRange:
    """How far the limit of a stop order may lie from its trigger before the exchange refuses it."""

    kinds: frozenset[InstrumentKind]
    since: date
    low_upto: Decimal  # triggers up to this price have the range low_rupees, above it percent of the trigger
    low_rupees: Decimal
    percent: Decimal
    source: str

    def widest(self, trigger: Decimal) -> Decimal:
        return self.low_rupees if trigger <= self.low_upto else trigger * self.percent / HUNDRED


@value
class Freeze:
    """The largest quantity that one order may carry. Larger ones are refused by the exchange."""

    exchange: Exchange
    underlying: str
    quantity: int  # units
    since: date
    monthly: bool  # the exchange sets it anew each month, so a row of an earlier month may be out of date
    source: str

    def stale(self, on: date) -> bool:
        """Whether a newer notice must exist that is not in our data."""
        return self.monthly and (on.year, on.month) != (self.since.year, self.since.month)


@value
class LotSize:
    """Units in a lot for contracts that expire from a date on: a check on the scrip master, never used instead of it."""

    underlying: str
    first_expiry: date
    units: int | None  # None: changed from here on, and the figure is not known
    source: str


@value
class Band:
    """A share's daily price band: percent either side of the previous close."""

    exchange: Exchange
    symbol: str
    percent: Decimal
    since: date
    source: str


@value
class Ban:
    """Shares whose futures and options take no new positions on a day: they have reached their market-wide limit."""

    on: date
    symbols: frozenset[str]
    source: str


@value
class Surveillance:
    """The shares under one measure of an exchange, from a date until its next list."""

    exchange: Exchange
    measure: str  # as the exchange calls it, with its stage
    since: date
    symbols: frozenset[str]
    source: str


@value
class StockExpiryRule:
    """From how many trading days before expiry a stock contract is spoken of, warned about, and not opened any more."""

    since: date
    tell: int
    warn: int
    refuse: int
    squared_off: int  # mStock closes it itself this many trading days before expiry, best effort
    source: str


@value
class BrokerRisk:
    """When mStock closes an intraday position before its time: percent of the price band used, percent of the margin lost."""

    since: date
    band_used: Decimal
    margin_lost: Decimal
    source: str


class ExpiryStage(IntEnum):
    """How near a stock contract is to physical settlement."""

    FAR = 0
    TELL = 1  # margins rise from E-4
    WARN = 2  # new entries are warned about from E-2
    REFUSE = 3  # E-1 and E: new entries are refused, unless the owner set otherwise


@value
class Countdown:
    """The last days of a stock contract. A date that the calendar does not reach is None."""

    left: int | None  # trading days after today up to and including expiry; 0: it expires today
    warned: date | None  # E-2
    refused: date | None  # E-1: from here on new entries are refused
    squared_off: date | None  # mStock closes it itself, best effort
    expiry: date


@value
class MarketRules:
    """The rules by date. None always means not known, never that there is none."""

    freezes: tuple[Freeze, ...]
    slabs: tuple[Ladder, ...]  # percent of the price
    ticks: tuple[Ladder, ...]  # rupees
    ranges: tuple[TriggerRange, ...]
    withdrawals: tuple[Withdrawal, ...]
    lots: tuple[LotSize, ...]
    bands: tuple[Band, ...]
    stock_expiry: tuple[StockExpiryRule, ...]
    risks: tuple[BrokerRisk, ...]
    market_ticks: int  # least protection of a market order, in ticks
    stop_slabs: int  # protection of a stop's limit, in slabs and, at least, ticks
    stop_ticks: int
    bans: tuple[Ban, ...] = ()
    surveillances: tuple[Surveillance, ...] = ()

    def freeze(self, instrument: Instrument, on: date) -> Freeze | None:
        """The freeze quantity of a derivative. None: not known (all stock contracts, and cash)."""
        rows = [
            row
            for row in self.freezes
            if row.exchange is instrument.exchange
            and row.underlying == instrument.symbol
            and row.since <= on
            and instrument.is_derivative
        ]
        return max(rows, key=lambda row: row.since, default=None)

    def slab(self, kind: InstrumentKind, price: Decimal, on: date) -> Decimal:
        """Percent of the price by which a protected market order may be worse than the best price."""
        return _ladder(self.slabs, kind, on).at(price)

    def protected_price(
        self, *, side: Side, kind: InstrumentKind, bid: Decimal | None, ask: Decimal | None, tick: Decimal, on: date
    ) -> Decimal:
        """The worst price of a market order, in rupees on the tick.

        Best ask + p to buy, best bid - p to sell, p = max(slab, 4 ticks). It is rounded to the side that protects.
        ValueError when the side of the book that it needs is empty.
        """
        best = ask if side is Side.BUY else bid
        if best is None or best <= 0:
            msg = f"no {'offer' if side is Side.BUY else 'bid'} to price a market order from"
            raise ValueError(msg)
        least = self.market_ticks * tick
        room = best * self.slab(kind, best, on) / HUNDRED
        if side is Side.BUY:
            return max(tick_down(best + room, tick), tick_up(best, tick) + least)
        return max(min(tick_up(best - room, tick), tick_down(best, tick) - least), tick)

    def stop_limit(self, *, side: Side, kind: InstrumentKind, trigger: Decimal, tick: Decimal, on: date) -> Decimal:
        """The limit of a stop order: trigger + or - max(2 slabs, 10 ticks), inside the exchange's trigger range, on the tick.

        side is the stop order's own: a sell stop sells down to the answer, a buy stop buys up to it.
        """
        room = max(self.stop_slabs * trigger * self.slab(kind, trigger, on) / HUNDRED, self.stop_ticks * tick)
        if (widest := self.trigger_range(kind, trigger, on)) is not None:
            room = min(room, widest)
        if side is Side.BUY:
            return tick_down(trigger + room, tick)
        return max(tick_up(trigger - room, tick), tick)

    def trigger_range(self, kind: InstrumentKind, trigger: Decimal, on: date) -> Decimal | None:
        """The widest gap in rupees between trigger and limit that the exchange takes. None: no such rule known."""
        rows = [row for row in self.ranges if kind in row.kinds and row.since <= on]
        return max(rows, key=lambda row: row.since).widest(trigger) if rows else None

    def offers_slm(self, instrument: Instrument, on: date) -> bool:
        """Whether the exchange takes stop-market orders for it (market-rules.md 4.8)."""
        return not any(
            row.order_kind is OrderKind.SL_M
            and row.exchange is instrument.exchange
            and instrument.kind in row.kinds
            and row.since <= on
            for row in self.withdrawals
        )

    def stage(self, instrument: Instrument, on: date, days: MarketDays) -> ExpiryStage | None:
        """How near a stock contract is to its physical settlement. None: not a stock contract."""
        if instrument.kind not in (InstrumentKind.STOCK_FUTURE, InstrumentKind.STOCK_OPTION) or instrument.expiry is None:
            return None
        days_left = days.trading_days_between(on, instrument.expiry)
        if days_left is None:  # the calendar does not reach: counted in calendar days, and close counts as a warning
            return ExpiryStage.FAR if (instrument.expiry - on).days > NEAR else ExpiryStage.WARN
        rule = max((row for row in self.stock_expiry if row.since <= on), key=lambda row: row.since, default=None)
        if rule is None or days_left <= rule.refuse:
            return ExpiryStage.REFUSE
        if days_left <= rule.warn:
            return ExpiryStage.WARN
        return ExpiryStage.TELL if days_left <= rule.tell else ExpiryStage.FAR

    def countdown(self, instrument: Instrument, on: date, days: MarketDays) -> Countdown | None:
        """The trading days left to a stock contract's settlement in shares, and their dates. None: not a stock contract."""
        if instrument.kind not in (InstrumentKind.STOCK_FUTURE, InstrumentKind.STOCK_OPTION) or instrument.expiry is None:
            return None
        expiry = instrument.expiry
        rule = max((row for row in self.stock_expiry if row.since <= on), key=lambda row: row.since, default=None)
        if rule is None:
            return None
        return Countdown(
            left=days.trading_days_between(on, expiry),
            warned=days.trading_day_before(expiry, rule.warn),
            refused=days.trading_day_before(expiry, rule.refuse),
            squared_off=days.trading_day_before(expiry, rule.squared_off),
            expiry=expiry,
        )

    def squared_off_on(self, instrument: Instrument, days: MarketDays) -> date | None:
        """The day on which mStock closes a stock contract itself, best effort. None: not a stock contract, or not known."""
        if instrument.kind not in (InstrumentKind.STOCK_FUTURE, InstrumentKind.STOCK_OPTION) or instrument.expiry is None:
            return None
        expiry = instrument.expiry
        rule = max((row for row in self.stock_expiry if row.since <= expiry), key=lambda row: row.since, default=None)
        return None if rule is None else days.trading_day_before(expiry, rule.squared_off)

    def price_band(self, instrument: Instrument, on: date) -> Band | None:
        """The daily band of a share. None: not known, which is the rule (no source gives them)."""
        rows = [
            row
            for row in self.bands
            if (row.exchange, row.symbol) == (instrument.exchange, instrument.symbol) and row.since <= on
        ]
        return max(rows, key=lambda row: row.since, default=None)

    def is_banned(self, instrument: Instrument, on: date) -> bool:
        """Whether a stock's contract is on the list of that very day. False where there is none: it is not known then."""
        if instrument.kind not in (InstrumentKind.STOCK_FUTURE, InstrumentKind.STOCK_OPTION):
            return False
        return any(row.on == on and instrument.symbol in row.symbols for row in self.bans)

    def measures(self, instrument: Instrument, on: date) -> tuple[str, ...]:
        """What a share is watched under by the newest list of each measure. Empty: by none, or it is not known."""
        newest: dict[str, Surveillance] = {}
        for row in self.surveillances:
            if row.exchange is instrument.exchange and row.since <= on:
                newest[row.measure] = max(newest.get(row.measure, row), row, key=lambda each: each.since)
        return tuple(sorted(name for name, row in newest.items() if instrument.symbol in row.symbols))

    def broker_risk(self, on: date) -> BrokerRisk | None:
        """When mStock closes early. None: not known."""
        return max((row for row in self.risks if row.since <= on), key=lambda row: row.since, default=None)

    def expected_tick(self, kind: InstrumentKind, price: Decimal, on: date) -> Decimal | None:
        """The tick by the exchanges' price ladder: a check on the master's column. None: no ladder known."""
        rows = [row for row in self.ticks if kind in row.kinds and row.since <= on]
        return max(rows, key=lambda row: row.since).at(price) if rows else None

    def expected_lot(self, underlying: str, expiry: date) -> int | None:
        """The lot by the exchanges' notices: a check on the master's column. None: not known."""
        rows = [row for row in self.lots if row.underlying == underlying and row.first_expiry <= expiry]
        return max(rows, key=lambda row: row.first_expiry).units if rows else None


def _ladder(ladders: Sequence[Ladder], kind: InstrumentKind, on: date) -> Ladder:
    rows = [row for row in ladders if kind in row.kinds and row.since <= on]
    if not rows:
        msg = f"no protection slabs for {kind} on {on.isoformat()}"
        raise ValueError(msg)
    return max(rows, key=lambda row: row.since)
