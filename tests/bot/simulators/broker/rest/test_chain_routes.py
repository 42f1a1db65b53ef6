"""Candles, option chain, gainers, baskets, trade history: the routes beside the order path."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot.simulators.broker.rest.chain_routes import epoch
from bot.simulators.loop import LoopClock
from tests.bot.simulators.broker.wire import STILL, Wire, broker


def candle_body(interval: str, first: str, last: str, **more: str) -> dict[str, str]:
    return {"exchange": "NSE", "symboltoken": "2885", "interval": interval, "fromdate": first, "todate": last} | more


async def past(wire: Wire, *args: str, **more: str) -> list[list[Any]]:
    data = await wire.data("POST", "instruments/historical", candle_body(*args, **more))
    rows: list[list[Any]] = data["candles"]
    return rows


async def test_history_is_ascending_excludes_today_and_skips_holidays(wire: Wire) -> None:
    rows = await past(wire, "ONE_DAY", "2026-11-06", "2026-11-20")
    assert [row[0][:10] for row in rows] == [f"2026-11-{d:02d}" for d in (6, 9, 11, 12, 13, 16, 17, 18, 19)]
    assert rows[0][0] == "2026-11-06T00:00:00+05"
    minutes = await past(wire, "FIVE_MINUTE", "2026-11-19 09:15", "2026-11-19 15:30")
    assert (len(minutes), minutes[0][0], minutes[-1][0]) == (75, "2026-11-19T09:15:00+05", "2026-11-19T15:25:00+05")
    assert len(await past(wire, "ONE_HOUR", "2026-11-19", "2026-11-19")) == 7
    assert await past(wire, "FIVE_MINUTE", "2026-11-20 09:15", "2026-11-20 15:30") == []


async def test_bars_of_different_length_tell_one_story(clock: LoopClock) -> None:
    async with broker(clock, replace(STILL, walk=1.0)) as wire:
        await wire.login()
        ones = await past(wire, "ONE_MINUTE", "2026-11-19 09:15", "2026-11-19 10:14")
        fives = await past(wire, "FIVE_MINUTE", "2026-11-19 09:15", "2026-11-19 10:14")
        hour = (await past(wire, "ONE_HOUR", "2026-11-19 09:15", "2026-11-19 09:15"))[0]
        for n, five in enumerate(fives):
            parts = ones[n * 5 : n * 5 + 5]
            assert five[1:5] == [parts[0][1], max(p[2] for p in parts), min(p[3] for p in parts), parts[-1][4]]
        assert hour[1:5] == [ones[0][1], max(p[2] for p in ones), min(p[3] for p in ones), ones[-1][4]]
        assert all(low <= min(o, c) <= max(o, c) <= high for _, o, high, low, c, _ in ones)
        assert all(before[4] == after[1] for before, after in pairwise(ones))


async def test_more_than_a_thousand_bars_and_bad_words_are_refused(wire: Wire) -> None:
    for body, says in [
        (candle_body("ONE_MINUTE", "2026-11-02", "2026-11-05"), "1000 candles"),
        (candle_body("ONE_DAY", "1990-01-01", "2026-11-05"), "1000 candles"),
        (candle_body("5minute", "2026-11-02", "2026-11-05"), "ONE_MINUTE, THREE_MINUTE"),
        (candle_body("ONE_DAY", "2026-11-02", "2026-11-05", symboltoken="1"), "security id not found"),
        (candle_body("ONE_DAY", "yesterday", "2026-11-05"), "fromdate"),
    ]:
        status, text = await wire.raw("POST", "instruments/historical", body)
        assert (status, says in text) == (400, True), text
    assert len(await past(wire, "ONE_MINUTE", "2026-11-18", "2026-11-19")) == 750


async def test_intraday_is_newest_first_numbers_its_exchange_and_fails_on_days(wire: Wire) -> None:
    await asyncio.sleep(60 * 60)  # 10:00 IST
    body = {"exchange": "1", "symboltoken": "2885", "interval": "FIVE_MINUTE"}
    rows = (await wire.data("POST", "instruments/intraday", body))["candles"]
    times = [datetime.strptime(row[0], "%Y-%m-%d %H:%M") for row in rows]  # noqa: DTZ007 - the wire names no zone
    assert times == sorted(times, reverse=True)
    assert times[0].date() == date(2026, 11, 20)
    assert times[0] - times[1] == timedelta(minutes=5)
    assert (await wire.raw("POST", "instruments/intraday", body | {"interval": "ONE_DAY"}))[0] == 500
    assert (await wire.raw("POST", "instruments/intraday", body | {"exchange": "NSE"}))[0] == 400


async def test_get_with_query_or_body_answers_like_post(wire: Wire) -> None:
    body = candle_body("ONE_DAY", "2026-11-06", "2026-11-20")
    posted = await wire.raw("POST", "instruments/historical", body)
    assert await wire.raw("GET", "instruments/historical", body) == posted
    query = "&".join(f"{name}={value}" for name, value in body.items())
    assert await wire.raw("GET", f"instruments/historical?{query}") == posted


async def test_the_chain_leads_from_underlying_to_contracts_and_spot(wire: Wire) -> None:
    assert epoch("NFO", date(2025, 4, 24)) == 1429972200
    assert epoch("NFO", date(2025, 5, 29)) == 1432996200
    data = await wire.data("GET", "getoptionchainmaster/2")
    nifty = next(line for line in data["OPTIDX"] if line.startswith("NIFTY,26000,"))
    first = data["dctExp"][nifty.split(",")[2]]
    found = await wire.data("GET", f"GetOptionChain/2/{first}/26000")
    option = wire.running.broker.named("NFO", "NIFTY26NOV24500CE")
    assert option is not None
    assert any(line.startswith(f"{option.token},2450000,") for line in found["call"])
    assert len(found["call"]) == len(found["put"]) > 50
    assert found["future"][0].split(",")[1] == "-1"
    assert found["spot"] == "NIFTY,26000,NSEEQ"
    assert (await wire.raw("GET", "GetOptionChain/2/1/26000"))[0] == 400
    assert len((await wire.data("GET", "getoptionchainmaster/5"))["OPTIDX"]) == 1


async def test_gainers_rose_and_losers_fell(clock: LoopClock) -> None:
    async with broker(clock, replace(STILL, walk=1.0)) as wire:
        await wire.login()
        body = {"Exchange": "1", "SecurityIdCode": "13", "segment": "1", "TypeFlag": "G"}
        up = await wire.data("POST", "losergainer", body)
        down = await wire.data("POST", "losergainer", body | {"TypeFlag": "L"})
        assert [row["per_change"] for row in up] == sorted((row["per_change"] for row in up), reverse=True)
        assert all(row["ltp"] > row["Pclose"] for row in up)
        assert all(row["ltp"] < row["Pclose"] for row in down)
        assert len(up) == len(down) == 10


async def test_baskets_are_made_filled_renamed_and_deleted(wire: Wire) -> None:
    made = await wire.call("POST", "CreateBasket", {"BaskName": "morning", "BaskDesc": "x"})
    assert (made["data"], made["message"]) == ("Basket Created Successfully", None)
    again = await wire.call("POST", "CreateBasket", {"BaskName": "morning", "BaskDesc": "x"})
    assert (again["message"], again["errorcode"]) == ("Basket Already Added For This Name", "MA408")
    (basket,) = await wire.data("GET", "FetchBasket")
    row = {"ord_product": "C", "segment": "E", "scriptcode": "2885", "ord_type": "LMT", "operation": "I",
           "basket_name": "morning",           "order_validity": "DAY", "order_qty": "10", "script_stat": "A",
           "buy_sell_indi": "B", "order_price": "1480.00",
           "basket_id": basket["BASKET_ID"], "exch_id": "NSE", "disc_qty": "0", "trigger_price": "0"}  # fmt: skip
    data = await wire.data("POST", "CalculateBasket", row)
    assert (data["TOTAL_FINAL_MARGIN"], len(data["BASKET_DETAILS"])) == (14800, 1)
    assert (await wire.call("POST", "CalculateBasket", row))["message"] == "Script Already Added"
    await wire.data("PUT", "RenameBasket", {"basketName": "noon", "BasketId": basket["BASKET_ID"]})
    (renamed,) = await wire.data("GET", "FetchBasket")
    assert (renamed["BASKET_NAME"], renamed["COUNT"]) == ("noon", 1)
    await wire.data("DELETE", "DeleteBasket", {"BasketId": basket["BASKET_ID"]})
    assert await wire.data("GET", "FetchBasket") is None


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_order_details_are_the_steps_of_one_order(wire: Wire, method: str) -> None:
    row = await wire.filled()
    steps = await wire.data(method, "order/details", {"order_no": row["orderid"], "segment": "E"})
    assert [step["status"] for step in steps] == ["Transit", "Pending", "Traded"]
    assert {type(step["price"]) for step in steps} == {int}
    assert "exchangeorderid" not in steps[0]
    assert steps[0]["updatetime"].endswith(" AM")
    assert await wire.data(method, "order/details", {"order_no": "1", "segment": "E"}) is None


async def test_history_of_trades_is_an_empty_list_not_null(wire: Wire) -> None:
    assert await wire.data("POST", "trades", {"fromdate": "2026-11-01", "todate": "2026-11-19"}) == []
    assert (await wire.data("GET", "Health/GetHealthStatistics"))["status"] == "Healthy"


async def test_margin_of_one_order_by_parts_and_a_body_without_orders(wire: Wire) -> None:
    order = {"product_type": "INTRADAY", "transaction_type": "BUY", "quantity": "10", "price": "1480", "exchange": "NSE",
             "symbol_name": "RELIANCE", "token": "2885", "trigger_price": 0}  # fmt: skip
    data = await wire.data("POST", "margins/orders", {"orders": [order, order | {"quantity": 20, "product_type": "DELIVERY"}]})
    parts = {row["name"]: row["amount"] for row in data["summary"]["breakup"]}
    assert parts["VARELMMARGIN"] == data["summary"]["total_charges"] == 2960 + 29600
    assert [charge["trade_value"] for charge in data["charges"]] == [14800, 29600]
    status, text = await wire.raw("POST", "margins/orders", {})
    assert (status, '"status":400' in text, "The orders field is required." in text) == (400, True, True)
