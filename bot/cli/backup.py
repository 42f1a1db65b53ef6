"""`python -m bot backup`: a checked copy of the database, without keys."""

import argparse
import asyncio
from pathlib import Path

from bot.cli.exit_codes import DONE
from bot.config.settings import Settings
from bot.database import place_of, without_keys
from bot.domain.clock import SystemClock
from bot.runtime.logs import escaped
from bot.runtime.randomness import random_bytes
from storage.backup import back_up
from storage.secrets.vault import Ring


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the copy goes."""
    parser.add_argument("file", type=Path)


def run(parsed: argparse.Namespace) -> int:
    """Makes the copy. The bot may run meanwhile."""
    settings = Settings.read(parsed.environ, directory=Path())
    print(escaped(asyncio.run(make_backup(settings, parsed.file))))
    return DONE


async def make_backup(settings: Settings, target: Path) -> str:
    """Makes a checked copy. StorageError means that something about it was wrong and that there is no copy."""
    traces: list[bytes] = []
    for ring in Ring:
        place = place_of(settings, ring, random_bytes, None)
        if place.exists():
            traces += place.traces()
    async with without_keys(settings) as store:
        copy = await back_up(store, target, traces)
        made_of = f"{target.name}: {copy.accounts} accounts, {copy.orders} orders, {copy.audit_rows} acts"
        now = SystemClock().now()
        await store.transaction(lambda db: db.audit.add(now, None, "backup", before="", after=made_of))
    return (
        f"{target}: {copy.accounts} accounts, {copy.orders} orders, {copy.audit_rows} acts; whole, and without any key. "
        "It opens only with the keys of today: keep a copy of those somewhere else."
    )
