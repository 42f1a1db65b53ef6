"""The Messenger port: news and living cards to Telegram, and its errors sorted into what may be tried again and what not."""

from collections.abc import Awaitable

from telegram.error import BadRequest, ChatMigrated, EndPointNotFound, Forbidden, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.domain.clock import Clock
from bot.domain.errors import DeliveryError
from bot.domain.notice import (
    AddressNotRegistered,
    Filled,
    Loudness,
    Notice,
    OrderNotSeen,
    OrderUnclear,
    Parcel,
    SessionLost,
    TradingResumed,
    TradingStopped,
)
from bot.domain.order import Order
from bot.domain.ports import Shown
from handlers.context import Explain, as_said
from handlers.pace import Priority, seconds
from handlers.speaker import Speaker
from handlers.views.card import card
from handlers.views.notices import notice

_SAFETY = (OrderUnclear, OrderNotSeen, TradingStopped, TradingResumed, SessionLost, AddressNotRegistered)


class TelegramMessenger:
    """Sends a parcel as a message of its own, and draws an order's card where it stands."""

    def __init__(self, bot: ExtBot[Priority], *, mode: str, clock: Clock, explain: Explain | None = None) -> None:
        self._speaker = Speaker(bot)
        self._mode = mode
        self._clock = clock
        self._explain = explain or as_said

    async def deliver(self, parcel: Parcel) -> int:
        """Sends a notice, under its order's card where there is one; the message id. DeliveryError when Telegram would not."""
        view = notice(parcel, mode=self._mode, now=self._clock.now(), explain=self._explain)
        return await _sorted(
            self._speaker.send(
                parcel.chat_id,
                view,
                reply_to=parcel.reply_to,
                silent=parcel.loudness is Loudness.SILENT,
                priority=_priority(parcel.notice),
            )
        )

    async def draw(self, shown: Shown, order: Order, label: str) -> int:
        """Edits the card; where it is gone a new message is sent. The id of the message that shows it now."""
        view = card(order, label=label, mode=self._mode, now=self._clock.now(), explain=self._explain).led_by(shown.mark)
        return await _sorted(self._speaker.edit(shown.chat_id, shown.message_id, view, priority=Priority.CARD))


def _priority(news: Notice) -> Priority:
    if isinstance(news, _SAFETY):
        return Priority.SAFETY
    return Priority.FILL if isinstance(news, Filled) else Priority.REPLY


async def _sorted(call: Awaitable[int]) -> int:
    try:
        return await call
    except TelegramError as error:
        raise sorted_error(error) from error


def sorted_error(error: TelegramError) -> DeliveryError:
    """What became of a message: for good (the chat is closed, the message can never be taken), or for now.

    A time-out may have delivered: the outbox sends again, and the event number lets a reader recognise the second copy. Any 404
    reads as an invalid token (telegram.md), so that one is never taken as final.
    """
    if isinstance(error, RetryAfter):
        return DeliveryError("Telegram asks to wait.", retry_after=seconds(error))
    if isinstance(error, Forbidden):
        return DeliveryError("The person has closed the chat.", permanent=True)
    if isinstance(error, BadRequest | ChatMigrated) and not isinstance(error, EndPointNotFound):
        return DeliveryError("Telegram does not take this message.", permanent=True)
    return DeliveryError("Telegram could not be reached.")
