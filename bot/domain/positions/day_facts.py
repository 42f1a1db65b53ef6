"""What a summary tells beside its sums: each is stored with the row of its day, as it was told then."""

from datetime import date, datetime
from decimal import Decimal

from bot.domain.market.coming_days import ComingDay
from bot.domain.market.instrument import Instrument
from bot.domain.money import total
from bot.domain.terms import Product
from bot.domain.value import value


@value
class Why:
    """A part of a difference, signed rupees."""

    reason: str
    rupees: Decimal


@value
class Mismatch:
    """A row where our own fills and the broker's positions differ."""

    instrument: Instrument
    product: Product
    rupees: Decimal  # ours less the broker's
    reasons: tuple[str, ...]
    parts: tuple[Why, ...] = ()  # which add up to it; empty: a row of an earlier version


@value
class LeftOut:
    """A row that the sums leave out, and what nobody says of it: cost, price, previous close."""

    instrument: Instrument
    product: Product
    missing: tuple[str, ...]


@value
class ChargeLine:
    """One kind of charge, rupees, rounded as the contract note does. The name is a trader's word."""

    name: str
    rupees: Decimal


@value
class SymbolNet:
    """What one underlying or share made after its charges, rupees, unrounded, or the rest that belongs to none."""

    name: str
    net: Decimal


@value
class Trip:
    """A round trip that closed, rupees after the charges that are known."""

    instrument: Instrument
    net: Decimal


@value
class Low:
    """The lowest point of a day: rupees after charges, and when (UTC)."""

    net: Decimal
    at: datetime


@value
class TripCount:
    """Round trips that closed in a span of days."""

    closed: int = 0  # all of them
    known: int = 0  # those whose result is known
    won: int = 0  # those that made something after charges
    best: Trip | None = None
    worst: Trip | None = None


@value
class DayFacts:
    """What the row of a day knows beyond its sums. None is always "not known"."""

    capital: Decimal | None = None  # rupees when the day began: money paid in or out during the day is not in it
    month: Decimal | None = None  # net of the month up to this day, rupees; None: no day of it has data
    month_gaps: tuple[date, ...] = ()  # days of the month without data
    margin: Decimal | None = None  # used, rupees, when the row was made
    mismatches: tuple[Mismatch, ...] = ()
    broker: Decimal | None = None  # what the broker's own positions made of the day before charges, rupees; None: not kept
    left_out: tuple[LeftOut, ...] = ()
    coming: tuple[ComingDay, ...] = ()
    charges: tuple[ChargeLine, ...] = ()
    symbols: tuple[SymbolNet, ...] = ()
    trips: TripCount = TripCount()
    slippage: Decimal | None = None  # rupees against the prices seen at the taps, a loss is negative; None: no tap saw one
    lowest: Low | None = None  # None: nobody watched
    approximate: tuple[str, ...] = ()  # what the figures were made of where the broker's books of the day are gone


@value
class DayNet:
    """One day of a week or month: rupees after the charges that are known, None without data."""

    day: date
    net: Decimal | None
    capital: Decimal | None = None


def gained(days: tuple[DayNet, ...]) -> Decimal | None:
    """The return of days one after the other, as a fraction: each day's net on what there was when it began.

    So money that was paid in or out between them is no gain. None where a day with data does not say what it began with.
    """
    grown = Decimal(1)
    for each in days:
        if each.net is None:
            continue
        if not each.capital or each.capital < 0:
            return None
        grown *= 1 + each.net / each.capital
    return grown - 1 if any(each.net is not None for each in days) else None


def deepest_fall(days: tuple[DayNet, ...]) -> Decimal:
    """The largest fall of the running sum below an earlier height, rupees, nought or negative. Days without data are left out."""
    top = run = fall = Decimal(0)
    for each in days:
        run += each.net or 0
        top = max(top, run)
        fall = min(fall, run - top)
    return fall


def summed(days: tuple[DayNet, ...]) -> Decimal:
    """The nets of the days that have one, rupees."""
    return total(each.net for each in days if each.net is not None)
