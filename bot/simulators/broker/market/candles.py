"""Candles of the past and of today, cut from the same prices that everybody trades at (mstock-type-b.md 9.2, 9.3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from bot.simulators.broker.market.hours import Timetable, at_ist, is_trading_day, ist
from bot.simulators.broker.market.instruments import Instrument
from bot.simulators.broker.market.market import Market
from bot.simulators.broker.market.prices import Candle

MINUTES = {
    "ONE_MINUTE": 1, "THREE_MINUTE": 3, "FIVE_MINUTE": 5, "TEN_MINUTE": 10, "FIFTEEN_MINUTE": 15, "THIRTY_MINUTE": 30,
    "ONE_HOUR": 60,
}  # fmt: skip
INTERVALS = (*MINUTES, "ONE_DAY")
MOST = 1000  # candles of a request, counted over the window asked for
OPEN, CLOSE = time(9, 15), time(15, 30)
POINTS = 4  # looks at the price within one bar


def trading_days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        if is_trading_day(day):
            yield day
        day += timedelta(days=1)


def starts(interval: str, first: datetime, last: datetime) -> list[datetime]:
    """The beginnings of all bars between two moments. Bars begin with the session (9.2)."""
    days = trading_days(ist(first).date(), ist(last).date())
    if interval == "ONE_DAY":
        return [at_ist(day, time(0, 0)) for day in days]
    step = timedelta(minutes=MINUTES[interval])
    found = [at for day in days for at in _spaced(at_ist(day, OPEN), at_ist(day, CLOSE), step)]
    return [at for at in found if first <= at <= last]


def _spaced(begin: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    while begin < end:
        yield begin
        begin += step


def count(interval: str, first: datetime, last: datetime) -> int:
    """How many bars a window would hold, cheaply: what the limit of 1000 is counted over."""
    if (last - first).days > 366 * 20:
        return MOST + 1
    days = sum(1 for _ in trading_days(ist(first).date(), ist(last).date()))
    if interval == "ONE_DAY":
        return days
    if days > MOST:
        return MOST + 1
    return len(starts(interval, first, last))


class Candles:
    """Bars of an instrument. The last bar of a running day ends now."""

    def __init__(self, market: Market, timetable: Timetable) -> None:
        self._market = market
        self._timetable = timetable

    def past(self, instrument: Instrument, interval: str, first: datetime, last: datetime, now: datetime) -> list[Candle]:
        """Ascending bars of trading days whose start lies in [first, last]. None of today."""
        until = min(last, at_ist(ist(now).date(), time(0, 0)) - timedelta(minutes=1))
        step = None if interval == "ONE_DAY" else timedelta(minutes=MINUTES[interval])
        return [self._bar(instrument, at, step, at_ist(ist(at).date(), CLOSE), now) for at in starts(interval, first, until)]

    def today(self, instrument: Instrument, interval: str, now: datetime) -> list[Candle]:
        """Ascending bars of today so far. A market that never closes has them from midnight, on any day."""
        day = ist(now).date()
        if self._timetable.hours == "real" and not is_trading_day(day):
            return []
        begin = self._timetable.opening(day)
        end = min(at_ist(day, CLOSE), now) if self._timetable.hours == "real" else now
        step = timedelta(minutes=MINUTES[interval])
        return [self._bar(instrument, at, step, end, now) for at in _spaced(begin, end, step)]

    def _bar(self, instrument: Instrument, at: datetime, step: timedelta | None, close: datetime, now: datetime) -> Candle:
        if step is None:
            begin, end, apart = at_ist(ist(at).date(), OPEN), close, timedelta(minutes=15)
        else:
            # Shared points: a bar of five minutes sees what its five minutes see, so they never contradict each other.
            begin, end, apart = at, min(at + step, close), timedelta(seconds=60 / POINTS)
        points = [*_spaced(begin, end, apart), end]
        prices = [self._market.price(instrument, point) for point in points]
        volume = self._market.volume(instrument, begin, end)
        return Candle(at, prices[0], max(prices), min(prices), prices[-1], volume)
