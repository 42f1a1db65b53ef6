"""A real process is killed with SIGKILL at any moment.

What it was doing is found again and nothing is done twice (F5-F8).
"""

import asyncio
import contextlib
import os
import random
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.demo.simulators import Simulators, neighbours
from bot.demo.world import DemoDirectory, demo_settings, seed
from bot.domain.clock import SystemClock
from bot.domain.orders.order import OrderStatus
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import DemoLoop, LoopClock
from handlers.registry import COMMANDS
from storage.secrets.vault import Vault
from storage.store import SqlStore

ROOT = Path(__file__).parents[3]

pytestmark = [pytest.mark.asyncio(loop_factories=["real"]), pytest.mark.exhaustive]


class Process:
    """`python -m bot run` as its own process, with nothing but addresses and paths in its environment."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment = environment
        self._log = log
        self._running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )

    async def kill(self, name: signal.Signals = signal.SIGKILL) -> int:
        """Ends it and returns its exit code."""
        assert self._running is not None
        with contextlib.suppress(ProcessLookupError):
            self._running.send_signal(name)
        return await self._running.wait()


@asynccontextmanager
async def a_process(directory: Path, account: PaperAccount | None = None) -> AsyncIterator[tuple[Process, Simulators, Path]]:
    """The neighbours here, the bot out there."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    clock = LoopClock(loop, SystemClock().now())
    kept = DemoDirectory(directory)
    kept.prepare(os.urandom)
    account = account or PaperAccount()
    async with neighbours(
        clock=clock, chance=random.Random(3), data=None, shift=loop.run_ahead, account=account, walk=0.0
    ) as near:
        settings = demo_settings(kept, near)
        await seed(settings, account, clock, os.urandom, inline=True)
        environment = {
            "PATH": os.environ["PATH"],
            "MODE": "demo",
            "TELEGRAM_BOT_TOKEN": near.token,
            "TELEGRAM_URL": near.telegram_url,
            "BROKER_URL": near.broker_url,
            "BROKER_WS_URL": near.broker_ws_url,
            "DATABASE": str(kept.database),
            "KEY_SOURCE": "file",
            "KEY_FILE": str(kept.key_file),
            "SEED_KEY_FILE": str(kept.seed_key_file),
            "MARKET_HOURS": "always",
            "LOG_LEVEL": "DEBUG",
        }
        process = Process(environment, directory / "bot.log")
        await process.start()
        try:
            yield process, near, kept.database
        finally:
            await process.kill()


async def test_killed_again_and_again_around_the_tap_there_is_one_order_and_its_fill_is_told(tmp_path: Path) -> None:
    chance = random.Random(29)
    async with a_process(tmp_path) as (process, near, database):
        me = near.person
        await me.ask("/start", "owner", 60)
        await me.ask("/login", "lives until", 60)
        await me.ask("/quote RELIANCE", "LTP", 60)
        for attempt in range(1, 4):
            # Another quantity each time: the same order again is refused while an earlier one is being looked for.
            card = await me.ask(f"/buy RELIANCE {attempt}", f"BUY {attempt} RELIANCE", 60)
            me.press("Confirm buy", card)
            await asyncio.sleep(chance.uniform(0.0, 0.12))
            await process.kill()
            await process.start()
            await me.ask("/orders", "ORDERS", 60)  # it lives, and has looked in the book
            assert len(near.paper.broker.ledger.orders) <= attempt
        placed = [order.id for order in near.paper.broker.ledger.orders.values() if order.tag]
        await asyncio.sleep(5)
        told = {found[1] for message in me.history() if (found := re.search(r"Filled (#\d+)", message["text"]))}
        assert len(told) == len(placed) == len({order.tag for order in near.paper.broker.ledger.orders.values()})
        tags = {order.tag for order in near.paper.broker.ledger.orders.values()}
        code = await process.kill(signal.SIGTERM)
        assert code == 0
    async with SqlStore.open(database, Vault((), os.urandom), inline=True) as store:
        unsettled = await store.transaction(lambda db: db.orders.unsettled())
    assert all(order.status is OrderStatus.UNKNOWN and order.tag not in tags for order in unsettled)


async def test_each_command_is_answered_by_a_real_process_without_a_fault_of_ours(tmp_path: Path) -> None:
    async with a_process(tmp_path) as (_, near, _):
        me = near.person
        await me.ask("/start", "owner", 60)
        await me.ask("/login", "lives until", 60)
        for quantity in (10, 5):
            me.press("Confirm buy", await me.ask(f"/buy RELIANCE {quantity} mis", f"BUY {quantity} RELIANCE", 60))
            await me.wait_for("Filled", 30)
        said = [each.example for each in COMMANDS if each.name not in ("login", "logout", "unlink", "link", "lock")]
        for words in [*said, "/status full"]:
            me.say(words)
            await asyncio.sleep(0.4)
        await me.ask("/status", "STATUS", 60)
        assert [each["text"] for each in me.history() if "my fault" in each["text"]] == []
    log = (tmp_path / "bot.log").read_text()
    assert re.findall(r"^.* (?:ERROR|CRITICAL) .*$", log, re.MULTILINE) == []


async def test_a_second_process_on_the_same_database_refuses_to_start_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    async with a_process(tmp_path) as (process, near, _):
        await near.person.ask("/start", "owner", 60)
        assert process._running is not None
        first = process._running.pid
        second = Process(process._environment, tmp_path / "second.log")  # the same settings, a second time
        await second.start()
        assert second._running is not None
        assert await asyncio.wait_for(second._running.wait(), 60) == 1
        said = (tmp_path / "second.log").read_text()
        assert f"Another bot (process {first}) is running on this database." in said
        assert "Traceback" not in said
        await near.person.ask("/help", "/buy", 60)
        await process.kill()
        await second.start()  # over the lock file that the killed one left
        await near.person.ask("/status", "STATUS", 60)
        assert await second.kill(signal.SIGTERM) == 0
