"""What nobody could tell, because no bot ran."""

from tests.campaign.judging.readings import day_of
from tests.campaign.record import Record

AWAY = ("killed", "stopped")


def slept_into_another_day(record: Record, at: float) -> bool:
    """Whether no bot ran from then on until the day's order book was another one's: of that day it says that it has no data."""
    until = at
    for trouble in sorted(record.troubles, key=lambda each: each.began):
        if trouble.kind in AWAY and trouble.began <= until + 1.0 and trouble.ended > until:
            until = trouble.ended
    return day_of(until) > day_of(at)
