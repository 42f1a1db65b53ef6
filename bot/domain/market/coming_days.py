"""What is unusual about the days ahead: holidays, special sessions, contracts that end."""

from collections.abc import Iterable
from datetime import date, timedelta

from bot.domain.market.expiries import BSE_STOCKS, STOCKS, Expiry
from bot.domain.market.instrument import Exchange
from bot.domain.market.market_days import LOOK_AHEAD, DayKind, MarketDays
from bot.domain.value import value

DAY = timedelta(days=1)


@value
class ComingDay:
    """A day ahead that is no usual one."""

    day: date  # in India
    closed: str = ""  # the name of its holiday
    special: str = ""  # the name of a session with hours of its own
    expiring: tuple[str, ...] = ()  # families of contracts that end: NIFTY, stocks


def coming_days(calendar: MarketDays | None, day: date) -> tuple[ComingDay, ...]:
    """The next session after a date in India with what ends on it, and the unusual weekdays up to the session after that.

    Nothing without a calendar, or beyond the years that it covers.
    """
    if calendar is None:
        return ()
    found, sessions = [], 0
    for ahead in range(1, LOOK_AHEAD + 1):
        entry = calendar.day(day + ahead * DAY)
        if entry.kind is DayKind.UNCOVERED:
            break
        ends = _names(calendar.expiries(entry.day)) if entry.session and not sessions else ()
        sessions += bool(entry.session)
        if sessions > 1:
            break
        if entry.kind is DayKind.HOLIDAY:
            found.append(ComingDay(day=entry.day, closed=entry.name))
        elif entry.kind is DayKind.SPECIAL or ends:
            special = entry.name if entry.kind is DayKind.SPECIAL else ""
            found.append(ComingDay(day=entry.day, special=special, expiring=ends))
    return tuple(found)


def _names(expiries: Iterable[Expiry]) -> tuple[str, ...]:
    """The families that end, once each. Stock contracts of BSE alone are not those that nearly everybody holds."""
    ended = tuple(expiries)
    nse = any(expiry.underlying == STOCKS and expiry.exchange is Exchange.NFO for expiry in ended)
    stocks = STOCKS if nse else BSE_STOCKS
    return tuple(dict.fromkeys(stocks if expiry.underlying == STOCKS else expiry.underlying for expiry in ended))
