"""The Bot API methods that the bot uses, with Telegram's checks and words, over the chats in memory.

Each method takes a `Call` and returns what stands under `result`. A refusal is an `ApiError`. What Telegram refuses is
listed in telegram.md, Limits. The words follow the public Bot API server.
"""

from collections.abc import Mapping
from typing import Any, Final

from bot.simulators.telegram.bot_api import attachments
from bot.simulators.telegram.bot_api.calls import Call, Method, is_number
from bot.simulators.telegram.bot_api.own_settings import OwnSettings
from bot.simulators.telegram.chat import keyboards
from bot.simulators.telegram.chat.chats import Chats
from bot.simulators.telegram.chat.messages import Chat, Json, Message, wire
from bot.simulators.telegram.errors import ApiError

LARGEST_DOWNLOAD: Final = 20 * 1024 * 1024  # bytes
LONGEST_ANSWER: Final = 200  # characters
ACTIONS: Final = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)

_NOT_MODIFIED: Final = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


class BotApi:
    """One bot's methods by name. Names are not case-sensitive."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        methods: tuple[Method, ...] = (
            self.get_me,
            self.get_updates,
            self.send_message,
            self.send_photo,
            self.send_document,
            self.edit_message_text,
            self.edit_message_caption,
            self.edit_message_media,
            self.edit_message_reply_markup,
            self.delete_message,
            self.delete_messages,
            self.pin_chat_message,
            self.answer_callback_query,
            self.send_chat_action,
            self.get_file,
            self.get_chat,
            self.leave_chat,
        )
        named: Mapping[str, Method] = {method.__name__.replace("_", ""): method for method in methods}
        self._methods = {**named, **OwnSettings(chats).methods}

    async def call(self, call: Call) -> Any:
        """Do it. Returns the value under `result`. ApiError as Telegram would refuse, 404 for a method that is not built."""
        method = self._methods.get(call.method.lower())
        if method is None:
            raise ApiError(404, "Not Found: method not found")
        return await method(call)

    async def get_me(self, _: Call) -> Json:
        """Who the bot is."""
        return (
            self._chats.bot.wire()
            | {
                "can_join_groups": True,
                "can_read_all_group_messages": False,
                "supports_inline_queries": False,
                "can_connect_to_business": False,
                "has_main_web_app": False,
            }
            | self._chats.abilities
        )

    async def get_updates(self, call: Call) -> list[Json]:
        """See `updates.py`."""
        return await self._chats.updates.poll(
            offset=call.number("offset"),
            limit=call.number("limit", 100) or 100,
            timeout=call.number("timeout"),
            allowed=call.allowed_updates(),
        )

    async def send_message(self, call: Call) -> Json:
        """A text with formatting, buttons, a reply."""
        chat = self._chats.writable(call.chat_id())
        text, found = call.words()
        if not text:
            raise ApiError(400, "Bad Request: message text is empty")
        return self._send(call, chat, text=text, entities=found, preview=call.json("link_preview_options"))

    async def send_photo(self, call: Call) -> Json:
        """A picture with a caption."""
        chat = self._chats.writable(call.chat_id())
        text, found = call.words("caption")
        return self._send(
            call, chat, text=text, entities=found, photo=attachments.photo(self._chats, call, call.text("photo") or "photo")
        )

    async def send_document(self, call: Call) -> Json:
        """A file with a caption."""
        chat = self._chats.writable(call.chat_id())
        text, found = call.words("caption")
        document = attachments.document(self._chats, call, call.text("document") or "document")
        return self._send(call, chat, text=text, entities=found, document=document)

    async def edit_message_text(self, call: Call) -> Json:
        """Replace text and buttons. Buttons that are not sent again vanish."""
        text, found = call.words()
        chat, message = self._own(call)
        if message.file:
            raise ApiError(400, "Bad Request: there is no text in the message to edit")
        if not text:
            raise ApiError(400, "Bad Request: message text is empty")
        return self._amend(
            chat,
            message,
            text=text,
            entities=found,
            rows=keyboards.inline_rows(call.json("reply_markup")),
            preview=call.json("link_preview_options"),
        )

    async def edit_message_caption(self, call: Call) -> Json:
        """Replace the caption of a picture or document, and the buttons."""
        text, found = call.words("caption")
        chat, message = self._own(call)
        if not message.file:
            raise ApiError(400, "Bad Request: there is no caption in the message to edit")
        rows = keyboards.inline_rows(call.json("reply_markup"))
        return self._amend(chat, message, text=text, entities=found, rows=rows)

    async def edit_message_media(self, call: Call) -> Json:
        """Replace picture or document, caption and buttons."""
        media = call.json("media")
        if not isinstance(media, dict) or media.get("type") not in ("photo", "document"):
            raise ApiError(400, "Bad Request: can't parse InputMedia: type must be photo or document")
        inner = Call(method=call.method, params=media, uploads=call.uploads)
        text, found = inner.words("caption")
        chat, message = self._own(call)
        where = str(media.get("media") or "media")
        kind = media["type"]
        file = (
            attachments.photo(self._chats, inner, where) if kind == "photo" else attachments.document(self._chats, inner, where)
        )
        return self._amend(
            chat,
            message,
            text=text,
            entities=found,
            rows=keyboards.inline_rows(call.json("reply_markup")),
            photo=file if kind == "photo" else None,
            document=file if kind == "document" else None,
        )

    async def edit_message_reply_markup(self, call: Call) -> Json:
        """Replace the buttons alone."""
        rows = keyboards.inline_rows(call.json("reply_markup"))
        chat, message = self._own(call)
        return self._amend(chat, message, rows=rows)

    async def delete_message(self, call: Call) -> bool:
        """Delete one message."""
        self._chats.erase(self._chats.writable(call.chat_id()), call.number("message_id"))
        return True

    async def delete_messages(self, call: Call) -> bool:
        """Delete up to 100. Those that are gone are passed over."""
        chat = self._chats.writable(call.chat_id())
        ids = call.json("message_ids")
        if not isinstance(ids, list) or not 1 <= len(ids) <= 100 or not all(map(is_number, ids)):
            raise ApiError(400, "Bad Request: message identifiers are not specified")
        for each in ids:
            if chat.present(each):
                self._chats.erase(chat, each)
        return True

    async def pin_chat_message(self, call: Call) -> bool:
        """Put one message on top of the chat. The service message that tells of it is left out."""
        self._chats.pin(self._chats.writable(call.chat_id()), call.number("message_id"))
        return True

    async def answer_callback_query(self, call: Call) -> bool:
        """Answer a tap with a note or an alert."""
        text = call.text("text")
        if len(text) > LONGEST_ANSWER:
            raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
        self._chats.answer(
            call.text("callback_query_id"), text=text, alert=call.truth("show_alert"), url=call.text("url") or None
        )
        return True

    async def send_chat_action(self, call: Call) -> bool:
        """Show `typing` and the like."""
        chat = self._chats.writable(call.chat_id())
        if call.text("action").lower() not in ACTIONS:
            raise ApiError(400, "Bad Request: wrong parameter action in request")
        self._chats.act(chat, call.text("action").lower())
        return True

    async def get_file(self, call: Call) -> Json:
        """Where a file can be fetched."""
        file = self._chats.state.files.get(call.text("file_id"))
        if file is None:
            raise ApiError(400, "Bad Request: invalid file_id")
        if len(file.content) > LARGEST_DOWNLOAD:
            raise ApiError(400, "Bad Request: file is too big")
        common = {key: value for key, value in file.wire().items() if key.startswith("file_") and key != "file_name"}
        return common | {"file_path": file.path}

    async def get_chat(self, call: Call) -> Json:
        """A chat in full, as far as the demo knows one."""
        chat = self._chats.writable(call.chat_id())
        nothing = dict.fromkeys(
            ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
        )
        return chat.wire() | {"accent_color_id": 0, "max_reaction_count": 0, "accepted_gift_types": nothing}

    async def leave_chat(self, call: Call) -> bool:
        """Leave a group or channel."""
        chat = self._chats.writable(call.chat_id())
        if chat.kind == "private":
            raise ApiError(400, "Bad Request: chat member status can't be changed in private chats")
        self._chats.leave(chat)
        return True

    def _send(self, call: Call, chat: Chat, **content: Any) -> Json:
        rows, keyboard = keyboards.split(call.json("reply_markup"))
        reply_to, send_anyway = call.reply_to()
        if reply_to is not None and chat.present(reply_to) is None:
            if not send_anyway:
                raise ApiError(400, "Bad Request: message to be replied not found")
            reply_to = None
        message = self._chats.new_message(
            chat,
            self._chats.bot,
            rows=rows,
            keyboard=keyboard,
            reply_to=reply_to,
            silent=call.truth("disable_notification"),
            protected=call.truth("protect_content"),
            **content,
        )
        return wire(chat, self._chats.send(chat, message))

    def _own(self, call: Call) -> tuple[Chat, Message]:
        """The bot's own message that a call wants to edit."""
        chat = self._chats.writable(call.chat_id())
        message = chat.present(call.number("message_id"))
        if message is None:
            raise ApiError(400, "Bad Request: message to edit not found")
        if not message.from_bot:
            raise ApiError(400, "Bad Request: message can't be edited")
        return chat, message

    def _amend(self, chat: Chat, message: Message, **content: Any) -> Json:
        if all(getattr(message, name) == value for name, value in content.items()):
            raise ApiError(400, _NOT_MODIFIED)
        for name, value in content.items():
            setattr(message, name, value)
        if content.keys() != {"rows"}:  # Telegram shows no "edited" for buttons alone
            self._chats.touch(message)
        self._chats.amend(chat, message)
        return wire(chat, message)
