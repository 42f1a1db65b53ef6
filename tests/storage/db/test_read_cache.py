"""What is kept of a reading is what a reading would find, whoever wrote meanwhile, committed or rolled back."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.domain.people.access import DayLock, Pin
from bot.domain.people.account import Limits, Role, Stop, User
from bot.domain.ports.repositories import Repositories
from storage.store import SqlStore
from tests.stage.depth import examples
from tests.storage.samples import ACCOUNT, CREDENTIALS, DAY, NOW, PERSON, a_store, a_vault, at_once

RAVI = User(telegram_id=2002, name="Ravi")
PEOPLE = (PERSON, RAVI.telegram_id)

ACTS: dict[str, Callable[[Repositories], object]] = {
    "list": lambda db: db.people.add(RAVI, Role.TRADER, ACCOUNT.id, NOW),
    "demote": lambda db: db.people.add(RAVI, Role.VIEWER, ACCOUNT.id, NOW),
    "remove": lambda db: db.people.remove(RAVI.telegram_id),
    "stop": lambda db: db.stops.stop(Stop(account_id=ACCOUNT.id, by=PERSON, at=NOW, why="x")),
    "resume": lambda db: db.stops.resume(ACCOUNT.id),
    "limit": lambda db: db.limits.put(ACCOUNT.id, DAY, Limits(orders_a_day=3)),
    "unlimit": lambda db: db.limits.put(ACCOUNT.id, DAY, Limits()),
    "lock": lambda db: db.limits.lock_day(DayLock(account_id=ACCOUNT.id, day=DAY, at=NOW, by=None, why="x")),
    "lock phone": lambda db: db.pins.lock_phone(PERSON, NOW),
    "unlock phone": lambda db: db.pins.unlock_phone(PERSON),
    "pin": lambda db: db.pins.put(Pin(telegram_id=PERSON, hashed="h", set_at=NOW)),
    "miss": lambda db: db.pins.put(Pin(telegram_id=PERSON, hashed="h", set_at=NOW + timedelta(1), failures=1)),
    "relink": lambda db: db.accounts.add(replace(ACCOUNT, label="papa"), CREDENTIALS),
    "unlink": lambda db: db.accounts.remove(ACCOUNT.id),
}


class UndoneError(Exception):
    """The transaction is rolled back."""


@dataclass(frozen=True, slots=True)
class Undone:
    """An act whose transaction fails after it, and after what it wrote was read."""

    act: Callable[[Repositories], object]

    def __call__(self, db: Repositories) -> None:
        self.act(db)
        standing(db)
        raise UndoneError


def standing(db: Repositories) -> list[object]:
    """Everything that is read by way of what is kept."""
    return [
        [db.people.find(person) for person in PEOPLE],
        [db.people.roles(person) for person in PEOPLE],
        [db.people.role_on(person, ACCOUNT.id) for person in PEOPLE],
        [db.pins.find(person) for person in PEOPLE],
        [db.pins.phone_locked_since(person) for person in PEOPLE],
        db.people.watching(ACCOUNT.id),
        db.stops.stopped(ACCOUNT.id),
        db.limits.on(ACCOUNT.id, DAY),
        db.limits.day_lock(ACCOUNT.id, DAY),
        db.accounts.all(),
        db.accounts.find(ACCOUNT.id),
    ]


def afresh(db: Repositories) -> list[object]:
    """A transaction that has written to one of the tables reads the database itself."""
    db.stops.resume("nobody's")
    return standing(db)


class TwoProcesses(RuleBasedStateMachine):
    """The bot and the command line on one file."""

    def __init__(self) -> None:
        super().__init__()
        self._directory = tempfile.TemporaryDirectory()
        path = Path(self._directory.name) / "bot.db"
        self.bot = asyncio.run(a_store(path))
        self.host = SqlStore.open(path, a_vault(), inline=True)

    @rule(act=st.sampled_from(sorted(ACTS)), by_host=st.booleans(), undone=st.booleans())
    def someone_writes(self, act: str, by_host: bool, undone: bool) -> None:
        store = self.host if by_host else self.bot
        work = ACTS[act]
        if not undone:
            at_once(store, work)
            return
        try:
            at_once(store, Undone(work))
        except UndoneError:
            return
        raise AssertionError("it was committed")

    @rule(act=st.sampled_from(sorted(ACTS)))
    def someone_reads_what_the_same_transaction_wrote(self, act: str) -> None:
        def both(db: Repositories) -> list[object]:
            ACTS[act](db)
            return standing(db)

        readings = at_once(self.bot, both)
        assert readings == at_once(self.host, afresh)

    @invariant()
    def a_reading_is_true(self) -> None:
        truth = at_once(self.host, afresh)
        assert asyncio.run(self.bot.read(standing)) == truth, "read beside the writer, first of all"
        assert at_once(self.bot, standing) == truth

    def teardown(self) -> None:
        for store in (self.bot, self.host):
            asyncio.run(store.close())
        self._directory.cleanup()


TestTwoProcesses = TwoProcesses.TestCase
TestTwoProcesses.settings = settings(max_examples=examples(15), stateful_step_count=15, deadline=None)


async def test_a_second_reading_asks_the_database_nothing(store: SqlStore) -> None:
    asked: list[str] = []
    await store.transaction(standing)
    raw = store._connection.connection.dbapi_connection
    cast("object", raw).set_trace_callback(asked.append)  # type: ignore[attr-defined] # sqlite3's own
    await store.transaction(standing)
    assert [statement for statement in asked if statement.startswith("SELECT")] == []
