"""Misbehaviours of the broker's house: its switches, limits, logins, clock and master."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest

from tests.bot.simulators.broker.faults.test_table import arm
from tests.bot.simulators.broker.wire import Wire


async def test_switches_of_the_house(wire: Wire) -> None:
    option = await wire.place("NIFTY26NOV24500CE", "BUY", 65)
    stop = await wire.place("ITC-EQ", "SELL", 1, ordertype="SL", price="404.00", triggerprice="405.00")
    arm(wire, "na_suffix")
    arm(wire, "stop_called_sl")
    assert (await wire.row(option))["tradingsymbol"] == "NIFTY-23Nov2026-24500-CE-NA"
    assert (await wire.row(stop))["ordertype"] == "SL"
    wire.running.broker.faults.clear()
    assert (await wire.row(option))["tradingsymbol"] == "NIFTY-23Nov2026-24500-CE"
    arm(wire, "stop_spelling_refused", spelling="STOP_LOSS")
    body = wire.order("ITC-EQ", "SELL", 1, ordertype="STOPLOSS_LIMIT", price="404.00", triggerprice="405.00")
    assert (await wire.raw("POST", "orders/regular", body))[0] == 400
    await wire.place("ITC-EQ", "SELL", 1, ordertype="STOP_LOSS", price="404.00", triggerprice="405.00")
    arm(wire, "market_orders_refused")
    assert "MARKET ORDER NOT ALLOWED" in await wire.rejected()
    wire.running.broker.faults.clear()
    arm(wire, "partial_called", word="Partially Traded")
    arm(wire, "fill_in_parts", parts=2, seconds=5)
    assert (await wire.filled(quantity=2))["status"] == "Partially Traded"
    wire.running.broker.faults.clear()
    arm(wire, "pending_called", word="O-Pending")
    assert (await wire.filled(quantity=1, price="1470.00"))["status"] == "O-Pending"
    arm(wire, "fill_in_parts", parts=2, seconds=5)
    assert (await wire.filled(quantity=2))["status"] == "O-Pending"


async def test_rate_limits_are_kept_only_when_switched_on(wire: Wire) -> None:
    body = {"exchange": "NSE", "symboltoken": "2885", "interval": "ONE_DAY", "fromdate": "2026-11-02", "todate": "2026-11-19"}
    assert [(await wire.raw("POST", "instruments/historical", body))[0] for _ in range(3)] == [200, 200, 200]
    arm(wire, "limits_enforced")
    assert [(await wire.raw("POST", "instruments/historical", body))[0] for _ in range(3)] == [200, 429, 429]
    await asyncio.sleep(1.1)
    assert (await wire.raw("POST", "instruments/historical", body))[0] == 200
    burst = [(await wire.raw("POST", "orders/regular", wire.order(quantity=1)))[0] for _ in range(32)]
    assert burst == [200] * 30 + [429] * 2


async def test_login_and_master_misbehave(wire: Wire) -> None:
    arm(wire, "uuid_login")
    await wire.login()
    assert await wire.data("GET", "orders") is None
    whole = await wire.call("GET", "instruments/OpenAPIScripMaster")
    arm(wire, "master_error")
    assert (await wire.raw("GET", "instruments/OpenAPIScripMaster"))[0] == 400
    arm(wire, "master_truncated")
    with pytest.raises(ValueError, match=r"."):
        json.loads((await wire.raw("GET", "instruments/OpenAPIScripMaster"))[1])
    arm(wire, "master_short", percent=30)
    assert len(await wire.call("GET", "instruments/OpenAPIScripMaster")) == len(whole) * 30 // 100
    arm(wire, "master_doubled")
    assert len(await wire.call("GET", "instruments/OpenAPIScripMaster")) == len(whole) + 100
    arm(wire, "master_csv")
    assert (await wire.raw("GET", "instruments/OpenAPIScripMaster"))[1].startswith("token,symbol,name,expiry")
    arm(wire, "totp_single_use")
    await asyncio.sleep(30)
    await wire.login()
    with pytest.raises(TypeError):
        await wire.login()  # the same code again: data is null


async def test_answers_too_large_too_slow_or_compressed(wire: Wire) -> None:
    arm(wire, "answer_huge", megabytes=3)
    status, text = await wire.raw("GET", "orders")
    assert (status, len(text)) == (200, 3 * 1024 * 1024 + 1)
    arm(wire, "answer_trickles", seconds=30, route="funds")
    before = wire.clock.now()
    assert (await wire.funds())["AVAILABLE_BALANCE"] == "250000.0"
    assert (wire.clock.now() - before).total_seconds() >= 29
    arm(wire, "gzipped", route="funds")
    url = wire.running.rest_url + "/openapi/typeb/user/fundsummary"
    async with wire.http.get(url, headers=wire.headers) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert (await answer.json())["data"][0]["SEG"] == "A"


async def test_the_date_header_follows_the_brokers_clock_and_may_be_skewed(wire: Wire) -> None:
    async def date() -> datetime:
        url = wire.running.rest_url + "/openapi/typeb/user/fundsummary"
        async with wire.http.get(url, headers=wire.headers) as answer:
            return parsedate_to_datetime(answer.headers["Date"])

    assert abs((await date() - wire.clock.now()).total_seconds()) < 2
    arm(wire, "clock_skewed", seconds=45)
    assert 43 < (await date() - wire.clock.now()).total_seconds() < 47


async def test_a_second_login_ends_the_first_session_and_the_busy_hours_answer_nothing_else(wire: Wire) -> None:
    arm(wire, "single_session")
    first = wire.token
    await asyncio.sleep(30)
    await wire.login()
    assert (await wire.raw("GET", "orders"))[0] == 200
    wire.token = first
    assert (await wire.raw("GET", "orders"))[0] == 401
    await wire.login()
    arm(wire, "maintenance_hours")
    assert await wire.data("GET", "orders") is None
    await asyncio.sleep(10 * 3600 + 60)  # 19:01 IST
    assert (await wire.call("GET", "orders"))["message"] == "status code = 502"
    await asyncio.sleep(2 * 3600)
    assert await wire.data("GET", "orders") is None


async def test_stale_quotes_are_those_of_a_while_ago(wire: Wire) -> None:
    body = {"mode": "LTP", "exchangeTokens": {"NSE": ["2885"]}}
    await asyncio.sleep(60)
    await wire.desk("POST", "/prices", {"name": "RELIANCE", "price": "1500.00"})
    arm(wire, "quotes_stale", seconds=28)
    assert (await wire.data("POST", "instruments/quote", body))["fetched"][0]["ltp"] == 1480.3
    await asyncio.sleep(30)
    assert (await wire.data("POST", "instruments/quote", body))["fetched"][0]["ltp"] == 1500
