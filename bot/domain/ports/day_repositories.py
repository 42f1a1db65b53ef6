"""The repositories of what is kept by the date: reports, what was held, and the scrip master in use."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from bot.domain.market.instrument import MasterDay
from bot.domain.positions.held import HeldNote
from bot.domain.positions.portfolio import DayReport


class ReportsRepository(Protocol):
    """Daily summaries, one final row for an account and a date."""

    def add(self, report: DayReport) -> bool:
        """False when that date already has its final row."""
        ...

    def find(self, account_id: str, day: date) -> DayReport | None: ...

    def between(self, account_id: str, first: date, last: date) -> Sequence[DayReport]:
        """The rows of these dates in India, both included, oldest first."""
        ...

    def find_out(self, report: DayReport) -> bool:
        """Keeps the figures of a day whose final row has none. False when they were found out before."""
        ...

    def correct(self, report: DayReport) -> None:
        """Keeps the figures of a day that had trades after its final row was made. A later word wins."""
        ...

    def found_out(self, account_id: str, first: date, last: date) -> Mapping[str, DayReport]:
        """What stands beside the final rows of these dates in India, by ISO date."""
        ...


class HeldRepository(Protocol):
    """What was held at the end of each of the last days."""

    def note(self, note: HeldNote) -> None:
        """Takes the place of an earlier note of that date. Notes of two weeks ago are forgotten."""
        ...

    def before(self, account_id: str, day: date) -> HeldNote | None:
        """The newest note of a date in India before that one."""
        ...

    def find(self, account_id: str, day: date) -> HeldNote | None: ...


class ScripMasterRepository(Protocol):
    """Which scrip master is in use. Its rows lie in the broker's own file."""

    def note(self, day: date, rows: int, at: datetime) -> None:
        """A whole master of that IST date is on disk."""
        ...

    def last(self) -> MasterDay | None: ...
