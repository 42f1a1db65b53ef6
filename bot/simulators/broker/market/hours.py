"""When the paper exchange is open: always, or by the sessions and holidays of market-rules.md 4.3 and 4.4."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum
from typing import Literal

from bot.simulators.broker.market.instruments import Instrument

IST = timezone(timedelta(hours=5, minutes=30), "IST")
# NSE circulars CMTR71775 and FAOP71777 (12 December 2025), 15 January added by the notice of 12 January 2026.
HOLIDAYS = frozenset(
    date(2026, month, day)
    for month, day in [
        (1, 15),
        (1, 26),
        (3, 3),
        (3, 26),
        (3, 31),
        (4, 3),
        (4, 14),
        (5, 1),
        (5, 28),
        (6, 26),
        (9, 14),
        (10, 2),
        (10, 20),
        (11, 10),
        (11, 24),
        (12, 25),
    ]
) | {date(2027, 1, 26)}  # fmt: skip - the list of 2027 is not published; Republic Day is certain
SPECIAL_DAYS = frozenset({date(2026, 2, 1)})
Hours = Literal["always", "real"]


class Phase(Enum):
    """What an order meets at a moment: which kinds are taken, and how they are matched."""

    CLOSED = "closed"
    PRE_OPEN = "pre-open"  # 09:00-09:05: limit and market orders gather
    PRE_OPEN_LIMIT = "pre-open limit"  # 09:05-09:10: limit orders only
    CONTINUOUS = "continuous"
    PAUSE = "pause"  # 15:15-15:20: the reference price is being found, no order entry
    AUCTION = "auction"  # 15:20-15:25: limit and market orders gather
    AUCTION_LIMIT = "auction limit"  # 15:25-15:30: limit orders only
    MATCHING = "matching"  # 09:10-09:12, 15:30-15:35: what gathered is being matched
    POST_CLOSE = "post close"  # 15:50-16:00 at the closing price


@dataclass(frozen=True, slots=True)
class Slot:
    start: time
    end: time
    phase: Phase


# Entry to 09:10 since 7 September 2026 (NSE CMTR74969); from 09:12 to 09:15 there is a pause.
PRE_OPEN = (
    Slot(time(9, 0), time(9, 5), Phase.PRE_OPEN),
    Slot(time(9, 5), time(9, 10), Phase.PRE_OPEN_LIMIT),
    Slot(time(9, 10), time(9, 12), Phase.MATCHING),
)
CASH = (*PRE_OPEN, Slot(time(9, 15), time(15, 30), Phase.CONTINUOUS), Slot(time(15, 50), time(16, 0), Phase.POST_CLOSE))
# Shares that are underlyings of F&O close by auction since 3 August 2026 (NSE CMTR74466).
CASH_WITH_AUCTION = (
    *PRE_OPEN,
    Slot(time(9, 15), time(15, 15), Phase.CONTINUOUS),
    Slot(time(15, 15), time(15, 20), Phase.PAUSE),
    Slot(time(15, 20), time(15, 25), Phase.AUCTION),
    Slot(time(15, 25), time(15, 30), Phase.AUCTION_LIMIT),
    Slot(time(15, 30), time(15, 35), Phase.MATCHING),
    Slot(time(15, 50), time(16, 0), Phase.POST_CLOSE),
)
DERIVATIVES = (Slot(time(9, 15), time(15, 40), Phase.CONTINUOUS),)
# Futures of the current month have a pre-open too (NSE FAOP71092), by the shares' clock since 7 September 2026 (NSE FAOP74970).
FRONT_FUTURES = (*PRE_OPEN, *DERIVATIVES)
AUCTION_SINCE = date(2026, 8, 3)
AUCTION_PRICE_AT = time(15, 30)
AUCTION_BAND = 3  # percent either side of the reference price
SQUARE_OFF = {"E": time(15, 10), "D": time(15, 25)}  # cash by mStock's help page; F&O is not published, our choice


def ist(moment: datetime) -> datetime:
    return moment.astimezone(IST)


def at_ist(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, IST)


def next_midnight(moment: datetime) -> datetime:
    """The next 00:00 IST, when every session dies (mstock-type-b.md 1.7), in UTC."""
    return at_ist(ist(moment).date() + timedelta(days=1), time(0, 0)).astimezone(UTC)


def is_trading_day(day: date) -> bool:
    return day in SPECIAL_DAYS or (day.weekday() < 5 and day not in HOLIDAYS)


def trading_day_before(day: date) -> date:
    """The last trading day strictly before `day`."""
    day -= timedelta(days=1)
    while not is_trading_day(day):
        day -= timedelta(days=1)
    return day


class Timetable:
    """The exchange's opening hours under one of the two settings."""

    def __init__(self, hours: Hours, seed: int = 0) -> None:
        self.hours = hours
        self._seed = seed

    def slots(self, instrument: Instrument, day: date) -> tuple[Slot, ...]:
        if instrument.is_derivative:
            if day < AUCTION_SINCE:
                return (Slot(time(9, 15), time(15, 30), Phase.CONTINUOUS),)
            return FRONT_FUTURES if instrument.is_front else DERIVATIVES
        return CASH_WITH_AUCTION if self.has_auction(instrument, day) else CASH

    def has_auction(self, instrument: Instrument, day: date) -> bool:
        """Whether the instrument closes by auction on that day."""
        listed = not instrument.is_derivative and instrument.has_derivatives
        return self.hours == "real" and listed and day >= AUCTION_SINCE

    def auction_close(self, day: date) -> datetime:
        """The second between 15:28 and 15:30 at which the auction takes no more orders. It is another one each day."""
        return at_ist(day, time(15, 28)) + timedelta(seconds=(day.toordinal() * 7919 + self._seed * 104729) % 121)

    def pre_open_close(self, day: date) -> datetime:
        """The second between 9:08 and 9:10 at which the pre-open takes no more orders. It is another one each day."""
        return at_ist(day, time(9, 8)) + timedelta(seconds=(day.toordinal() * 6007 + self._seed * 90001) % 121)

    def phase(self, instrument: Instrument, moment: datetime) -> Phase:
        if self.hours == "always":
            return Phase.CONTINUOUS
        local = ist(moment)
        if not is_trading_day(local.date()):
            return Phase.CLOSED
        for slot in self.slots(instrument, local.date()):
            if slot.start <= local.time() < slot.end:
                return Phase.MATCHING if self._is_over(slot.phase, moment, local.date()) else slot.phase
        return Phase.CLOSED

    def _is_over(self, phase: Phase, moment: datetime, day: date) -> bool:
        """Whether an auction's random end has come before its last second."""
        if phase is Phase.AUCTION_LIMIT:
            return moment >= self.auction_close(day)
        return phase is Phase.PRE_OPEN_LIMIT and moment >= self.pre_open_close(day)

    def next_session(self, moment: datetime) -> date:
        """The day of the session that an order of this moment waits for."""
        day = ist(moment).date()
        if not is_trading_day(day) or moment >= self.opening(day):
            day += timedelta(days=1)
            while not is_trading_day(day):
                day += timedelta(days=1)
        return day

    def opening(self, day: date) -> datetime:
        """When the prices of a day begin to move."""
        return at_ist(day, time(9, 15) if self.hours == "real" else time(0, 0))

    def continuous_end(self, instrument: Instrument, day: date) -> datetime:
        if self.hours == "always":
            return at_ist(day, time(23, 59, 59))
        return at_ist(day, max(s.end for s in self.slots(instrument, day) if s.phase is Phase.CONTINUOUS))

    def closing(self, instrument: Instrument, day: date) -> datetime:
        """The moment whose price is the day's close: the end of trading, or of the auction."""
        return at_ist(day, AUCTION_PRICE_AT) if self.has_auction(instrument, day) else self.continuous_end(instrument, day)

    def trading_date(self, moment: datetime) -> date:
        """The date whose record the quotes show: before the open still the last trading day (9.1)."""
        local = ist(moment)
        if self.hours == "always":
            return local.date()
        if is_trading_day(local.date()) and local.time() >= time(9, 15):
            return local.date()
        return trading_day_before(local.date())

    def previous_date(self, day: date) -> date:
        """The day whose close is `day`'s previous close."""
        return day - timedelta(days=1) if self.hours == "always" else trading_day_before(day)

    def market_moment(self, instrument: Instrument, moment: datetime) -> datetime:
        """`moment`, or the last moment at which the instrument had a new price when it does not trade now."""
        if self.hours == "always":
            return moment
        day = self.trading_date(moment)
        closing = self.closing(instrument, day)
        return closing if moment >= closing else min(moment, self.continuous_end(instrument, day))
