"""The parts of a market day, and what the exchange takes in each of them."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from bot.domain.instrument import InstrumentKind
from bot.domain.order import OrderKind


class PhaseKind(StrEnum):
    """What the exchange is doing; market-rules.md 4.3 names the hours of each."""

    SHUT = "SHUT"
    PRE_OPEN = "PRE_OPEN"  # order entry before the open, limit and market
    PRE_OPEN_LIMIT = "PRE_OPEN_LIMIT"  # order entry before the open, limit only
    PRE_OPEN_MATCH = "PRE_OPEN_MATCH"
    PRE_OPEN_BUFFER = "PRE_OPEN_BUFFER"
    CONTINUOUS = "CONTINUOUS"
    REFERENCE = "REFERENCE"  # the closing auction's reference price is being worked out
    AUCTION = "AUCTION"  # closing auction, limit and market
    AUCTION_LIMIT = "AUCTION_LIMIT"  # closing auction, limit only
    AUCTION_MATCH = "AUCTION_MATCH"
    BETWEEN = "BETWEEN"  # trading is over, the post-close session has not begun
    POST_CLOSE = "POST_CLOSE"  # delivery only, at the closing price
    UNKNOWN = "UNKNOWN"  # the day or its hours are not in our data


class SessionClass(StrEnum):
    """Instruments that share one timetable."""

    CASH = "cash"  # shares and funds outside the closing auction
    CASH_AUCTION = "cash-auction"  # shares with F&O: they take part in the closing auction
    NEAR_FUTURE = "near-future"  # futures that have a pre-open session
    DERIVATIVE = "derivative"  # options and the later futures


@dataclass(frozen=True, slots=True, kw_only=True)
class Takes:
    """What the exchange does with orders during a phase."""

    kinds: frozenset[OrderKind] = frozenset()  # kinds of new order that it takes
    cancels: bool = False  # a resting limit order may be changed or cancelled
    special: bool = False  # IOC and disclosed quantity
    delivery_only: bool = False


_ALL = frozenset(OrderKind)
_PLAIN = frozenset({OrderKind.LIMIT, OrderKind.MARKET})
_LIMIT = frozenset({OrderKind.LIMIT})
_NOTHING = Takes()

# An order may be changed or cancelled exactly where new ones of its kind are taken (NSE CMTR74466, CMTR74969): market orders therefore not
# in the limit-only parts, and nothing while the exchange matches.
TAKES: dict[PhaseKind, Takes] = {
    PhaseKind.PRE_OPEN: Takes(kinds=_PLAIN, cancels=True),
    PhaseKind.PRE_OPEN_LIMIT: Takes(kinds=_LIMIT, cancels=True),
    PhaseKind.CONTINUOUS: Takes(kinds=_ALL, cancels=True, special=True),
    PhaseKind.AUCTION: Takes(kinds=_PLAIN, cancels=True),
    PhaseKind.AUCTION_LIMIT: Takes(kinds=_LIMIT, cancels=True),
    PhaseKind.POST_CLOSE: Takes(kinds=frozenset({OrderKind.MARKET}), cancels=True, delivery_only=True),
}


def takes(kind: PhaseKind) -> Takes:
    """What new orders the phase takes; phases that are not listed take none."""
    return TAKES.get(kind, _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """One dated row of a timetable: a phase by the wall clock of IST, from a date on."""

    kind: PhaseKind
    start: time
    end: time
    random_from: time | None = None  # the exchange may end the phase at any second from here


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """The hours of one class of instrument from a date on; what it does not name is SHUT."""

    session: SessionClass
    since: date
    hours: tuple[Hours, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BandHours:
    """A price band that holds between two times of a day: percent around a reference price that the exchange works out."""

    kind: InstrumentKind
    since: date
    start: time
    end: time
    percent: Decimal
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One stretch of one day, in UTC; end is the first moment that no longer belongs to it."""

    kind: PhaseKind
    start: datetime
    end: datetime
    source: str
    random_from: datetime | None = None

    @property
    def takes_orders(self) -> bool:
        return bool(takes(self.kind).kinds)
