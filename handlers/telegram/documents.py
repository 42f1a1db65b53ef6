"""Sends a file as a document."""

from telegram import InputFile
from telegram.ext import ExtBot

from handlers.telegram.rate_limits import Priority
from handlers.views.money.spreadsheet import FileToSend


async def send_document(bot: ExtBot[Priority], chat_id: int, file: FileToSend, caption: str = "") -> int:
    """Uploads it without a sound: the person is looking. Returns the message id. Raises telegram's own errors."""
    sent = await bot.send_document(
        chat_id,
        InputFile(file.content, filename=file.name, attach=False),
        caption=caption or None,
        disable_notification=True,
        disable_content_type_detection=True,
        rate_limit_args=Priority.REPLY,
    )
    return sent.message_id
