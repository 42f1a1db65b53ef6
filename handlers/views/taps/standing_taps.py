"""The taps of stops that live over days."""

from enum import StrEnum

from bot.domain.people.account import Permission
from bot.domain.value import positional
from handlers.views.taps.tap import TokenTap, travels_as


class StandingVerb(StrEnum):
    """What a tap does with stops that live over days."""

    KEEP = "k"  # the stop that an order is
    PLACE = "p"  # ask about today's
    CONFIRM = "y"
    CONFIRM_NEW = "c"  # one that is kept from then on
    DISCARD = "n"


@travels_as("s")
@positional
class StandingTap(TokenTap[StandingVerb]):
    """A tap about them: the token of a question, or the id of an order. `today` for PLACE."""

    verbs = StandingVerb

    @property
    def permission(self) -> Permission:
        return Permission.REDUCE
