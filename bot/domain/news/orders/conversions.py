"""News of a change of product: how it ended, and that nobody knows yet."""

from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.people.news_settings import NewsKind
from bot.domain.positions.conversion import Conversion
from bot.domain.value import value


@value
class Converted(Notice):
    """How a conversion ended, for the others of its account, and for all where its end came later than the answer to the tap."""

    sound = Sound.RING
    about = NewsKind.OTHERS

    conversion: Conversion


@value
class ConversionUnclear(Notice):
    """Nobody knows yet whether a conversion happened."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    conversion: Conversion
