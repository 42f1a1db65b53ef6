"""News by the date: the summary of a day, the end of the dated facts, and those that the host lays beside them."""

from bot.domain.news.notice import Notice, Sound
from bot.domain.people.news_settings import NewsKind
from bot.domain.positions.portfolio import DayReport
from bot.domain.value import value


@value
class DaySummary(Notice):
    """The summary of a date."""

    sound = Sound.SILENT
    about = NewsKind.SUMMARIES

    report: DayReport


@value
class YearNotCovered(Notice):
    """The dated facts end before a year that comes, or that has begun: the host has to lay a file beside them."""

    sound = Sound.RING
    about = NewsKind.HOST

    year: int


@value
class HostFactsRead(Notice):
    """The host's file of dated facts has changed and was read anew."""

    sound = Sound.RING
    about = NewsKind.HOST

    file: str
    wrong: str = ""  # why nothing of it is in force; empty: all of it is

    @property
    def loudness(self) -> Sound:
        return Sound.RING if self.wrong else Sound.SILENT
