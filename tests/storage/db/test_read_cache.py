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
from bot.domain.ports.repositories import Drawers
from storage.store import SqlStore
from tests.stage.depth import examples
from tests.storage.samples import ACCOUNT, CREDENTIALS, DAY, NOW, PERSON, a_store, a_vault, at_once

RAVI = User(telegram_id=2002, name="Ravi")
PEOPLE = (PERSON, RAVI.telegram_id)

ACTS: dict[str, Callable[[Drawers], object]] = {
    "list": lambda drawers: drawers.people.add(RAVI, Role.TRADER, ACCOUNT.id, NOW),
    "demote": lambda drawers: drawers.people.add(RAVI, Role.VIEWER, ACCOUNT.id, NOW),
    "remove": lambda drawers: drawers.people.remove(RAVI.telegram_id),
    "stop": lambda drawers: drawers.safety.stop(Stop(account_id=ACCOUNT.id, by=PERSON, at=NOW, why="x")),
    "resume": lambda drawers: drawers.safety.resume(ACCOUNT.id),
    "limit": lambda drawers: drawers.limits.put(ACCOUNT.id, DAY, Limits(orders_a_day=3)),
    "unlimit": lambda drawers: drawers.limits.put(ACCOUNT.id, DAY, Limits()),
    "lock": lambda drawers: drawers.limits.lock_day(DayLock(account_id=ACCOUNT.id, day=DAY, at=NOW, by=None, why="x")),
    "seal": lambda drawers: drawers.pins.seal(PERSON, NOW),
    "unseal": lambda drawers: drawers.pins.unseal(PERSON),
    "pin": lambda drawers: drawers.pins.put(Pin(telegram_id=PERSON, hashed="h", set_at=NOW)),
    "miss": lambda drawers: drawers.pins.put(Pin(telegram_id=PERSON, hashed="h", set_at=NOW + timedelta(1), failures=1)),
    "relink": lambda drawers: drawers.accounts.add(replace(ACCOUNT, label="papa"), CREDENTIALS),
    "unlink": lambda drawers: drawers.accounts.remove(ACCOUNT.id),
}


class UndoneError(Exception):
    """The transaction is rolled back."""


@dataclass(frozen=True, slots=True)
class Undone:
    """An act whose transaction fails after it, and after what it wrote was read."""

    act: Callable[[Drawers], object]

    def __call__(self, drawers: Drawers) -> None:
        self.act(drawers)
        standing(drawers)
        raise UndoneError


def standing(drawers: Drawers) -> list[object]:
    """Everything that is read by way of what is kept."""
    return [
        [drawers.people.find(person) for person in PEOPLE],
        [drawers.people.roles(person) for person in PEOPLE],
        [drawers.people.role_on(person, ACCOUNT.id) for person in PEOPLE],
        [drawers.pins.find(person) for person in PEOPLE],
        [drawers.pins.sealed(person) for person in PEOPLE],
        drawers.people.watching(ACCOUNT.id),
        drawers.safety.stopped(ACCOUNT.id),
        drawers.limits.on(ACCOUNT.id, DAY),
        drawers.limits.day_lock(ACCOUNT.id, DAY),
        drawers.accounts.all(),
        drawers.accounts.find(ACCOUNT.id),
    ]


def afresh(drawers: Drawers) -> list[object]:
    """A transaction that has written to one of the tables reads the database itself."""
    drawers.safety.resume("nobody's")
    return standing(drawers)


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
        def both(drawers: Drawers) -> list[object]:
            ACTS[act](drawers)
            return standing(drawers)

        found = at_once(self.bot, both)
        assert found == at_once(self.host, afresh)

    @invariant()
    def a_reading_is_true(self) -> None:
        assert at_once(self.bot, standing) == at_once(self.host, afresh)

    def teardown(self) -> None:
        for store in (self.bot, self.host):
            asyncio.run(store.close())
        self._directory.cleanup()


TestTwoProcesses = TwoProcesses.TestCase
TestTwoProcesses.settings = settings(max_examples=examples(15), stateful_step_count=15, deadline=None)


async def test_a_second_reading_asks_the_database_nothing(store: SqlStore) -> None:
    asked: list[str] = []
    await store.run(standing)
    raw = store._connection.connection.dbapi_connection
    cast("object", raw).set_trace_callback(asked.append)  # type: ignore[attr-defined] # sqlite3's own
    await store.run(standing)
    assert [statement for statement in asked if statement.startswith("SELECT")] == []
