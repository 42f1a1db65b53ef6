"""What nobody could tell or do: no bot ran, no phone could be reached, or somebody was off the list."""

from collections.abc import Iterator, Sequence

from tests.campaign.judging.readings import LIFE, Order, asked_of, day_of
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


def slept_over(record: Record, orders: Sequence[Order], message: int) -> bool:
    """Whether the bot was away for all of the card's life after the tap, and could not be heard when it came back.

    Or it answered that nothing was sent, and could not be heard. The card names the end of its time, which is past.
    """
    taps = [act for act in record.acts if act.message == message and act.what == "taps" and "Confirm" in act.text]
    away = [each for each in record.troubles if each.kind in AWAY]
    deaf = [each for each in record.troubles if each.side == "telegram"]
    return all(
        (
            any(each.overlaps(tap.at, tap.at + 1.0) for each in deaf)
            and not any(order.at >= tap.at and order.key in asked_of(tap) for order in orders)
        )
        or any(
            gone.began <= tap.at
            and gone.ended >= tap.at + LIFE
            and any(each.overlaps(gone.ended, gone.ended + 2.0) for each in deaf)
            for gone in away
        )
        for tap in taps
    )


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
