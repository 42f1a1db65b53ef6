"""`python -m bot demo`: the bot with a chat in the browser and a paper broker, without any account."""

import argparse
import asyncio
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

from bot.cli.exit_codes import DONE, FAILED
from bot.cli.ports import port
from bot.demo.smoke import story
from bot.demo.world import Demo, DemoDirectory, demo_clock, open_demo
from bot.runtime.hardening import stop_on_signals
from bot.runtime.logs import logging_to
from bot.runtime.randomness import random_bytes
from bot.runtime.redaction import Redactor
from bot.simulators.broker.faults.errors import PaperError
from bot.simulators.loop import DemoLoop
from bot.simulators.person.terminal import Terminal, lines_of

PORT = 8080


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where it keeps its state, and which way through it is walked."""
    parser.add_argument("--fresh", action="store_true", help="forget what earlier demos kept")
    parser.add_argument("--data", type=Path, default=Path(".demo"), help="where it keeps its state (default: ./.demo)")
    parser.add_argument("--port", type=port, default=PORT, help=f"of the page (default: {PORT}; 0: any free one)")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--smoke", action="store_true", help="a scripted person walks the whole journey, then it ends")
    way.add_argument("--terminal", action="store_true", help="the same chat at this keyboard")


def run(parsed: argparse.Namespace) -> int:
    """Opens the demo to the page, to this keyboard, or to the scripted person, as the flags say."""
    directory = DemoDirectory(parsed.data)
    if parsed.fresh or parsed.smoke:
        directory = DemoDirectory(parsed.data / "smoke") if parsed.smoke else directory
        directory.start_over()
    redactor = Redactor()
    with asyncio.Runner(loop_factory=DemoLoop) as runner:
        loop = runner.get_loop()
        if not isinstance(loop, DemoLoop):  # the factory above made it
            raise TypeError
        clock = demo_clock(loop, directory)
        log_file = directory.root / "demo.log"
        directory.prepare(random_bytes)
        with log_file.open("a", encoding="utf-8") as stream, logging_to(stream, redactor=redactor, clock=clock, level="INFO"):
            return runner.run(_demo_runs(parsed, directory, loop, redactor))


async def _demo_runs(parsed: argparse.Namespace, directory: DemoDirectory, loop: DemoLoop, redactor: Redactor) -> int:
    ended, stop = asyncio.Event(), asyncio.Event()

    def end() -> None:
        ended.set()
        stop.set()

    stop_on_signals(loop, end)
    clock = demo_clock(loop, directory)
    in_browser = not parsed.smoke and not parsed.terminal
    port_number, restart = (parsed.port, stop.set) if in_browser else (0, None)
    try:
        while True:
            demo_opened = open_demo(directory, loop=loop, clock=clock, redactor=redactor, port=port_number, restart=restart)
            async with demo_opened as demo:
                port_number = demo.neighbours.port  # the page comes back to where it was
                running = asyncio.create_task(demo.app.run(stop), name="bot")
                try:
                    code = await _walk(parsed, demo, running)
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
            f"Port {port_number} is taken. Another demo may be running; or choose one: make demo DEMO_ARGS='--port 8081'",
            file=sys.stderr,
        )
        return FAILED


async def _walk(parsed: argparse.Namespace, demo: Demo, running: asyncio.Task[None]) -> int:
    say = partial(print, flush=True)  # what is read through a pipe comes at once too
    if parsed.smoke:
        return DONE if await story(demo, say) else FAILED
    if parsed.terminal:
        terminal = Terminal(demo.neighbours.person, say, paced=not sys.stdin.isatty())
        talk = asyncio.create_task(terminal.run(lines_of(sys.stdin.fileno())), name="keyboard")
        await asyncio.wait({talk, running}, return_when=asyncio.FIRST_COMPLETED)
        talk.cancel()  # Ctrl-C ended the bot, and no line comes any more
        with suppress(asyncio.CancelledError):
            await talk
        return DONE
    say(f"Open {demo.neighbours.url} in a browser. Ctrl-C ends the demo; its state stays in {parsed.data}.")
    await running
    return DONE
