"""Checks of the buttons a bot sends, with Telegram's refusals."""

from typing import Any, Final
from urllib.parse import urlsplit

from bot.simulators.telegram.chat.messages import Json
from bot.simulators.telegram.errors import ApiError

LONGEST_DATA: Final = 64  # bytes (telegram.md, Limits)
LONGEST_COPY: Final = 256  # characters
MOST_BUTTONS: Final = 100
_OTHER_ACTIONS: Final = ("web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat", "pay")


def inline_rows(markup: Any) -> list[list[Json]]:
    """The rows of an inline keyboard, each button with one action. ApiError 400 for anything Telegram refuses."""
    if markup is None:
        return []
    if not isinstance(markup, dict) or "inline_keyboard" not in markup:
        raise ApiError(400, "Bad Request: inline keyboard expected")
    given = markup["inline_keyboard"]
    if not isinstance(given, list) or not all(isinstance(row, list) for row in given):
        raise ApiError(400, 'Bad Request: field "inline_keyboard" must be an Array of Arrays')
    rows = [[_button(each) for each in row] for row in given if row]
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise ApiError(400, "Bad Request: REPLY_MARKUP_TOO_LONG")
    return rows


def split(markup: Any) -> tuple[list[list[Json]], Json | None]:
    """Of a new message's reply markup: the inline rows, and whatever other keyboard it is."""
    if markup is None:
        return [], None
    if not isinstance(markup, dict):
        raise ApiError(400, "Bad Request: object expected as reply markup")
    if "inline_keyboard" in markup:
        return inline_rows(markup), None
    if not any(key in markup for key in ("keyboard", "remove_keyboard", "force_reply")):
        return [], None
    rows = markup.get("keyboard", [])
    if not isinstance(rows, list) or not all(isinstance(row, list) and all(map(_is_label, row)) for row in rows):
        raise ApiError(400, "Bad Request: can't parse reply keyboard markup: keyboard must be an Array of Arrays of buttons")
    return [], markup


def _is_label(button: Any) -> bool:
    return isinstance(button, str) or (isinstance(button, dict) and isinstance(button.get("text"), str))


def _button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise _unreadable("expected an Object")
    text = button.get("text")
    if not isinstance(text, str):
        raise _unreadable('Can\'t find field "text"')
    if not text.strip():
        raise _unreadable("button text must be non-empty")
    if "callback_data" in button:
        data = button["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode()) <= LONGEST_DATA:
            raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    elif "copy_text" in button:
        copied = button["copy_text"]
        words = copied.get("text") if isinstance(copied, dict) else None
        if not isinstance(words, str) or not 1 <= len(words) <= LONGEST_COPY:
            raise ApiError(400, "Bad Request: BUTTON_COPY_TEXT_INVALID")
    elif "url" in button:
        _check_url(str(button["url"]))
    elif not any(action in button for action in _OTHER_ACTIONS):
        raise _unreadable("Text buttons are unallowed in the inline keyboard")
    return button


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme == "tg":
        return
    if parts.scheme not in ("http", "https") or not host:
        raise ApiError(400, f"Bad Request: inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
    if "." not in host:  # localhost and the like
        raise ApiError(400, f"Bad Request: inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _unreadable(words: str) -> ApiError:
    return ApiError(400, f"Bad Request: can't parse inline keyboard button: {words}")
