"""Says a view to a chat: cut into messages, markup with a plain way out, edits that tolerate having nothing to change."""

import logging
from collections.abc import Awaitable, Callable

from telegram import LinkPreviewOptions, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, EndPointNotFound, Forbidden, RetryAfter, TelegramError, TimedOut

from bot.domain.errors import DeliveryError
from handlers.telegram.http import LOST
from handlers.telegram.rate_limits import Priority, seconds
from handlers.telegram.receiver import Receiver
from handlers.views.keyboards import markup
from handlers.views.message import Keyboard, View

_log = logging.getLogger(__name__)

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Sender:
    """The one place that sends and edits text and pictures. Raises telegram's own errors."""

    def __init__(self, bot: Receiver) -> None:
        self._bot = bot

    async def send(
        self,
        chat_id: int,
        view: View,
        *,
        reply_to: int | None = None,
        silent: bool = False,
        priority: Priority = Priority.REPLY,
    ) -> int:
        """Sends it, in more messages where one does not hold it. Gives the id of the last, under which the buttons stand."""
        message_id = 0
        for index, piece in enumerate(view.messages()):
            message_id = await self._send(chat_id, piece, reply_to if index == 0 else None, silent=silent, priority=priority)
        return message_id

    async def _send(self, chat_id: int, view: View, reply_to: int | None, *, silent: bool, priority: Priority) -> int:
        answers = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to is not None else None
        portable = {"protect_content": False} if view.portable else {}

        async def attempt(text: str, mode: ParseMode | None) -> int:
            words = {
                "chat_id": chat_id,
                "text": text,
                "parse_mode": mode,
                "reply_markup": markup(view.keyboard),
                "reply_parameters": answers,
                "disable_notification": silent,
                "link_preview_options": _NO_PREVIEW,
                **portable,
            }
            return await self._bot.write("sendMessage", words, priority)

        return await _marked_up(view, attempt, "sending")

    async def photo(
        self,
        chat_id: int,
        png: bytes,
        caption: View,
        *,
        reply_to: int | None = None,
        silent: bool = False,
        priority: Priority = Priority.REPLY,
    ) -> int:
        """Uploads a picture with a caption of at most 1,024 characters under it. Gives its message's id."""
        answers = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to is not None else None

        async def attempt(text: str, mode: ParseMode | None) -> int:
            sent = await self._bot.send_photo(
                chat_id,
                png,
                caption=text,
                parse_mode=mode,
                reply_markup=markup(caption.keyboard),
                reply_parameters=answers,
                disable_notification=silent,
                rate_limit_args=priority,
            )
            return sent.message_id

        return await _marked_up(caption, attempt, "sending")

    async def edit(
        self,
        chat_id: int,
        message_id: int,
        view: View,
        *,
        priority: Priority = Priority.REPLY,
        silent: bool = False,
        anew: bool = True,
    ) -> int:
        """Redraws a message. Where it is gone a new one is sent, if anew. The id of the message that shows the view now."""
        piece = view.messages()[0]
        if piece.keyboard != view.keyboard:  # longer than a message: its buttons stand under the last part
            return await self.send(chat_id, view, priority=priority, silent=silent)

        async def attempt(text: str, mode: ParseMode | None) -> int:
            words = {
                "chat_id": chat_id,
                "message_id": message_id,
                "text": text,
                "parse_mode": mode,
                "reply_markup": markup(piece.keyboard),
                "link_preview_options": _NO_PREVIEW,
            }
            await self._bot.write("editMessageText", words, priority)
            return message_id

        try:
            return await _marked_up(piece, attempt, "editing")
        except BadRequest as error:
            if _is_unchanged(error):
                return message_id
            if _is_gone(error) and anew:
                return await self.send(chat_id, view, priority=priority, silent=silent)
            raise

    async def pin(self, chat_id: int, message_id: int, *, priority: Priority = Priority.WATCH) -> None:
        """Puts a message on top of its chat, without a sound."""
        await self._bot.write(
            "pinChatMessage", {"chat_id": chat_id, "message_id": message_id, "disable_notification": True}, priority
        )

    async def buttons(self, chat_id: int, message_id: int, rows: Keyboard, *, priority: Priority = Priority.REPLY) -> None:
        """Changes only what stands under a message."""
        try:
            await self._bot.edit_message_reply_markup(
                chat_id=chat_id, message_id=message_id, reply_markup=markup(rows), rate_limit_args=priority
            )
        except BadRequest as error:
            if not _is_unchanged(error):
                raise


async def _marked_up(view: View, attempt: Callable[[str, ParseMode | None], Awaitable[int]], doing: str) -> int:
    """One attempt with the markup, and one as plain text where Telegram cannot read that."""
    try:
        return await attempt(view.html or "…", ParseMode.HTML)
    except BadRequest as error:
        if not _is_markup(error):
            raise
        _log.error("telegram could not read our markup, %s it plain: %s", doing, error.message)
    return await attempt(view.plain or "…", None)


def _is_markup(error: BadRequest) -> bool:
    return "parse entities" in error.message.lower()


def _is_unchanged(error: BadRequest) -> bool:
    return "not modified" in error.message.lower()


def _is_gone(error: BadRequest) -> bool:
    words = error.message.lower()
    return "message to edit not found" in words or "can't be edited" in words or "message_id_invalid" in words


def sorted_error(error: TelegramError) -> DeliveryError:
    """What became of a message: for good (the chat is closed, the message can never be taken), or for now.

    A lost answer may have delivered: the outbox sends again, and the event number lets a reader recognise the second copy. Any
    404 reads as an invalid token (telegram.md), so that one is never taken as final.
    """
    if isinstance(error, RetryAfter):
        return DeliveryError("Telegram asks to wait.", retry_after=seconds(error))
    if isinstance(error, Forbidden) or (isinstance(error, BadRequest) and "chat not found" in error.message.lower()):
        return DeliveryError("The person has closed the chat.", closed=True)
    if isinstance(error, BadRequest | ChatMigrated) and not isinstance(error, EndPointNotFound):
        return DeliveryError("Telegram does not take this message.", permanent=True)
    lost = isinstance(error, TimedOut) or error.message.startswith(LOST)
    return DeliveryError("Telegram could not be reached.", may_have_arrived=lost)
