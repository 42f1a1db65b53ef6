"""The taps under a list of exits."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bot.domain.people.account import Permission
from handlers.views.tap import OfAccount, label_behind, parts_of, travels_as


class ExitsVerb(StrEnum):
    """What a tap does with a list."""

    CONFIRM = "y"
    DISCARD = "n"
    LOOK = "l"
    GO_ON = "g"  # do not wait for the fill of what is covered
    LEFT = "e"  # send what no other order is closing
    STOP = "s"  # send nothing more


@travels_as("q")
@dataclass(frozen=True, slots=True)
class ExitsTap(OfAccount):
    """A tap under a list of exits, or under its news."""

    token: str
    verb: ExitsVerb
    label: str = ""

    @property
    def permission(self) -> Permission:
        return Permission.LOOK if self.verb is ExitsVerb.LOOK else Permission.REDUCE

    def encode(self) -> str:
        return f"q:{self.token}:{self.verb}{label_behind(self.label)}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self:
        token, verb, label = parts_of(rest)
        return cls(token, ExitsVerb(verb), label)
