"""Reads the calendar's tables into domain values."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from bot.data.rows import Row, Table
from bot.domain.calendar import Calendar
from bot.domain.expiries import Cycle, ExpiryRule
from bot.domain.instrument import Exchange, InstrumentKind
from bot.domain.market_days import DayKind, DayRow
from bot.domain.order import OrderKind, Product
from bot.domain.sessions import (
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

FIRST_YEAR, LAST_YEAR = 2000, 2100
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class DayWord(StrEnum):
    """What a row may say of its day."""

    HOLIDAY = "holiday"
    SPECIAL = "special"
    TRADING = "trading"  # an ordinary day after all: for a host that knows better than our list


def read_calendar(tables: Iterable[Table]) -> Calendar:
    """One calendar of several files, later rows replacing earlier ones with the same key; BadRow says what is wrong."""
    years: dict[int, str] = {}
    days: dict[date, list[DayRow]] = {}
    timetables: dict[tuple[SessionClass, date], Timetable] = {}
    bands: dict[tuple[InstrumentKind, date], BandHours] = {}
    withdrawals: dict[tuple[OrderKind, Exchange, frozenset[InstrumentKind]], Withdrawal] = {}
    square_offs: dict[tuple[Product, frozenset[InstrumentKind], date], SquareOffRow] = {}
    windows: dict[tuple[WindowKind, date], BrokerWindow] = {}
    expiries: dict[tuple[Exchange, str, Cycle, date], ExpiryRule] = {}
    for table in tables:
        for row in table.rows("years"):
            year = row.whole("year", least=FIRST_YEAR)
            if year > LAST_YEAR:
                raise row.wrong(f"{year} is no year that anybody has a calendar for")
            years[year] = row.source()
        for day in _days(table):
            days.setdefault(day.day, []).append(day)
        for timetable in _timetables(table):
            timetables[timetable.session, timetable.since] = timetable
        for band in _bands(table):
            bands[band.kind, band.since] = band
        for withdrawal in read_withdrawals(table):
            withdrawals[withdrawal.order_kind, withdrawal.exchange, withdrawal.kinds] = withdrawal
        for square_off in _square_offs(table):
            square_offs[square_off.product, square_off.kinds, square_off.since] = square_off
        for window in _windows(table):
            windows[window.kind, window.since] = window
        for expiry in _expiries(table):
            expiries[expiry.exchange, expiry.underlying, expiry.cycle, expiry.since] = expiry
    return Calendar(
        years=years,
        rows={day: tuple(rows) for day, rows in days.items()},
        timetables=tuple(timetables.values()),
        bands=tuple(bands.values()),
        withdrawals=tuple(withdrawals.values()),
        square_offs=tuple(square_offs.values()),
        broker=tuple(windows.values()),
        expiry_rules=tuple(expiries.values()),
    )


def _days(table: Table) -> Iterable[DayRow]:
    last: dict[date, date] = {}
    for row in table.rows("days"):
        day = row.date("date")
        what = row.word("what", DayWord)
        announced = row.date("announced") if row.has("announced") else None
        if announced is not None and announced > day:
            raise row.wrong(f"it was announced on {announced}, after the day itself")
        if day in last and (announced is None or announced < last[day]):
            raise row.wrong(f"a second row for {day} must be announced after the first")
        last[day] = announced or date.min
        hours = _special_hours(row) if row.has("hours") else None
        known = row.flag("hours_known", default=True)
        if what is not DayWord.SPECIAL and (hours is not None or not known):
            raise row.wrong("only a special day has hours of its own")
        if hours is not None and not known:
            raise row.wrong("hours are given and called not known")
        yield DayRow(
            day=day,
            kind=DayKind[what.name],
            name=row.text("name"),
            source=row.source(),
            announced=announced,
            counts=row.flag("counts", default=True),
            hours=hours,
            hours_known=known,
        )


def _special_hours(row: Row) -> Mapping[SessionClass, tuple[Hours, ...]]:
    inner = row.inner("hours")
    hours: dict[SessionClass, tuple[Hours, ...]] = {}
    for key in inner.names():
        try:
            session = SessionClass(key)
        except ValueError:
            raise inner.wrong(f"{key} is none of {', '.join(SessionClass)}") from None
        hours[session] = _hours(inner, key)
    return hours


def _hours(row: Row, key: str) -> tuple[Hours, ...]:
    hours: list[Hours] = []
    for part in row.rows(key):
        kind = part.word("phase", PhaseKind)
        start, end = part.clock("start"), part.clock("end")
        random_from = part.clock("random_from") if part.has("random_from") else None
        part.finish()
        if start >= end:
            raise part.wrong(f"{kind} ends at {end}, not after its start at {start}")
        if hours and hours[-1].end > start:
            raise part.wrong(f"{kind} starts at {start}, before {hours[-1].kind} ends")
        if random_from is not None and not start <= random_from < end:
            raise part.wrong(f"random_from {random_from} is outside {start}-{end}")
        hours.append(Hours(kind=kind, start=start, end=end, random_from=random_from))
    return tuple(hours)


def _timetables(table: Table) -> Iterable[Timetable]:
    for row in table.rows("timetables"):
        session = row.word("class", SessionClass)
        yield Timetable(session=session, since=row.date("from"), hours=_hours(row, "hours"), source=row.source())


def _bands(table: Table) -> Iterable[BandHours]:
    for row in table.rows("hour_bands"):
        yield BandHours(
            kind=row.word("kind", InstrumentKind),
            since=row.date("from"),
            start=row.clock("start"),
            end=row.clock("end"),
            percent=row.amount("percent"),
            source=row.source(),
        )


def read_withdrawals(table: Table) -> Iterable[Withdrawal]:
    """Kinds of order that exchanges no longer take; the market rules read the same rows."""
    for row in table.rows("withdrawn"):
        order_kind = row.word("order", OrderKind)
        kinds = row.words("kinds", InstrumentKind)
        since, source = row.date("from"), row.source()
        for exchange in row.words("exchanges", Exchange):
            yield Withdrawal(order_kind=order_kind, exchange=exchange, kinds=kinds, since=since, source=source)


def _square_offs(table: Table) -> Iterable[SquareOffRow]:
    for row in table.rows("square_off"):
        yield SquareOffRow(
            product=row.word("product", Product),
            kinds=row.words("kinds", InstrumentKind),
            since=row.date("from"),
            time=row.clock("time"),
            proven=row.flag("proven"),
            source=row.source(),
        )


def _windows(table: Table) -> Iterable[BrokerWindow]:
    for row in table.rows("broker_windows"):
        if row.has("start") != row.has("end"):
            raise row.wrong("start and end are given together, or neither")
        known = row.has("start")
        yield BrokerWindow(
            kind=row.word("kind", WindowKind),
            since=row.date("from"),
            start=row.clock("start") if known else None,
            end=row.clock("end") if known else None,
            says=row.text("says"),
            source=row.source(),
        )


def _expiries(table: Table) -> Iterable[ExpiryRule]:
    for row in table.rows("expiries"):
        exchange, cycle = row.word("exchange", Exchange), row.word("cycle", Cycle)
        weekday = row.text("weekday")
        if weekday not in WEEKDAYS:
            raise row.wrong(f"weekday must be one of {', '.join(WEEKDAYS)}, not {weekday!r}")
        since, until = row.date("from"), row.date("until") if row.has("until") else None
        source = row.source()
        for underlying in row.texts("underlyings"):
            yield ExpiryRule(
                exchange=exchange,
                underlying=underlying,
                cycle=cycle,
                weekday=WEEKDAYS.index(weekday),
                since=since,
                until=until,
                source=source,
            )
