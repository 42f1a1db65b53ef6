"""News of orders that are asked again when the market takes them."""

from bot.domain.news.notice import Notice, Sound
from bot.domain.people.news_settings import NewsKind
from bot.domain.proposals.later_card import LaterCard
from bot.domain.value import value


@value
class LaterCardsAhead(Notice):
    """The cards that come today."""

    sound = Sound.SILENT
    about = NewsKind.MORNING

    cards: tuple[LaterCard, ...]


@value
class LaterCardDue(Notice):
    """The market takes the order now."""

    sound = Sound.RING
    about = NewsKind.ALERTS  # the person asked to be told then

    card: LaterCard


@value
class LaterCardStruck(Notice):
    """A card of later will not be asked."""

    sound = Sound.RING
    about = NewsKind.ENDS

    card: LaterCard
    why: str  # in words
