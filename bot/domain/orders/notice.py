"""Every kind of news a person can be told, as data; words are found when it is sent."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

from bot.domain.orders.order import Fill, Order
from bot.domain.orders.portfolio import DayReport


class Sound(IntEnum):
    """How a notice arrives: without a sound, with a sound, or with a sound whatever the quiet hours say."""

    SILENT = 0
    RING = 1
    ALWAYS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """An order filled further; the fill is the step, the order stands as it is after it."""

    order: Order
    fill: Fill
    position: int | None = None  # net shares after it, where known
    position_average: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRejected:
    """The broker or the exchange refused an order."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnded:
    """An order was cancelled or expired without having been asked to by this bot."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUnclear:
    """The answer to an order got lost; it is being looked for."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFound:
    """An order that was unclear, refused or given up turned up in the book."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNotSeen:
    """The look-out's time has passed without a row: the person may look in the broker's app and say so."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderElsewhere:
    """An order that this bot did not place: from the broker's app, the website, or the broker itself."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderByOther:
    """Another person of the account placed an order."""

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
class ActByOther:
    """Another person of the account did something that all of them should know."""

    name: str  # who
    deed: ActionKind
    at: datetime
    detail: str = ""  # which order, which limit


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLocked:
    """The daily loss was reached: no new entries until the next trading day."""

    at: datetime
    result: Decimal  # rupees, after charges where they are known
    charges: Decimal | None = None
    entries: int = 0  # orders at the exchange that may still open something


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonJoined:
    """Somebody used an invitation."""

    name: str
    telegram_id: int
    role: str
    everywhere: bool  # on every account
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRemoved:
    """Somebody was taken off the list."""

    name: str
    telegram_id: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Something was refused that looks like trying; told at most once an hour for each id."""

    name: str  # as that person calls itself: not to be believed
    telegram_id: int
    what: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingStopped:
    """Somebody used the kill switch, or the bot itself for a reason."""

    name: str
    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingResumed:
    """Somebody lifted the kill switch."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLost:
    """The broker session died or could not be renewed."""

    at: datetime
    why: str
    positions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLost:
    """The broker's socket is gone; the books are still polled."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBack:
    """The broker's socket is back, and the books were read again."""

    since: datetime
    until: datetime
    fills: int
    rejections: int
    read: bool = True  # False: the books could not be read, so what was missed is not known
    unknown: int = 0  # orders whose outcome is still looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressNotRegistered:
    """The broker refuses this network address (mstock-type-b.md 1.8)."""

    at: datetime
    words: str
    address: str | None = None  # this host's IPv4 towards the broker; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySummary:
    """The summary of a date."""

    report: DayReport


Notice = (
    Filled
    | OrderRejected
    | OrderEnded
    | OrderUnclear
    | OrderFound
    | OrderNotSeen
    | OrderElsewhere
    | OrderByOther
    | ActByOther
    | DayLocked
    | PersonJoined
    | PersonRemoved
    | Tried
    | TradingStopped
    | TradingResumed
    | SessionLost
    | FeedLost
    | FeedBack
    | AddressNotRegistered
    | DaySummary
)

LOUDNESS: dict[type, Sound] = {
    Filled: Sound.RING,
    OrderRejected: Sound.RING,
    OrderEnded: Sound.RING,
    OrderUnclear: Sound.ALWAYS,
    OrderFound: Sound.ALWAYS,
    OrderNotSeen: Sound.ALWAYS,
    OrderElsewhere: Sound.RING,
    OrderByOther: Sound.RING,
    ActByOther: Sound.RING,
    DayLocked: Sound.ALWAYS,
    PersonJoined: Sound.ALWAYS,
    PersonRemoved: Sound.RING,
    Tried: Sound.ALWAYS,
    TradingStopped: Sound.ALWAYS,
    TradingResumed: Sound.ALWAYS,
    SessionLost: Sound.ALWAYS,
    FeedLost: Sound.SILENT,
    FeedBack: Sound.RING,
    AddressNotRegistered: Sound.ALWAYS,
    DaySummary: Sound.SILENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A notice on its way to one person; id is the visible event number, so a repeated delivery can be recognised."""

    id: int
    chat_id: int
    account_id: str
    label: str  # the account's
    notice: Notice
    loudness: Sound
    created_at: datetime
    attempts: int = 0
    reply_to: int | None = None  # message id of the order's card in that chat
    edits: int | None = None  # message id of what this one mends; None: a message of its own
    mark: str = field(default="", compare=False)  # the account's
