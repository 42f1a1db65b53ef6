"""News of ways out: stops that rest or are gone, targets that nobody watches, lists of exits that ask."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.exits.exit_list import ListKind, RowTold
from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.people.news_settings import NewsKind
from bot.domain.value import value


@value
class Unguarded(Notice):
    """A stop is gone, and nothing guards what it guarded."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    draft: OrderDraft  # of the exit that was not sent
    is_over: bool = False  # the stop was cancelled or refused, and no exit was to replace it
    target: Decimal | None = None  # rupees, of the target that ends with it


@value
class GuardPlaced(Notice):
    """The stop of a plan rests at the exchange."""

    sound = Sound.SILENT
    about = NewsKind.PLACED

    order: Order
    target: Decimal | None = None  # the price that the bot watches, in rupees; None: the plan has no target
    trail: Decimal | None = None  # the bot moves it: rupees that it follows behind the best price, or that make a step
    step: Decimal | None = None  # rupees that it goes for each step; None: it follows continuously


@value
class TargetBlind(Notice):
    """A target is not being watched, or is again."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    draft: OrderDraft  # of the target
    since: datetime
    sees: bool = False  # again


class ExitTrouble(StrEnum):
    """Why an exit asks for a hand."""

    TRIGGERED = "triggered"  # a stop was triggered and does not fill
    RESTS = "rests"  # its limit does not fill
    TARGET_RESTS = "target rests"  # the target's limit does not fill, and would not go back to a stop
    NOT_RAISED = "not raised"  # the stop guards less than is open
    WRONG_STOP = "wrong stop"  # the book shows other terms than were sent
    LEFT_OVER = "left over"  # what it guarded is gone, and it could not be cancelled
    ENTRY_LEFT = "entry left"  # the stop that was to guard this entry is over while it rests


@value
class ExitAsks(Notice):
    """An exit that works is not what it should be, or an entry has lost its own. Only a person can decide what follows."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    order: Order
    why: ExitTrouble
    price: Decimal | None = None  # at which it would fill now, in rupees; None: not known


class Told(StrEnum):
    """What is told of a list of exits."""

    TURN_WAITS = "TURN_WAITS"  # the exit of a reversal is not filled
    STALLED = "STALLED"  # what a cover waits for is not filled
    HELD = "HELD"  # the broker's own order closes a row, and was waited for long enough
    NO_SESSION = "NO_SESSION"  # nothing can be sent until somebody logs in
    STANDS = "STANDS"  # rows whose stop would not change, or is gone with nothing sent
    CUT = "CUT"  # its time was over before all of it was sent
    BESIDE = "BESIDE"  # all was sent, and another order is closing the rest of a row
    FLAT = "FLAT"
    NOT_FLAT = "NOT_FLAT"
    STRUCK = "STRUCK"  # entries of a basket that will never be sent


@value
class ExitsTold(Notice):
    """A list of exits or a basket asks, or a panic says whether all is flat."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    plan_id: str
    told: Told
    at: datetime
    rows: tuple[RowTold, ...]
    kind: ListKind = ListKind.PANIC  # stored without one by the first version, where a panic alone was told to be flat or not
    why: str = ""  # of what was struck off, in words
    waiting: int = 0  # rows that were not sent
    orders: int = 0  # that filled
    of: int = 0  # rows in all
    slippage: Decimal | None = None  # rupees against the prices at the question; None: not known
    scope: str = ""  # what alone was closed, in words; empty: all intraday and carry-forward
