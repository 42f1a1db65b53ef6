"""Real hours: sessions, the closing auction, square-off by the broker, and the end of the day's orders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path

import pytest

from bot.simulators.broker.exchange.reasons import REASONS
from bot.simulators.broker.market.hours import IST, Timetable, at_ist, ist
from bot.simulators.broker.settings import LAKH
from bot.simulators.loop import LoopClock
from tests.bot.simulators.broker.wire import ACCOUNT, STILL, Days, Wire, broker

REAL = replace(STILL, hours="real", accounts=(replace(ACCOUNT, cash=20 * LAKH),))


@pytest.fixture
async def market(clock: LoopClock) -> AsyncIterator[Wire]:
    async with broker(clock, REAL) as found:
        await found.login()
        yield found


async def until(wire: Wire, hour: int, minute: int, second: int = 5) -> None:
    """Waits for a time of the test's day, IST, and a few seconds past the bell."""
    now = wire.clock.now()
    await asyncio.sleep((at_ist(ist(now).date(), time(hour, minute, second)) - now).total_seconds())


async def test_pre_open_gathers_orders_takes_no_market_order_after_905_and_trades_at_the_days_first_price(
    clock: LoopClock,
) -> None:
    async with broker(clock, replace(REAL, walk=1.0)) as market:
        await market.login()
        now, share = market.running.broker.clock.now(), market.running.broker.named("NSE", "RELIANCE-EQ")
        assert share is not None
        opening = market.running.broker.market.price(share, at_ist(ist(now).date(), time(9, 15)))
        above, below = f"{(opening + 500) / 100:.2f}", f"{(opening - 500) / 100:.2f}"
        await until(market, 9, 1)
        by_market, taken, waits = await market.place(), await market.place(price=above), await market.place(price=below)
        assert REASONS["pre_open"] in await market.rejected(duration="IOC", price=above)
        stop = {"ordertype": "STOPLOSS_LIMIT", "price": above, "triggerprice": above}
        assert REASONS["pre_open"] in await market.rejected(**stop)
        await until(market, 9, 6)
        assert REASONS["market_order"] in await market.rejected()
        gone = await market.place(price=above)
        await market.data("DELETE", f"orders/regular/{gone}", {"variety": "NORMAL"})
        await until(market, 9, 10)
        assert {(await market.row(order))["status"] for order in (by_market, taken, waits)} == {"Pending"}
        assert REASONS["market_closed"] in await market.rejected(price=above)
        assert (await market.call("DELETE", f"orders/regular/{waits}", {"variety": "NORMAL"}))["status"] is False
        await until(market, 9, 11)
        rows = [await market.row(order) for order in (by_market, taken, waits)]
        assert [row["status"] for row in rows] == ["Traded", "Traded", "Pending"]
        assert {Decimal(row["averageprice"]) for row in rows[:2]} == {Decimal(opening) / 100}
        await until(market, 9, 14)
        assert REASONS["market_closed"] in await market.rejected()
        await until(market, 9, 16)
        body = {"mode": "OHLC", "exchangeTokens": {"NSE": ["2885"]}}
        (quote,) = (await market.data("POST", "instruments/quote", body))["fetched"]
        assert Decimal(str(quote["open"])) == Decimal(opening) / 100
        assert (await market.row(waits))["status"] == "Pending"
        await market.data("DELETE", f"orders/regular/{waits}", {"variety": "NORMAL"})


async def test_only_the_current_months_future_has_a_pre_open_among_the_contracts(market: Wire) -> None:
    await until(market, 9, 1)
    front = await market.place("NIFTY26NOVFUT", "BUY", 65)
    for other in ("NIFTY26DECFUT", "NIFTY26NOV24500CE"):
        assert REASONS["market_closed"] in await market.rejected(other, "BUY", 65)
    await until(market, 9, 6)
    assert REASONS["market_order"] in await market.rejected("NIFTY26NOVFUT", "BUY", 65)
    now, future = market.running.broker.clock.now(), market.running.broker.named("NFO", "NIFTY26NOVFUT")
    assert future is not None
    opening = market.running.broker.market.price(future, at_ist(ist(now).date(), time(9, 15)))
    limited = await market.place("NIFTY26NOVFUT", "BUY", 65, price=f"{(opening - 1000) / 100:.2f}")
    await until(market, 9, 10)
    assert REASONS["market_closed"] in await market.rejected("NIFTY26NOVFUT", "BUY", 65)
    assert [(await market.row(order))["status"] for order in (front, limited)] == ["Pending", "Pending"]
    await until(market, 9, 11)
    assert [(await market.row(order))["status"] for order in (front, limited)] == ["Traded", "Pending"]
    await until(market, 9, 16)
    assert (await market.filled("NIFTY26DECFUT", "BUY", 65))["status"] == "Traded"


