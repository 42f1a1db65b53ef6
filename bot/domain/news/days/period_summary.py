"""The summary of a week or a month as news: the sum of its days' final rows."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.news.notice import Notice, Sound
from bot.domain.people.news_settings import NewsKind
from bot.domain.positions.day_facts import DayNet, SymbolNet, TripCount, deepest_fall, gained, summed
from bot.domain.value import value


class Span(StrEnum):
    """What is summed up."""

    WEEK = "week"
    MONTH = "month"


@value
class PeriodSummary(Notice):
    """A week or a month of one account, rupees. It is told once, with the last day's own summary."""

    sound = Sound.SILENT
    about = NewsKind.SUMMARIES

    span: Span
    first: date
    last: date
    days: tuple[DayNet, ...]  # those that have a row, oldest first
    booked: Decimal
    open: Decimal
    adjustment: Decimal
    charges: Decimal  # as far as they are known
    charges_missing: tuple[str, ...]
    trades: int  # rows of the trade book
    trips: TripCount
    slippage: Decimal | None
    symbols: tuple[SymbolNet, ...]
    made_at: datetime
    late: bool = False  # made after its time because the process was down

    @property
    def gross(self) -> Decimal:
        """The result before charges."""
        return self.booked + self.open + self.adjustment

    @property
    def net(self) -> Decimal:
        """The sum of the days."""
        return summed(self.days)

    @property
    def gaps(self) -> tuple[date, ...]:
        """Days without data: they are in no sum."""
        return tuple(each.day for each in self.days if each.net is None)

    @property
    def returned(self) -> Decimal | None:
        """The return as a fraction. Money paid in and out is no part of it."""
        return gained(self.days)

    @property
    def fall(self) -> Decimal:
        """How far the running sum fell below its height, nought or negative."""
        return deepest_fall(self.days)

    @property
    def known(self) -> tuple[DayNet, ...]:
        """Days with data."""
        return tuple(each for each in self.days if each.net is not None)
