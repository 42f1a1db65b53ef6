"""`python -m bot restore`: a backup in the database's place, with trading stopped."""

import argparse
import asyncio
from pathlib import Path

from bot.cli.exit_codes import DONE
from bot.config.settings import Settings
from bot.database import without_keys, without_keys_at
from bot.domain.clock import Clock, SystemClock, ist
from bot.domain.errors import StorageError
from bot.runtime.logs import escaped
from bot.trading.safety.lockdown import is_locked_down, lock_down
from storage.backup import after_bringing_back, bring_back, check_copy
from storage.db.engine import FileLock
from storage.repositories import SqlRepositories


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which backup."""
    parser.add_argument("file", type=Path)


def run(parsed: argparse.Namespace) -> int:
    """Brings the backup back."""
    settings = Settings.read(parsed.environ, directory=Path())
    print(escaped(asyncio.run(restore(settings, parsed.file, SystemClock()))))
    return DONE


async def restore(settings: Settings, copy: Path, clock: Clock) -> str:
    """Puts a backup in the database's place and stops trading. StorageError: the copy is unfit, or a bot runs."""
    contents = check_copy(copy)
    locked_down = await _is_locked_down(settings)
    now = clock.now()
    database = settings.database.resolve()
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = database.with_name(f"{database.name}.before-{ist(now):%Y%m%d-%H%M%S}")
    lock = FileLock(database.with_name(database.name + ".lock"))
    made_of = f"{contents.accounts} accounts, {contents.orders} orders, {contents.audit_rows} acts"

    def make_safe(db: SqlRepositories) -> tuple[int, int | None, int]:
        stopped = after_bringing_back(db, now, made_of)
        if locked_down:
            lock_down(db, now)
        return stopped, db.audit.verify(), len({user.telegram_id for user, _, _ in db.people.all()})

    if not lock.take():
        raise StorageError("A bot is running on this database. Stop it first.")
    try:
        stopped, broken, people = await bring_back(copy, database, aside, open_store=without_keys_at, make_safe=make_safe)
    finally:
        lock.release()
    report = (
        f"Restored: {made_of}. Trading is stopped on {stopped} accounts until /resume; everybody logs in again. "
        f"The list of people ({people}), roles and limits are those of the backup: python -m bot people list."
    )
    if locked_down:
        report += " The alarm that was on is on again."
    if broken is not None:
        report += f" Its audit is broken at row {broken}."
    return f"{report} What was there before is kept as {aside.name}." if aside.exists() else report


async def _is_locked_down(settings: Settings) -> bool:
    """Reads it in the database that is about to be replaced, as far as it can be read. A phone that is lost stays lost."""
    if not settings.database.exists():
        return False
    try:
        async with without_keys(settings) as store:
            return await store.transaction(is_locked_down)
    except StorageError:
        return False
