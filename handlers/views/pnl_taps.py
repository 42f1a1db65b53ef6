"""The taps under a P&L exit."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bot.domain.people.account import Permission
from handlers.views.tap import OfAccount, label_behind, parts_of, travels_as


class PnlVerb(StrEnum):
    """What a tap does with a P&L exit, or with the question about one."""

    CONFIRM = "y"
    DISCARD = "n"
    ONLY_ALERT = "a"
    REMOVE = "x"


@travels_as("pe")
@dataclass(frozen=True, slots=True)
class PnlExitTap(OfAccount):
    """A tap under a P&L exit."""

    token: str
    verb: PnlVerb
    label: str = ""

    @property
    def permission(self) -> Permission:
        return Permission.REDUCE

    def encode(self) -> str:
        return f"pe:{self.token}:{self.verb}{label_behind(self.label)}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self:
        token, verb, label = parts_of(rest)
        return cls(token, PnlVerb(verb), label)
