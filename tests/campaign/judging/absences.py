"""What nobody could tell, because no bot ran or no phone could be reached."""

from collections.abc import Sequence

from tests.campaign.judging.readings import LIFE, Order, asked_of, day_of
from tests.campaign.record import Record

AWAY = ("killed", "stopped")


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
