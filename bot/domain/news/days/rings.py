"""What the afternoon and the watch over positions and orders tell, as data."""

from datetime import datetime
from decimal import Decimal

from bot.domain.market.instrument import Instrument
from bot.domain.money import ZERO
from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.people.news_settings import NewsKind
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product
from bot.domain.value import value


@value
class OpenRow:
    """An open position as the position book has it."""

    instrument: Instrument
    product: Product
    quantity: int  # signed, shares or units
    needs: Decimal | None = None  # rupees that it blocks more where it is carried; None: not known, or not asked
    held: int | None = None  # signed, what is open in all where this is about a part of it

    @classmethod
    def of(cls, position: Position) -> "OpenRow":
        return cls(instrument=position.instrument, product=position.product, quantity=position.quantity)

    @property
    def can_be_carried(self) -> bool:
        """A share sold short has to be bought back today. What else is intraday may become carry-forward or delivery."""
        return self.instrument.is_derivative or self.quantity > 0


@value
class SquareOffAhead(Notice):
    """What mStock closes by itself today, with the resting orders that would open more of it."""

    sound = Sound.SILENT
    about = NewsKind.AHEAD

    at: datetime  # from when mStock closes it
    rows: tuple[OpenRow, ...]
    entries: tuple[Order, ...]
    proven: bool  # False: no source names the time for all of these segments


@value
class SquareOffNear(SquareOffAhead):
    """The same a quarter of an hour before it, and nearer."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY


@value
class StopsEnd(Notice):
    """Stops that the exchange cancels when the closing auction of their shares begins."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    at: datetime
    stops: tuple[Order, ...]


@value
class AuctionBegun(Notice):
    """Shares went into the closing auction: limits that wait in it, and targets that it does not serve."""

    sound = Sound.RING
    about = NewsKind.AUCTION

    orders_from: datetime  # when the exchange takes orders again
    limits: tuple[Order, ...]
    targets: tuple[OrderDraft, ...]


@value
class AuctionOver(Notice):
    """What the closing auction did not sell, and intraday shorts in shares that are still open after it."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    unsold: tuple[Order, ...]
    shorts: tuple[OpenRow, ...]
    post_close: datetime | None  # when delivery is taken at the closing price; None: not today


@value
class UnprotectedTonight(Notice):
    """Positions that are carried over the night: a stop at the exchange ends with the day."""

    sound = Sound.RING
    about = NewsKind.AUCTION

    bare: tuple[OpenRow, ...]  # without a stop already
    stopped: tuple[OpenRow, ...]  # whose stop ends with the day
    kept: tuple[OpenRow, ...] = ()  # for which a stop is asked about at the next open


@value
class SessionEnds(Notice):
    """The session at the broker ends at midnight, and positions are held."""

    sound = Sound.SILENT
    about = NewsKind.AHEAD

    at: datetime
    rows: tuple[OpenRow, ...]


@value
class NoStop(Notice):
    """Intraday and carry-forward positions that have been open for minutes without a stop."""

    sound = Sound.RING
    about = NewsKind.NO_STOP

    rows: tuple[OpenRow, ...]


@value
class NoStopDelivery(NoStop):
    """The same of delivery that was bought today. Told only to who wants it."""

    about = NewsKind.NO_STOP_DELIVERY


@value
class LossNear(Notice):
    """Most of the daily loss limit is used."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    at: datetime
    result: Decimal  # rupees, after charges where they are known
    limit: Decimal  # rupees
    charges: Decimal | None


@value
class MarginShort(Notice):
    """The money for trading is below zero, or is not any more."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    at: datetime
    available: Decimal  # rupees
    over: bool = False  # the shortfall is


@value
class MarginNear(Notice):
    """Intraday positions have lost most of the margin that mStock lets them lose."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    at: datetime
    lost: Decimal  # rupees
    used: Decimal  # rupees of margin
    closed_at: Decimal  # percent of it at which mStock closes

    @property
    def percent(self) -> Decimal:
        return self.lost * 100 / self.used if self.used > ZERO else ZERO


@value
class BandNear(Notice):
    """An intraday position's share moved against it through most of its price band of the day."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    row: OpenRow
    last: Decimal  # rupees
    moved: Decimal  # percent from the previous close
    band: Decimal  # percent either side of it
    closed_at: Decimal  # percent of the band at which mStock closes


@value
class FeedMute(Notice):
    """The feed is connected and says nothing while the market is open, or speaks again."""

    sound = Sound.RING
    about = NewsKind.GAPS

    since: datetime
    sees: bool = False