async def test_on_a_holiday_nothing_opens(clock: LoopClock) -> None:
    calendar = Days(clock)
    async with broker(calendar, REAL) as market:
        for days in (1, 3):  # Saturday, then Tuesday 24 November
            calendar.pass_days(days)
            await market.login()
            await until(market, 11, 0)
            assert REASONS["market_closed"] in await market.rejected()
            assert REASONS["market_closed"] in await market.rejected("NIFTY26DECFUT", "BUY", 65)
        calendar.pass_days(1)
        await market.login()
        assert (await market.filled())["status"] == "Traded"


async def test_cancel_all_leaves_what_stands_fast_in_the_auction_and_ends_the_rest(market: Wire) -> None:
    await until(market, 15, 21)
    fast, plain = await market.place(quantity=1), await market.place(quantity=1, price="1475.00")
    await until(market, 15, 26)
    assert (await market.call("POST", "orders/cancelall"))["data"] == {"order_id": plain}
    assert [(await market.row(order))["status"] for order in (fast, plain)] == ["Pending", "Cancelled"]
    assert (await market.call("POST", "orders/cancelall"))["status"] == "error"


async def test_after_the_close_orders_are_refused(market: Wire) -> None:
    await until(market, 16, 1)
    assert REASONS["market_closed"] in await market.rejected()


@pytest.mark.exhaustive
async def test_intraday_positions_are_squared_off_by_untagged_orders_of_the_broker(market: Wire) -> None:
    await until(market, 15, 5)
    await market.filled(producttype="INTRADAY", quantity=20)
    future = await market.filled("NIFTY26DECFUT", "SELL", 65, producttype="INTRADAY")
    resting = await market.place(producttype="INTRADAY", price="1400.00", quantity=1)
    delivery = await market.place(price="1400.00", quantity=1)
    await until(market, 15, 10)
    rows = {row["symboltoken"]: row["netqty"] for row in await market.data("GET", "portfolio/positions")}
    assert rows == {"2885": "0", future["symboltoken"]: "-65"}
    own = [row for row in await market.data("GET", "orders") if row["ordertag"] == "NA"]
    assert [(row["transactiontype"], row["filledshares"], row["status"]) for row in own] == [("SELL", "20", "Traded")]
    assert ((await market.row(resting))["status"], (await market.row(delivery))["status"]) == ("Cancelled", "Pending")
    assert REASONS["square_off"] in await market.rejected(producttype="INTRADAY")
    await until(market, 15, 25)
    assert {row["netqty"] for row in await market.data("GET", "portfolio/positions")} == {"0"}


async def test_a_position_that_lost_three_quarters_of_its_margin_is_closed_by_the_broker(market: Wire) -> None:
    await until(market, 9, 16)
    bought = await market.filled(producttype="INTRADAY", quantity=100)
    safe = await market.filled("ITC-EQ", "BUY", 10)
    await market.desk("POST", "/prices", {"name": "RELIANCE", "price": "1290.00"})  # 64 % of the 20 % held back
    await market.desk("POST", "/prices", {"name": "ITC", "price": "300.00"})
    await asyncio.sleep(11)
    assert len(await market.data("GET", "orders")) == 2
    await market.desk("POST", "/prices", {"name": "RELIANCE", "price": "1250.00"})  # 78 %
    await asyncio.sleep(11)
    rows = {row["symboltoken"]: row["netqty"] for row in await market.data("GET", "portfolio/positions")}
    assert rows == {bought["symboltoken"]: "0", safe["symboltoken"]: "10"}
    assert (await market.data("GET", "orders"))[0]["ordertag"] == "NA"


async def test_closing_auction_cancels_stops_gathers_orders_and_trades_at_one_price(market: Wire) -> None:
    await until(market, 15, 14)
    stop = await market.place("ITC-EQ", "SELL", 5, ordertype="STOPLOSS_LIMIT", price="400.00", triggerprice="401.00")
    carried = await market.place(price="1475.00", quantity=1)
    far = await market.place(price="1400.00", quantity=1)
    plain = await market.place("GOLDBEES-EQ", "BUY", 10, price="100.00")  # no auction: no derivatives on it
    await until(market, 15, 15)
    rows = {row["orderid"]: row for row in await market.data("GET", "orders")}
    assert [rows[n]["status"] for n in (stop, carried, far, plain)] == ["Cancelled", "Pending", "Cancelled", "Pending"]
    assert REASONS["auction_pause"] in await market.rejected()
    await until(market, 15, 20)
    assert REASONS["auction_stop"] in await market.rejected(duration="IOC", price="1480.00")
    buy = await market.place(quantity=3)
    sell = await market.place("ITC-EQ", "SELL", 5, price="410.00")
    away = await market.place(quantity=1, price="1440.00")
    await asyncio.sleep(1)
    assert (await market.row(away))["status"] == "Pending"
    out = await market.filled(quantity=1, price="1400.00")
    assert (out["status"], out["text"]) == ("Rejected", REASONS["price_range"])
    await until(market, 15, 25)
    assert REASONS["market_order"] in await market.rejected()
    refused = await market.call("DELETE", f"orders/regular/{buy}", {"variety": "NORMAL"})
    assert refused["status"] is False
    await until(market, 15, 29, 59)
    assert (await market.row(buy))["status"] == "Pending"
    await until(market, 15, 31)
    rows = {row["orderid"]: row for row in await market.data("GET", "orders")}
    assert [rows[n]["status"] for n in (buy, sell, away, carried)] == ["Traded", "Traded", "Cancelled", "Cancelled"]
    assert (rows[buy]["averageprice"], rows[sell]["averageprice"]) == ("1480.3", "412.85")
    await until(market, 15, 36)
    assert (await market.row(plain))["status"] == "Expired"


