"""Every kind of news a person can be told, as data; words are found when it is sent."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import ClassVar

from bot.domain.orders.exit_list import RowTold
from bot.domain.orders.order import Fill, Order, OrderDraft, OrderStatus
from bot.domain.orders.portfolio import DayReport
from bot.domain.orders.position_after import PositionAfter


class Sound(IntEnum):
    """How a notice arrives: without a sound, with a sound, or with a sound whatever the quiet hours say."""

    SILENT = 0
    RING = 1
    ALWAYS = 2


class NoticePriority(StrEnum):
    """Which of several notices leaves first."""

    SAFETY = "safety"
    FILL = "fill"
    NEWS = "news"


class Notice:
    """A kind of news. Its class says how it arrives, and `kinds` finds the class by the name under which it is stored."""

    __slots__ = ()

    sound: ClassVar[Sound]
    priority: ClassVar[NoticePriority] = NoticePriority.NEWS
    grouped: ClassVar[bool] = False  # many of them that wait together leave as one message, a paragraph each
    kinds: ClassVar[dict[str, type["Notice"]]] = {}

    def __init_subclass__(cls) -> None:
        Notice.kinds[cls.__name__] = cls  # a dataclass with slots is made a second time under its name: that one stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled(Notice):
    """An order filled further; the fill is the step, the order stands as it is after it."""

    sound = Sound.RING
    priority = NoticePriority.FILL
    grouped = True

    order: Order
    fill: Fill
    after: PositionAfter | None = None  # what is held then; None: nobody looked


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRejected(Notice):
    """The broker or the exchange refused an order."""

    sound = Sound.RING
    grouped = True

    order: Order
    after: PositionAfter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnded(Notice):
    """An order was cancelled or expired: by somebody else, or by a person here after some of it had filled."""

    sound = Sound.RING
    grouped = True

    order: Order
    after: PositionAfter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUnclear(Notice):
    """The answer to an order got lost; it is being looked for."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFound(Notice):
    """An order that was unclear, refused or given up turned up in the book."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    order: Order
    told: OrderStatus = OrderStatus.UNKNOWN  # what people took it for until then


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNotSeen(Notice):
    """The look-out's time has passed without a row: the person may look in the broker's app and say so."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Unguarded(Notice):
    """A stop is gone and the exit that was to replace it was not sent."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    draft: OrderDraft  # of the exit that was not sent


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardPlaced(Notice):
    """The stop of a plan rests at the exchange."""

    sound = Sound.SILENT

    order: Order
    target: Decimal | None = None  # the price that the bot watches, in rupees; None: the plan has no target
    trail: Decimal | None = None  # the bot moves it: rupees that it follows behind the best price, or that make a step
    step: Decimal | None = None  # rupees that it goes for each step; None: it follows continuously


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetBlind(Notice):
    """A target is not being watched, or is again."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    draft: OrderDraft  # of the target
    since: datetime
    sees: bool = False  # again


class TrailNews(StrEnum):
    """What is told of a trail."""

    BLIND = "blind"  # no live prices: its stop stands and does not follow
    SEES = "sees"  # again
    EXITS = "exits"  # the price was there before the stop could be moved: the exit goes
    STUCK = "stuck"  # mStock does not take its moves
    LIVES_ON = "lives on"  # who confirmed it lost the role


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailTold(Notice):
    """A trail asks for attention; its stop rests at the exchange meanwhile."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    plan_id: str
    stop: Order
    told: TrailNews
    price: Decimal | None = None  # EXITS, STUCK: the trigger that it should have by now, in rupees
    since: datetime | None = None  # BLIND, SEES: since when the price was not seen
    name: str = ""  # LIVES_ON: of who confirmed it


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketUnfilled(Notice):
    """A market order with a worst price rests: the price ran beyond it."""

    sound = Sound.RING

    order: Order
    price: Decimal | None = None  # at which the rest would fill now, in rupees; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicesStruck(Notice):
    """What is unsent of an entry will never be sent."""

    sound = Sound.RING

    draft: OrderDraft  # of the whole entry
    sent: int  # shares or units in orders that were sent
    why: str  # in words


class ExitTrouble(StrEnum):
    """Why an exit asks for a hand."""

    TRIGGERED = "triggered"  # a stop was triggered and does not fill
    RESTS = "rests"  # its limit does not fill
    TARGET_RESTS = "target rests"  # the target's limit does not fill, and would not go back to a stop
    NOT_RAISED = "not raised"  # the stop guards less than is open
    WRONG_STOP = "wrong stop"  # the book shows other terms than were sent
    LEFT_OVER = "left over"  # what it guarded is gone, and it could not be cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitAsks(Notice):
    """An exit that works is not what it should be, and only a person can decide what follows."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    order: Order
    why: ExitTrouble
    price: Decimal | None = None  # at which it would fill now, in rupees; None: not known


