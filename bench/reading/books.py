"""What those who look wait for: /positions and /funds beside a bare loop that does the same, and twenty people at one moment.

A look is measured from the message that is said to the answer at the chat. The floor, in the same run and turn by turn, is an
asyncio loop with aiohttp that makes the same reads at the broker and one sendMessage. It commits nothing.
"""

import asyncio
import gc
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pyotp

from bench.orders.journey import A_GLANCE, ACCOUNT, WARM, logged_in, morning, row, simulators
from bot.app import App
from bot.demo.simulators import VISITOR, Simulators
from bot.domain.people.account import Role, User
from bot.domain.ports.repositories import Repositories
from bot.simulators.loop import DemoLoop, LoopClock
from bot.simulators.person.scripted import ScriptedPerson

ROUNDS = 60
SHARES = {"RELIANCE": ("2885", 1480.30), "TCS": ("11536", 3142.60), "INFY": ("1594", 1564.30), "SBIN": ("3045", 985.60),
          "ITC": ("1660", 412.85)}  # fmt: skip
PEOPLE, TIMES, BURSTS = 20, 3, 5
BURST_AND_RATE = 30  # messages that Telegram takes at once, and then in each second

Row = dict[str, Any]


def measure() -> list[Row]:
    """Looks in milliseconds, the burst in seconds."""
    with asyncio.Runner(loop_factory=DemoLoop) as runner, tempfile.TemporaryDirectory() as directory:
        return runner.run(_measure(Path(directory)))


async def _measure(directory: Path) -> list[Row]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    async with _ours(directory, loop) as (ours, app), _floor(loop) as floor:
        gc.collect()
        gc.freeze()  # as the bot does when it is open
        times: dict[str, tuple[list[float], list[float]]] = {"/positions": ([], []), "/funds": ([], [])}
        for _ in range(ROUNDS + WARM):
            for words, sides in times.items():
                for near, samples in zip((ours, floor), sides, strict=True):
                    loop.shift(15)  # the limiter's allowance for this chat grows back
                    await asyncio.sleep(A_GLANCE)
                    samples.append(await _look(near, words))
    async with _ours(directory / "burst", loop) as (ours, app):
        bursts = await _bursts(ours, app, loop)
    return [
        row("/positions with five positions: said to answered", *times["/positions"], "at most 2.5 times the floor at p50"),
        row("/funds: said to answered", *times["/funds"], "at most 2 times the floor at p50"),
        _burst_row(bursts),
    ]


async def _look(near: Simulators, words: str) -> float:
    """Milliseconds from the message to its answer."""
    begun = asyncio.get_running_loop().time()
    near.person.say(words)
    (answered,) = await _answers(near, begun, 1)
    return (answered - begun) * 1000


async def _answers(near: Simulators, begun: float, count: int) -> list[float]:
    """When so many lists arrived at the chats since a moment."""
    async with asyncio.timeout(60):
        while True:
            found = [
                served.at for served in near.telegram.sent("sendMessage")[-count:] if served.at >= begun and _is_list(served)
            ]
            if len(found) == count:
                return found
            await asyncio.sleep(0.02)  # the moments come from the records, so how often one looks does not matter


def _is_list(served: Any) -> bool:
    return served.status == 200 and "as of" in str(served.params.get("text", ""))


async def _bursts(near: Simulators, app: App, loop: DemoLoop) -> list[float]:
    """Seconds until the last of sixty lists arrived that twenty people asked for at one moment."""
    numbers = range(6000, 6000 + PEOPLE)
    people = [ScriptedPerson(near.chats, number, name=f"P{number}", started=True) for number in numbers]
    now = app.core.services.clock.now()

    def add(db: Repositories) -> None:
        for number in numbers:
            db.people.add(User(telegram_id=number, name=f"P{number}"), Role.VIEWER, None, now)

    await app.store.transaction(add)
    await app.core.services.allowlist.refresh()
    seconds = []
    for _ in range(BURSTS):
        await loop.run_ahead(60)  # every allowance grows back
        begun = loop.time()
        for _ in range(TIMES):
            for me in people:
                me.say("/positions")
        seconds.append(max(await _answers(near, begun, PEOPLE * TIMES)) - begun)
    return seconds


