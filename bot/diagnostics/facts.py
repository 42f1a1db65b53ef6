"""The one list of facts about the bot, which `check`, `diagnose` and `/status full` show each in its own way."""

import platform
import sys
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

from bot import __version__
from bot.config.settings import SETTINGS, Settings
from bot.diagnostics.safe_facts import Fact, ListedWord, Plain, Version, facts
from bot.domain.orders.order import OrderStatus
from bot.domain.value import value
from bot.runtime.hardening import standing
from bot.runtime.heartbeat import written_in

LIBRARIES = ("aiohttp", "alembic", "cryptography", "httpx", "msgspec", "pyotp", "python-telegram-bot", "sqlalchemy")


@value
class StoreState:
    """Says in numbers how the database stands. Whoever opens it reads them."""

    sqlite: str  # version of the library
    without_key: bool
    secrets_that_open: int | None  # None: there is no key, or one secret does not open with it
    seed_key: bool
    people: int
    phones_sealed: int
    accounts: int
    accounts_stopped: int
    locked_down: bool
    updates_waiting: int
    notices_waiting: int
    notices_buried: int
    audit_broken_at: int | None  # row
    unsettled: Sequence[OrderStatus]


def inspect(settings: Settings, state: StoreState, now: datetime, *, heartbeat: Path) -> list[Fact]:
    """Lists everything that helps to find a fault. It changes nothing and asks nobody over the network."""
    libraries = {"sqlite": Version.of(state.sqlite), **{name: Version.of(version(name)) for name in LIBRARIES}}
    return [
        *facts("program", {"version": Version.of(__version__), "now": now, "python": Version.of(platform.python_version())}),
        *facts("library", libraries),
        *process_facts(),
        *_settings(settings),
        *_files(settings, heartbeat, now),
        *store_facts(state),
    ]


def process_facts() -> list[Fact]:
    """Says whether others could look into this process."""
    stands = standing()
    return facts(
        "process",
        {
            "linux": sys.platform == "linux",
            "core dumps": stands.core_dumps,
            "dumpable": stands.dumpable,
            "private files": stands.private_files,
        },
    )


def _settings(settings: Settings) -> list[Fact]:
    """Shows a setting that is a number or one of our own words. Of any other it says only whether it is given."""
    values: dict[str, Plain] = {}
    for setting in SETTINGS:
        value = getattr(settings, setting.field)
        if isinstance(value, StrEnum):
            values[setting.name] = ListedWord.of(value, [word.value for word in type(value)])
        elif isinstance(value, int):
            values[setting.name] = value
        else:
            values[f"{setting.name} given"] = setting.field in settings.given and bool(value)
    return facts("setting", {**values, "warnings": len(settings.warnings)})


def _files(settings: Settings, heartbeat: Path, now: datetime) -> list[Fact]:
    def size(path: Path) -> int | None:
        return path.stat().st_size if path.exists() else None

    beat = written_in(heartbeat)
    log = settings.database.with_name(settings.database.name + "-wal")
    return facts(
        "file",
        {
            "database bytes": size(settings.database),
            "log bytes": size(log),
            "key file there": settings.key_file.exists(),
            "seed key file there": settings.seed_key_file.exists(),
            "last heartbeat": beat,
            "heartbeat age": now - beat if beat is not None else None,
        },
    )


def store_facts(state: StoreState) -> list[Fact]:
    """Counts what is in the database."""
    vault: dict[str, Plain] = {
        "without key": state.without_key, "secrets that open": state.secrets_that_open, "seed key": state.seed_key
    }  # fmt: skip
    counts: dict[str, Plain] = {
        "people": state.people,
        "phones sealed": state.phones_sealed,
        "accounts": state.accounts,
        "accounts stopped": state.accounts_stopped,
        "alarm": state.locked_down,
        "updates waiting": state.updates_waiting,
        "notices waiting": state.notices_waiting,
        "notices buried": state.notices_buried,
        "audit broken at row": state.audit_broken_at,
    }
    unsettled = {status.value: state.unsettled.count(status) for status in OrderStatus if status in state.unsettled}
    return [*facts("vault", vault), *facts("database", counts), *facts("unsettled orders", unsettled)]
