"""Prices as they were seen, with their real age."""

from datetime import datetime
from decimal import Decimal

from bot.domain.market.instrument import InstrumentKey
from bot.domain.value import value


@value
class Level:
    """One rung of the order book."""

    price: Decimal  # rupees
    quantity: int  # shares or units
    orders: int = 0


@value
class Quote:
    """A price by REST: it carries no time, so its age is unknown (mstock-type-b.md 9.1)."""

    last: Decimal
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    previous_close: Decimal | None = None


@value
class Tick:
    """A price from the feed. `at` is the exchange's own time, UTC."""

    key: InstrumentKey
    last: Decimal
    at: datetime
    received: datetime
    volume: int | None = None
    open_interest: int | None = None
    average: Decimal | None = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    previous_close: Decimal | None = None
    bids: tuple[Level, ...] = ()  # best first; empty when the packet carried no depth
    asks: tuple[Level, ...] = ()
    stale: bool = False  # it may be old: the first packet after a subscribe, from a cache, or one that names no time


@value
class Price:
    """What we know of an instrument's price now, from whichever source. Unknown parts are None, never zero."""

    last: Decimal
    at: datetime | None = None  # last trade time, UTC; None: the source gives no time
    bid: Decimal | None = None
    ask: Decimal | None = None
    previous_close: Decimal | None = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
