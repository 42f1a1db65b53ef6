"""Two distances of the first journey beside a bare loop that does the same calls and the same number of durable commits.

tap:  getUpdates answered with the tap on Confirm -> the order's POST received.
fill: the socket frame sent -> the message at the chat.
The floor, in the same run and over the same servers, is an asyncio loop with httpx and the standard library's sqlite3. Of a
fill it makes the same three reads: orders, trades, positions.
"""

import asyncio
import gc
import json
import os
import random
import sqlite3
import statistics
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pyotp

from bot.app import App, open_app
from bot.demo.simulators import VISITOR, Simulators, neighbours
from bot.demo.world import DemoDirectory, demo_settings, seed
from bot.domain.clock import SystemClock, at_ist, ist_date
from bot.runtime.redaction import Redactor
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import DemoLoop, LoopClock

ROUNDS, WARM = 100, 10
RUNS = 3
A_GLANCE = 0.1  # seconds; nobody taps in the instant in which a card arrives, so both sides have come to rest


def measure() -> list[dict[str, Any]]:
    """Both distances in milliseconds: of three runs, for each distance, the one with the middle ratio at p50."""
    runs = [_one_run() for _ in range(RUNS)]
    return [sorted(rows, key=lambda each: each["ratio_p50"])[RUNS // 2] for rows in zip(*runs, strict=True)]


def _one_run() -> list[dict[str, Any]]:
    with asyncio.Runner(loop_factory=DemoLoop) as runner, tempfile.TemporaryDirectory() as directory:
        return runner.run(_measure(Path(directory)))


async def _measure(directory: Path) -> list[dict[str, Any]]:
    """Turn by turn, so that whatever else the host does meanwhile befalls both."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    async with _ours(directory, loop) as ours, _floor(directory, loop) as floor:
        gc.collect()
        gc.freeze()  # as the bot does when it is open
        for _ in range(ROUNDS + WARM):
            for side in (ours, floor):
                await side.round()
                loop.shift(15)  # the limiter's allowance for this chat grows back
                await asyncio.sleep(A_GLANCE)
    aim = "at most 1.3 times the floor at p50, 2 times at p99, in the middle one of three runs"
    return [
        row("tap on Confirm: update answered to order POST received", ours.taps, floor.taps, aim),
        row("fill: socket frame sent to message at the chat", ours.fills, floor.fills, aim),
    ]


def row(name: str, ours: list[float], floor: list[float], aim: str) -> dict[str, Any]:
    """One measure, milliseconds in, ratios out."""
    ours_p50, ours_p99 = _percentiles(ours)
    floor_p50, floor_p99 = _percentiles(floor)
    return {
        "name": name,
        "unit": "ms",
        "ours_p50": ours_p50,
        "ours_p99": ours_p99,
        "floor_p50": floor_p50,
        "floor_p99": floor_p99,
        "ratio_p50": ours_p50 / floor_p50,
        "ratio_p99": ours_p99 / floor_p99,
        "aim": aim,
    }


def _percentiles(samples: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(samples[WARM:], n=100, method="inclusive")
    return cuts[49], cuts[98]


class Stopwatch:
    """Reads both moments of a round from the neighbours' own records."""

    def __init__(self, near: Simulators, clock: LoopClock) -> None:
        self._near = near
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._seen = self._newest()

    def _newest(self) -> int:
        lines = self._near.paper.broker.ledger.truth(0, 1_000_000)
        return int(str(lines[-1]["n"])) if lines else 0

    def begin(self) -> float:
        self._seen = self._newest()
        return self._loop.time()

    def moment(self, what: str) -> float | None:
        """When the exchange first noted this since begin(), in loop time."""
        now = self._loop.time()
        for line in self._near.paper.broker.ledger.truth(self._seen):
            if line["what"] == what:
                return now - (self._clock.now() - datetime.fromisoformat(str(line["at"]))).total_seconds()
        return None

    def told(self, after: float) -> float | None:
        """When the chat took the fill's own message."""
        for served in takewhile(lambda each: each.at >= after, reversed(self._near.telegram.served)):
            if served.method == "sendMessage" and "Filled" in str(served.params.get("text", "")):
                return served.at
        return None


async def _until(found: Any) -> float:
    async with asyncio.timeout(20):
        while (value := found()) is None:  # noqa: ASYNC110 - the records ring no bell
            await asyncio.sleep(0.02)  # the moments come from the records, so how often one looks does not matter
    return float(value)


def simulators(clock: LoopClock, loop: DemoLoop) -> Any:
    return neighbours(clock=clock, chance=random.Random(1), data=None, shift=loop.run_ahead, account=ACCOUNT, walk=0.0)


ACCOUNT = PaperAccount(cash=10_000_000_00)


def morning() -> datetime:
    """11:00 in India today: the clocks run ahead by an hour in all, and at midnight every session ends."""
    return at_ist(ist_date(SystemClock().now()), 11)


class Side:
    """One of the two, and the times of its rounds in milliseconds."""

    def __init__(self, near: Simulators, clock: LoopClock, ask: Callable[[], Awaitable[Any]]) -> None:
        self._near = near
        self._ask = ask
        self._watch = Stopwatch(near, clock)
        self.taps: list[float] = []
        self.fills: list[float] = []

    async def round(self) -> None:
        """A card, a glance at it, a tap, a fill."""
        watch = self._watch
        card = await self._ask()
        await asyncio.sleep(A_GLANCE)
        begun = watch.begin()
        self._near.person.press("Confirm buy", card)
        posted = await _until(lambda: watch.moment("asked"))
        filled = await _until(lambda: watch.moment("fill"))
        told = await _until(lambda: watch.told(begun))
        self.taps.append((posted - begun) * 1000)
        self.fills.append((told - filled) * 1000)
        await asyncio.sleep(A_GLANCE)


@asynccontextmanager
async def logged_in(directory: Path, loop: DemoLoop) -> AsyncIterator[tuple[Simulators, LoopClock, App]]:
    """The real bot between both simulators, its person logged in."""
    clock = LoopClock(loop, morning())
    kept = DemoDirectory(directory / "ours")
    kept.prepare(os.urandom)
    async with simulators(clock, loop) as near:
        settings = demo_settings(kept, near)
        await seed(settings, ACCOUNT, clock, os.urandom, inline=False)
        async with open_app(settings, clock=clock, random_bytes=os.urandom, redactor=Redactor()) as app:
            stop = asyncio.Event()
            running = asyncio.create_task(app.run(stop))
            await near.person.ask("/start", "owner")
            await near.person.ask("/login", "lives until")
            yield near, clock, app
            stop.set()
            await running


@asynccontextmanager
async def _ours(directory: Path, loop: DemoLoop) -> AsyncIterator[Side]:
    async with logged_in(directory, loop) as (near, clock, _):
        yield Side(near, clock, lambda: near.person.ask("/buy RELIANCE 1", "BUY 1 RELIANCE"))


@asynccontextmanager
async def _floor(directory: Path, loop: DemoLoop) -> AsyncIterator[Side]:
    clock = LoopClock(loop, morning())
    async with simulators(clock, loop) as near:
        bare = Bare(near, clock, directory / "floor.db")
        running = asyncio.create_task(bare.run())
        me = near.person
        me.say("/start")
        yield Side(near, clock, lambda: me.ask("buy", "BUY 1 RELIANCE"))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class Bare:
    """The least that does the same: the same calls, the same number of durable commits, nothing else."""

    def __init__(
        self, near: Simulators, clock: LoopClock, path: Path, *, account: PaperAccount = ACCOUNT, chat: int = VISITOR
    ) -> None:
        self._near = near
        self._clock = clock
        self._account = account
        self._chat = chat
        self._db = sqlite3.connect(path, isolation_level=None)
        for line in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)"):
            self._db.execute(line)
        self._telegram = f"{near.telegram_url}/bot{near.token}"
        self._rest = f"{near.broker_url}/openapi/typeb"
        limits = httpx.Limits(max_keepalive_connections=8, keepalive_expiry=300)
        self._http = httpx.AsyncClient(limits=limits, timeout=30, trust_env=False)
        self._poll = httpx.AsyncClient(limits=limits, timeout=60, trust_env=False)
        self._token = ""
        self._filled = asyncio.Event()

    def _commit(self, body: str) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("INSERT INTO t (body) VALUES (?)", (body,))
        self._db.execute("COMMIT")

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"X-Mirae-Version": "1", "X-PrivateKey": self._account.api_key}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        answer = await self._http.request(method, f"{self._rest}/{path}", json=body, headers=headers)
        return answer.json()

    async def run(self) -> None:
        """Logs in, listens to both, acts."""
        await self.log_in()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.listen())
            group.create_task(self._serve())

    async def log_in(self) -> None:
        account = self._account
        step = await self._call(
            "POST", "connect/login", {"clientcode": account.client, "password": account.password, "totp": "", "state": ""}
        )
        code = pyotp.TOTP(account.totp_seed or "").at(self._clock.now())
        handle = step["data"]["refreshToken"] or step["data"]["jwtToken"]
        session = await self._call("POST", "session/verifytotp", {"refreshToken": handle, "totp": code})
        self._token = session["data"]["jwtToken"]

    async def place(self, order: dict[str, str]) -> None:
        """One order, without a word to anybody."""
        await self._call("POST", "orders/regular", order)

    async def listen(self) -> None:
        """Tells each fill, after the three reads that we make of it."""
        url = f"{self._near.broker_ws_url}?API_KEY={self._account.api_key}&ACCESS_TOKEN={self._token}"
        async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
            await socket.send_str(f"LOGIN:{self._token}")
            async for frame in socket:
                text = str(frame.data)
                if '"trade"' in text:
                    books = ("orders", "tradebook", "portfolio/positions")
                    await asyncio.gather(*(self._call("GET", book) for book in books))
                    self._commit(text)
                    self._commit("leased")
                    await self._send("<b>Filled</b> BUY 1 RELIANCE")
                    self._commit("sent")

    async def _send(self, text: str, buttons: Any = None) -> None:
        form = {"chat_id": self._chat, "text": text, "parse_mode": "HTML"}
        if buttons:
            form["reply_markup"] = json.dumps({"inline_keyboard": buttons})
        await self._http.post(f"{self._telegram}/sendMessage", data=form)

    async def _serve(self) -> None:
        offset = 0
        while True:
            answer = await self._poll.post(f"{self._telegram}/getUpdates", data={"offset": offset, "timeout": 30})
            for update in answer.json()["result"]:
                offset = update["update_id"] + 1
                await self._take(update)

    async def _take(self, update: dict[str, Any]) -> None:
        self._commit(json.dumps(update))
        if "callback_query" in update:
            await self._act(update["callback_query"])
        elif update["message"]["text"] == "buy":
            await self._send("BUY 1 RELIANCE", [[{"text": "Confirm buy", "callback_data": "c:y"}]])

    async def _act(self, tap: Any) -> None:
        await self._http.post(f"{self._telegram}/answerCallbackQuery", data={"callback_query_id": tap["id"], "text": "Sending…"})
        self._commit("claimed")
        await self._call("POST", "orders/regular", ORDER)
        self._commit("placed")


ORDER = {
    "variety": "NORMAL", "tradingsymbol": "RELIANCE-EQ", "symboltoken": "2885", "exchange": "NSE", "transactiontype": "BUY",
    "ordertype": "LIMIT", "quantity": "1", "producttype": "DELIVERY", "price": "1487.70", "triggerprice": "0", "squareoff": "0",
    "stoploss": "0", "trailingStopLoss": "", "disclosedquantity": "0", "duration": "DAY", "ordertag": "floor",
}  # fmt: skip
