"""What nobody could tell or do, because no bot ran or somebody was off the list."""

from collections.abc import Iterator

from tests.campaign.judging.readings import day_of
from tests.campaign.record import Act, Record, Trouble

AWAY = ("killed", "stopped")
A_MOMENT = 1.0  # seconds that something may still be on its way


def slept_into_another_day(record: Record, at: float) -> bool:
    """Whether no bot ran from then on until the day's order book was another one's: of that day it says that it has no data."""
    until = at
    for trouble in sorted(record.troubles, key=lambda each: each.began):
        if trouble.kind in AWAY and trouble.began <= until + 1.0 and trouble.ended > until:
            until = trouble.ended
    return day_of(until) > day_of(at)


def partings(record: Record, kind: str) -> Iterator[tuple[Trouble, float]]:
    """Those that came about, each with the moment in which it was told."""
    word = {"unlinked": "Unlinked", "off_the_list": "off the list"}[kind]
    for trouble in record.troubles:
        if trouble.kind == kind:
            told = [each.at for each in record.shown if each.chat == record.chats[0] and word in each.text]
            heard = min((at for at in told if trouble.began <= at <= trouble.ended), default=None)
            if heard is not None:
                yield trouble, heard


def is_off(record: Record, chat: int, since: float, until: float) -> bool:
    """Whether a person was off the list at any time from then to then, for all that anybody knew."""
    return any(
        each.kind == "off_the_list" and each.chat == chat and each.began <= until and since <= each.ended
        for each in record.troubles
    )


def was_off(record: Record, act: Act) -> bool:
    """Whether somebody did this who was off the list."""
    return any(
        trouble.chat == act.chat and heard + A_MOMENT < act.at < trouble.ended
        for trouble, heard in partings(record, "off_the_list")
    )


def counts(record: Record, act: Act, at: float) -> bool:
    """Whether a person's tap still opens something at that moment: who is off the list opens nothing."""
    return not any(
        trouble.chat == act.chat and act.at <= trouble.ended and heard + A_MOMENT < at
        for trouble, heard in partings(record, "off_the_list")
    )
