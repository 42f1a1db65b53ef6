"""A picture as news of its own: it follows the words that it belongs to and is kept until Telegram has taken it."""

from bot.domain.news.notice import Notice, Sound
from bot.domain.people.news_settings import NewsKind
from bot.domain.pictures import DayPicture, EquityCurve
from bot.domain.value import value


@value
class Pictured(Notice):
    """One of the two is set."""

    sound = Sound.SILENT
    about = NewsKind.SUMMARIES

    day: DayPicture | None = None
    curve: EquityCurve | None = None

    @property
    def picture(self) -> DayPicture | EquityCurve:
        """What is to be drawn. ValueError where nothing is set."""
        picture = self.day or self.curve
        if picture is None:
            raise ValueError("no picture")
        return picture
