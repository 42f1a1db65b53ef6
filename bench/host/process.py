"""Measures the whole process: `python -m bot run` with one account that is logged in and the day's master on disk."""

import asyncio
import os
import random
import resource
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.host.idle import log_in
from bench.orders.journey import ACCOUNT, simulators
from bench.reading.scrips import write
from bot.broker.connections import Connections
from bot.broker.transport import OpenSink
from bot.broker.wire.answers import Answer
from bot.config.settings import Settings
from bot.database import open_store
from bot.demo.simulators import Simulators
from bot.demo.world import DemoDirectory, demo_settings, seed
from bot.domain.clock import SystemClock, ist_date
from bot.domain.ports.repositories import Repositories
from bot.simulators.loop import DemoLoop, LoopClock

STARTS = 3
AT_REST = 5.0  # seconds after the first getUpdates

Row = dict[str, object]


def measure() -> list[Row]:
    """Seconds from the start of the process to its first getUpdates, on the clock and at work, and what it holds later."""
    with asyncio.Runner(loop_factory=DemoLoop) as runner, tempfile.TemporaryDirectory() as directory:
        starts, work, memory = runner.run(_measure(Path(directory)))
    return [
        _figure("process: start to the first getUpdates", "s", starts, "under 1.2"),
        _figure("process: the processor's time of that", "s", work, "none; others on the machine hardly change it"),
        _figure("process: resident memory of `python -m bot run` with the day's master", "MB", memory, "under 80"),
    ]


def _figure(name: str, unit: str, samples: list[float], aim: str) -> Row:
    return {
        "name": name, "unit": unit, "ours_p50": statistics.median(samples), "ours_p99": max(samples), "floor_p50": None,
        "floor_p99": None, "ratio_p50": None, "ratio_p99": None, "aim": aim,
    }  # fmt: skip


async def _measure(directory: Path) -> tuple[list[float], ...]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    kept = DemoDirectory(directory)
    kept.prepare(os.urandom)
    async with simulators(LoopClock(loop, SystemClock().now()), loop) as near:
        settings = demo_settings(kept, near)
        await seed(settings, ACCOUNT, SystemClock(), os.urandom, inline=False)
        await _prepare(settings, directory / "made.json")
        runs = [await _start(kept, near, loop) for _ in range(STARTS)]
    return tuple(map(list, zip(*runs, strict=True)))


async def _prepare(settings: Settings, made: Path) -> None:
    """Keeps a session and a master of the real one's size, as an earlier start of this day has left them."""
    clock = SystemClock()
    rows = write(made)
    body = await asyncio.to_thread(made.read_bytes)

    async def download(open_sink: OpenSink) -> Answer:
        open_sink()(body)
        return Answer(200, body[:4096])

    connections = Connections(
        base_url=settings.broker_url, ws_url=settings.broker_ws_url, clock=clock, chance=random.Random(1),
        data_dir=settings.database.parent / "master",
    )  # fmt: skip
    await connections.scrip_cache.fetch(download)
    async with connections:
        session = await log_in(connections, ACCOUNT, clock)
    now = clock.now()

    def keep(db: Repositories) -> None:
        db.scrip_master.note(ist_date(now), rows, now)
        db.accounts.keep_session(db.accounts.all()[0].id, session)

    store = open_store(settings, os.urandom)
    try:
        await store.transaction(keep)
    finally:
        await store.close()


async def _start(kept: DemoDirectory, near: Simulators, loop: DemoLoop) -> tuple[float, float, float]:
    """Seconds to the first getUpdates, those at work, and megabytes of 2**20 bytes when it has come to rest."""
    near.person.say("/start")  # so that the first getUpdates is answered, and so noted, at once
    environment = os.environ | _environment(kept, near)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # each start would compile anew what was changed since somebody kept it
    begun = loop.time()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(60):
            while (polled := _first_poll(near, begun)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        work = _at_work(process.pid)
        await asyncio.sleep(AT_REST)
        memory = _resident(process.pid)
    finally:
        process.terminate()
        await process.wait()
    return polled - begun, work, memory


def _first_poll(near: Simulators, begun: float) -> float | None:
    """The first getUpdates after this process's own getMe: the poll of the process before may still be answered."""
    met = next((served.at for served in near.telegram.sent("getMe") if served.at > begun), None)
    return None if met is None else next((served.at for served in near.telegram.sent("getUpdates") if served.at > met), None)


def _at_work(pid: int) -> float:
    """Seconds of all its threads so far, as proc(5) counts them behind the name in brackets."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def _environment(kept: DemoDirectory, near: Simulators) -> dict[str, Any]:
    """The demo's settings, as the environment gives them."""
    return {
        "MODE": "demo", "TELEGRAM_BOT_TOKEN": near.token, "TELEGRAM_URL": near.telegram_url, "BROKER_URL": near.broker_url,
        "BROKER_WS_URL": near.broker_ws_url, "DATABASE": str(kept.database), "KEY_SOURCE": "file",
        "KEY_FILE": str(kept.key_file), "SEED_KEY_FILE": str(kept.seed_key_file), "MARKET_HOURS": "always",
        "BROKERAGE_PLAN": "flat-5",
    }  # fmt: skip
