"""What is kept of a job that runs by the clock."""

from datetime import date, datetime
from enum import StrEnum

from bot.domain.value import value


class JobOutcome(StrEnum):
    """How a job stands with the last date that it is settled for."""

    DONE = "done"
    LATE = "late"  # done after its time
    MISSED = "missed"  # its time, and the time in which it is made up for, went by
    FAILED = "failed"  # given up for a later date
    NEW = "new"  # never run: the row says when it was first known, and the day before


@value
class JobRun:
    """The last date in India that a job is settled for, and when that was noted."""

    job: str
    day: date
    at: datetime
    outcome: JobOutcome
