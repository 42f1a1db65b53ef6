"""The record of acts as a person reads it: who did what, when, from which message, before and after."""

from datetime import datetime

from bot.domain.value import value


@value
class Act:
    """One row of the audit."""

    id: int
    at: datetime  # UTC
    who: str  # the person's name, the id of one who is not on the list, or the bot and the host
    what: str
    detail: str  # what it was done to, before and after, and the update behind it


@value
class ActPage:
    """Some acts, newest first."""

    acts: tuple[Act, ...]
    older: int | None  # the next page holds those before this id; None: there are none
