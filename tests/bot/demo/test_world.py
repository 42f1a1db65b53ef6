"""The demo in its directory: what a start finds of the one before, and what it does not."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from bot.demo.world import DemoDirectory, demo_clock, open_demo
from bot.runtime.redaction import Redactor
from bot.simulators.broker.faults.errors import BooksInUse
from bot.simulators.loop import DemoLoop
from tests.stage.values.pictures import a_day

in_real_time = pytest.mark.asyncio(loop_factories=["real"])


def real_loop() -> DemoLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    return loop


def holds(directory: Path, words: str) -> bool:
    """Whether any file below the directory has these words in it."""
    return any(words.encode() in path.read_bytes() for path in directory.rglob("*") if path.is_file())


@in_real_time
async def test_each_start_draws_another_token_and_the_same_bot_goes_on_with_its_chat(tmp_path: Path) -> None:
    loop, directory = real_loop(), DemoDirectory(tmp_path)
    clock = demo_clock(loop, directory)
    tokens, seen = list[str](), list[list[str]]()
    for _ in range(2):
        async with open_demo(directory, loop=loop, clock=clock, redactor=Redactor()) as demo:
            stop = asyncio.Event()
            running = asyncio.create_task(demo.app.run(stop))
            await demo.neighbours.person.ask("/start", "owner")
            tokens.append(demo.neighbours.token)
            seen.append([message["text"] for message in demo.neighbours.person.history() if not message["from_bot"]])
            stop.set()
            await running
    assert tokens[0] != tokens[1]
    assert {token.partition(":")[0] for token in tokens} == {"7000000001"}
    assert seen == [["/start"], ["/start", "/start"]]
    assert [token for token in tokens if holds(tmp_path, token)] == []


@in_real_time
async def test_a_clock_that_was_stopped_on_its_way_is_found_there_again(tmp_path: Path) -> None:
    loop, directory = real_loop(), DemoDirectory(tmp_path)
    async with (
        open_demo(directory, loop=loop, clock=demo_clock(loop, directory), redactor=Redactor()) as demo,
        aiohttp.ClientSession(demo.neighbours.telegram_url, timeout=aiohttp.ClientTimeout(total=None)) as browser,
    ):

        async def on_the_way() -> None:
            await asyncio.sleep(3600)
            async with browser.delete("/clock") as answer:
                assert answer.status == 200

        stopping = asyncio.create_task(on_the_way())
        async with browser.post("/clock", json={"shift": 6 * 86_400}) as answer:
            assert answer.status == 200
        await stopping
        assert 3000 < directory.shifted < 6 * 86_400
        assert directory.shifted == pytest.approx(loop.shifted)


@in_real_time
async def test_real_hours_hold_for_the_bot_and_for_the_exchange_from_the_next_start_on(tmp_path: Path) -> None:
    loop, directory = real_loop(), DemoDirectory(tmp_path)
    clock, asked = demo_clock(loop, directory), list[str]()
    seen = []
    for hours in ("real", "always"):
        opened = open_demo(directory, loop=loop, clock=clock, redactor=Redactor(), restart=lambda: asked.append("again"))
        async with opened as demo, aiohttp.ClientSession(demo.neighbours.telegram_url) as browser:
            bot = "always" if demo.app.core.services.limits.calendar is None else "real"
            seen.append((bot, demo.neighbours.paper.broker.settings.hours))
            async with browser.post("/hours", json={"hours": hours}) as answer:
                assert answer.status == 200
    assert seen == [("always", "always"), ("real", "real")]
    assert (directory.hours, asked) == ("always", ["again", "again"])


@in_real_time
async def test_a_picture_that_is_drawn_while_the_clock_runs_ahead_is_not_called_late(tmp_path: Path) -> None:
    loop, directory = real_loop(), DemoDirectory(tmp_path)
    async with open_demo(directory, loop=loop, clock=demo_clock(loop, directory), redactor=Redactor()) as demo:
        ahead = asyncio.create_task(loop.run_ahead(6 * 3600))
        png = await demo.app.core.album.png(a_day())
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)
    assert png.startswith(b"\x89PNG")


@in_real_time
async def test_a_demo_starts_over_once_it_has_ended_and_not_under_the_one_that_runs(tmp_path: Path) -> None:
    loop, directory = real_loop(), DemoDirectory(tmp_path)
    async with open_demo(directory, loop=loop, clock=demo_clock(loop, directory), redactor=Redactor()):
        with pytest.raises(BooksInUse):
            directory.start_over()
        assert [path.exists() for path in (directory.database, directory.key_file, directory.paper)] == [True] * 3
    directory.start_over()
    assert [path.exists() for path in (directory.database, directory.key_file, directory.paper)] == [False] * 3
