"""News of P&L exits: one struck, sees nothing, ended, or lives on without who confirmed it."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.value import value


class PnlNews(StrEnum):
    """What is told of a P&L exit."""

    EXITS = "exits"  # it struck, and closes
    ALERTS = "alerts"  # it struck, and only says so
    BLIND = "blind"  # its figure is not known: nothing strikes
    SEES = "sees"  # again
    ENDED = "ended"  # its last row is closed, or its day over
    LIVES_ON = "lives on"  # who confirmed it lost the role


@value
class PnlExitTold(Notice):
    """A P&L exit did something, or cannot."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    exit_id: str
    told: PnlNews
    scope: str  # in words
    levels: str  # in words: −5,000
    at: datetime
    value: Decimal | None = None  # rupees of the day then
    rows: int = 0  # EXITS: that it closes
    missing: tuple[str, ...] = ()  # BLIND: what has no price
    since: datetime | None = None  # BLIND, SEES
    blocks_until: datetime | None = None  # EXITS, ALERTS: no entries until then
    name: str = ""  # LIVES_ON: of who confirmed it
