"""News of people: who joined, who was removed, who tried, and what another person of the account did."""

from datetime import datetime
from enum import StrEnum

from bot.domain.news.notice import Notice, Sound
from bot.domain.people.news_settings import NewsKind
from bot.domain.value import value


class ActionKind(StrEnum):
    """What another person of the account did, besides orders and the kill switch."""

    CANCELLED = "cancelled"
    MODIFIED = "modified"
    LOGGED_IN = "logged in"
    LOGGED_OUT = "logged out"
    LIMITS = "limits"
    DAY_LOCKED = "day locked"
    PNL_EXIT = "pnl exit"  # set, made alert only or removed
    TRAIL = "trail"  # begun or ended
    STANDING_STOP = "standing stop"  # kept, adjusted or ended
    PIN_CLOSED = "pin closed"  # too many wrong tries on that person's phone
    PIN_CHANGED = "pin changed"  # set, changed or removed
    PHONE_LOCKED = "sealed"  # that person's own phone
    LINKED = "linked"
    UNLINKED = "unlinked"


@value
class ActByOther(Notice):
    """Another person of the account did something that all of them should know."""

    sound = Sound.RING
    about = NewsKind.OTHERS

    name: str  # who
    deed: ActionKind
    at: datetime
    detail: str = ""  # which order, which limit


@value
class PersonJoined(Notice):
    """Somebody used an invitation."""

    sound = Sound.ALWAYS

    name: str
    telegram_id: int
    role: str
    everywhere: bool  # on every account
    by: str
    at: datetime


@value
class PersonRemoved(Notice):
    """Somebody was taken off the list."""

    sound = Sound.RING
    about = NewsKind.OTHERS

    name: str
    telegram_id: int
    by: str
    at: datetime


@value
class Tried(Notice):
    """Something was refused that looks like trying. It is told at most once an hour for each id."""

    sound = Sound.ALWAYS

    name: str  # as that person calls itself: not to be believed
    telegram_id: int
    what: str
    at: datetime
