"""What makes a value a piece of news: how it arrives, when it leaves, and the name under which it is stored."""

from enum import IntEnum, StrEnum
from typing import ClassVar

from bot.domain.people.news_settings import NewsKind


class Sound(IntEnum):
    """How a notice arrives: without a sound, with a sound, or with a sound whatever the quiet hours say."""

    SILENT = 0
    RING = 1
    ALWAYS = 2


class NoticePriority(StrEnum):
    """Which of several notices leaves first."""

    SAFETY = "safety"
    FILL = "fill"
    NEWS = "news"


class Notice:
    """A kind of news. Its class says how it arrives, and `kinds` finds the class by the name under which it is stored."""

    __slots__ = ()

    sound: ClassVar[Sound]
    about: ClassVar[NewsKind | None] = None  # what a person may choose about; None: nothing of it
    priority: ClassVar[NoticePriority] = NoticePriority.NEWS
    grouped: ClassVar[bool] = False  # many of them that wait together leave as one message, a paragraph each
    kinds: ClassVar[dict[str, type["Notice"]]] = {}

    def __init_subclass__(cls) -> None:
        Notice.kinds[cls.__name__] = cls  # a dataclass with slots is made a second time under its name: that one stays

    @property
    def loudness(self) -> Sound:
        """How it arrives for a person who has chosen nothing."""
        return self.sound

    @property
    def ends_order(self) -> bool:
        """Whether it tells of an order's end, which always arrives as a message of its own, or in one that is new."""
        return False
