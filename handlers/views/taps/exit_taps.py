"""The taps under a list of exits."""

from enum import StrEnum

from bot.domain.people.account import Permission
from bot.domain.value import positional
from handlers.views.taps.tap import TokenTap, travels_as


class ExitsVerb(StrEnum):
    """What a tap does with a list."""

    CONFIRM = "y"
    DISCARD = "n"
    LOOK = "l"
    GO_ON = "g"  # do not wait for the fill of what is covered
    LEFT = "e"  # send what no other order is closing
    STOP = "s"  # send nothing more


@travels_as("q")
@positional
class ExitsTap(TokenTap[ExitsVerb]):
    """A tap under a list of exits, or under its news."""

    verbs = ExitsVerb

    @property
    def permission(self) -> Permission:
        return Permission.LOOK if self.verb is ExitsVerb.LOOK else Permission.REDUCE
