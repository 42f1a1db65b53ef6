"""News of P&L exits: one struck, sees nothing, ended, or lives on without who confirmed it."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.plans.pnl_exit import PnlExit
from bot.domain.plans.pnl_words import levels_in_figures, scope_in_words
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
    levels: str  # in words: −5,000.00
    at: datetime
    value: Decimal | None = None  # rupees of the day then
    rows: int = 0  # EXITS: that it closes
    missing: tuple[str, ...] = ()  # BLIND: what has no price
    since: datetime | None = None  # BLIND, SEES
    blocks_until: datetime | None = None  # EXITS, ALERTS: no entries until then
    day_over: bool = False  # ENDED: and not its last row closed
    name: str = ""  # LIVES_ON: of who confirmed it

    @classmethod
    def of(
        cls,
        exit_: PnlExit,
        told: PnlNews,
        at: datetime,
        *,
        value: Decimal | None = None,
        rows: int = 0,
        missing: tuple[str, ...] = (),
        since: datetime | None = None,
        blocks_until: datetime | None = None,
        day_over: bool = False,
        name: str = "",
    ) -> "PnlExitTold":
        """The news of a P&L exit, with its scope and levels in words."""
        return cls(
            exit_id=exit_.id, told=told, scope=scope_in_words(exit_.scope), levels=levels_in_figures(exit_), at=at, value=value,
            rows=rows, missing=missing, since=since, blocks_until=blocks_until, day_over=day_over, name=name,
        )  # fmt: skip
