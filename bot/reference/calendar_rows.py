"""Reads the calendar's tables into domain values."""

from collections.abc import Iterable, Mapping
from datetime import date, time
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from msgspec import Meta, field

from bot.domain.market.calendar import Calendar
from bot.domain.market.expiries import Cycle, ExpiryRule
from bot.domain.market.instrument import Exchange, InstrumentKind
from bot.domain.market.market_days import DayKind, DayRow
from bot.domain.market.sessions import (
    AuctionException,
    BandHours,
    BrokerWindow,
    Hours,
    PhaseKind,
    SessionClass,
    SquareOffRow,
    Timetable,
    WindowKind,
    Withdrawal,
)
from bot.domain.terms import OrderKind, Product
from bot.reference.schema import SOME, Figure, InnerTable, Row, Tables, Text, value_of

FIRST_YEAR, LAST_YEAR = 2000, 2100
Kinds = Annotated[frozenset[InstrumentKind], SOME]


class DayWord(StrEnum):
    """What a row may say of its day."""

    HOLIDAY = "holiday"
    SPECIAL = "special"
    TRADING = "trading"  # an ordinary day after all: for a host that knows better than our list


class Weekday(StrEnum):
    """Monday first, as Python counts."""

    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"


class _Year(Row, frozen=True, kw_only=True):
    year: Annotated[int, Meta(ge=FIRST_YEAR)]

    def __post_init__(self) -> None:
        if self.year > LAST_YEAR:
            msg = f"{self.year} is no year that anybody has a calendar for"
            raise ValueError(msg)


class _Hours(InnerTable, frozen=True, kw_only=True):
    kind: PhaseKind = field(name="phase")
    start: time
    end: time
    random_from: time | None = None

    def __post_init__(self) -> None:
        if self.start >= self.end:
            msg = f"{self.kind} ends at {self.end}, not after its start at {self.start}"
            raise ValueError(msg)
        if self.random_from is not None and not self.start <= self.random_from < self.end:
            msg = f"random_from {self.random_from} is outside {self.start}-{self.end}"
            raise ValueError(msg)


Phases = Annotated[tuple[_Hours, ...], SOME]


def _check_order(phases: tuple[_Hours, ...]) -> None:
    for before, phase in pairwise(phases):
        if before.end > phase.start:
            msg = f"{phase.kind} starts at {phase.start}, before {before.kind} ends"
            raise ValueError(msg)


class _SpecialHours(InnerTable, frozen=True, kw_only=True, rename="kebab"):
    """A special day's hours of each SessionClass. One that is not named is shut."""

    cash: Phases | None = None
    cash_auction: Phases | None = None
    near_future: Phases | None = None
    derivative: Phases | None = None

    def __post_init__(self) -> None:
        for session in SessionClass:
            _check_order(self.of(session) or ())

    def of(self, session: SessionClass) -> tuple[_Hours, ...] | None:
        """The phases of one class."""
        phases: tuple[_Hours, ...] | None = getattr(self, session.replace("-", "_"))
        return phases

    def hours(self) -> Mapping[SessionClass, tuple[Hours, ...]]:
        """Those that are named."""
        return {session: _hours(phases) for session in SessionClass if (phases := self.of(session)) is not None}


def _hours(phases: tuple[_Hours, ...]) -> tuple[Hours, ...]:
    return tuple(value_of(phase, Hours) for phase in phases)


class _Day(Row, frozen=True, kw_only=True):
    day: date = field(name="date")
    what: DayWord
    name: Text
    announced: date | None = None
    counts: bool = True
    hours: _SpecialHours | None = None
    hours_known: bool = True

    def __post_init__(self) -> None:
        if self.announced is not None and self.announced > self.day:
            msg = f"it was announced on {self.announced}, after the day itself"
            raise ValueError(msg)
        if self.what is not DayWord.SPECIAL and (self.hours is not None or not self.hours_known):
            raise ValueError("only a special day has hours of its own")
        if self.hours is not None and not self.hours_known:
            raise ValueError("hours are given and called not known")

    def row(self) -> DayRow:
        """The domain's row."""
        return DayRow(
            day=self.day,
            kind=DayKind[self.what.name],
            name=self.name,
            source=self.source,
            announced=self.announced,
            counts=self.counts,
            hours=None if self.hours is None else self.hours.hours(),
            hours_known=self.hours_known,
        )


class _Timetable(Row, frozen=True, kw_only=True):
    session: SessionClass = field(name="class")
    since: date = field(name="from")
    hours: Phases

    def __post_init__(self) -> None:
        _check_order(self.hours)


class _Band(Row, frozen=True, kw_only=True):
    kind: InstrumentKind
    start: time
    end: time
    percent: Figure
    since: date = field(name="from")