async def test_orders_for_a_shares_future_beyond_its_narrow_band_are_cancelled_when_the_auction_begins(market: Wire) -> None:
    await until(market, 15, 14)
    (row,) = (await market.desk("GET", "/prices?names=ITC26DECFUT"))["prices"]
    tick, last, lot = Decimal(row["tick"]), Decimal(row["last"]), int(row["lot"])
    near, far = (str(last * Decimal(share) // tick * tick) for share in ("0.98", "0.95"))
    kept = await market.place("ITC26DECFUT", "BUY", lot, price=near)
    gone = await market.place("ITC26DECFUT", "BUY", lot, price=far)
    await until(market, 15, 15)
    assert [(await market.row(order))["status"] for order in (kept, gone)] == ["Pending", "Cancelled"]
    assert (await market.filled("ITC26DECFUT", "BUY", lot, price=far))["text"] == REASONS["price_range"]


async def test_derivatives_trade_on_to_1540_and_the_post_close_at_the_closing_price(market: Wire) -> None:
    await until(market, 15, 39)
    assert (await market.filled("NIFTY26DECFUT", "BUY", 65))["status"] == "Traded"
    rest = await market.place("NIFTY26NOV24500CE", "BUY", 65, price="1.00")
    await until(market, 15, 40)
    assert (await market.row(rest))["status"] == "Expired"
    assert REASONS["market_closed"] in await market.rejected("NIFTY26DECFUT", "BUY", 65)
    assert REASONS["market_closed"] in await market.rejected()
    await until(market, 15, 51)
    row = await market.filled()
    assert (row["status"], row["averageprice"]) == ("Traded", "1480.3")


async def test_a_square_off_missed_while_the_broker_was_down_is_made_good_at_its_start(clock: LoopClock, tmp_path: Path) -> None:
    settings = replace(REAL, data=tmp_path)
    async with broker(clock, settings) as wire:
        await wire.login()
        await until(wire, 9, 16)
        await wire.filled(producttype="INTRADAY")
        token = wire.token
    now = clock.now()
    await asyncio.sleep((at_ist(ist(now).date(), time(15, 12)) - now).total_seconds())
    async with broker(clock, settings) as wire:
        wire.token = token
        assert {row["netqty"] for row in await wire.data("GET", "portfolio/positions")} == {"0"}


async def test_quotes_before_the_open_are_the_last_days_whole_record(clock: LoopClock) -> None:
    async with broker(clock, replace(REAL, walk=1.0)) as wire:
        await wire.login()
        body = {"mode": "OHLC", "exchangeTokens": {"NSE": ["2885"]}}
        (before,) = (await wire.data("POST", "instruments/quote", body))["fetched"]
        await until(wire, 9, 20)
        (after,) = (await wire.data("POST", "instruments/quote", body))["fetched"]
        assert after["close"] == before["ltp"]
        assert before["close"] != before["ltp"]
        await until(wire, 17, 0)
        (shut,) = (await wire.data("POST", "instruments/quote", body))["fetched"]
        await until(wire, 18, 0)
        assert (await wire.data("POST", "instruments/quote", body))["fetched"] == [shut]


def test_auctions_end_at_another_second_each_day_within_their_two_minutes() -> None:
    timetable = Timetable("real", seed=3)
    begins = [timetable.pre_open_close(datetime(2026, 11, day, tzinfo=IST).date()) for day in range(2, 28)]
    assert len({end.time() for end in begins}) > 10
    assert all(time(9, 8) <= end.time() <= time(9, 10) for end in begins)
    ends = [timetable.auction_close(datetime(2026, 11, day, tzinfo=IST).date()) for day in range(2, 28)]
    assert len({end.time() for end in ends}) > 10
    assert all(time(15, 28) <= end.time() <= time(15, 30) for end in ends)


async def test_margin_of_a_sold_future_is_held_back_by_the_stated_rule(market: Wire) -> None:
    await until(market, 9, 16)
    row = await market.filled("NIFTY26DECFUT", "SELL", 65)
    funds = await market.funds()
    value = Decimal(row["averageprice"]) * 65
    assert Decimal(funds["AMOUNT_UTILIZED"]) == (value * 10 * 10 // 10 / 100).quantize(Decimal("0.01")) + value * 2 / 100
