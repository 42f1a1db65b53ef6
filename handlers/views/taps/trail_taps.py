"""The taps under a trail."""

from enum import StrEnum

from bot.domain.people.account import Permission
from bot.domain.value import positional
from handlers.views.taps.tap import TokenTap, travels_as


class TrailVerb(StrEnum):
    """What a tap does with a trail, or with the question about one."""

    CONFIRM = "y"
    DISCARD = "n"
    LOOK = "l"
    END = "x"  # the stop stays and follows no more
    ASK = "a"  # how far the stop of an order's position is to follow


@travels_as("tr")
@positional
class TrailTap(TokenTap[TrailVerb]):
    """A tap under a trail: the token of its question or plan, or the id of an order."""

    verbs = TrailVerb

    @property
    def permission(self) -> Permission:
        return Permission.LOOK if self.verb is TrailVerb.LOOK else Permission.REDUCE
