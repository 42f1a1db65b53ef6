"""Measures one picture's drawing time, what the process that draws holds, and what drawing does to other people's commands."""

import asyncio
import itertools
import resource
import statistics
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench.orders.journey import logged_in
from bot.app import App
from bot.charts.process import DrawingProcess
from bot.demo.simulators import Simulators
from bot.domain.people.account import Role, User
from bot.domain.pictures import Picture
from bot.simulators.loop import DemoLoop
from bot.simulators.person.scripted import ScriptedPerson
from tests.stage.values.pictures import candles_of_a_day, samples

STARTS, DRAWINGS = 5, 20
BYSTANDERS, TURNS = 8, 30  # people who ask, and how often each asks in each state
PICTURES = tuple(samples().values())
PACE = 1.1  # seconds between two commands of one person: Telegram takes one message a second for each chat

Row = dict[str, object]


def measure() -> list[Row]:
    """Milliseconds and megabytes of 2**20 bytes. `ratio` is with drawing divided by without."""
    with asyncio.Runner(loop_factory=DemoLoop) as runner, tempfile.TemporaryDirectory() as directory:
        first, drawn, held = runner.run(_drawing())
        loud, quiet = runner.run(_beside(Path(directory)))
    return [
        _row("picture: the first one, with the start of the process", "ms", first, "none; told"),
        _row("picture: one more, every kind in turn", "ms", drawn, "under 300 at p50"),
        _row("picture: resident memory of the process that draws", "MB", [held] * 2, "none; the bot's own does not grow"),
        _row(
            "picture: another person's /positions while one after the other is drawn, floor: while none is",
            "ms", loud, "ratio_p99 at most 1.2", floor=quiet,
        ),
    ]  # fmt: skip


def _row(name: str, unit: str, ours: list[float], aim: str, *, floor: list[float] | None = None) -> Row:
    p50, p99 = _percentiles(ours)
    below = _percentiles(floor) if floor is not None else (None, None)
    return {
        "name": name, "unit": unit, "ours_p50": p50, "ours_p99": p99, "floor_p50": below[0], "floor_p99": below[1],
        "ratio_p50": p50 / below[0] if below[0] else None, "ratio_p99": p99 / below[1] if below[1] else None, "aim": aim,
    }  # fmt: skip


def _percentiles(times: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return cuts[49], cuts[98]


async def _drawing() -> tuple[list[float], list[float], float]:
    """(first pictures, later ones, megabytes)."""
    firsts, later, held = [], [], 0.0
    for _ in range(STARTS):
        process = DrawingProcess()
        firsts.append(await _time(process, candles_of_a_day()))
        later += [await _time(process, picture) for _, picture in zip(range(DRAWINGS), _endless(), strict=False)]
        assert process.pid is not None
        held = await asyncio.to_thread(_resident, process.pid)
        await process.close()
    return firsts, later, held


async def _time(process: DrawingProcess, picture: Picture) -> float:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await process.draw(picture)
    return (loop.time() - begun) * 1e3


def _endless() -> Iterator[Picture]:
    """Every kind in turn, each time another one. Their making is no part of what is measured."""
    for number, picture in enumerate(itertools.cycle(PICTURES)):
        yield replace(picture, as_of=picture.as_of + timedelta(seconds=number))


def _resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


async def _beside(directory: Path) -> tuple[list[float], list[float]]:
    """Latencies with and without, turn by turn, so that whatever else the host does befalls both."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    loud, quiet = list[float](), list[float]()
    pictures = _endless()
    async with logged_in(directory, loop) as (near, _, app):
        bystanders = await _join(near, app)
        await app.core.services.pictures.png(candles_of_a_day())
        for person in bystanders:
            await person.ask("/positions", "POSITIONS")
        for _ in range(TURNS):
            await _turn(bystanders, quiet)
            async with _drawn(app, pictures):
                await _turn(bystanders, loud)
    return loud, quiet


async def _join(near: Simulators, app: App) -> list[ScriptedPerson]:
    now = app.core.services.clock.now()
    ids = range(5001, 5001 + BYSTANDERS)
    for person in ids:
        user = User(telegram_id=person, name=f"Viewer {person}")
        await app.store.transaction(lambda db, user=user: db.people.add(user, Role.VIEWER, None, now))  # type: ignore[misc] # bound at once
    await app.core.services.allowlist.refresh()
    return [ScriptedPerson(near.chats, person, name=f"Viewer {person}", started=True) for person in ids]


async def _turn(people: list[ScriptedPerson], times: list[float]) -> None:
    """Each asks once, one after the other, all within a pace."""
    loop = asyncio.get_running_loop()
    for person in people:
        begun = loop.time()
        await person.ask("/positions", "POSITIONS")
        times.append((loop.time() - begun) * 1e3)
        await asyncio.sleep(max(0.0, PACE / len(people) - (loop.time() - begun)))


@asynccontextmanager
async def _drawn(app: App, pictures: Iterator[Picture]) -> AsyncIterator[None]:
    """Meanwhile one picture after the other is drawn."""

    async def draw() -> None:
        for picture in pictures:
            await app.core.services.pictures.png(picture)

    drawing = asyncio.create_task(draw())
    try:
        yield
    finally:
        drawing.cancel()
        await asyncio.gather(drawing, return_exceptions=True)
