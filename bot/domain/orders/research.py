"""What the broker tells beside the books: candles, option chains, and what is past."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.market.instrument import Exchange
from bot.domain.orders.order import OrderStatus
from bot.domain.terms import Product, Side
from bot.domain.value import value


class Interval(StrEnum):
    """How long one candle lasts."""

    MINUTE = "1m"
    MINUTES_3 = "3m"
    MINUTES_5 = "5m"
    MINUTES_10 = "10m"
    MINUTES_15 = "15m"
    MINUTES_30 = "30m"
    HOUR = "1h"
    DAY = "1d"


@value
class Candle:
    """Prices of one interval, rupees. `start` is when it began, UTC."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int  # shares or units


@value
class OrderStep:
    """One step in the life of an order."""

    broker_id: str
    tag: str | None
    status: OrderStatus
    words: str  # the broker's own status word
    filled: int
    at: datetime | None  # UTC


@value
class PastTrade:
    """One fill of an earlier day: the broker names the company and no token."""

    exchange: str
    name: str
    side: Side
    product: Product | None
    quantity: int
    price: Decimal
    trade_id: str
    time: str  # of day, as the broker wrote it


@value
class Underlying:
    """What contracts are written on, and until when. The epochs name an expiry to the chain route."""

    name: str
    token: str
    kind: str  # the broker's word: OPTIDX, FUTIDX, OPTSTK...
    expiries: tuple[tuple[date, int], ...]  # (day, epoch)


@value
class ChainLine:
    """One contract of a chain: no price, only what is open."""

    token: str
    strike: Decimal | None  # rupees; None for a future
    open_interest: int


@value
class Chain:
    """All contracts of one underlying and expiry."""

    exchange: Exchange
    expiry: date
    calls: tuple[ChainLine, ...]
    puts: tuple[ChainLine, ...]
    futures: tuple[ChainLine, ...]
