"""The taps under a basket's card, its question in words, and its news."""

from enum import StrEnum

from bot.domain.people.account import Permission
from bot.domain.value import positional
from handlers.views.taps.tap import TokenTap, travels_as


class BasketVerb(StrEnum):
    """What a tap does with a basket."""

    CONFIRM = "y"
    YES = "k"  # its question in words: why it is heavy was read
    DISCARD = "n"
    AGAIN = "a"  # an expired card: the same orders at the price of now
    PAYOFF = "p"
    PAYOFF_WITH_HELD = "P"
    MARGIN = "w"  # the margin by both of the broker's routes
    CHANGE = "c"  # open the keyboard of changes
    DONE = "b"  # close it again
    DOUBLE = "d"  # every order twice as large
    HALVE = "h"
    AT_MID = "m"  # every order a limit in the middle of bid and ask
    AT_MARKET = "t"  # every order at the market, with a worst price
    LOOK = "l"
    GO_ON = "g"  # do not wait for the fill of a cover
    BARE = "G"  # the second tap: a short is sold without its cover
    STOP = "s"  # send nothing more


@travels_as("bk")
@positional
class BasketTap(TokenTap[BasketVerb]):
    """A tap that names a basket."""

    verbs = BasketVerb

    @property
    def permission(self) -> Permission:
        match self.verb:
            case BasketVerb.LOOK | BasketVerb.PAYOFF | BasketVerb.PAYOFF_WITH_HELD | BasketVerb.MARGIN:
                return Permission.LOOK
            case BasketVerb.STOP | BasketVerb.DISCARD:
                return Permission.REDUCE
            case _:
                return Permission.OPEN
