"""Time as an argument: a clock that only tells the present moment, and the exchange's own zone."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Protocol

MOST_SKEW = 10.0  # seconds between the broker's clock and ours beyond which a login code of ours may be refused (F12)
IST = timezone(timedelta(hours=5, minutes=30), "IST")  # India has one zone and no summer time, so no zone database is needed


class Clock(Protocol):
    """Tells the time. Waiting is asyncio's business."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The host's own clock: the one place that may read it."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


def ist(moment: datetime) -> datetime:
    """The same moment on the exchange's wall clock. Refuses a naive datetime with ValueError."""
    if moment.tzinfo is None:
        msg = "a moment without a zone has no meaning here"
        raise ValueError(msg)
    return moment.astimezone(IST)


def ist_date(moment: datetime) -> date:
    """The calendar date in India at that moment."""
    return ist(moment).date()


def at_ist(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """The moment, in UTC, when India's wall clock shows that time on that day."""
    return datetime.combine(day, time(hour, minute, second), IST).astimezone(UTC)


def next_midnight(moment: datetime) -> datetime:
    """The next 00:00 IST after the moment, in UTC: when every broker session dies (mstock-type-b.md 1.7)."""
    return at_ist(ist_date(moment) + timedelta(days=1), 0)
