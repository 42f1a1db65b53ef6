"""The truth log holds all that happened, and nothing that the bot can ask for tells it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp
import pytest
from yarl import URL

from bot.broker import routes
from bot.simulators.broker.server import ROUTES
from bot.simulators.loop import LoopClock
from tests.bot.simulators.broker.wire import STILL, Wire, broker, heard
from tests.house.source import ROOT

MARK = "known-to-the-exchange-alone-7391"
ASKED_BY_THE_BOT = [each for each in vars(routes).values() if isinstance(each, routes.Route)]


def filled_in(path: str) -> str:
    values = {"order": "1", "orderid": "1", "exchange": "2", "expiry": "1", "token": "26000"}
    return path.format(**values)


async def test_what_the_exchange_alone_knows_comes_back_over_no_route_and_no_frame(wire: Wire) -> None:
    ledger = wire.running.broker.ledger
    with ledger.change():
        ledger.tell(wire.clock.now(), wire.account.client, "order", id=MARK, tag=MARK)
    assert MARK in str(await wire.desk("GET", "/truth"))
    calls = [(method, filled_in(each.path)) for each in ROUTES for method in each.methods if each.name != "logout"]
    calls += [(each.method, filled_in(each.path)) for each in ASKED_BY_THE_BOT if each.path != "logout"]
    body = {
        **wire.order(), "order_no": "1", "fromdate": "2026-11-19 09:15", "todate": "2026-11-20 15:30", "interval": "ONE_DAY",
        "mode": "LTP", "exchangeTokens": {"NSE": ["2885"]}, "BaskName": "x", "TypeFlag": "G", "Exchange": "1",
    }  # fmt: skip
    async with wire.socket() as socket:
        await asyncio.sleep(0.1)
        for method, path in dict.fromkeys(calls):
            for sent in (None, body):
                _, text = await wire.raw(method, path, sent)
                assert MARK not in text, (method, path)
        for path in ("truth", "desk/truth", "../desk/truth", "orders/../../../desk/truth", "orders/truth"):
            url = URL(f"{wire.running.rest_url}/openapi/typeb/{path}".replace("/../", "/%2e%2e/"), encoded=True)
            async with wire.http.get(url, headers=wire.headers) as answer:
                assert MARK not in await answer.text(), path
        assert MARK not in str(await heard(socket, 3))


def test_all_that_the_bot_asks_lies_below_the_brokers_own_prefix_and_only_the_pump_knows_the_desk() -> None:
    assert len(ASKED_BY_THE_BOT) > 20
    assert routes.PREFIX == "/openapi/typeb/"
    assert not any(".." in each.path or each.path.startswith("/") for each in ASKED_BY_THE_BOT)
    for package in ("bot", "handlers", "storage"):
        for path in (ROOT / package).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith("bot/simulators/"):
                continue
            words = path.read_text(encoding="utf-8")
            assert "/truth" not in words, name
            assert "desk_url" not in words or name in {"bot/demo/live_prices.py", "bot/demo/practice.py", "bot/cli/paper.py"}, (
                name
            )


async def test_without_a_desk_the_log_is_on_disk_alone(clock: LoopClock) -> None:
    async with broker(clock, replace(STILL, desk=False)) as wire:
        await wire.login()
        await wire.filled()
        for path in ("/desk/truth", "/desk/state", "/desk/faults", "/truth"):
            async with wire.http.get(wire.running.rest_url + path) as answer:
                assert answer.status == 404
        assert [line["what"] for line in wire.running.broker.ledger.truth()][-2:] == ["order", "fill"]


async def test_an_orders_whole_life_is_told_with_what_was_asked_and_what_became_of_it(wire: Wire) -> None:
    wire.running.broker.faults.arm("answer_lost", route="place")
    with pytest.raises(aiohttp.ClientError):
        await wire.call("POST", "orders/regular", wire.order(quantity=3, price="1470.00", ordertag="mine"))
    await asyncio.sleep(0.2)
    (row,) = await wire.data("GET", "orders")
    await wire.data("PUT", f"orders/regular/{row['orderid']}", wire.order(quantity=4, price="1471.00"))
    await wire.desk("POST", f"/orders/{row['orderid']}/fill", {"quantity": 1})
    await wire.data("DELETE", f"orders/regular/{row['orderid']}", {"variety": "NORMAL"})
    lines = [line for line in (await wire.desk("GET", "/truth"))["lines"] if line["what"] != "password accepted"]
    told = [line["what"] for line in lines]
    assert told == ["session opened", "asked", "order", "fault", "asked", "modified", "fill", "asked", "cancelled"]
    assert (lines[1]["ordertag"], lines[2]["tag"], lines[2]["id"]) == ("mine", "mine", row["orderid"])
    assert (lines[5]["quantity"], lines[6]["quantity"], lines[8]["filled"]) == (4, 1, 1)
    assert [line["n"] for line in lines] == sorted(line["n"] for line in lines)
