"""Orders on their way: taken, matched, stopped, changed, cancelled, refused."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal

import pytest

from bot.simulators.broker.exchange.reasons import REASONS
from tests.bot.simulators.broker.wire import Wire


async def test_market_order_fills_at_the_opposite_best_within_a_second(wire: Wire) -> None:
    bought = await wire.filled()
    sold = await wire.filled("ITC-EQ", "SELL", 5)
    assert (bought["status"], bought["filledshares"], bought["text"]) == ("Traded", "10", "TRADE CONFIRMED")
    price = (await wire.desk("GET", "/prices?names=RELIANCE,ITC"))["prices"]
    assert f"{float(bought['averageprice']):.2f}" == price[0]["ask"]
    assert f"{float(sold['averageprice']):.2f}" == price[1]["bid"]


async def test_order_ids_have_the_structure_that_was_observed(wire: Wire) -> None:
    equity = await wire.place()
    option = await wire.place("NIFTY26NOV24500CE", "BUY", 65)
    outside = (await wire.desk("POST", "/orders", {"name": "ITC", "side": "SELL", "quantity": 1}))["id"]
    assert re.fullmatch(r"1[1-3]\d1261120\d{3,5}", equity)
    assert re.fullmatch(r"1[1-3]\d2261120\d{3,5}", option)
    assert re.fullmatch(r"2[1-3]\d1261120\d{3,5}", outside)
    assert (await wire.row(outside))["ordertag"] == "NA"


async def test_limit_through_the_market_fills_at_the_better_price_and_away_from_it_rests(wire: Wire) -> None:
    through = await wire.filled(price="1490.00")
    assert through["averageprice"] == "1480.4"
    resting = await wire.place(price="1470.00")
    await asyncio.sleep(5)
    assert (await wire.row(resting))["status"] == "Pending"
    await wire.desk("POST", "/prices", {"name": "RELIANCE", "price": "1465.00"})
    await asyncio.sleep(0.1)
    row = await wire.row(resting)
    assert (row["status"], row["averageprice"]) == ("Traded", "1470")


async def test_stop_waits_for_its_trigger_and_then_becomes_a_limit(wire: Wire) -> None:
    order = await wire.place(
        "ITC-EQ", "SELL", 10, ordertype="STOPLOSS_LIMIT", variety="STOPLOSS", price="404.00", triggerprice="405.00"
    )
    await asyncio.sleep(3)
    row = await wire.row(order)
    assert (row["status"], row["triggerprice"], row["ordertype"]) == ("Trigger Pending", "405", "STOPLOSS_LIMIT")
    await wire.desk("POST", "/prices", {"name": "ITC", "price": "404.50"})
    await asyncio.sleep(0.2)
    row = await wire.row(order)
    assert (row["status"], float(row["averageprice"]) >= 404) == ("Traded", True)


async def test_a_stop_limit_that_the_market_jumps_over_stays_unfilled(wire: Wire) -> None:
    order = await wire.place(
        "ITC-EQ", "SELL", 10, ordertype="STOP_LOSS", variety="STOPLOSS", price="404.00", triggerprice="405.00"
    )
    await asyncio.sleep(0.2)
    await wire.desk("POST", "/prices", {"name": "ITC", "price": "399.00"})
    await asyncio.sleep(3)
    assert (await wire.row(order))["status"] == "Triggered"


async def test_ioc_that_finds_nothing_is_cancelled(wire: Wire) -> None:
    row = await wire.filled(price="1400.00", duration="IOC")
    assert (row["status"], row["cancelsize"]) == ("Cancelled", "10")


async def test_modify_replaces_and_cancel_ends_and_dead_orders_answer_their_codes(wire: Wire) -> None:
    order = await wire.place(price="1470.00")
    await asyncio.sleep(0.1)
    body = wire.order(price="1475.00", quantity=12) | {"orderid": order, "modqty_remng": "0"}
    assert (await wire.data("PUT", f"orders/regular/{order}", body)) == {"orderid": order, "uniqueorderid": ""}
    row = await wire.row(order)
    assert (row["status"], row["price"], row["quantity"]) == ("O-Modified", "1475.00", "12")
    assert (await wire.data("DELETE", f"orders/regular/{order}", {"variety": "NORMAL", "orderid": order}))["orderid"] == order
    assert (await wire.row(order))["status"] == "Cancelled"
    for method, code in (("PUT", "RS-0034"), ("DELETE", "RS-00093")):
        answer = await wire.call(method, f"orders/regular/{order}", body)
        assert (answer["status"], answer["errorcode"]) == (False, code)


async def test_an_order_modified_on_its_way_reaches_the_exchange_all_the_same(wire: Wire) -> None:
    order = await wire.place(price="1470.00", quantity=10)
    changed = wire.order(price="1471.00", quantity=10, disclosedquantity="5")
    await wire.data("PUT", f"orders/regular/{order}", changed)
    row = await wire.row(order)
    assert (row["status"], row["disclosedquantity"], row["text"]) == ("O-Modified", "5", "CONFIRMED")
    assert len(row["exchangeorderid"]) == 16


async def test_modify_without_a_side_keeps_it_as_the_vendors_sdk_needs(wire: Wire) -> None:
    order = await wire.place("ITC-EQ", "SELL", 10, price="420.00")
    body = {k: v for k, v in wire.order("ITC-EQ", "SELL", 10, price="421.00").items() if k != "transactiontype"}
    await wire.data("PUT", f"orders/regular/{order}", body)
    assert (await wire.row(order))["transactiontype"] == "SELL"


async def test_modify_beyond_the_money_is_refused_and_leaves_the_order_as_it_was(wire: Wire) -> None:
    order = await wire.place(price="1470.00", quantity=100)
    await asyncio.sleep(0.1)
    before = await wire.funds()
    answer = await wire.call("PUT", f"orders/regular/{order}", wire.order(price="1470.00", quantity=1000))
    assert (answer["errorcode"], REASONS["funds"] in answer["message"]) == ("MA200", True)
    assert (await wire.row(order))["quantity"] == "100"
    assert await wire.funds() == before
    enough = await wire.call("PUT", f"orders/regular/{order}", wire.order(price="1470.00", quantity=160))
    assert enough["status"] is True, "its own block does not stand in its way"


async def test_modify_to_a_price_out_of_the_days_range_is_refused(wire: Wire) -> None:
    order = await wire.place(price="1470.00")
    await asyncio.sleep(0.1)
    answer = await wire.call("PUT", f"orders/regular/{order}", wire.order(price="1200.00"))
    assert (answer["status"], "days price range" in answer["message"]) == (False, True)
    assert (await wire.row(order))["price"] == "1470.00"


async def test_cancel_without_a_body_is_a_500_and_changes_nothing(wire: Wire) -> None:
    order = await wire.place(price="1470.00")
    status, text = await wire.raw("DELETE", f"orders/regular/{order}")
    assert (status, "IA500" in text) == (500, True)
    assert (await wire.row(order))["status"] != "Cancelled"


async def test_cancel_all_answers_one_id_and_then_that_there_is_nothing(wire: Wire) -> None:
    orders = [await wire.place(price="1470.00", quantity=1) for _ in range(3)]
    await asyncio.sleep(0.1)
    assert (await wire.call("POST", "orders/cancelall")) == {"status": "success", "data": {"order_id": orders[-1]}}
    assert {(await wire.row(order))["status"] for order in orders} == {"Cancelled"}
    answer = await wire.call("POST", "orders/cancelall")
    assert (answer["status"], answer["error_type"], answer["data"]) == ("error", "InputException", None)


@pytest.mark.parametrize(
    ("words", "name", "more"),
    [
        ("funds", "RELIANCE-EQ", {"quantity": 1000}),
        ("holdings", "RELIANCE-EQ", {"side": "SELL"}),
        ("lot", "NIFTY26NOV24500CE", {"quantity": 64}),
        ("freeze", "NIFTY26NOV24500CE", {"quantity": 65 * 28}),
        ("tick", "RELIANCE-EQ", {"price": "1480.33"}),
        ("stop_market", "NIFTY26NOV24500CE", {"quantity": 65, "ordertype": "STOPLOSS_MARKET", "triggerprice": "500"}),
        ("product", "NIFTY26NOV24500CE", {"quantity": 65, "producttype": "DELIVERY"}),
        ("product", "RELIANCE-EQ", {"producttype": "CARRYFORWARD"}),
        ("trade_to_trade", "RCOM-BE", {"producttype": "INTRADAY", "exchange": "NSE"}),
        ("holdings", "RELIANCE-EQ", {"side": "SELL", "producttype": "MARGIN"}),
    ],
)
async def test_a_refused_order_has_an_id_a_row_and_its_reason_in_both(
    wire: Wire, words: str, name: str, more: dict[str, str]
) -> None:
    message = await wire.rejected(name, **more)
    found = re.match(r"RMS:(\d+):", message)
    assert found is not None
    assert "," not in message
    row = await wire.row(found[1])
    assert (row["status"], row["exchangeorderid"], row["text"].replace(",", " ")) == ("Rejected", "0", message)
    assert REASONS[words] in message


async def test_the_words_of_a_refusal_name_the_order_field_by_field(wire: Wire) -> None:
    message = await wire.rejected("NIFTY26NOV24500CE", "BUY", 65 * 28, producttype="INTRADAY")
    number = message.split(":")[1]
    option = wire.running.broker.named("NFO", "NIFTY26NOV24500CE")
    assert option is not None
    ask = (await wire.desk("GET", "/prices?names=NIFTY26NOV24500CE"))["prices"][0]["ask"]
    value = f"{Decimal(ask) * 1820:f}".rstrip("0").rstrip(".")
    row = await wire.row(number)
    assert row["text"] == (
        f"RMS:{number}:NSE,OPTIDX,{option.token},NIFTY-23Nov2026-24500-CE,INTRADAY,,,MA00001,B,1820,I,{value},"
        f"{REASONS['freeze']} 1800"
    )


async def test_price_outside_the_days_range_is_taken_and_then_rejected_by_the_exchange(wire: Wire) -> None:
    row = await wire.filled(price="1200.00")
    assert (row["status"], row["text"]) == ("Rejected", REASONS["price_range"])


@pytest.mark.parametrize(
    ("name", "exchange", "percent"),
    [
        ("RELIANCE-EQ", "NSE", 10), ("GOLDBEES-EQ", "NSE", 20), ("RELIANCE", "BSE", 10), ("NIFTY26DECFUT", "NFO", 10),
        ("ITC26DECFUT", "NFO", 10), ("SENSEX26NOVFUT", "BFO", 10),
    ],
)  # fmt: skip
async def test_the_last_tick_of_the_band_rests_and_the_next_is_rejected_on_either_side(
    wire: Wire, name: str, exchange: str, percent: int
) -> None:
    instrument = wire.running.broker.named(exchange, name)
    assert instrument is not None
    await wire.desk("POST", "/accounts/MA00001", {"cash": "90000000"})
    close = wire.running.broker.market.previous_close(instrument, wire.clock.now())
    low = -(-close * (100 - percent) // 100 // instrument.tick) * instrument.tick
    high = close * (100 + percent) // 100 // instrument.tick * instrument.tick
    for price, status in ((low, True), (low - instrument.tick, False), (high, True), (high + instrument.tick, False)):
        row = await wire.filled(name, "BUY", instrument.lot, exchange=exchange, price=f"{price / 100:.2f}")
        assert (row["status"] != "Rejected", row["text"] != REASONS["price_range"]) == (status, status), (price, close)


@pytest.mark.parametrize(
    ("name", "exchange", "units"),
    [("NIFTY26NOV24500CE", "NFO", 1755), ("BANKNIFTY26DECFUT", "NFO", 600), ("SENSEX26NOV80000PE", "BFO", 1000)],
)
async def test_the_largest_whole_lots_under_the_freeze_pass_and_one_more_does_not(
    wire: Wire, name: str, exchange: str, units: int
) -> None:
    instrument = wire.running.broker.named(exchange, name)
    assert instrument is not None
    await wire.desk("POST", "/accounts/MA00001", {"cash": "90000000"})
    await wire.place(name, "BUY", units, exchange=exchange)
    assert REASONS["freeze"] in await wire.rejected(name, "BUY", units + instrument.lot, exchange=exchange)
    assert REASONS["lot"] in await wire.rejected(name, "BUY", instrument.lot + 1, exchange=exchange)


async def test_malformed_orders_are_http_400_without_a_row(wire: Wire) -> None:
    for wrong, code, says in [
        ({"symboltoken": "1"}, "IA400", "symboltoken"),
        ({"producttype": "CNC"}, "400", "Invalid product"),
        ({"ordertype": "LIMIT"}, "400", "price"),
        ({"ordertype": "STOPLOSS_LIMIT", "price": "1", "triggerprice": ""}, "IA400", "Trigger price can not be blank."),
        ({"ordertype": "STOPLOSS_LIMIT", "price": "1"}, "400", "Enter valid trigger price."),
        ({"quantity": "1e3x"}, "IA400", "quantity"),
        ({"quantity": "0"}, "IA400", "quantity"),
        ({"price": "NaN"}, "IA400", "price"),
        ({"ordertag": "x" * 20}, "IA400", "ordertag"),
    ]:
        status, text = await wire.raw("POST", "orders/regular", wire.order() | wrong)
        assert (status, f'"errorcode":"{code}"' in text, says in text) == (400, True, True), (wrong, text)
    assert await wire.data("GET", "orders") is None


async def test_position_can_be_converted_and_only_as_far_as_it_goes(wire: Wire) -> None:
    await wire.filled(producttype="INTRADAY")
    body = {"exchange": "NSE", "symboltoken": "2885", "oldproducttype": "INTRADAY", "newproducttype": "DELIVERY",
            "transactiontype": "BUY", "quantity": 10, "type": "DAY"}  # fmt: skip
    assert await wire.data("POST", "portfolio/convertposition", body) is None
    rows = {row["producttype"]: row["netqty"] for row in await wire.data("GET", "portfolio/positions")}
    assert rows == {"INTRADAY": "0", "DELIVERY": "10"}
    assert len(await wire.data("GET", "tradebook")) == 1
    answer = await wire.call("POST", "portfolio/convertposition", body)
    assert (answer["errorcode"], "AVAILABLE QUANTITY: 0" in answer["message"]) == ("MA0034", True)
