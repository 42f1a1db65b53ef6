"""The demo chat and the real Telegram library, put together for a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram import Bot
from telegram.request import HTTPXRequest

from bot.simulators.telegram.bot_api.server import Serving


@asynccontextmanager
async def bot_for(serving: Serving, *, token: str | None = None, read_timeout: float = 5) -> AsyncIterator[Bot]:
    """A bot of python-telegram-bot that talks to the demo chat over loopback."""
    bot = Bot(
        token or serving.token,
        base_url=serving.base_url,
        base_file_url=serving.base_file_url,
        request=HTTPXRequest(connection_pool_size=8, read_timeout=read_timeout),
        get_updates_request=HTTPXRequest(connection_pool_size=1, read_timeout=read_timeout),
    )
    async with bot:
        yield bot
