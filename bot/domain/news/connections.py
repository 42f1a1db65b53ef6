"""News of connections: a session, the feed, the books or this process was away, and is back."""

from datetime import datetime
from enum import StrEnum

from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.people.news_settings import NewsKind
from bot.domain.value import value


@value
class SessionLost(Notice):
    """The broker session died or could not be renewed."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    at: datetime
    why: str
    positions: bool = False


@value
class SessionReplaced(Notice):
    """The broker ended a session before its time, and the stored seed made a new one: perhaps somebody else logged in."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    at: datetime


class Source(StrEnum):
    """What was away."""

    FEED = "feed"  # the broker's socket
    BOOKS = "books"  # the broker itself
    BOT = "bot"  # this process
    TELEGRAM = "telegram"


@value
class FeedLost(Notice):
    """The broker's socket, or the broker itself, is away while something is at stake. Its return is told too."""

    sound = Sound.RING
    about = NewsKind.GAPS

    source: Source = Source.FEED
    since: datetime


@value
class FeedBack(Notice):
    """What was away is back, and the books were read again."""

    sound = Sound.RING
    about = NewsKind.GAPS

    source: Source = Source.FEED
    since: datetime
    until: datetime
    fills: int
    rejections: int
    ends: int = 0  # orders that were cancelled or expired meanwhile
    elsewhere: int = 0  # orders that this bot did not place
    read: bool = True  # False: the books could not be read, so what was missed is not known
    unknown: int = 0  # orders whose outcome is still looked for


@value
class AddressNotRegistered(Notice):
    """The broker refuses this network address (mstock-type-b.md 1.8)."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    at: datetime
    words: str
    address: str | None = None  # this host's IPv4 towards the broker; None: not known
