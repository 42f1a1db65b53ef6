"""A bare client of the paper broker for tests: says what is on the wire and understands nothing of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pyotp

from bot.simulators.broker.exchange.orderbook import Clock
from bot.simulators.broker.server import Running, serve
from bot.simulators.broker.settings import PaperAccount, PaperSettings

ACCOUNT = PaperAccount()
SEED = str(ACCOUNT.totp_seed)
STILL = PaperSettings(walk=0.0)  # prices that stand: RELIANCE 1480.30


@dataclass
class Days:
    """A clock that can be put forward by days while its loop stands: nights pass without being waited for."""

    clock: Clock
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.clock.now() + self.ahead

    def pass_days(self, days: int) -> None:
        self.ahead += timedelta(days=days)


@dataclass
class Wire:
    """One person's program: headers, token, calls."""

    running: Running
    clock: Clock
    http: aiohttp.ClientSession
    account: PaperAccount = ACCOUNT
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        found = {"X-Mirae-Version": "1", "X-PrivateKey": self.account.api_key}
        return found | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    async def raw(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, str]:
        url = f"{self.running.rest_url}/openapi/typeb/{path}"
        async with self.http.request(method, url, json=body, headers=self.headers | headers) as answer:
            return answer.status, await answer.text()

    async def call(self, method: str, path: str, body: object = None) -> Any:
        _, text = await self.raw(method, path, body)
        return json.loads(text)

    async def data(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.call(method, path, body)
        assert answer["status"] is True, answer
        return answer["data"]

    async def login(self) -> None:
        first = await self.call("POST", "connect/login", {"clientcode": self.account.client, "password": self.account.password})
        handle = first["data"]["refreshToken"] or first["data"]["jwtToken"]
        code = pyotp.TOTP(str(self.account.totp_seed)).at(self.clock.now())
        second = await self.call("POST", "session/verifytotp", {"refreshToken": handle, "totp": code})
        self.token = second["data"]["jwtToken"]

    def order(self, name: str = "RELIANCE-EQ", side: str = "BUY", quantity: int = 10, **more: str) -> dict[str, str]:
        """A whole order body. `exchange` and token follow the name."""
        broker = self.running.broker
        exchange = more.pop("exchange", "NSE" if name.endswith("-EQ") else "NFO")
        instrument = broker.named(exchange, name)
        assert instrument is not None, name
        body = {
            "variety": "NORMAL", "tradingsymbol": name, "symboltoken": instrument.token, "exchange": exchange,
            "transactiontype": side, "ordertype": "MARKET", "quantity": str(quantity),
            "producttype": "CARRYFORWARD" if instrument.is_derivative else "DELIVERY", "price": "0", "triggerprice": "0",
            "squareoff": "0", "stoploss": "0", "trailingStopLoss": "", "disclosedquantity": "0", "duration": "DAY",
            "ordertag": "test",
        }  # fmt: skip
        if "price" in more:
            body["ordertype"] = "LIMIT"
        return body | more

    async def place(self, *args: Any, **more: Any) -> str:
        """The id of an order that was taken."""
        answer = await self.call("POST", "orders/regular", self.order(*args, **more))
        assert answer[0]["status"] is True, answer
        return str(answer[0]["data"]["orderid"])

    async def rejected(self, *args: Any, **more: Any) -> str:
        """The words of an order that was not."""
        answer = await self.call("POST", "orders/regular", self.order(*args, **more))
        row = answer[0] if isinstance(answer, list) else answer
        assert row["status"] is False, answer
        return str(row["message"])

    async def row(self, order_id: str) -> dict[str, str]:
        rows = await self.data("GET", "orders")
        return next(row for row in rows if row["orderid"] == order_id)

    async def filled(self, *args: Any, **more: Any) -> dict[str, str]:
        """Places, waits for the exchange, and answers the row of the book."""
        order_id = await self.place(*args, **more)
        await asyncio.sleep(0.2)
        return await self.row(order_id)

    async def funds(self) -> dict[str, Any]:
        rows = await self.data("GET", "user/fundsummary")
        found: dict[str, Any] = rows[0]
        return found

    async def desk(self, method: str, path: str, body: object = None) -> Any:
        async with self.http.request(method, self.running.desk_url + path, json=body) as answer:
            found = await answer.json()
            assert answer.status == 200, found
            return found

    @contextlib.asynccontextmanager
    async def socket(self, *, login: bool = True) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        params = {"API_KEY": self.account.api_key, "ACCESS_TOKEN": self.token}
        async with self.http.ws_connect(self.running.ws_url, params=params) as socket:
            if login:
                await socket.send_str(f"LOGIN:{self.token}")
            yield socket


async def heard(socket: aiohttp.ClientWebSocketResponse, seconds: float) -> list[Any]:
    """Everything that the socket says within so many (virtual) seconds."""
    found: list[Any] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for message in socket:
                found.append(message.data)  # noqa: PERF401 - what was heard before the time-out counts
    return found


@contextlib.asynccontextmanager
async def broker(clock: Clock, settings: PaperSettings = STILL, *, seed: int = 7) -> AsyncIterator[Wire]:
    """A paper broker and a client that has not logged in."""
    # Its connections are looked after every `keepalive_timeout` seconds of the loop, which are thousands of leaps in a day.
    pool = aiohttp.TCPConnector(keepalive_timeout=86_400)
    async with serve(settings, clock=clock, rng=random.Random(seed)) as running, aiohttp.ClientSession(connector=pool) as http:
        http._retry_connection = False  # it would send a PUT or DELETE again whose line was cut
        yield Wire(running, clock, http, settings.accounts[0])
