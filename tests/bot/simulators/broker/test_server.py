"""The broker as a whole: it outlives restarts, and lives under another application's roof."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.simulators.broker.server import PARTS, Running, build_app, run
from bot.simulators.loop import LoopClock
from tests.bot.simulators.broker.wire import STILL, Wire, broker


async def test_a_new_server_on_the_same_directory_has_the_same_books(clock: LoopClock, tmp_path: Path) -> None:
    settings = replace(STILL, data=tmp_path / "books")
    async with broker(clock, settings, seed=1) as wire:
        await wire.login()
        await wire.filled()
        await wire.desk("POST", "/prices", {"name": "RELIANCE", "price": "1465.00"})
        resting = await wire.place(price="1460.00")
        wire.running.broker.faults.arm("fill_late", seconds=30)
        late = await wire.place("ITC-EQ", "SELL", 1)
        token, option = wire.token, wire.running.broker.named("NFO", "NIFTY26NOV24500CE")
        wire.running.broker.faults.arm("answer_lost")
        with contextlib.suppress(aiohttp.ClientError):
            await wire.call("POST", "orders/regular", wire.order(quantity=3, ordertag="lost"))
        await asyncio.sleep(0.3)
        before = [await wire.call("GET", path) for path in ("orders", "tradebook", "portfolio/positions", "portfolio/holdings")]
        truth = await wire.desk("GET", "/truth")

    async with broker(clock, settings, seed=2) as wire:
        wire.token = token  # the session outlives the restart too
        after = [await wire.call("GET", path) for path in ("orders", "tradebook", "portfolio/positions", "portfolio/holdings")]
        assert after == before
        assert (await wire.desk("GET", "/truth"))["lines"][: len(truth["lines"])] == truth["lines"]
        assert wire.running.broker.named("NFO", "NIFTY26NOV24500CE") == option
        assert [row["quantity"] for row in after[0]["data"] if row["ordertag"] == "lost"] == ["3"]
        await asyncio.sleep(31)
        assert (await wire.row(late))["status"] == "Traded"
        await wire.desk("POST", "/prices", {"name": "RELIANCE", "price": "1450.00"})
        await asyncio.sleep(0.2)
        assert (await wire.row(resting))["status"] == "Traded"
        taken = await wire.place()
        assert taken not in {row["orderid"] for row in after[0]["data"]}


async def test_mounted_under_a_path_it_works_by_addresses_with_that_path(clock: LoopClock) -> None:
    main = web.Application()
    inner = build_app(STILL, clock=clock, rng=random.Random(3))
    main.add_subapp("/exchange", inner)
    runner = web.AppRunner(main, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = f"127.0.0.1:{runner.addresses[0][1]}/exchange"
    parts = inner[PARTS]
    running = Running(f"http://{base}", f"ws://{base}/ws", f"http://{base}/desk", parts.broker, parts.stream, parts.counter)
    async with aiohttp.ClientSession() as http:
        wire = Wire(running, clock, http)
        await wire.login()
        async with wire.socket():
            await asyncio.sleep(0.1)
            assert (await wire.filled())["status"] == "Traded"
            assert (await wire.desk("GET", "/state"))["sockets"] == 1
        async with wire.socket() as last:
            await asyncio.sleep(0.1)
            ending = asyncio.create_task(runner.cleanup())
            message = await last.receive()
            assert (message.type, last.close_code) == (aiohttp.WSMsgType.CLOSE, 1001)
            await ending


async def test_run_serves_until_it_is_cancelled(clock: LoopClock) -> None:
    told: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(run(STILL, clock=clock, rng=random.Random(1), ready=told.set_result))
    running = await told
    async with aiohttp.ClientSession() as http, http.get(running.desk_url + "/state") as answer:
        assert answer.status == 200
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


async def test_unknown_routes_answer_404_in_the_envelope(wire: Wire) -> None:
    status, text = await wire.raw("GET", "typea/orders")
    assert (status, '"IA404"' in text.replace(" ", "")) == (404, True)


FOREIGN = [
    {"Origin": "http://evil.example", "Content-Type": "text/plain"},
    {"Host": "evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_page_of_another_site_reads_and_does_nothing_at_a_broker_that_runs_alone(
    wire: Wire, headers: dict[str, str]
) -> None:
    before = await wire.desk("GET", "/state")
    order = json.dumps({"name": "RELIANCE", "side": "BUY", "quantity": 10})
    keys = json.dumps({"client": wire.account.client, "password": "theirs", "api_key": "theirs"})
    login = json.dumps({"clientcode": wire.account.client, "password": wire.account.password})
    asked = [("POST", "/desk/orders", order), ("POST", "/desk/accounts", keys), ("POST", "/desk/prices", "{}")]
    asked += [("DELETE", "/desk/faults", ""), ("GET", "/desk/state", ""), ("GET", "/desk/truth", "")]
    asked += [("POST", "/openapi/typeb/connect/login", login), ("OPTIONS", "/desk/orders", "")]
    for method, path, body in asked:
        async with wire.http.request(method, wire.running.rest_url + path, data=body, headers=headers) as answer:
            assert answer.status == 403, path
    params = {"API_KEY": wire.account.api_key, "ACCESS_TOKEN": wire.token}
    for path in ("/", "/ws"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await wire.http.ws_connect(wire.running.rest_url + path, params=params, headers=headers)
        assert refused.value.status == 403
    assert await wire.desk("GET", "/state") == before
    assert wire.running.broker.ledger.accounts[wire.account.client].password == wire.account.password


async def test_the_desk_that_the_start_names_can_be_opened_in_a_browser(wire: Wire) -> None:
    opened = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    async with wire.http.get(wire.running.desk_url + "/state", headers=opened) as answer:
        assert answer.status == 200
        assert "aiohttp" not in answer.headers["Server"]