class _AuctionException(Row, frozen=True, kw_only=True):
    exchange: Exchange
    symbols: Annotated[frozenset[str], SOME]
    since: date = field(name="from")
    until: date | None = None


class _Withdrawn(Row, frozen=True, kw_only=True):
    order: OrderKind
    exchanges: Annotated[frozenset[Exchange], SOME]
    kinds: Kinds
    since: date = field(name="from")


class _SquareOff(Row, frozen=True, kw_only=True):
    product: Product
    kinds: Kinds
    time: time
    proven: bool
    since: date = field(name="from")


class _Window(Row, frozen=True, kw_only=True):
    kind: WindowKind
    says: Text
    start: time | None = None
    end: time | None = None
    since: date = field(name="from")

    def __post_init__(self) -> None:
        if (self.start is None) != (self.end is None):
            raise ValueError("start and end are given together, or neither")


class _Expiry(Row, frozen=True, kw_only=True):
    exchange: Exchange
    cycle: Cycle
    weekday: Weekday
    since: date = field(name="from")
    until: date | None = None
    underlyings: tuple[str, ...] = ()


class CalendarTables(Tables, frozen=True, kw_only=True):
    """What a file may say of days and hours."""

    years: tuple[_Year, ...] = ()
    days: tuple[_Day, ...] = ()
    timetables: tuple[_Timetable, ...] = ()
    hour_bands: tuple[_Band, ...] = ()
    auction_exceptions: tuple[_AuctionException, ...] = ()
    withdrawn: tuple[_Withdrawn, ...] = ()
    square_off: tuple[_SquareOff, ...] = ()
    broker_windows: tuple[_Window, ...] = ()
    expiries: tuple[_Expiry, ...] = ()

    def __post_init__(self) -> None:
        last: dict[date, date] = {}
        for place, row in enumerate(self.days, start=1):
            if row.day in last and (row.announced is None or row.announced < last[row.day]):
                msg = f"[[days]] row {place}: a second row for {row.day} must be announced after the first"
                raise ValueError(msg)
            last[row.day] = row.announced or date.min


def read_calendar(files: Iterable[CalendarTables]) -> Calendar:
    """One calendar of several files, later rows replacing earlier ones with the same key."""
    years: dict[int, str] = {}
    days: dict[date, list[DayRow]] = {}
    timetables: dict[tuple[SessionClass, date], Timetable] = {}
    bands: dict[tuple[InstrumentKind, date], BandHours] = {}
    exceptions: dict[tuple[Exchange, frozenset[str], date], AuctionException] = {}
    withdrawals: dict[tuple[OrderKind, Exchange, frozenset[InstrumentKind]], Withdrawal] = {}
    square_offs: dict[tuple[Product, frozenset[InstrumentKind], date], SquareOffRow] = {}
    windows: dict[tuple[WindowKind, date], BrokerWindow] = {}
    expiries: dict[tuple[Exchange, str, Cycle, date], ExpiryRule] = {}
    for file in files:
        years |= {row.year: row.source for row in file.years}
        for day in file.days:
            days.setdefault(day.day, []).append(day.row())
        timetables |= {
            (row.session, row.since): Timetable(
                session=row.session, since=row.since, hours=_hours(row.hours), source=row.source
            )
            for row in file.timetables
        }  # fmt: skip
        bands |= {(row.kind, row.since): value_of(row, BandHours) for row in file.hour_bands}
        exceptions |= {(row.exchange, row.symbols, row.since): value_of(row, AuctionException) for row in file.auction_exceptions}
        for gone in file.withdrawn:
            for exchange in gone.exchanges:
                withdrawals[gone.order, exchange, gone.kinds] = Withdrawal(
                    order_kind=gone.order, exchange=exchange, kinds=gone.kinds, since=gone.since, source=gone.source
                )
        square_offs |= {(row.product, row.kinds, row.since): value_of(row, SquareOffRow) for row in file.square_off}
        windows |= {(row.kind, row.since): value_of(row, BrokerWindow) for row in file.broker_windows}
        for rule in file.expiries:
            for underlying in rule.underlyings:
                expiries[rule.exchange, underlying, rule.cycle, rule.since] = ExpiryRule(
                    exchange=rule.exchange, underlying=underlying, cycle=rule.cycle, weekday=list(Weekday).index(rule.weekday),
                    since=rule.since, until=rule.until, source=rule.source,
                )  # fmt: skip
    return Calendar(
        years=years,
        rows={day: tuple(rows) for day, rows in days.items()},
        timetables=tuple(timetables.values()),
        bands=tuple(bands.values()),
        withdrawals=tuple(withdrawals.values()),
        square_offs=tuple(square_offs.values()),
        broker=tuple(windows.values()),
        expiry_rules=tuple(expiries.values()),
        auction_exceptions=tuple(exceptions.values()),
    )
