"""The taps under a P&L exit."""

from enum import StrEnum

from bot.domain.people.account import Permission
from bot.domain.value import positional
from handlers.views.taps.tap import TokenTap, travels_as


class PnlVerb(StrEnum):
    """What a tap does with a P&L exit, or with the question about one."""

    CONFIRM = "y"
    DISCARD = "n"
    ONLY_ALERT = "a"
    REMOVE = "x"
    CHANGE = "c"


@travels_as("pe")
@positional
class PnlExitTap(TokenTap[PnlVerb]):
    """A tap under a P&L exit."""

    verbs = PnlVerb

    @property
    def permission(self) -> Permission:
        return Permission.REDUCE
