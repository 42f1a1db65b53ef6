"""People, chats and messages as the demo keeps them, and the two ways they are shown: to the bot and to a person."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from bot.simulators.telegram.chat.entities import Entity, render

Json = dict[str, Any]

FILE_URL: Final = "/person/file/"  # where a person's page fetches pictures and documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An update and when it was made."""

    update: Json
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Something uploaded: by the bot, or by a person."""

    id: str
    name: str
    mime: str
    content: bytes
    #: Pixels; zero for what is no picture.
    width: int = 0
    height: int = 0

    @property
    def path(self) -> str:
        """What getFile calls it."""
        return f"{'photos' if self.width else 'documents'}/{self.id}-{self.name}"

    def wire(self) -> Json:
        """As a PhotoSize or the common part of a Document."""
        common: Json = {"file_id": self.id, "file_unique_id": f"u{self.id}", "file_size": len(self.content)}
        if self.width:
            return common | {"width": self.width, "height": self.height}
        return common | {"file_name": self.name, "mime_type": self.mime}


@dataclass(slots=True, kw_only=True)
class User:
    """Somebody who can write: a person or the bot."""

    id: int
    name: str
    username: str | None = None
    is_bot: bool = False

    def wire(self) -> Json:
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.name}
        if self.username:
            user["username"] = self.username
        if not self.is_bot:
            user["language_code"] = "en"
        return user


@dataclass(slots=True, kw_only=True)
class Message:
    """One message. `text` is the caption where a file travels with it. What a person deleted is kept but marked."""

    id: int
    sender: User | None
    date: datetime
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    #: Inline buttons as on the wire, row by row.
    rows: list[list[Json]] = field(default_factory=list)
    #: A reply keyboard, its removal, or a forced reply, as on the wire.
    keyboard: Json | None = None
    reply_to: int | None = None
    photo: File | None = None
    document: File | None = None
    preview: Json | None = None
    forwarded_from: User | None = None
    edited: datetime | None = None
    silent: bool = False
    protected: bool = False
    deleted: bool = False
    #: Number of the event that last changed it.
    changed: int = 0

    @property
    def file(self) -> File | None:
        return self.photo or self.document

    @property
    def from_bot(self) -> bool:
        return self.sender is not None and self.sender.is_bot

    def button_data(self) -> set[str]:
        """The callback data of every button it carries."""
        return {button["callback_data"] for row in self.rows for button in row if "callback_data" in button}


@dataclass(slots=True, kw_only=True)
class Chat:
    """A private chat (its id is the person's), a group or a channel (negative ids)."""

    id: int
    kind: str
    title: str
    members: dict[int, User]
    messages: dict[int, Message] = field(default_factory=dict)
    #: Whether the bot may write: a person must have written first, a group must have the bot as a member.
    open: bool = False
    blocked: bool = False

    def wire(self) -> Json:
        if self.kind != "private":
            return {"id": self.id, "type": self.kind, "title": self.title}
        person = self.members[self.id]
        chat: Json = {"id": self.id, "type": "private", "first_name": person.name}
        if person.username:
            chat["username"] = person.username
        return chat

    def present(self, message_id: int | None) -> Message | None:
        """The message of that id, unless it is gone."""
        message = self.messages.get(message_id) if message_id is not None else None
        return None if message is None or message.deleted else message


@dataclass(slots=True, kw_only=True)
class State:
    """All that the chats are made of, so that it can be kept and taken up again."""

    chats: dict[int, Chat] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    #: Command menus by scope, as `chat:4211`.
    menus: dict[str, list[Json]] = field(default_factory=dict)
    #: The last ids given away.
    message_id: int = 0
    update_id: int = 0
    serial: int = 0
    #: Updates that the bot has not confirmed, oldest first.
    waiting: list[Waiting] = field(default_factory=list)


def wire(chat: Chat, message: Message, *, with_reply: bool = True) -> Json:
    """A Message as the Bot API writes it."""
    out: Json = {"message_id": message.id, "date": int(message.date.timestamp()), "chat": chat.wire()}
    if message.sender is not None:
        out["from"] = message.sender.wire()
    else:
        out["sender_chat"] = chat.wire()
    if message.edited:
        out["edit_date"] = int(message.edited.timestamp())
    words = "caption" if message.file else "text"
    if message.text:
        out[words] = message.text
        if message.entities:
            out["caption_entities" if message.file else "entities"] = [dict(each) for each in message.entities]
    if message.photo:
        out["photo"] = [message.photo.wire()]
    if message.document:
        out["document"] = message.document.wire()
    if message.rows:
        out["reply_markup"] = {"inline_keyboard": message.rows}
    if message.preview:
        out["link_preview_options"] = message.preview
    if message.protected:
        out["has_protected_content"] = True
    if message.forwarded_from:
        out["forward_origin"] = {
            "type": "user",
            "sender_user": message.forwarded_from.wire(),
            "date": int(message.date.timestamp()),
        }
    replied = chat.present(message.reply_to)
    if replied is not None and with_reply:
        out["reply_to_message"] = wire(chat, replied, with_reply=False)
    return out


def view(message: Message) -> Json:
    """A message as a person sees it: plain values, ready for a page or a terminal.

    `date` is ISO UTC. `html` is safe to insert. `buttons` are rows of `{"label", and one of "data", "copy", "url"}`.
    `keyboard` are the labels of a reply keyboard, row by row.
    """
    return {
        "id": message.id,
        "from_bot": message.from_bot,
        "author": message.sender.name if message.sender else "channel",
        "text": message.text,
        "entities": [dict(each) for each in message.entities],
        "html": render(message.text, message.entities),
        "buttons": [[_button(each) for each in row] for row in message.rows],
        "keyboard": _keyboard(message.keyboard),
        "reply_to": message.reply_to,
        "date": message.date.isoformat(timespec="seconds"),
        "edited": message.edited is not None,
        "silent": message.silent,
        "protected": message.protected,
        "forwarded_from": message.forwarded_from.name if message.forwarded_from else None,
        "photo_url": f"{FILE_URL}{message.photo.id}" if message.photo else None,
        "document": ({"name": message.document.name, "url": f"{FILE_URL}{message.document.id}"} if message.document else None),
    }


def _button(button: Json) -> Json:
    shown: Json = {"label": button["text"]}
    if "callback_data" in button:
        shown["data"] = button["callback_data"]
    elif "copy_text" in button:
        shown["copy"] = button["copy_text"]["text"]
    elif "url" in button:
        shown["url"] = button["url"]
    return shown


def _keyboard(keyboard: Json | None) -> list[list[str]]:
    rows = (keyboard or {}).get("keyboard", [])
    return [[each if isinstance(each, str) else str(each["text"]) for each in row] for row in rows]
