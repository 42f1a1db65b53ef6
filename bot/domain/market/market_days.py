"""Which days the exchange trades, in which hours, and what expires: dated rows, each with its source."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from bot.domain.clock import at_ist, ist, ist_date
from bot.domain.market.expiries import STOCKS, Expiry, ExpiryRule, expiries_on, monthly_expiry
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind
from bot.domain.market.sessions import (
    AuctionException,
    BandHours,
    BrokerWindow,
    Hours,
    Phase,
    PhaseKind,
    SessionClass,
    SquareOffRow,
    Timetable,
    WindowKind,
    Withdrawal,
)
from bot.domain.terms import OrderKind, Product
from bot.domain.value import value

DAY = timedelta(days=1)
NOTICE = 60  # days before the last covered day passes, from which the owner is told
LOOK_AHEAD = 20  # days; no run of holidays is longer
NEXT_MONTH_FROM = (
    4  # trading days before expiry from which next month's future has a pre-open too: the last five days (NSE FAOP74970)
)

# A class without hours of its own keeps those of the class it was taken out of: the older rules before its date.
FALLS_BACK = {SessionClass.CASH_AUCTION: SessionClass.CASH, SessionClass.NEAR_FUTURE: SessionClass.DERIVATIVE}


class DayKind(StrEnum):
    """What sort of day it is for the exchange."""

    TRADING = "TRADING"
    HOLIDAY = "HOLIDAY"
    WEEKEND = "WEEKEND"
    SPECIAL = "SPECIAL"  # open on a day that would be shut, or with hours of its own
    UNCOVERED = "UNCOVERED"  # our data does not reach this day


@value
class DayRow:
    """One dated fact about one day, with the day it became known."""

    day: date
    kind: DayKind
    name: str
    source: str
    announced: date | None = None  # None: with the list of the year
    counts: bool = True  # a special session that counts as a trading day (for expiries and E-4); a muhurat hour does not
    hours: Mapping[SessionClass, tuple[Hours, ...]] | None = None  # None: the regular ones
    hours_known: bool = True


@value
class CalendarDay:
    """What we know of one day, and from where."""

    day: date
    kind: DayKind
    name: str
    source: str
    trading: bool | None  # counts for expiries and E-4; None: not known
    announced: date | None = None

    @property
    def session(self) -> bool | None:
        """Whether the exchange trades and settles that day. A muhurat day has a session and counts for no expiry.

        None: not known.
        """
        return None if self.kind is DayKind.UNCOVERED else self.kind in (DayKind.TRADING, DayKind.SPECIAL)


@value
class SquareOff:
    """When mStock closes this position by itself. at is UTC."""

    at: datetime
    proven: bool
    source: str


@value
class MarketDays:
    """All dated rows about time. Every question is a pure function of them and the arguments."""

    years: Mapping[int, str]  # covered years, each with its source
    rows: Mapping[date, tuple[DayRow, ...]]  # in the order of their authority: the last one that was known decides
    timetables: tuple[Timetable, ...]
    bands: tuple[BandHours, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    square_offs: tuple[SquareOffRow, ...] = ()
    broker: tuple[BrokerWindow, ...] = ()
    expiry_rules: tuple[ExpiryRule, ...] = field(default=())
    auction_exceptions: tuple[AuctionException, ...] = ()

    def day(self, day: date, *, as_of: date | None = None) -> CalendarDay:
        """What is known of the day. as_of leaves out what was announced later than that date."""
        if day.year not in self.years:
            say = f"no calendar for {day.year}"
            return CalendarDay(day=day, kind=DayKind.UNCOVERED, name=say, source="", trading=None)
        row = self._row(day, as_of)
        if row is not None:
            trading = row.kind is DayKind.TRADING or (row.kind is DayKind.SPECIAL and row.counts)
            return CalendarDay(day=day, kind=row.kind, name=row.name, source=row.source, trading=trading, announced=row.announced)
        if day.weekday() >= 5:
            return CalendarDay(day=day, kind=DayKind.WEEKEND, name=f"{day:%A}", source=self.years[day.year], trading=False)
        return CalendarDay(day=day, kind=DayKind.TRADING, name="", source=self.years[day.year], trading=True)

    def is_trading(self, day: date, *, as_of: date | None = None) -> bool | None:
        """Whether the day counts as a trading day. None outside the covered years."""
        return self.day(day, as_of=as_of).trading

    def has_session(self, day: date, *, as_of: date | None = None) -> bool | None:
        """Whether there are trades to settle that day, muhurat hours included. None outside the covered years."""
        return self.day(day, as_of=as_of).session

    def uncovered_within(self, day: date, days: int = NOTICE) -> date | None:
        """The first day from this one on, so many days ahead, that no calendar covers. None: all of them are covered."""
        ahead = (day + offset * DAY for offset in range(days + 1))
        return next((each for each in ahead if each.year not in self.years), None)

    def special_end(self, day: date) -> datetime | None:
        """The end (UTC) of the last session of a day with hours of its own: of the day itself where they are not known.

        None for every other day.
        """
        row = self._row(day, None)
        if row is None or row.kind is not DayKind.SPECIAL or (row.hours is None and row.hours_known):
            return None
        phases = [phase for session in SessionClass for phase in self.phases_of(session, day)]
        return max(phase.end for phase in phases if phase.kind is not PhaseKind.SHUT)

    def special_start(self, day: date) -> datetime | None:
        """The first moment (UTC) of a day with hours of its own, as `special_end` has its last."""
        if self.special_end(day) is None:
            return None
        phases = [phase for session in SessionClass for phase in self.phases_of(session, day)]
        return min(phase.start for phase in phases if phase.kind is not PhaseKind.SHUT)

    def trading_day_after(self, day: date, count: int = 1) -> date | None:
        """The count-th trading day after the day. None when the way leads out of the covered years."""
        return self._step(day, count, DAY)

    def trading_day_before(self, day: date, count: int = 1) -> date | None:
        """The count-th trading day before the day. None when the way leads out of the covered years."""
        return self._step(day, count, -DAY)

    def trading_days_between(self, first: date, last: date) -> int | None:
        """How many trading days lie after first up to and including last. 0 when last is not later. None when not known."""
        count = 0
        day = first
        while day < last:
            day += DAY
            trading = self.is_trading(day)
            if trading is None:
                return None
            count += trading
        return count

    def expiries(self, day: date, *, as_of: date | None = None) -> tuple[Expiry, ...]:
        """The families of contracts whose last day this is, holidays considered. The scrip master has the last word."""
        return expiries_on(day, self.expiry_rules, self._trading_as_of(as_of))

    def phases(
        self, instrument: Instrument, day: date, *, in_auction: bool | None = None, as_of: date | None = None
    ) -> tuple[Phase, ...]:
        """The day from 00:00 to 24:00 IST without a gap. in_auction None counts a share into the closing auction."""
        return self.phases_of(self.session_class(instrument, day, in_auction=in_auction is not False), day, as_of=as_of)

    def session_class(self, instrument: Instrument, day: date, *, in_auction: bool) -> SessionClass:
        """Which timetable the instrument follows on that day. in_auction: the share has F&O contracts on some exchange.

        A share takes part from its first to its last day with contracts, unless the exchange leaves it out.
        """
        if instrument.kind in (InstrumentKind.INDEX_FUTURE, InstrumentKind.STOCK_FUTURE):
            return SessionClass.NEAR_FUTURE if self._has_pre_open(instrument, day) else SessionClass.DERIVATIVE
        if instrument.is_derivative:
            return SessionClass.DERIVATIVE
        takes_part = in_auction and not self._left_out(instrument, day)
        return SessionClass.CASH_AUCTION if takes_part else SessionClass.CASH

    def phases_of(self, session: SessionClass, day: date, *, as_of: date | None = None) -> tuple[Phase, ...]:
        """The day of one timetable, 00:00 to 24:00 IST, in order, each phase ending where the next begins."""
        entry = self.day(day, as_of=as_of)
        if entry.kind is DayKind.UNCOVERED:
            return (_whole(day, PhaseKind.UNKNOWN, entry.name),)
        if entry.kind in (DayKind.HOLIDAY, DayKind.WEEKEND):
            return (_whole(day, PhaseKind.SHUT, entry.source),)
        row = self._row(day, as_of)
        if row is not None and not row.hours_known:
            return (_whole(day, PhaseKind.UNKNOWN, row.source),)
        if row is not None and row.hours is not None:
            hours = row.hours.get(session)
            if hours is None:
                hours = row.hours.get(FALLS_BACK.get(session, session), ())
            return _tiled(day, hours, row.source)
        table = self._timetable(session, day)
        if table is None:
            return (_whole(day, PhaseKind.UNKNOWN, f"no hours for {day.isoformat()}"),)
        return _tiled(day, table.hours, table.source)

    def square_off(self, instrument: Instrument, product: Product, day: date) -> SquareOff | None:
        """When mStock closes it that day. None: never, or not known (a short special session)."""
        rows = [row for row in self.square_offs if row.product is product and instrument.kind in row.kinds and row.since <= day]
        if not rows:
            return None
        row = max(rows, key=lambda row: row.since)
        at = at_ist(day, row.time.hour, row.time.minute, row.time.second)
        # Measured by the longer day: mStock may close a share's positions while its closing auction runs.
        running = [phase for phase in self.phases(instrument, day, in_auction=False) if phase.kind is PhaseKind.CONTINUOUS]
        if not any(phase.start < at <= phase.end for phase in running):
            return None
        return SquareOff(at=at, proven=row.proven, source=row.source)

    def broker_windows(self, at: datetime) -> tuple[BrokerWindow, ...]:
        """The broker's windows that hold at the moment."""
        local = ist(at)
        return tuple(window for window in self._broker_rows(local.date()) if window.holds(local.time()))

    def from_moment(
        self, instrument: Instrument, at: datetime, *, in_auction: bool, as_of: date | None = None
    ) -> Iterator[Phase]:
        """The phase that holds at the moment and all that follow, a few weeks on, ending with the first that is not known."""
        day = ist_date(at)
        for offset in range(LOOK_AHEAD):
            for phase in self.phases(instrument, day + offset * DAY, in_auction=in_auction, as_of=as_of):
                if phase.end <= at:
                    continue
                yield phase
                if phase.kind is PhaseKind.UNKNOWN:
                    return

    def is_continuous(self, exchange: Exchange, at: datetime) -> bool | None:
        """Whether prices should come from the exchange at the moment. None when the day or its hours are not known.

        Shares are taken to follow the closing auction's timetable: what trades on beside it is little and thin.
        """
        session = SessionClass.CASH_AUCTION if exchange in (Exchange.NSE, Exchange.BSE) else SessionClass.DERIVATIVE
        phase = next(phase for phase in self.phases_of(session, ist_date(at)) if phase.start <= at < phase.end)
        return None if phase.kind is PhaseKind.UNKNOWN else phase.kind is PhaseKind.CONTINUOUS

    def withdrawn(self, instrument: Instrument, day: date) -> frozenset[OrderKind]:
        """Kinds of order that the exchange no longer takes for this instrument."""
        return frozenset(
            row.order_kind
            for row in self.withdrawals
            if row.exchange is instrument.exchange and instrument.kind in row.kinds and row.since <= day
        )

    def band(self, instrument: Instrument, at: datetime, *, in_auction: bool) -> BandHours | None:
        """The band of this hour around the exchange's reference price. None: no such band (the daily one is another matter)."""
        local = ist(at)
        if instrument.kind is InstrumentKind.EQUITY and (not in_auction or self._left_out(instrument, local.date())):
            return None
        rows = [
            row
            for row in self.bands
            if row.kind is instrument.kind and row.since <= local.date() and row.start <= local.time() < row.end
        ]
        return max(rows, key=lambda row: row.since, default=None)

    def amo(self, day: date) -> BrokerWindow | None:
        """The broker's hours for after-market orders. Its times are None while they are not known."""
        return next((row for row in self._broker_rows(day) if row.kind is WindowKind.AMO), None)

    def _left_out(self, instrument: Instrument, day: date) -> bool:
        return any(row.covers(instrument, day) for row in self.auction_exceptions)

    def _row(self, day: date, as_of: date | None) -> DayRow | None:
        rows = self.rows.get(day, ())
        announced = [row for row in rows if as_of is None or row.announced is None or row.announced <= as_of]
        return announced[-1] if announced else None

    def _trading_as_of(self, as_of: date | None) -> Callable[[date], bool | None]:
        return lambda day: self.is_trading(day, as_of=as_of)

    def _step(self, day: date, count: int, stride: timedelta) -> date | None:
        while count > 0:
            day += stride
            trading = self.is_trading(day)
            if trading is None:
                return None
            count -= trading
        return day

    def _timetable(self, session: SessionClass, day: date) -> Timetable | None:
        for candidate in (session, FALLS_BACK.get(session)):
            rows = [row for row in self.timetables if row.session is candidate and row.since <= day]
            if rows:
                return max(rows, key=lambda row: row.since)
        return None

    def _broker_rows(self, day: date) -> tuple[BrokerWindow, ...]:
        newest: dict[WindowKind, BrokerWindow] = {}
        for row in sorted(self.broker, key=lambda row: row.since):
            if row.since <= day:
                newest[row.kind] = row
        return tuple(newest.values())

    def _has_pre_open(self, instrument: Instrument, day: date) -> bool:
        """Current-month futures, and next month's in the last five trading days before expiry (NSE FAOP71092, FAOP74970)."""
        if instrument.expiry is None:
            return False
        family = STOCKS if instrument.kind is InstrumentKind.STOCK_FUTURE else instrument.symbol
        near, later = self._next_two_months(instrument.exchange, family, day)
        if near is None:
            return False
        if instrument.expiry == near:
            return True
        days_left = self.trading_days_between(day, near)
        return instrument.expiry == later and days_left is not None and days_left <= NEXT_MONTH_FROM

    def _next_two_months(self, exchange: Exchange, family: str, day: date) -> tuple[date | None, date | None]:
        months = [date(day.year + (day.month - 1 + step) // 12, (day.month - 1 + step) % 12 + 1, 1) for step in range(3)]
        expiries = [
            monthly_expiry(exchange, family, first, rules=self.expiry_rules, is_trading=self.is_trading) for first in months
        ]
        ahead = [expiry for expiry in expiries if expiry is not None and expiry >= day]
        return (ahead[0] if ahead else None, ahead[1] if len(ahead) > 1 else None)


def _whole(day: date, kind: PhaseKind, source: str) -> Phase:
    return Phase(kind=kind, start=at_ist(day, 0), end=at_ist(day + DAY, 0), source=source)


def _tiled(day: date, hours: tuple[Hours, ...], source: str) -> tuple[Phase, ...]:
    """The named hours with SHUT in every gap, so that the phases tile the day whatever a row leaves out."""
    phases: list[Phase] = []
    reached = at_ist(day, 0)
    for row in sorted(hours, key=lambda row: row.start):
        start, end = _utc(day, row.start), _utc(day, row.end)
        if start > reached:
            phases.append(Phase(kind=PhaseKind.SHUT, start=reached, end=start, source=source))
        random_from = _utc(day, row.random_from) if row.random_from else None
        phases.append(Phase(kind=row.kind, start=start, end=end, source=source, random_from=random_from))
        reached = end
    midnight = at_ist(day + DAY, 0)
    if reached < midnight:
        phases.append(Phase(kind=PhaseKind.SHUT, start=reached, end=midnight, source=source))
    return tuple(phases)


def _utc(day: date, at: time) -> datetime:
    return at_ist(day, at.hour, at.minute, at.second)
