"""How a piece of news arrives at a person: with a sound, without one, or not at all."""

from datetime import datetime

from bot.domain.news.notice import Notice, Sound
from bot.domain.people.news_settings import Manner, NewsSettings


def arrival(news: Notice, settings: NewsSettings, at: datetime) -> Sound | None:
    """How a notice arrives by the person's settings at that moment (UTC). None: the person has turned this kind off.

    What protects always rings, whatever was chosen.
    """
    if news.loudness is Sound.ALWAYS or news.about is None:
        return news.loudness
    manner = settings.chosen_for(news.about)
    if manner is Manner.OFF:
        return None
    sound = news.loudness if manner is None else Sound.RING if manner is Manner.RING else Sound.SILENT
    return Sound.SILENT if settings.is_quiet(at) else sound
