"""Gathers what a report on the bot may say: settings, keys, database, queues, the process, each as plain facts."""

import platform
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

from bot import __version__
from bot.config.settings import SETTINGS, Settings
from bot.diagnostics.safe_facts import Fact, Plain, Version, Word, facts, lines
from bot.domain.clock import Clock
from bot.domain.errors import VaultError
from bot.domain.orders.order import OrderStatus
from bot.runtime.hardening import standing
from bot.runtime.redaction import Redactor
from bot.trading.safety.lockdown import sounding
from storage.db.engine import SQLITE
from storage.repositories import SqlRepositories
from storage.secrets.vault import Ring
from storage.store import SqlStore

LIBRARIES = ("aiohttp", "alembic", "cryptography", "httpx", "msgspec", "pydantic", "pyotp", "python-telegram-bot", "sqlalchemy")


async def inspect(settings: Settings, store: SqlStore, clock: Clock, *, heartbeat: Path) -> list[Fact]:
    """Everything that helps to find a fault; nothing is changed and nobody is asked over the network."""
    now = clock.now()
    return [
        *facts("program", {"version": Version.of(__version__), "now": now, "python": Version.of(platform.python_version())}),
        *facts("library", {"sqlite": Version.of(SQLITE), **{name: Version.of(version(name)) for name in LIBRARIES}}),
        *_process(),
        *_settings(settings),
        *_files(settings, heartbeat, now),
        *await store.transaction(lambda db: _memory(db, store)),
    ]


async def report(
    settings: Settings,
    store: SqlStore,
    clock: Clock,
    *,
    heartbeat: Path,
    shown: Callable[[Sequence[Fact]], list[str]] = lines,
) -> list[str]:
    """The facts as text; scrubbed once more, should what cannot hold a secret ever hold one."""
    redactor = Redactor(settings.secrets())
    return [redactor.scrub(line) for line in shown(await inspect(settings, store, clock, heartbeat=heartbeat))]


def _process() -> list[Fact]:
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
    """The value of a setting that is a number or one of our own words; of any other only whether it is given."""
    shown: dict[str, Plain] = {}
    for each in SETTINGS:
        value = getattr(settings, each.field)
        if isinstance(value, StrEnum):
            shown[each.name] = Word.of(value, [word.value for word in type(value)])
        elif isinstance(value, int):
            shown[each.name] = value
        else:
            shown[f"{each.name} given"] = each.field in settings.model_fields_set and bool(value)
    return facts("setting", {**shown, "warnings": len(settings.warnings)})


def _files(settings: Settings, heartbeat: Path, now: datetime) -> list[Fact]:
    def size(path: Path) -> int | None:
        return path.stat().st_size if path.exists() else None

    try:
        beat: datetime | None = datetime.fromisoformat(heartbeat.read_text())
    except (OSError, ValueError):
        beat = None
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


def _memory(db: SqlRepositories, store: SqlStore) -> list[Fact]:
    try:
        opened: int | None = db.accounts.prove() + db.pins.prove() if store.vault.has(Ring.MAIN) else None
        sealed = opened is None
    except VaultError:
        opened, sealed = None, False
    waiting, buried = db.outbox.counts()
    unsettled = [order.status for order in db.orders.unsettled()]
    accounts = db.accounts.all()
    people = {user.telegram_id for user, _, _ in db.people.all()}
    return [
        *facts("vault", {"without key": sealed, "secrets that open": opened, "seed key": store.vault.has(Ring.SEED)}),
        *facts(
            "memory",
            {
                "people": len(people),
                "phones sealed": sum(db.pins.phone_locked_since(person) is not None for person in people),
                "accounts": len(accounts),
                "accounts stopped": sum(db.stops.stopped(account.id) is not None for account in accounts),
                "alarm": sounding(db),
                "updates waiting": len(db.inbox.waiting()),
                "notices waiting": waiting,
                "notices buried": buried,
                "audit broken at row": db.audit.verify(),
            },
        ),
        *facts("unsettled orders", {status.value: unsettled.count(status) for status in OrderStatus if unsettled.count(status)}),
    ]
