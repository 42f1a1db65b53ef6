"""The parameters of one Bot API call, read as leniently or strictly as Telegram reads them."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from bot.simulators.telegram.chat import entities
from bot.simulators.telegram.errors import ApiError

LONGEST_TEXT: Final = 4096  # UTF-16 units after parsing (telegram.md, Limits)
LONGEST_CAPTION: Final = 1024


def is_number(value: object) -> TypeGuard[int]:
    """Whether a JSON value is a whole number (JSON's true is none)."""
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A part of a multipart body that carries a file."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: `params` hold text (forms, queries) or JSON values (JSON bodies). Both are read alike."""

    method: str
    params: Mapping[str, Any] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A string. Empty when absent."""
        value = self.params.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def number(self, name: str, default: int = 0) -> int:
        """An integer. `default` when absent or none."""
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def truth(self, name: str) -> bool:
        """A boolean in any of the spellings that Telegram takes."""
        return self.text(name).lower() in ("true", "yes", "1")

    def json(self, name: str) -> Any:
        """A JSON value, sent as such or as its text. None when absent. ApiError 400 when it cannot be read."""
        value = self.params.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise ApiError(400, f"Bad Request: can't parse {name.replace('_', ' ')} JSON object") from error

    def chat_id(self) -> int:
        """The chat. ApiError 400 when it is missing, or a name (the demo knows numbers only)."""
        value = self.text("chat_id")
        if not value:
            raise ApiError(400, "Bad Request: chat_id is empty")
        try:
            return int(value)
        except ValueError as error:
            raise ApiError(400, "Bad Request: chat not found") from error

    def words(self, name: str = "text") -> tuple[str, list[entities.Entity]]:
        """Text (or a caption) and its entities, after parsing and trimming. ApiError 400 when ill-formed or too long."""
        given = self.text(name)
        mode = self.text("parse_mode").lower()
        if mode == "html":
            parsed = entities.parse(given)
        elif mode:
            raise ApiError(400, "Bad Request: unsupported parse_mode")
        else:
            parsed = entities.clean(given), self._entities("entities" if name == "text" else f"{name}_entities")
        plain, found = entities.finish(*parsed)
        limit, what = (LONGEST_TEXT, "message") if name == "text" else (LONGEST_CAPTION, "message caption")
        if entities.utf16(plain) > limit:
            raise ApiError(400, f"Bad Request: {what} is too long")
        return plain, found

    def _entities(self, name: str) -> list[entities.Entity]:
        given = self.json(name) or []
        if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
            raise ApiError(400, "Bad Request: can't parse entities: expected an Array of MessageEntity")
        for each in given:
            if not is_number(each.get("offset")) or not is_number(each.get("length")) or each["offset"] < 0:
                raise ApiError(400, "Bad Request: can't parse entities: offset and length must be of type Integer")
            if not isinstance(each.get("type"), str) or not isinstance(each.get("url", ""), str):
                raise ApiError(400, "Bad Request: can't parse entities: type and url must be of type String")
        return [dict(each) for each in given if each["type"] != "text_link" or each.get("url")]

    def reply_to(self) -> tuple[int | None, bool]:
        """The message to reply to, and whether to send anyway when it is gone."""
        given = self.json("reply_parameters")
        if given is None:
            return (self.number("reply_to_message_id") or None), self.truth("allow_sending_without_reply")
        if not isinstance(given, dict) or not is_number(given.get("message_id")):
            raise ApiError(400, "Bad Request: can't parse reply parameters JSON object")
        return given["message_id"], bool(given.get("allow_sending_without_reply", False))

    def allowed_updates(self) -> list[str] | None:
        """The kinds of updates the bot asks for. None when it says nothing about them."""
        given = self.json("allowed_updates")
        if given is None:
            return None
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            raise ApiError(400, "Bad Request: can't parse allowed updates JSON object")
        return given

    def upload(self, value: str) -> Upload | None:
        """The file that a parameter names by `attach://` or by travelling under the parameter's own name."""
        return self.uploads.get(value.removeprefix("attach://"))


Method = Callable[[Call], Awaitable[Any]]  # a Bot API method; what it brings stands under `result`
