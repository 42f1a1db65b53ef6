"""Three fills of three accounts in three chats at one moment: the socket frame sent -> the message at its chat.

The floor is three bare loops on one thread, each with the same three reads and the same number of durable commits a fill.
Each chat belongs to the owner of one account. Whoever owns all three is told of the others' orders as well: with the card and
its edit that is five messages in half a second, and the fifth waits for Telegram's one a second, which is no time of ours.
"""

import asyncio
import gc
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from bench.orders.journey import ACCOUNT, ORDER, RUNS, WARM, Bare, morning, row, simulators
from bot.app import open_app
from bot.database import open_store
from bot.demo.simulators import VISITOR, Simulators
from bot.demo.world import DemoDirectory, demo_settings, seed
from bot.domain.people.account import Account, Credentials, Role, User
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from bot.runtime.redaction import Redactor
from bot.simulators.loop import DemoLoop, LoopClock
from bot.simulators.person.scripted import ScriptedPerson

ROUNDS = 30
OTHERS = (
    replace(
        ACCOUNT,
        client="MA00002",
        api_key="c2Vjb25kLXBhcGVyLWtleQ==",
        totp_seed="KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU",
    ),
    replace(
        ACCOUNT,
        client="MA00003",
        api_key="dGhpcmQtcGFwZXIta2V5MQ==",
        totp_seed="MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK",
    ),
)
ACCOUNTS = (ACCOUNT, *OTHERS)
CHATS = (VISITOR, VISITOR + 1, VISITOR + 2)
RESTS = "1400.00"  # below the market, so that the fills come when they are wanted, all at once


def measure() -> list[dict[str, Any]]:
    """Milliseconds. Of three runs the one with the middle ratio at p50."""
    rows = [_one_run() for _ in range(RUNS)]
    return [sorted(rows, key=lambda each: each["ratio_p50"])[RUNS // 2]]


def _one_run() -> dict[str, Any]:
    with asyncio.Runner(loop_factory=DemoLoop) as runner, tempfile.TemporaryDirectory() as directory:
        return runner.run(_measure(Path(directory)))


async def _measure(directory: Path) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    async with _ours(directory, loop) as ours, _floor(directory, loop) as floor:
        gc.collect()
        gc.freeze()
        for _ in range(ROUNDS + WARM):
            for side in (ours, floor):
                await side.round()
                loop.shift(15)  # the limiter's allowance for these chats grows back
                await asyncio.sleep(0.1)
    aim = "at most 1.3 times the floor at p50, 2 times at p99, in the middle one of three runs"
    return row("fill: three of three accounts at one moment, each message at its chat", ours.fills, floor.fills, aim)


class Three:
    """One side: three orders that rest, filled at one moment."""

    def __init__(self, near: Simulators, place: Callable[[], Awaitable[None]]) -> None:
        self._near = near
        self._place = place
        self._loop = asyncio.get_running_loop()
        self.fills: list[float] = []

    async def round(self) -> None:
        """Three orders, a glance, three fills."""
        await self._place()
        await asyncio.sleep(0.3)
        broker = self._near.paper.broker
        resting = [order for order in broker.ledger.orders.values() if order.remaining and not order.cancelled]
        assert len(resting) == len(ACCOUNTS), f"{len(resting)} orders rest"
        began = self._loop.time()
        for order in resting:
            broker.book.fill(order, order.remaining, order.price, by="desk")
        async with asyncio.timeout(20):
            while (told := self._told(began)) is None:  # noqa: ASYNC110 - the records ring no bell
                await asyncio.sleep(0.02)
        self.fills += [(at - began) * 1000 for at in told]

    def _told(self, after: float) -> list[float] | None:
        """When each chat took its message. None until all have."""
        found: dict[str, float] = {}
        for served in takewhile(lambda each: each.at >= after, reversed(self._near.telegram.served)):
            if served.method == "sendMessage" and "Filled" in str(served.params.get("text", "")):
                found[str(served.params["chat_id"])] = served.at
        return list(found.values()) if len(found) == len(CHATS) else None


@asynccontextmanager
async def _ours(directory: Path, loop: DemoLoop) -> AsyncIterator[Three]:
    clock = LoopClock(loop, morning())
    kept = DemoDirectory(directory / "ours")
    kept.prepare(os.urandom)
    async with simulators(clock, loop) as near, AsyncExitStack() as stack:
        settings = demo_settings(kept, near)
        await seed(settings, ACCOUNT, clock, os.urandom, inline=False)
        store = open_store(settings, os.urandom)
        await store.transaction(lambda db: _more(db, clock))
        await store.close()
        for other in OTHERS:
            near.paper.broker.open_account(other)
        people = [near.person, *(ScriptedPerson(near.chats, chat, name=f"P{chat}", started=True) for chat in CHATS[1:])]
        app = await stack.enter_async_context(open_app(settings, clock=clock, random_bytes=os.urandom, redactor=Redactor()))
        stop = asyncio.Event()
        running = asyncio.create_task(app.run(stop))
        for person in people:
            await person.ask("/start", "·")
            await person.ask("/login", "lives until")

        async def place() -> None:
            for person in people:
                person.press("Confirm buy", await person.ask(f"/buy RELIANCE 1 {RESTS}", "BUY 1 RELIANCE"))
                await person.wait_for("open at")

        yield Three(near, place)
        stop.set()
        await running


def _more(db: Repositories, clock: LoopClock) -> None:
    """The second and the third account, each with a person of its own. The first person's is the first account alone."""
    own = db.accounts.all()[0]
    db.people.remove(VISITOR)
    db.people.add(User(telegram_id=VISITOR, name="P1"), Role.OWNER, own.id, clock.now())
    for number, (account, chat) in enumerate(zip(OTHERS, CHATS[1:], strict=True), start=2):
        credentials = Credentials(
            client_code=Secret(account.client), password=Secret(account.password), api_key=Secret(account.api_key),
            totp_seed=Secret(account.totp_seed or ""),
        )  # fmt: skip
        own = Account(id=f"bench{number}", label=f"p{number}", client=f"MA••••{number}", created_at=clock.now())
        db.accounts.add(own, credentials)
        db.people.add(User(telegram_id=chat, name=f"P{number}"), Role.OWNER, own.id, clock.now())


@asynccontextmanager
async def _floor(directory: Path, loop: DemoLoop) -> AsyncIterator[Three]:
    clock = LoopClock(loop, morning())
    async with simulators(clock, loop) as near:
        for other in OTHERS:
            near.paper.broker.open_account(other)
        for chat in CHATS:
            ScriptedPerson(near.chats, chat, name=f"P{chat}", started=True).say("/start")
        lines = [
            Bare(near, clock, directory / f"floor{chat}.db", account=account, chat=chat)
            for account, chat in zip(ACCOUNTS, CHATS, strict=True)
        ]
        for line in lines:
            await line.log_in()
        listening = [asyncio.create_task(line.listen()) for line in lines]
        await asyncio.sleep(0.5)

        async def place() -> None:
            for line in lines:
                await line.place({**ORDER, "price": RESTS})

        yield Three(near, place)
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
