"""How a person wants to be told: for each kind of news with a sound, without one or not at all, quiet hours, no rupees."""

from dataclasses import replace
from datetime import datetime, time
from enum import StrEnum

from bot.domain.clock import ist
from bot.domain.value import value


class NewsKind(StrEnum):
    """A kind of news that a person may choose about. What protects belongs to none of them."""

    FILLS = "fills"
    ENDS = "ends"  # rejected, cancelled, expired, not filled
    ELSEWHERE = "elsewhere"  # orders that this bot did not place
    PLACED = "placed"
    OTHERS = "others"  # acts of other persons
    ALERTS = "alerts"
    NO_STOP = "nostop"
    NO_STOP_DELIVERY = "delivery"
    AUCTION = "auction"
    AHEAD = "ahead"  # what is still half an hour away
    GAPS = "gaps"  # the feed, the broker, Telegram or the bot was away
    MORNING = "morning"
    SUMMARIES = "summaries"
    HOST = "bot"


class Manner(StrEnum):
    """How news of one kind arrives."""

    RING = "ring"
    SILENT = "silent"
    OFF = "off"


# What no person can do without: each fill and end reaches the phone, an alert strikes once, a gap says what was missed.
_NEVER_OFF = frozenset({NewsKind.FILLS, NewsKind.ENDS, NewsKind.ELSEWHERE, NewsKind.ALERTS, NewsKind.GAPS})
_SILENT = frozenset({NewsKind.PLACED, NewsKind.AHEAD, NewsKind.MORNING, NewsKind.SUMMARIES})


def manners(kind: NewsKind) -> tuple[Manner, ...]:
    """Those to choose from."""
    return (Manner.RING, Manner.SILENT) if kind in _NEVER_OFF else tuple(Manner)


def usual(kind: NewsKind) -> Manner:
    """How it arrives for a person who has chosen nothing."""
    if kind is NewsKind.NO_STOP_DELIVERY:
        return Manner.OFF
    return Manner.SILENT if kind in _SILENT else Manner.RING


@value
class NewsSettings:
    """One person's choices. They hold on every account, and for news that waits already."""

    chosen: tuple[tuple[NewsKind, Manner], ...] = ()
    quiet: tuple[time, time] | None = None  # IST, from and until, over midnight too; rings make no sound then
    discreet: bool = False  # no rupees in what a locked phone shows

    def manner(self, kind: NewsKind) -> Manner:
        """The manner that was chosen, or the usual one."""
        return dict(self.chosen).get(kind, usual(kind))

    def chosen_for(self, kind: NewsKind) -> Manner | None:
        """The manner that was chosen. None: as the piece of news itself has it."""
        manner = dict(self.chosen).get(kind)
        return Manner.OFF if manner is None and usual(kind) is Manner.OFF else manner

    def choosing(self, kind: NewsKind, manner: Manner) -> "NewsSettings":
        """The settings with that choice. ValueError for a manner that the kind does not have."""
        if manner not in manners(kind):
            msg = f"{kind} is never {manner}"
            raise ValueError(msg)
        others = tuple((other, chosen) for other, chosen in self.chosen if other is not kind)
        return replace(self, chosen=(*others, (kind, manner)))

    def is_quiet(self, at: datetime) -> bool:
        """Whether that moment (UTC) lies in the quiet hours. Hours that begin and end at one time are none."""
        if self.quiet is None:
            return False
        (begins, ends), now = self.quiet, ist(at).time()
        return begins <= now < ends if begins <= ends else now >= begins or now < ends