class Told(StrEnum):
    """What is told of a list of exits."""

    STALLED = "STALLED"  # what a cover waits for is not filled
    CUT = "CUT"  # its time was over before all of it was sent
    FLAT = "FLAT"
    NOT_FLAT = "NOT_FLAT"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitsTold(Notice):
    """A list of exits asks, or a panic says whether all is flat."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    plan_id: str
    told: Told
    at: datetime
    rows: tuple[RowTold, ...]
    waiting: int = 0  # rows that were not sent
    orders: int = 0  # that filled
    of: int = 0  # rows in all
    slippage: Decimal | None = None  # rupees against the prices at the question; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderElsewhere(Notice):
    """An order that this bot did not place: from the broker's app, the website, or the broker itself."""

    sound = Sound.RING
    grouped = True

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersElsewhere(Notice):
    """Several orders that this bot did not place turned up in one look."""

    sound = Sound.RING

    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderByOther(Notice):
    """Another person of the account placed an order."""

    sound = Sound.RING
    grouped = True

    order: Order
    name: str  # who


class ActionKind(StrEnum):
    """What another person of the account did, besides orders and the kill switch."""

    CANCELLED = "cancelled"
    MODIFIED = "modified"
    LOGGED_IN = "logged in"
    LOGGED_OUT = "logged out"
    LIMITS = "limits"
    DAY_LOCKED = "day locked"
    PIN_CLOSED = "pin closed"  # too many wrong tries on that person's phone
    PIN_CHANGED = "pin changed"  # set, changed or removed
    PHONE_LOCKED = "sealed"  # that person's own phone
    LINKED = "linked"
    UNLINKED = "unlinked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActByOther(Notice):
    """Another person of the account did something that all of them should know."""

    sound = Sound.RING

    name: str  # who
    deed: ActionKind
    at: datetime
    detail: str = ""  # which order, which limit


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLocked(Notice):
    """The daily loss was reached: no new entries until the next trading day."""

    sound = Sound.ALWAYS

    at: datetime
    result: Decimal  # rupees, after charges where they are known
    charges: Decimal | None = None
    entries: int = 0  # orders at the exchange that may still open something


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonJoined(Notice):
    """Somebody used an invitation."""

    sound = Sound.ALWAYS

    name: str
    telegram_id: int
    role: str
    everywhere: bool  # on every account
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRemoved(Notice):
    """Somebody was taken off the list."""

    sound = Sound.RING

    name: str
    telegram_id: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried(Notice):
    """Something was refused that looks like trying; told at most once an hour for each id."""

    sound = Sound.ALWAYS

    name: str  # as that person calls itself: not to be believed
    telegram_id: int
    what: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingStopped(Notice):
    """Somebody used the kill switch, or the bot itself for a reason."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    name: str
    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingResumed(Notice):
    """Somebody lifted the kill switch."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLost(Notice):
    """The broker session died or could not be renewed."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    at: datetime
    why: str
    positions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReplaced(Notice):
    """The broker ended a session before its time, and the stored seed made a new one: perhaps somebody else logged in."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLost(Notice):
    """The broker's socket is gone; the books are still polled."""

    sound = Sound.SILENT

    at: datetime


class Source(StrEnum):
    """What was away."""

    FEED = "feed"  # the broker's socket
    BOOKS = "books"  # the broker itself
    BOT = "bot"  # this process
    TELEGRAM = "telegram"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBack(Notice):
    """What was away is back, and the books were read again."""

    sound = Sound.RING

    source: Source = Source.FEED
    since: datetime
    until: datetime
    fills: int
    rejections: int
    ends: int = 0  # orders that were cancelled or expired meanwhile
    read: bool = True  # False: the books could not be read, so what was missed is not known
    unknown: int = 0  # orders whose outcome is still looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressNotRegistered(Notice):
    """The broker refuses this network address (mstock-type-b.md 1.8)."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    at: datetime
    words: str
    address: str | None = None  # this host's IPv4 towards the broker; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySummary(Notice):
    """The summary of a date."""

    sound = Sound.SILENT

    report: DayReport


@dataclass(frozen=True, slots=True, kw_only=True)
class YearNotCovered(Notice):
    """The dated facts end before a year that comes, or that has begun: the host has to lay a file beside them."""

    sound = Sound.RING

    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A notice on its way to one person; id is the visible event number, so a repeated delivery can be recognised."""

    id: int
    chat_id: int
    account_id: str
    label: str  # the account's
    notice: Notice
    sound: Sound
    created_at: datetime
    attempts: int = 0
    reply_to: int | None = None  # message id of the order's card in that chat
    edits: int | None = None  # message id of what this one mends; None: a message of its own
    mark: str = field(default="", compare=False)  # the account's
    more: "tuple[Delivery, ...]" = ()  # what waited behind it and leaves in the same message

    @property
    def ids(self) -> tuple[int, ...]:
        """Of all that this message tells."""
        return (self.id, *(other.id for other in self.more))
