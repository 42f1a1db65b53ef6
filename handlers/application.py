"""Builds the Telegram application of our bot, queue, router and error handler.

The application itself receives nothing.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, Defaults, MessageHandler, filters
from telegram.request import BaseRequest

from bot.domain.errors import SettingsError
from bot.domain.ports.broker import RandomBytes
from bot.trading.services import Services
from handlers import failures, router
from handlers.context.command_menu import offer_menus
from handlers.context.context import BotState, Ctx, Explain, as_said
from handlers.registry import COMMANDS, permission_of
from handlers.telegram.http import TelegramHttp
from handlers.telegram.per_person_queue import PerPersonQueue
from handlers.telegram.rate_limits import TelegramRateLimiter
from handlers.telegram.receiver import Receiver
from handlers.urgent import Urgency

_log = logging.getLogger(__name__)

TELEGRAM = "https://api.telegram.org"
LONGEST_PAUSE = 30.0  # seconds between tries to reach Telegram at the start
STOP_WITHIN = 5.0  # seconds

App = Application[Receiver, Ctx, dict[Any, Any], dict[Any, Any], BotState, None]


def build_application(
    token: str,
    *,
    services: Services,
    random_bytes: RandomBytes,
    telegram_url: str = TELEGRAM,
    explain: Explain | None = None,
    rate_limiter: TelegramRateLimiter | None = None,
    wire: BaseRequest | None = None,
    tls: ssl.SSLContext | None = None,
    protect_content: bool = False,
) -> App:
    """The application, not yet initialised.

    telegram_url: where the Bot API lives. The demo chat is another address. wire: what carries calls there in place of HTTP.
    tls: the context that this process shares. None: whom this host trusts.
    protect_content: no message can be forwarded, copied or saved (T12).
    """

    class SharedState(BotState):  # PTB makes the shared data itself, by a call without arguments
        def __init__(self) -> None:
            super().__init__(
                services=services,
                commands=COMMANDS,
                permission_of=permission_of,
                random_bytes=random_bytes,
                explain=explain or as_said,
            )

    shared: type[BotState] = SharedState
    root = telegram_url.rstrip("/")
    bot = Receiver(
        token,
        base_url=f"{root}/bot",
        base_file_url=f"{root}/file/bot",
        request=wire or TelegramHttp(connections=64, read=20.0, tls=tls, measured=services.host.telegram.note),
        get_updates_request=wire or TelegramHttp(connections=2, read=10.0, tls=tls),
        rate_limiter=rate_limiter or TelegramRateLimiter(),
        defaults=Defaults(protect_content=True) if protect_content else None,
    )
    application: App = (
        Application.builder()
        .bot(bot)
        .updater(None)
        .job_queue(None)
        .context_types(ContextTypes(context=Ctx, bot_data=shared))
        .concurrent_updates(PerPersonQueue(random_bytes, Urgency(services.proposals.is_exit)))
        .build()
    )
    application.add_handler(MessageHandler(filters.UpdateType.MESSAGE & filters.TEXT, router.on_text))
    application.add_handler(CallbackQueryHandler(router.on_tap))
    application.add_error_handler(failures.tell)
    return application


class TelegramLine:
    """The application's line to Telegram: opened at once where that is possible, else while all the rest runs already."""

    def __init__(self, application: App) -> None:
        self._application = application
        self._open = asyncio.Event()
        self._away_from: float | None = None  # loop time of the first try that failed

    @property
    def is_open(self) -> bool:
        return self._open.is_set()

    async def opened(self) -> None:
        """Returns once it is open."""
        await self._open.wait()

    async def open(self, *, within: float | None = None) -> bool:
        """Tries to open it, again and again where no time is set. False: it could not be opened within that many seconds.

        SettingsError when Telegram refuses the token, or when the bot is set up for inline queries, which would let what is
        typed to it appear in other chats (T10).
        """
        try:
            async with asyncio.timeout(within):
                await self._reach(again=within is None)
        except (TelegramError, TimeoutError) as error:
            self._is_away(error)
            return False
        if self._application.bot.supports_inline_queries:
            raise SettingsError("The bot has inline mode on: switch it off at @BotFather (/setinline).")
        await self._application.start()
        self._open.set()
        return True

    def away_for(self) -> float:
        """Seconds since the first try that failed. 0 where the first did not."""
        return 0.0 if self._away_from is None else asyncio.get_running_loop().time() - self._away_from

    async def _reach(self, *, again: bool) -> None:
        pause = 1.0
        while True:
            try:
                await self._application.initialize()
            except InvalidToken:  # its words carry the token, so it is not chained
                say = "Telegram refuses the bot token (TELEGRAM_BOT_TOKEN): ask @BotFather for it again."
                raise SettingsError(say) from None
            except TelegramError as error:
                if not again:
                    raise
                self._is_away(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                if self._away_from is not None:
                    _log.warning("telegram can be reached")
                return

    def _is_away(self, error: TelegramError | TimeoutError) -> None:
        if self._away_from is None:
            words = error.message if isinstance(error, TelegramError) else ""
            _log.warning("telegram cannot be reached (%s: %s); trying again until it can", type(error).__name__, words)
            self._away_from = asyncio.get_running_loop().time()


@asynccontextmanager
async def line_of(application: App) -> AsyncIterator[TelegramLine]:
    """The line, not yet open. Takes it down at the end, bounded."""
    line = TelegramLine(application)
    try:
        try:
            yield line
        finally:
            if line.is_open:
                await _stop(application)
    finally:
        await application.shutdown()
        await application.bot.shutdown()  # the application leaves its bot's connections open where it was never initialised


@asynccontextmanager
async def running(application: App) -> AsyncIterator[None]:
    """The application with its line open, waited for however long. SettingsError as TelegramLine.open."""
    async with line_of(application) as line:
        await line.open()
        yield


async def _stop(application: App) -> None:
    """PTB waits for its own tasks without a bound (telegram.md)."""
    try:
        async with asyncio.timeout(STOP_WITHIN):
            await application.stop()
    except TimeoutError:
        _log.warning("telegram's side did not stop in time")


async def publish_menu(application: App) -> None:
    """Sets every person's command menu from the one table."""
    state = application.bot_data
    await offer_menus(application.bot, state.services.allowlist.people(), state.commands)