def _burst_row(seconds: list[float]) -> Row:
    floor = (PEOPLE * TIMES - BURST_AND_RATE) / BURST_AND_RATE
    middle, worst = sorted(seconds)[len(seconds) // 2], max(seconds)
    return {
        "name": f"burst: {PEOPLE} people ask {TIMES} times each for /positions, to the last answer", "unit": "s",
        "ours_p50": middle, "ours_p99": worst, "floor_p50": floor, "floor_p99": floor, "ratio_p50": middle / floor,
        "ratio_p99": worst / floor, "aim": f"at most 1.2 times what {BURST_AND_RATE} messages a second allow",
    }  # fmt: skip


def _tells_of_fill(symbol: str, message: dict[str, Any]) -> bool:
    return "Filled #" in message["text"] and symbol in message["text"]


@asynccontextmanager
async def _ours(directory: Path, loop: DemoLoop) -> AsyncIterator[tuple[Simulators, App]]:
    """The logged-in bot with one position for each of the shares."""
    async with logged_in(directory, loop) as (near, _, app):
        me = near.person
        for symbol in SHARES:
            card = await me.ask(f"/buy {symbol} 1", f"BUY 1 {symbol}")
            me.press("Confirm buy", card)
            await me.wait_for(partial(_tells_of_fill, symbol))
            loop.shift(15)
            await asyncio.sleep(A_GLANCE)
        yield near, app


@asynccontextmanager
async def _floor(loop: DemoLoop) -> AsyncIterator[Simulators]:
    clock = LoopClock(loop, morning())
    async with simulators(clock, loop) as near, aiohttp.ClientSession() as http:
        bare = Bare(near, clock, http)
        await bare.begin()
        running = asyncio.create_task(bare.serve())
        yield near
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class Bare:
    """The least that answers: the same reads and one message."""

    def __init__(self, near: Simulators, clock: LoopClock, http: aiohttp.ClientSession) -> None:
        self._clock = clock
        self._http = http
        self._telegram = f"{near.telegram_url}/bot{near.token}"
        self._rest = f"{near.broker_url}/openapi/typeb"
        self._headers = {"X-Mirae-Version": "1", "X-PrivateKey": ACCOUNT.api_key}

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        async with self._http.request(method, f"{self._rest}/{path}", json=body, headers=self._headers) as answer:
            return await answer.json(content_type=None)

    async def begin(self) -> None:
        """Logs in and buys one of each share."""
        login = {"clientcode": ACCOUNT.client, "password": ACCOUNT.password, "totp": "", "state": ""}
        step = await self._call("POST", "connect/login", login)
        code = pyotp.TOTP(ACCOUNT.totp_seed or "").at(self._clock.now())
        handle = step["data"]["refreshToken"] or step["data"]["jwtToken"]
        session = await self._call("POST", "session/verifytotp", {"refreshToken": handle, "totp": code})
        self._headers["Authorization"] = f"Bearer {session['data']['jwtToken']}"
        for symbol, (token, price) in SHARES.items():
            order = {
                "variety": "NORMAL", "tradingsymbol": f"{symbol}-EQ", "symboltoken": token, "exchange": "NSE",
                "transactiontype": "BUY", "ordertype": "LIMIT", "quantity": "1", "producttype": "DELIVERY",
                "price": f"{round(price * 1.005, 1):.2f}", "triggerprice": "0", "squareoff": "0", "stoploss": "0",
                "trailingStopLoss": "", "disclosedquantity": "0", "duration": "DAY", "ordertag": "floor",
            }  # fmt: skip
            await self._call("POST", "orders/regular", order)
            await asyncio.sleep(0.5)
        assert len((await self._call("GET", "portfolio/positions"))["data"]) == len(SHARES)

    async def serve(self) -> None:
        """Answers each message with a list."""
        looks: dict[str, Callable[[], Any]] = {
            "/positions": lambda: asyncio.gather(self._call("GET", "portfolio/positions"), self._call("GET", "tradebook")),
            "/funds": lambda: self._call("GET", "user/fundsummary"),
        }
        offset = 0
        while True:
            async with self._http.post(f"{self._telegram}/getUpdates", data={"offset": offset, "timeout": 30}) as answer:
                updates = (await answer.json())["result"]
            for update in updates:
                offset = update["update_id"] + 1
                data = await looks[update["message"]["text"]]()
                text = f"<b>as of</b> <pre>{str(data)[:500]}</pre>"
                form = {"chat_id": VISITOR, "text": text, "parse_mode": "HTML"}
                async with self._http.post(f"{self._telegram}/sendMessage", data=form) as sent:
                    await sent.read()
