"""What a picture shows, as values: candles with one's own trades, a day, an equity curve, a month, a payoff."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.market.instrument import Instrument
from bot.domain.orders.research import Candle, Interval
from bot.domain.plans.payoff import PayoffLeg
from bot.domain.terms import Side
from bot.domain.value import value


class LevelKind(StrEnum):
    """What a line across a chart stands for."""

    AVERAGE = "Avg"  # what the open position was entered at
    STOP = "Stop"
    TARGET = "Target"
    LIMIT = "Limit"  # an order that opens or adds


@value
class ChartFill:
    """One own trade: when (UTC), at which price in rupees, and how many shares or units."""

    at: datetime
    side: Side
    price: Decimal
    quantity: int


@value
class ChartLevel:
    """A price in rupees that stands for the account now."""

    kind: LevelKind
    price: Decimal
    quantity: int = 0  # signed, shares or units: what it would do to the position; of an average, what is held


@value
class CandleChart:
    """Candles, oldest first, with what the account did and what waits for it. Fills outside the candles are not drawn."""

    name: str  # the instrument in full
    exchange: str
    interval: Interval
    candles: tuple[Candle, ...]
    fills: tuple[ChartFill, ...] = ()
    levels: tuple[ChartLevel, ...] = ()
    mode: str  # PAPER or LIVE
    as_of: datetime  # when the candles were read, UTC


@value
class NetPoint:
    """Net of the day after charges at one moment (UTC), rupees."""

    at: datetime
    net: Decimal


@value
class DayFill:
    """One fill of the day: its moment (UTC) and its side. It is drawn on the curve."""

    at: datetime
    side: Side


@value
class SymbolResult:
    """What one symbol brought on the day, rupees. The name as lists show it."""

    name: str
    net: Decimal


@value
class DayPicture:
    """One day of one account. The net stands as figure. None where it is not known."""

    day: date  # of India
    net: Decimal | None
    curve: tuple[NetPoint, ...]  # oldest first
    fills: tuple[DayFill, ...] = ()
    symbols: tuple[SymbolResult, ...] = ()
    mode: str
    as_of: datetime


@value
class DayResult:
    """Net of one day of India after charges, rupees. None: it is not known, and stays a gap."""

    day: date
    net: Decimal | None


@value
class EquityCurve:
    """Days of trading, oldest first, summed up from nothing."""

    title: str  # "This week", "November 2026"
    days: tuple[DayResult, ...]
    mode: str
    as_of: datetime


@value
class MonthHeatmap:
    """A month as a calendar. A day that is neither in `days` nor closed has no row: it is to come, or before the first."""

    month: date  # any day of it
    days: tuple[DayResult, ...]
    closed: tuple[date, ...] = ()  # holidays on weekdays
    mode: str
    as_of: datetime


@value
class Payoff:
    """What is held on one underlying, as it would be worth when the contracts end (payoff.py)."""

    name: str  # of the underlying
    expiry: date | None  # of the contracts; None: only what never ends
    legs: tuple[PayoffLeg, ...]
    spot: Decimal | None  # rupees; None: not known now
    left_out: tuple[str, ...] = ()  # what is held too and not drawn, in words
    mode: str
    as_of: datetime


@value
class Charted:
    """A chart with what the words about it need."""

    instrument: Instrument
    chart: CandleChart
    days: int  # of trading that are shown
    whole: bool = True  # False: older candles were asked for than a picture has room for
    left_out: tuple[str, ...] = ()  # what could not be read and is not in it, in words


Picture = CandleChart | DayPicture | EquityCurve | MonthHeatmap | Payoff
