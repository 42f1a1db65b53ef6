"""`python -m bot run`: the bot, until a signal asks it to end."""

import argparse
import asyncio
import logging
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from bot.app import App, open_app
from bot.cli.exit_codes import DONE, FAILED
from bot.cli.terminal import prompt
from bot.config.addresses import Mode
from bot.config.settings import Consent, Settings
from bot.domain.clock import SystemClock
from bot.domain.errors import BotError
from bot.runtime.hardening import refuse_root, stop_on_signals
from bot.runtime.logs import logging_to
from bot.runtime.memory import one_heap, settle_heap
from bot.runtime.randomness import random_bytes
from bot.runtime.redaction import Redactor

log = logging.getLogger(__name__)

SETTLED = 1.0  # seconds after the bot was opened; by then it has asked Telegram for the first time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of this command."""
    parser.add_argument("--new-bot", action="store_true", help="the token belongs to another bot than before, on purpose")


def run(parsed: argparse.Namespace) -> int:
    """Runs the bot. A fault that nobody expected is logged, and the supervisor starts the bot anew."""
    one_heap()
    settings = Settings.read(parsed.environ, directory=Path())
    clock, redactor = SystemClock(), Redactor(settings.secrets())

    root = refuse_root(parsed.whoami, live=settings.mode == Mode.LIVE, allowed=settings.allow_root == Consent.YES)
    if root is not None:
        print(root, file=sys.stderr)

    opened = open_app(settings, clock=clock, random_bytes=random_bytes, redactor=redactor, ask=prompt(), new_bot=parsed.new_bot)
    as_json = settings.log_format == "json"
    with logging_to(sys.stderr, redactor=redactor, clock=clock, level=settings.log_level, as_json=as_json):
        for warning in settings.warnings:
            log.warning("settings: %s", warning)
        try:
            asyncio.run(_until_stopped(opened))
        except BotError:
            raise
        except Exception:  # the last resort: what Python prints by itself is not redacted
            log.critical("the bot ended by a fault; a supervisor starts it anew", exc_info=True)
            return FAILED
    return DONE


async def _until_stopped(opened: AbstractAsyncContextManager[App]) -> None:
    """Opens and runs the bot until a signal asks it to end, also while opening still waits for a Telegram that is away."""
    opening, stop = asyncio.current_task(), asyncio.Event()

    def end() -> None:
        stop.set()
        if opening is not None:
            opening.cancel()

    stop_on_signals(asyncio.get_running_loop(), end)
    try:
        async with opened as app:
            opening = None
            asyncio.get_running_loop().call_later(SETTLED, settle_heap)
            await app.run(stop)
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
        log.info("stopped while starting")
