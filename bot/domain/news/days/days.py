"""News by the date: the summary of a day, and the end of the dated facts."""

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
