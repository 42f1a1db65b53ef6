"""News of a change of product: how it ended, and that nobody knows yet."""

from dataclasses import dataclass

from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.people.news_settings import NewsKind
from bot.domain.positions.conversion import Conversion


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted(Notice):
    """How a conversion ended, for the others of its account, and for all where its end came later than the answer to the tap."""

    sound = Sound.RING
    about = NewsKind.OTHERS

    conversion: Conversion


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionUnclear(Notice):
    """Nobody knows yet whether a conversion happened."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    conversion: Conversion
