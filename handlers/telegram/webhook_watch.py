"""Looks every minute whether somebody else set a webhook for this bot (T2)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from telegram.error import TelegramError
from telegram.ext import ExtBot

from handlers.telegram.rate_limits import Priority

_log = logging.getLogger(__name__)

EVERY = 60.0  # seconds


class WebhookWatch:
    """This bot polls, so any webhook is a stranger's. `foreign` is called at each look that finds one."""

    def __init__(self, bot: ExtBot[Priority], *, foreign: Callable[[], Awaitable[None]]) -> None:
        self._bot = bot
        self._foreign = foreign

    async def run(self) -> None:
        """Looks at once, then every minute. A Telegram that does not answer is the poller's to tell of."""
        while True:
            try:
                info = await self._bot.get_webhook_info()
            except TelegramError as error:
                _log.debug("no look at the webhook: %s", type(error).__name__)
            else:
                if info.url:
                    await self._foreign()
            await asyncio.sleep(EVERY)
