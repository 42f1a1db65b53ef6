"""The parts of a market day, and what the exchange takes in each of them."""

from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from bot.domain.clock import ist
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind
from bot.domain.terms import OrderKind, Product
from bot.domain.value import value


class PhaseKind(StrEnum):
    """What the exchange is doing. market-rules.md 4.3 names the hours of each."""

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


@value
class Takes:
    """What the exchange does with orders during a phase."""

    kinds: frozenset[OrderKind] = frozenset()  # kinds of new order that it takes
    special: bool = False  # IOC and disclosed quantity
    delivery_only: bool = False


_ALL = frozenset(OrderKind)
_PLAIN = frozenset({OrderKind.LIMIT, OrderKind.MARKET})
_LIMIT = frozenset({OrderKind.LIMIT})
_NOTHING = Takes()

# New orders are taken, and orders changed or cancelled, in the same parts (NSE CMTR74466, CMTR74969): market orders not in the
# limit-only ones, and nothing while the exchange matches.
TAKES: dict[PhaseKind, Takes] = {
    PhaseKind.PRE_OPEN: Takes(kinds=_PLAIN),
    PhaseKind.PRE_OPEN_LIMIT: Takes(kinds=_LIMIT),
    PhaseKind.CONTINUOUS: Takes(kinds=_ALL, special=True),
    PhaseKind.AUCTION: Takes(kinds=_PLAIN),
    PhaseKind.AUCTION_LIMIT: Takes(kinds=_LIMIT),
    PhaseKind.POST_CLOSE: Takes(kinds=frozenset({OrderKind.MARKET}), delivery_only=True),
}


def takes(kind: PhaseKind) -> Takes:
    """What new orders the phase takes. Phases that are not listed take none."""
    return TAKES.get(kind, _NOTHING)


@value
class Hours:
    """One dated row of a timetable: a phase by the wall clock of IST, from a date on."""

    kind: PhaseKind
    start: time
    end: time
    random_from: time | None = None  # the exchange may end the phase at any second from here


@value
class Timetable:
    """The hours of one class of instrument from a date on. What it does not name is SHUT."""

    session: SessionClass
    since: date
    hours: tuple[Hours, ...]
    source: str


@value
class BandHours:
    """A price band that holds between two times of a day: percent around a reference price that the exchange works out."""

    kind: InstrumentKind
    since: date
    start: time
    end: time
    percent: Decimal
    source: str


@value
class AuctionException:
    """Shares that an exchange leaves out of the closing auction although contracts are traded on them."""

    exchange: Exchange
    symbols: frozenset[str]
    since: date
    until: date | None
    source: str

    def covers(self, instrument: Instrument, day: date) -> bool:
        return (
            instrument.exchange is self.exchange
            and instrument.symbol in self.symbols
            and self.since <= day
            and (self.until is None or day <= self.until)
        )


@value
class Withdrawal:
    """A kind of order that an exchange no longer takes for these instruments (market-rules.md 4.8)."""

    order_kind: OrderKind
    exchange: Exchange
    kinds: frozenset[InstrumentKind]
    since: date
    source: str


@value
class SquareOffRow:
    """From a date on, mStock closes positions of this product in these instruments at this time of day."""

    product: Product
    kinds: frozenset[InstrumentKind]
    since: date
    time: time
    proven: bool  # False: the source is undated or silent on this segment; check on a live account
    source: str


class WindowKind(StrEnum):
    """Hours of the day in which the broker, not the exchange, behaves differently."""

    BOD = "BOD"  # the morning's preparation
    EOD = "EOD"  # the evening's
    AMO = "AMO"  # after-market orders are taken


@value
class BrokerWindow:
    """One window of the broker by the wall clock of IST. Both times None: the hours are not known."""

    kind: WindowKind
    since: date
    start: time | None
    end: time | None  # earlier than start: it reaches past midnight
    says: str
    source: str

    def holds(self, at: time) -> bool:
        """Whether the wall clock time is inside. An unknown window never is."""
        if self.start is None or self.end is None:
            return False
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


@value
class Phase:
    """One stretch of one day, in UTC. end is the first moment that no longer belongs to it."""

    kind: PhaseKind
    start: datetime
    end: datetime
    source: str
    random_from: datetime | None = None


def usual_hours(_exchange: Exchange, at: datetime) -> bool:
    """Whether a moment (UTC) lies in the hours of a usual weekday, for where no dated calendar reaches."""
    local = ist(at)
    return local.weekday() < 5 and time(9, 15) <= local.time() < time(15, 30)
