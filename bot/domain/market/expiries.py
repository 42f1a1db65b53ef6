"""When contracts expire: the weekday rules of each exchange, moved to the trading day before where a holiday is in the way."""

from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum

from bot.domain.market.instrument import Exchange
from bot.domain.value import value

STOCKS = "stocks"  # the family name of all single-stock contracts of an exchange
BSE_STOCKS = "BSE stocks"  # the same in a list of names, where only those of BSE are meant
WEEK = timedelta(days=7)


class Cycle(StrEnum):
    """How often a family expires."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


@value
class ExpiryRule:
    """From a date on, this family expires on this weekday: each week, or on the last one of the month."""

    exchange: Exchange  # NFO or BFO
    underlying: str  # NIFTY, or STOCKS for all single-stock contracts
    cycle: Cycle
    weekday: int  # Monday is 0
    since: date  # the first scheduled date that the rule governs is on or after this day
    until: date | None  # last day that the rule governs
    source: str

    def governs(self, day: date) -> bool:
        """Whether a contract scheduled for that day follows this rule."""
        return (
            day.weekday() == self.weekday
            and self.since <= day
            and (self.until is None or day <= self.until)
            and self._in_cycle(day)
        )

    def _in_cycle(self, day: date) -> bool:
        return self.cycle is Cycle.WEEKLY or (day + WEEK).month != day.month


@value
class Expiry:
    """One family of contracts on its last day."""

    exchange: Exchange
    underlying: str
    cycle: Cycle
    day: date  # when it expires in fact
    scheduled: date  # what the weekday rule says; differs from day where a holiday moved it
    source: str

    @property
    def moved(self) -> bool:
        return self.day != self.scheduled


def moved_back(scheduled: date, is_trading: Callable[[date], bool | None]) -> date | None:
    """The scheduled day, or the last trading day before it. None when the calendar does not know."""
    day = scheduled
    while (trading := is_trading(day)) is False:
        day -= timedelta(days=1)
    return day if trading else None


def expiries_on(day: date, rules: tuple[ExpiryRule, ...], is_trading: Callable[[date], bool | None]) -> tuple[Expiry, ...]:
    """Every family that expires on that day, a monthly contract counted once and not as a weekly too."""
    expiries: dict[tuple[Exchange, str], Expiry] = {}
    for ahead in range(8):  # holidays never shut the exchange for a whole week, so no contract moves further
        scheduled = day + timedelta(days=ahead)
        for rule in rules:
            if not rule.governs(scheduled) or moved_back(scheduled, is_trading) != day:
                continue
            key = (rule.exchange, rule.underlying)
            if key in expiries and expiries[key].cycle is Cycle.MONTHLY:
                continue
            expiries[key] = Expiry(
                exchange=rule.exchange,
                underlying=rule.underlying,
                cycle=rule.cycle,
                day=day,
                scheduled=scheduled,
                source=rule.source,
            )
    return tuple(sorted(expiries.values(), key=lambda expiry: (expiry.exchange, expiry.underlying == STOCKS, expiry.underlying)))


def monthly_expiry(
    exchange: Exchange,
    underlying: str,
    first: date,
    *,
    rules: tuple[ExpiryRule, ...],
    is_trading: Callable[[date], bool | None],
) -> date | None:
    """When the contract of the month that begins on `first` expires. None where no rule or no calendar covers it."""
    for offset in range(31):
        day = first + timedelta(days=offset)
        if day.month != first.month:
            break
        for rule in rules:
            if rule.exchange is exchange and rule.underlying == underlying and rule.cycle is Cycle.MONTHLY and rule.governs(day):
                return moved_back(day, is_trading)
    return None
