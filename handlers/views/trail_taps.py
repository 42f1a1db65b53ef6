"""The taps under a trail."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bot.domain.people.account import Permission
from handlers.views.tap import OfAccount, label_behind, parts_of, travels_as


class TrailVerb(StrEnum):
    """What a tap does with a trail, or with the question about one."""

    CONFIRM = "y"
    DISCARD = "n"
    LOOK = "l"
    END = "x"  # the stop stays and follows no more
    ASK = "a"  # how far the stop of an order's position is to follow


@travels_as("tr")
@dataclass(frozen=True, slots=True)
class TrailTap(OfAccount):
    """A tap under a trail: the token of its question or plan, or the id of an order."""

    token: str
    verb: TrailVerb
    label: str = ""

    @property
    def permission(self) -> Permission:
        return Permission.LOOK if self.verb is TrailVerb.LOOK else Permission.REDUCE

    def encode(self) -> str:
        return f"tr:{self.token}:{self.verb}{label_behind(self.label)}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self:
        token, verb, label = parts_of(rest)
        return cls(token, TrailVerb(verb), label)
