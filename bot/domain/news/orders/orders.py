"""News of orders: what filled, was refused, ended, got lost, and what somebody else placed."""

from decimal import Decimal

from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.orders.doubt import DoubtedAct
from bot.domain.orders.order import Fill, Order, OrderDraft, OrderStatus
from bot.domain.orders.position_after import PositionAfter
from bot.domain.people.news_settings import NewsKind
from bot.domain.value import value


def _loud(order: Order) -> Sound:
    """A stop that came to nothing always rings: what it guarded is bare."""
    return Sound.ALWAYS if order.draft.trigger is not None and order.closes is not False else Sound.RING


@value
class Filled(Notice):
    """An order filled further. The fill is the step. The order stands as it is after it."""

    sound = Sound.RING
    about = NewsKind.FILLS
    priority = NoticePriority.FILL
    grouped = True

    order: Order
    fill: Fill
    fee: Decimal | None = None  # rupees that the broker takes for its own square-off, as this is one
    after: PositionAfter | None = None  # what is held then; None: nobody looked
    stop_follows: bool = False  # the stop that was confirmed with the order is placed by itself, or stands

    @property
    def loudness(self) -> Sound:
        return Sound.ALWAYS if self.fee is not None else self.sound

    @property
    def ends_order(self) -> bool:
        return self.fill.filled_after >= self.order.draft.quantity


@value
class TradeTakenBack(Notice):
    """mStock or the exchange undid a trade: its books show less of the order filled than they did. The order stands as told."""

    sound = Sound.RING
    about = NewsKind.FILLS
    priority = NoticePriority.FILL
    grouped = True

    order: Order
    filled: int  # shares or units that are left of it
    held: int  # signed, of its instrument in its product, as the position book has it now


@value
class OrderRejected(Notice):
    """The broker or the exchange refused an order."""

    sound = Sound.RING
    about = NewsKind.ENDS
    grouped = True

    order: Order
    after: PositionAfter | None = None

    @property
    def loudness(self) -> Sound:
        return _loud(self.order)

    @property
    def ends_order(self) -> bool:
        return True


@value
class OrderEnded(Notice):
    """An order was cancelled or expired: by somebody else, or by a person here after some of it had filled."""

    sound = Sound.RING
    about = NewsKind.ENDS
    grouped = True

    order: Order
    after: PositionAfter | None = None

    @property
    def loudness(self) -> Sound:
        return _loud(self.order)

    @property
    def ends_order(self) -> bool:
        return True


@value
class OrderUnclear(Notice):
    """The answer to an order got lost, and the order is being looked for."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    order: Order


@value
class OrderFound(Notice):
    """An order that was unclear, refused or given up turned up in the book."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    order: Order
    told: OrderStatus = OrderStatus.UNKNOWN  # what people took it for until then


@value
class OrderNotSeen(Notice):
    """The look-out's time has passed without a row: the person may look in the broker's app and say so."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    order: Order


@value
class ActSeen(Notice):
    """What the book shows of a working order after the answer to its cancel or its change was lost."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    order: Order
    act: DoubtedAct
    done: bool


@value
class MarketUnfilled(Notice):
    """A market order with a worst price rests: the price ran beyond it, or the exchange has not filled it yet."""

    sound = Sound.RING
    about = NewsKind.ENDS

    order: Order
    price: Decimal | None = None  # at which the rest would fill now, in rupees; None: not known
    touch: Decimal | None = None  # the ask that a purchase meets now, the bid that a sale meets; None: not known

    @property
    def within(self) -> bool:
        """Whether the other side of the book still stands at a price that the order takes."""
        limit = self.order.draft.price
        return self.touch is not None and limit is not None and (self.touch - limit) * self.order.draft.side.sign <= 0


@value
class SlicesStruck(Notice):
    """What is unsent of an entry will never be sent."""

    sound = Sound.RING
    about = NewsKind.ENDS

    draft: OrderDraft  # of the whole entry
    sent: int  # shares or units in orders that were sent
    why: str  # in words


@value
class OrderElsewhere(Notice):
    """An order that this bot did not place: from the broker's app, the website, or the broker itself."""

    sound = Sound.RING
    about = NewsKind.ELSEWHERE
    grouped = True

    order: Order
    fee: Decimal | None = None  # rupees that the broker takes for its own square-off, as this is one
    maybe: tuple[int, ...] = ()  # numbers of our orders of unknown outcome that it may be: its row carries no tag

    @property
    def loudness(self) -> Sound:
        return Sound.ALWAYS if self.maybe or self.fee is not None else self.sound

    @property
    def ends_order(self) -> bool:
        return self.order.status.is_final


@value
class OrdersElsewhere(Notice):
    """Several orders that this bot did not place turned up in one look."""

    sound = Sound.RING
    about = NewsKind.ELSEWHERE

    orders: tuple[Order, ...]
    fee: Decimal | None = None  # rupees that the broker takes for those with which it squared off; None: it did not
    maybe: tuple[int, ...] = ()  # numbers of our orders of unknown outcome that one of them may be

    @property
    def loudness(self) -> Sound:
        return Sound.ALWAYS if self.maybe or self.fee is not None else self.sound


@value
class OrderByOther(Notice):
    """Another person of the account placed an order."""

    sound = Sound.RING
    about = NewsKind.OTHERS
    grouped = True

    order: Order
    name: str  # who
