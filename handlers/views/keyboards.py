"""Buttons: for a tap, for words or for a text to copy, and Telegram's own shape of them."""

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from handlers.views.message import Button, Keyboard
from handlers.views.taps.tap import MOST_BYTES, Tap, encode, size
from handlers.views.taps.taps import WordsTap


def button(text: str, tap: Tap) -> Button:
    """A button that comes back as this tap. An account label, or words, too long to travel are left out."""
    return Button(text, data=encode(tap.shortened() if size(tap.encode()) > MOST_BYTES else tap))


def words(label: str, command: str, *, account: str = "", stays: bool = False) -> Button:
    """A button that stands for a whole command. One too long to travel becomes a text to copy."""
    command = f"{account}: {command}" if account else command
    tap = WordsTap(command, stays=stays)
    if size(tap.encode()) > MOST_BYTES:
        return Button(label, copy=command[:256])
    return button(label, tap)


def markup(rows: Keyboard) -> InlineKeyboardMarkup | None:
    """Telegram's own shape. None where there is nothing to tap."""
    return InlineKeyboardMarkup([[_telegram(item) for item in line] for line in rows]) if rows else None


def _telegram(item: Button) -> InlineKeyboardButton:
    if item.copy:
        return InlineKeyboardButton(item.label, copy_text=CopyTextButton(item.copy))
    return InlineKeyboardButton(item.label, callback_data=item.data)
