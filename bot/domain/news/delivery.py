"""A notice on its way to one person."""

from dataclasses import field
from datetime import datetime

from bot.domain.news.notice import Notice, Sound
from bot.domain.value import value


@value
class Delivery:
    """A notice on its way to one person. id is the visible event number, so a repeated delivery can be recognised."""

    id: int
    chat_id: int
    account_id: str
    label: str  # the account's
    notice: Notice
    sound: Sound
    created_at: datetime
    attempts: int = 0
    reply_to: int | None = None  # message id of the order's card in that chat
    edits: int | None = None  # message id of what this one mends; None: a message of its own
    mark: str = field(default="", compare=False)  # the account's
    more: "tuple[Delivery, ...]" = ()  # what waited behind it and leaves in the same message
    earlier: "tuple[Delivery, ...]" = ()  # what the message that this one is written into tells already
    discreet: bool = False  # no rupees in it

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of all that is told by this."""
        return (self.id, *(other.id for other in self.more))
