"""The taps of stops that live over days."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bot.domain.people.account import Permission
from handlers.views.tap import OfAccount, label_behind, parts_of, travels_as


class StandingVerb(StrEnum):
    """What a tap does with stops that live over days."""

    KEEP = "k"  # the stop that an order is
    PLACE = "p"  # ask about today's
    CONFIRM = "y"
    CONFIRM_NEW = "c"  # one that is kept from then on
    DISCARD = "n"


@travels_as("s")
@dataclass(frozen=True, slots=True)
class StandingTap(OfAccount):
    """A tap about them. subject: an order's id, or the token of a question. `today` for PLACE."""

    subject: str
    verb: StandingVerb
    label: str = ""

    @property
    def permission(self) -> Permission:
        return Permission.REDUCE

    def encode(self) -> str:
        return f"s:{self.subject}:{self.verb}{label_behind(self.label)}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self:
        subject, verb, label = parts_of(rest)
        return cls(subject, StandingVerb(verb), label)
