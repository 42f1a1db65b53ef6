"""Strangers' updates by the thousand: the listed people wait hardly longer, memory stays flat, and nothing is written down.

The real poller, face, heart and memory in this process against a Telegram in another one, in real time.
"""

import asyncio
import gc
import json
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.clock import SystemClock
from bot.domain.people.account import Role, User
from handlers.application import build_application, running
from handlers.poller import UpdatePoller
from storage.inbox import SqlInbox
from storage.store import SqlStore
from tests.attack.crowd import LISTED
from tests.attack.rig import a_connection
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import a_core
from tests.storage.samples import a_store

FLAT = 4.0  # megabytes that the process may grow by while the flood lasts


@dataclass(frozen=True, kw_only=True)
class Flooded:
    """How long the listed people waited, without and with the flood."""

    strangers_a_second: int
    seconds: float
    poured: int
    left: int  # of these not yet fetched at the end
    quiet_p99_ms: float
    flooded_p99_ms: float
    answers: int
    grown_mb: float
    rows_written: int  # by strangers, in any table

    @property
    def ok(self) -> bool:
        taken = self.poured > 0.9 * self.strangers_a_second * (self.seconds - 1) and self.left < self.strangers_a_second / 2
        calm = self.flooded_p99_ms <= 2 * self.quiet_p99_ms and self.grown_mb <= FLAT
        return taken and calm and self.rows_written == 0 and self.answers > 0

    @property
    def line(self) -> dict[str, Any]:
        shown = {name: round(value, 2) for name in self.__dataclass_fields__ if (value := getattr(self, name)) is not None}
        return {"name": "flooded", **shown, "ok": self.ok}


class Crowd:
    """The other process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        said: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return said

    async def act(self, *, seconds: float, strangers: int) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"seconds": seconds, "strangers": strangers}).encode() + b"\n")
        return await self.hear()


@asynccontextmanager
async def a_crowd() -> AsyncIterator[Crowd]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.attack.crowd", stdin=pipe, stdout=pipe, limit=2**24
    )
    try:
        yield Crowd(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


async def flood(directory: Path, *, strangers: int, seconds: float) -> Flooded:
    """Quiet first, then with the flood, each for so many seconds."""
    clock, chance = SystemClock(), random.Random(1)
    store = await a_store(directory / "bot.db", inline=False)
    now = clock.now()
    for number in LISTED:
        person = User(telegram_id=number, name=f"P{number}")
        await store.transaction(lambda db, person=person: db.people.add(person, Role.OWNER, None, now))  # type: ignore[misc] # bound at once
    core = a_core(store, a_connection(ScriptedBroker(clock), clock), clock, chance=1)
    async with a_crowd() as crowd:
        met = await crowd.hear()
        application = build_application(
            met["token"], telegram_url=met["url"], services=core.services, random_bytes=chance.randbytes
        )
        intake = UpdatePoller(application, inbox=SqlInbox(store), allowlist=core.services.allowlist, clock=clock)
        await core.services.allowlist.refresh()
        async with running(application):
            polling = asyncio.create_task(intake.run(), name="telegram")
            await crowd.act(seconds=4, strangers=0)  # warms connections and caches
            quiet = await crowd.act(seconds=seconds, strangers=0)
            rows, size = await _rows(store), _resident()
            flooded = await crowd.act(seconds=seconds, strangers=strangers)
            await asyncio.sleep(1)
            grown = _resident() - size
            after = await _rows(store)
            intake.close()
            await asyncio.wait({polling})
            await intake.drain(5)
    await store.close()
    own = {name: after[name] - rows[name] for name in after}
    own["inbox"] -= len(flooded["waits"])  # what the listed people said
    return Flooded(
        strangers_a_second=strangers,
        seconds=seconds,
        poured=flooded["poured"],
        left=flooded["left"],
        quiet_p99_ms=_p99(quiet["waits"]),
        flooded_p99_ms=_p99(flooded["waits"]),
        answers=len(flooded["waits"]),
        grown_mb=max(0.0, grown),
        rows_written=sum(own.values()),
    )


async def _rows(store: SqlStore) -> dict[str, int]:
    def count(db: Any) -> dict[str, int]:
        run = db.inbox._tx._connection.execute
        names = [row[0] for row in run("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: run(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608  # our own names

    return await store.transaction(count)


def _resident() -> float:
    """Megabytes of this process in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _p99(waits: list[float]) -> float:
    """The wait in milliseconds that 99 of 100 stay under. With few waits it is the slowest of them."""
    ordered = sorted(waits)
    return 1000 * ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
