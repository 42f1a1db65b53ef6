"""The broker's own process is killed with SIGKILL in the middle of orders: its books come back whole, nothing lost or doubled."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
import pytest

from bot.domain.clock import SystemClock
from tests.bot.simulators.broker.wire import ACCOUNT, SEED

ROOT = Path(__file__).parents[4]
SERVER = """
import asyncio, random, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.simulators.broker.server import run
from bot.simulators.broker.settings import LAKH, PaperAccount, PaperSettings

class Clock:
    def now(self):
        return datetime.now(UTC)

settings = PaperSettings(data=Path(sys.argv[1]), walk=0.0, accounts=(PaperAccount(cash=100 * LAKH),))
asyncio.run(run(settings, clock=Clock(), rng=random.SystemRandom(), ready=lambda it: print(it.rest_url, flush=True)))
"""
pytestmark = [pytest.mark.asyncio(loop_factories=["real"]), pytest.mark.exhaustive]


@dataclass
class Process:
    """The broker as a process of its own, and a client beside it."""

    books: Path
    http: aiohttp.ClientSession
    token: str = ""
    url: str = ""
    running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        words = [sys.executable, "-c", SERVER, str(self.books)]
        self.running = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        assert self.running.stdout is not None
        self.url = (await asyncio.wait_for(self.running.stdout.readline(), 30)).decode().strip()
        assert self.url.startswith("http://127.0.0.1:")

    async def kill(self) -> None:
        assert self.running is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.running.pid, signal.SIGKILL)
        await self.running.wait()

    async def call(self, method: str, path: str, body: object = None) -> Any:
        headers = {"X-Mirae-Version": "1", "X-PrivateKey": ACCOUNT.api_key, "Authorization": f"Bearer {self.token}"}
        async with self.http.request(method, f"{self.url}/openapi/typeb/{path}", json=body, headers=headers) as answer:
            return json.loads(await answer.text())

    async def login(self) -> None:
        first = await self.call("POST", "connect/login", {"clientcode": ACCOUNT.client, "password": ACCOUNT.password})
        code = pyotp.TOTP(SEED).at(SystemClock().now())
        body = {"refreshToken": first["data"]["jwtToken"], "totp": code}
        self.token = (await self.call("POST", "session/verifytotp", body))["data"]["jwtToken"]

    async def place(self, tag: str, **terms: str) -> str | None:
        """The order's id, or None when no answer came."""
        body = {
            "variety": "NORMAL", "tradingsymbol": "RELIANCE-EQ", "symboltoken": "2885", "exchange": "NSE",
            "transactiontype": "BUY", "ordertype": "MARKET", "quantity": "9", "producttype": "INTRADAY", "price": "0",
            "triggerprice": "0", "duration": "DAY", "ordertag": tag, **terms,
        }  # fmt: skip
        try:
            (answer,) = await self.call("POST", "orders/regular", body)
        except (aiohttp.ClientError, ValueError):
            return None
        assert answer["status"] is True, answer
        return str(answer["data"]["orderid"])

    async def desk(self, method: str, path: str, body: object = None) -> Any:
        async with self.http.request(method, f"{self.url}/desk{path}", json=body) as answer:
            assert answer.status == 200
            return await answer.json()


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    async with aiohttp.ClientSession() as http:
        found = Process(tmp_path / "books", http)
        await found.start()
        try:
            await found.login()
            yield found
        finally:
            await found.kill()


async def test_killed_amid_orders_and_fills_every_answered_order_is_there_once_and_every_fill_counts_once(
    process: Process,
) -> None:
    chance = random.Random(31)
    promised: dict[str, str] = {}
    resting = await process.place("resting", ordertype="LIMIT", price="1400.00")
    assert resting is not None
    for round_ in range(3):
        await process.desk("POST", "/faults", {"name": "fill_in_parts", "parts": 3, "seconds": 0.15, "times": None})
        tags = [f"k{round_}n{number}" for number in range(30)]
        placing = [asyncio.create_task(process.place(tag)) for tag in tags]
        for _, answered in zip(range(chance.randrange(5, 20)), asyncio.as_completed(placing), strict=False):
            await answered
        await process.kill()
        answers = await asyncio.gather(*placing)
        promised |= {tag: order for tag, order in zip(tags, answers, strict=True) if order is not None}
        assert len(promised) < 30 * (round_ + 1), "it was killed before the last answer"
        await process.start()
    rows: list[dict[str, str]] = []
    for _ in range(100):  # the orders of the last round are still filling
        rows = (await process.call("GET", "orders"))["data"]
        if {row["status"] for row in rows if row["ordertag"] != "resting"} == {"Traded"}:
            break
        await asyncio.sleep(0.1)
    by_tag = Counter(row["ordertag"] for row in rows)
    assert max(by_tag.values()) == 1
    assert {row["ordertag"]: row["orderid"] for row in rows}.items() >= promised.items()
    assert len({row["orderid"] for row in rows}) == len(rows)
    assert {row["status"] for row in rows if row["ordertag"] != "resting"} == {"Traded"}
    trades = (await process.call("GET", "tradebook"))["data"]
    assert len({trade["TRADE_NUMBER"] for trade in trades}) == len(trades)
    filled: Counter[str] = Counter()
    for trade in trades:
        filled[trade["ORDER_NUMBER"]] += trade["QUANTITY"]
    assert filled == {row["orderid"]: 9 for row in rows if row["ordertag"] != "resting"}
    (position,) = (await process.call("GET", "portfolio/positions"))["data"]
    assert int(position["netqty"]) == sum(filled.values())
    (funds,) = (await process.call("GET", "user/fundsummary"))["data"]
    kept = {
        name: Decimal(funds[name]) for name in ("AVAILABLE_BALANCE", "LIMIT_SOD", "AMOUNT_UTILIZED", "OPT_BUY_PRIMIUM_UTILIZE")
    }
    assert kept["AVAILABLE_BALANCE"] == kept["LIMIT_SOD"] - kept["AMOUNT_UTILIZED"] - kept["OPT_BUY_PRIMIUM_UTILIZE"]
    told: list[dict[str, Any]] = []
    while lines := (await process.desk("GET", f"/truth?since={told[-1]['n'] if told else 0}"))["lines"]:
        told += lines
    assert len([line for line in told if line["what"] == "order"]) == len(rows)
    answer = await process.call("DELETE", f"orders/regular/{resting}", {"variety": "NORMAL", "orderid": resting})
    assert answer["status"] is True, "what rested before three deaths is still there to be cancelled"
