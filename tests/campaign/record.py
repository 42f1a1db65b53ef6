"""What a session leaves behind: what the exchange did, what the chats showed, what people did, and what was made to go wrong.

All moments are seconds since the session began. Nothing in here comes from the bot.
"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A line of the exchange's own log: an order, a fill, an end, a change."""

    at: float
    what: str
    order: str
    detail: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Something that a phone showed: a message, an edit of one, or a note that answers a tap."""

    at: float
    chat: int
    what: str  # message, edit, delete, answer
    message: int
    text: str
    silent: bool = False
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a person did: said words, or tapped a button under a message."""

    at: float
    chat: int
    what: str  # says, taps, blocks, unblocks
    text: str  # the words, or the button's label
    message: int = 0
    shown: str = ""  # what the message said when it was tapped


@dataclass(slots=True, kw_only=True)
class Trouble:
    """Something that went wrong on purpose, from when to when."""

    kind: str
    side: str  # broker, socket, telegram, bot, clock
    began: float
    ended: float = float("inf")
    chat: int | None = None  # the only one it concerns; None: all
    newest: int = 0  # the number of the newest message when it began

    def overlaps(self, began: float, ended: float) -> bool:
        return self.began < ended and began < self.ended


@dataclass(slots=True, kw_only=True)
class Record:
    """A whole session."""

    seed: int
    ended: float = 0.0
    chats: tuple[int, ...] = ()
    deeds: list[Deed] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    log: str = ""
    figures_at: float | None = None  # when the positions were asked for at the end
    held: dict[tuple[str, str], int] = field(default_factory=dict)  # what was open then: by name and product
    booked: float = 0.0  # rupees that were made by then, before charges
    secrets: tuple[str, ...] = ()
    played: Counter[str] = field(default_factory=Counter)  # acts by name
    reached: Counter[str] = field(default_factory=Counter)  # those that came to a tap, or to a deed of the exchange's
