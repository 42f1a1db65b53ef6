"""News of orders that were sent in the evening for the session of a day."""

from datetime import datetime

from bot.domain.news.notice import Notice, Sound
from bot.domain.orders.order import Order
from bot.domain.people.news_settings import NewsKind
from bot.domain.value import value


@value
class AfterMarketFate(Notice):
    """How the after-market orders of today stand, before the opening and just after it."""

    sound = Sound.RING
    about = NewsKind.MORNING

    at: datetime
    orders: tuple[Order, ...]
    unread: str = ""  # why mStock's book could not be read, in words; then they stand as last known
