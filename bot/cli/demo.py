"""`python -m bot demo`: the bot with a chat in the browser and a paper broker, without any account."""

import argparse
import asyncio
import os
import sys

from bot.demo.smoke import story
from bot.demo.world import Demo, DemoDirectory, demo_clock, open_demo
from bot.runtime.hardening import stop_on_signals
from bot.runtime.logs import logging_to
from bot.runtime.redaction import Redactor
from bot.simulators.broker.faults.errors import PaperError
from bot.simulators.loop import DemoLoop
from bot.simulators.person.terminal import Terminal, lines_of

FAILED = 1


def demo(asked: argparse.Namespace) -> int:
    """Opens the demo and walks the way that was asked for: the page, this keyboard, or the scripted person."""
    directory = DemoDirectory(asked.data)
    if asked.fresh or asked.smoke:
        directory = DemoDirectory(asked.data / "smoke") if asked.smoke else directory
        directory.start_over()
    redactor = Redactor()
    with asyncio.Runner(loop_factory=DemoLoop) as runner:
        loop = runner.get_loop()
        if not isinstance(loop, DemoLoop):  # the factory above made it
            raise TypeError
        clock = demo_clock(loop, directory)
        asked_log = directory.root / "demo.log"
        directory.prepare(os.urandom)
        with asked_log.open("a", encoding="utf-8") as stream, logging_to(stream, redactor=redactor, clock=clock, level="INFO"):
            return runner.run(_demo_runs(asked, directory, loop, redactor))


async def _demo_runs(asked: argparse.Namespace, directory: DemoDirectory, loop: DemoLoop, redactor: Redactor) -> int:
    ended, stop = asyncio.Event(), asyncio.Event()

    def end() -> None:
        ended.set()
        stop.set()

    stop_on_signals(loop, end)
    clock = demo_clock(loop, directory)
    in_browser = not asked.smoke and not asked.terminal
    port, restart = (asked.port, stop.set) if in_browser else (0, None)
    try:
        while True:
            demo_opened = open_demo(directory, loop=loop, clock=clock, redactor=redactor, port=port, restart=restart)
            async with demo_opened as demo:
                port = demo.neighbours.port  # the page comes back to where it was
                running = asyncio.create_task(demo.app.run(stop), name="bot")
                try:
                    code = await _walk(asked, demo, running)
                finally:
                    stop.set()
                    await running
            if ended.is_set() or not in_browser:
                return code
            stop.clear()
    except PaperError:
        raise  # books in use look like a port in use; they say themselves what they are
    except OSError as error:
        if error.errno is None or "address already in use" not in str(error).lower():
            raise
        print(
            f"Port {port} is taken. Another demo may be running; or choose one: make demo DEMO_ARGS='--port 8081'",
            file=sys.stderr,
        )
        return FAILED


async def _walk(asked: argparse.Namespace, demo: Demo, running: asyncio.Task[None]) -> int:
    if asked.smoke:
        return 0 if await story(demo, print) else FAILED
    if asked.terminal:
        terminal = Terminal(demo.neighbours.person, print, paced=not sys.stdin.isatty())
        await terminal.run(lines_of(sys.stdin.fileno()))
        return 0
    print(f"Open {demo.neighbours.url} in a browser. Ctrl-C ends the demo; its state stays in {asked.data}.", flush=True)
    await running
    return 0
