"""The demo in its directory: what a start finds of the one before, and what it does not."""

import asyncio
from pathlib import Path

import pytest

from bot.demo.loop import DemoLoop
from bot.demo_house import DemoDirectory, demo_clock, open_demo
from bot.scrubber import Scrubber

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
        async with open_demo(directory, loop=loop, clock=clock, scrubber=Scrubber()) as demo:
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
