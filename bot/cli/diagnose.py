"""`python -m bot diagnose`: a report on the bot that can be shown to anybody."""

import argparse
import asyncio
from pathlib import Path

from bot.cli.exit_codes import DONE
from bot.config.settings import Settings
from bot.database import open_store, state_of, without_keys
from bot.diagnostics.facts import inspect
from bot.diagnostics.renderings import lines, redacted
from bot.domain.clock import Clock, SystemClock
from bot.domain.errors import VaultError
from bot.runtime.heartbeat import heartbeat_beside
from bot.runtime.randomness import random_bytes
from bot.runtime.redaction import Redactor


def run(parsed: argparse.Namespace) -> int:
    """Prints the report."""
    settings = Settings.read(parsed.environ, directory=Path())
    print("\n".join(asyncio.run(diagnosis(settings, SystemClock()))))
    return DONE


async def diagnosis(settings: Settings, clock: Clock) -> list[str]:
    """Makes the report. Where the keys do not open without asking, it is made without them."""
    try:
        store = open_store(settings, random_bytes, inline=True)
    except VaultError:
        store = without_keys(settings)
    async with store:
        state = await state_of(store)
    facts = inspect(settings, state, clock.now(), heartbeat=heartbeat_beside(settings.database))
    return redacted(lines(facts), Redactor(settings.secrets()))
