"""The counter under anything that anybody may send: an answer of the known kinds, never a crash."""

from __future__ import annotations

import asyncio
import io
import random
from typing import Any

import aiohttp
import pytest

from bot.simulators.broker.server import ROUTES
from tests.bot.simulators.broker.wire import Wire
from tests.stage.depth import examples

ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", " ", "NaN", "-0", "1e400", "2885", "NSE", "BUY", "MARKET", "DELIVERY", "2026-11-19",
    "ONE_DAY", "\ud800", "\x00", "x" * 300, "०१", [], [1], [[]], {}, {"a": []}, {"NSE": ["2885"]}, {"NSE": "2885"},
    {"NSE": [{}, None, 2885]},
]  # fmt: skip
FIELDS = [
    "variety", "tradingsymbol", "symboltoken", "exchange", "transactiontype", "ordertype", "quantity", "producttype", "price",
    "triggerprice", "duration", "ordertag", "disclosedquantity", "mode", "exchangeTokens", "interval", "fromdate", "todate",
    "orders", "order_no", "BaskName", "BasketId", "basket_id", "clientcode", "password", "refreshToken", "totp", "otp",
    "oldproducttype", "newproducttype", "TypeFlag", "Exchange", "segment", "exch_id", "scriptcode", "order_qty", "ord_product",
]  # fmt: skip
HONEST_500 = {"cancel", "deletebasket", "intraday"}  # IA500 is what these answer to a missing body or a day's candles


async def test_no_body_brings_the_broker_to_its_knees(wire: Wire) -> None:
    rng = random.Random(11)
    for number in range(examples(700)):
        route = ROUTES[number % len(ROUTES)]
        if route.name == "logout":
            continue
        path = route.path.format(order=rng.choice(["1", "x", "%20"]), exchange=rng.choice("25x"), expiry="1", token="26000")
        body: Any = {name: rng.choice(ODD) for name in rng.sample(FIELDS, rng.randrange(12))}
        if route.name in ("place", "modify"):
            body = wire.order(quantity=1) | dict(list(body.items())[:2])
        if route.name == "margin":
            body = {
                "orders": rng.choice([[body], [{}], [None], "x", [{"token": "2885", "exchange": "NSE", "quantity": "1", **body}]])
            }
        if rng.random() < 0.1:
            body = rng.choice(ODD)
        status, text = await wire.raw(rng.choice(route.methods), path, body)
        assert status in (200, 400, 401, 403, 404) or (status == 500 and route.name in HONEST_500), (
            route.name,
            body,
            status,
            text,
        )
        assert text.startswith(("{", "[")), (route.name, body, text)
    assert (await wire.filled())["status"] == "Traded"


async def test_a_body_that_is_no_json_or_too_large_is_refused_in_form(wire: Wire) -> None:
    url = wire.running.rest_url + "/openapi/typeb/orders/regular"
    for raw in (b"\xff\xfe", b"{", b"[]", b"null", b"", b"[" * 100_000):
        async with wire.http.post(url, data=raw, headers=wire.headers) as answer:
            assert (answer.status, (await answer.json())["errorcode"]) == (400, "IA400")
    async with wire.http.post(url, data=io.BytesIO(b"[" * 2_000_000), headers=wire.headers) as answer:
        assert answer.status == 413
    assert await wire.data("GET", "orders") is None


async def test_a_client_that_gives_up_before_a_late_effect_does_not_undo_it(wire: Wire) -> None:
    wire.running.broker.faults.arm("request_late", seconds=10, route="place")
    url = wire.running.rest_url + "/openapi/typeb/orders/regular"
    with pytest.raises(TimeoutError):
        await wire.http.post(url, json=wire.order(), headers=wire.headers, timeout=aiohttp.ClientTimeout(total=3))
    assert await wire.data("GET", "orders") is None
    await asyncio.sleep(10)
    assert len(await wire.data("GET", "orders")) == 1


async def test_content_type_does_not_matter_and_versions_do(wire: Wire) -> None:
    url = wire.running.rest_url + "/openapi/typeb/order/details"
    headers = wire.headers | {"Content-Type": "text/plain"}
    async with wire.http.post(url, data=b'{"order_no": "1"}', headers=headers) as answer:
        assert (await answer.json()) == {"status": True, "message": "SUCCESS", "errorcode": "", "data": None}
    async with wire.http.post(url, data=b"{}", headers={k: v for k, v in headers.items() if k != "X-Mirae-Version"}) as answer:
        assert (answer.status, (await answer.json())["error_type"]) == (400, "VersionException")


async def test_calls_are_counted_by_route_before_any_fault(wire: Wire) -> None:
    wire.running.broker.faults.arm("html_page")
    await wire.raw("GET", "orders")
    await wire.raw("GET", "orders")
    assert wire.running.counter.calls["orders"] == 2


async def test_a_password_or_code_that_is_no_text_is_wrong_and_nothing_else(wire: Wire) -> None:
    for password in ("\ud800", 5, None, ["x"], "०"):
        answer = await wire.call("POST", "connect/login", {"clientcode": "MA00001", "password": password})
        assert answer["status"] is False
    first = await wire.data("POST", "connect/login", {"clientcode": "MA00001", "password": wire.account.password})
    for code in ("\ud800", "", None, 12):
        body = {"refreshToken": first["jwtToken"], "totp": code}
        assert (await wire.raw("POST", "session/verifytotp", body))[0] == 400
    for handle in ("\ud800", "", None, "a.b.c", "é.é.é", 1):
        assert (await wire.raw("POST", "session/verifytotp", {"refreshToken": handle, "totp": "123456"}))[0] == 401
