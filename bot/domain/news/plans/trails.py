"""News of trails: what a stop that follows the price cannot do, and that it lives on."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.orders.order import Order
from bot.domain.value import value


class TrailNews(StrEnum):
    """What is told of a trail."""

    BLIND = "blind"  # no live prices: its stop stands and does not follow
    SEES = "sees"  # again
    EXITS = "exits"  # the price was there before the stop could be moved: the exit goes
    STUCK = "stuck"  # mStock does not take its moves
    LIVES_ON = "lives on"  # who confirmed it lost the role


@value
class TrailTold(Notice):
    """A trail asks for attention. Its stop rests at the exchange meanwhile."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    plan_id: str
    stop: Order
    told: TrailNews
    price: Decimal | None = None  # EXITS, STUCK: the trigger that it should have by now, in rupees
    doubtful: bool = False  # STUCK: the stop may stand there already, for answers got lost
    since: datetime | None = None  # BLIND, SEES: since when the price was not seen
    name: str = ""  # LIVES_ON: of who confirmed it
