"""News of brakes: trading was stopped or resumed, or a day was locked by its loss."""

from datetime import datetime
from decimal import Decimal

from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.value import value


@value
class DayLocked(Notice):
    """The daily loss was reached: no new entries until the next trading day."""

    sound = Sound.ALWAYS

    at: datetime
    result: Decimal  # rupees, after charges where they are known
    charges: Decimal | None = None
    entries: int = 0  # orders at the exchange that may still open something


@value
class TradingStopped(Notice):
    """Somebody used the kill switch, or the bot itself for a reason."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    name: str
    at: datetime
    why: str = ""


@value
class TradingResumed(Notice):
    """Somebody lifted the kill switch."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    name: str
    at: datetime
