"""Prices: the same for the same seed and clock, on the grid, and where the desk, a file or pushed ticks put them."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.settings import PaperSettings
from bot.simulators.loop import LoopClock
from tests.bot.simulators.broker.wire import STILL, Days, Wire, broker

NOON = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


class Fixed:
    def now(self) -> datetime:
        return NOON


def paper(**more: object) -> PaperBroker:
    return PaperBroker(replace(PaperSettings(), **more), clock=Fixed(), rng=random.Random(1))  # type: ignore[arg-type]  # by name


ONE, TWIN, OTHER = paper(seed=5), paper(seed=5), paper(seed=6)
NAMES = [("NSE", "RELIANCE-EQ"), ("NSE", "NIFTY"), ("NFO", "NIFTY26NOV24500CE"), ("NFO", "BANKNIFTY26DECFUT"), ("BSE", "ITC")]


@given(st.sampled_from(NAMES), st.integers(-400 * 86400, 400 * 86400))
def test_any_moments_price_depends_on_seed_and_clock_alone_and_lies_on_the_grid(name: tuple[str, str], seconds: int) -> None:
    at = NOON + timedelta(seconds=seconds)
    one, twin = ONE.named(*name), TWIN.named(*name)
    assert one is not None
    assert one == twin
    price = ONE.market.price(one, at)
    assert price == TWIN.market.price(one, at)
    assert price > 0
    assert price % one.tick == 0


def test_another_seed_is_another_market() -> None:
    reliance = ONE.named("NSE", "RELIANCE-EQ")
    assert reliance is not None
    times = [NOON + timedelta(minutes=n) for n in range(100)]
    assert [ONE.market.price(reliance, t) for t in times] != [OTHER.market.price(reliance, t) for t in times]


def test_a_day_moves_like_a_day_and_a_minute_like_a_minute() -> None:
    reliance = ONE.named("NSE", "RELIANCE-EQ")
    assert reliance is not None
    days = [ONE.market.price(reliance, NOON + timedelta(days=n)) for n in range(-200, 200)]
    changes = [abs(b - a) / a for a, b in pairwise(days)]
    assert 0.003 < sum(changes) / len(changes) < 0.03
    minutes = [ONE.market.price(reliance, NOON + timedelta(minutes=n)) for n in range(400)]
    steps = [abs(b - a) / a for a, b in pairwise(minutes)]
    assert 0.00005 < sum(steps) / len(steps) < 0.003


@given(st.sampled_from(NAMES), st.integers(0, 86_000))
def test_depth_is_five_by_five_in_order_around_the_last_price(name: tuple[str, str], seconds: int) -> None:
    at = NOON.replace(hour=0) + timedelta(seconds=seconds)
    instrument = ONE.named(*name)
    assert instrument is not None
    quote = ONE.market.quote(instrument, at)
    assert quote.low <= quote.ltp <= quote.high
    assert quote.low <= quote.open <= quote.high
    if instrument.is_index:
        assert quote.bids == quote.asks == ()
        return
    bids, asks = [level.price for level in quote.bids], [level.price for level in quote.asks]
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert bids[0] <= quote.ltp <= asks[0]
    assert bids[0] < asks[0]
    assert all(level.quantity % instrument.lot == 0 and level.orders > 0 for level in (*quote.bids, *quote.asks))


def test_options_obey_parity_and_order_of_strikes() -> None:
    strikes = range(24000, 25001, 50)
    calls = [ONE.named("NFO", f"NIFTY26NOV{k}CE") for k in strikes]
    prices = [ONE.market.price(call, NOON) for call in calls if call]
    assert len(prices) == len(strikes)
    assert prices == sorted(prices, reverse=True)
    call, put = ONE.named("NFO", "NIFTY26DEC24500CE"), ONE.named("NFO", "NIFTY26DEC24500PE")
    future = ONE.named("NFO", "NIFTY26DECFUT")
    assert call is not None
    assert put is not None
    assert future is not None
    difference = ONE.market.price(call, NOON) - ONE.market.price(put, NOON)
    assert abs(difference - (ONE.market.price(future, NOON) - 2450000)) < 5000


async def test_the_desk_sets_and_moves_prices_and_everything_hangs_together(wire: Wire) -> None:
    async def price(name: str) -> float:
        return float((await wire.desk("GET", f"/prices?names={name}"))["prices"][0]["last"])

    call = await price("NIFTY26NOV24500CE")
    await wire.desk("POST", "/prices", {"name": "NIFTY", "move": "1%"})
    assert await price("NIFTY") == pytest.approx(24757.45, abs=0.1)
    assert await price("NIFTY26NOV24500CE") > call + 100
    await wire.desk("POST", "/prices", {"name": "RELIANCE", "price": "1500.00"})
    assert await price("RELIANCE") == 1500
    bse = (await wire.desk("GET", "/search?q=RELIANCE"))["found"]
    assert {"NSE", "BSE", "NFO"} == {row["exchange"] for row in bse}
    row = (
        await wire.data("POST", "instruments/quote", {"mode": "OHLC", "exchangeTokens": {"BSE": ["500325"], "NSE": ["2885"]}})
    )["fetched"]
    assert {one["ltp"] for one in row} == {1500}
    nse = next(one for one in row if one["exchange"] == "NSE")
    assert (nse["high"], nse["low"], nse["close"]) == (1500, 1480.3, 1480.3)
    await wire.desk("POST", "/prices", {"name": "RELIANCE", "move": "-20.00"})
    assert await price("RELIANCE") == 1480
    row = (await wire.data("POST", "instruments/quote", {"mode": "OHLC", "exchangeTokens": {"NSE": ["2885"]}}))["fetched"]
    assert row[0]["high"] == 1500, "a day's high does not come down"


async def test_pushed_ticks_stand_until_the_next_one(clock: LoopClock) -> None:
    async with broker(clock, replace(STILL, walk=1.0)) as wire:
        await wire.login()
        ticks = [{"name": "RELIANCE", "price": "1500.00"}, {"name": "NIFTY", "price": "25000"}]
        await wire.desk("POST", "/prices", {"ticks": ticks})
        for _ in range(3):
            await asyncio.sleep(20)
            found = (await wire.desk("GET", "/prices?names=RELIANCE,NIFTY"))["prices"]
            assert [row["last"] for row in found] == ["1500.00", "25000.00"]


async def test_a_close_told_from_outside_moves_the_band_and_outlives_a_restart(clock: LoopClock, tmp_path: Path) -> None:
    settings = replace(STILL, data=tmp_path)
    async with broker(clock, settings) as wire:
        await wire.login()
        assert (await wire.filled(price="1200.00", quantity=1))["status"] == "Rejected"
        await wire.desk("POST", "/prices", {"ticks": [{"name": "RELIANCE", "price": "1199.00"}]})
        await wire.desk("POST", "/prices", {"closes": [{"name": "RELIANCE", "price": "1190.00"}]})
        await wire.desk("POST", "/prices", {"ticks": [{"name": "RELIANCE", "price": "1198.00"}]})
        assert (await wire.filled(price="1200.00", quantity=1))["status"] == "Traded"
        body = {"mode": "OHLC", "exchangeTokens": {"NSE": ["2885"]}}
        (quote,) = (await wire.data("POST", "instruments/quote", body))["fetched"]
        assert (quote["close"], quote["ltp"], quote["open"], quote["high"]) == (1190, 1198, 1190, 1199)
        token = wire.token
    async with broker(clock, settings) as wire:
        wire.token = token
        (again,) = (await wire.data("POST", "instruments/quote", body))["fetched"]
        assert (again["close"], again["ltp"]) == (1190, 1198)


async def test_a_feeds_bad_tick_is_left_out_and_named_and_its_others_count(wire: Wire) -> None:
    ticks = [{"name": "RELIANCE", "price": "1500.00"}, {"name": "GONE26NOVFUT", "price": "1"}, {"name": "ITC", "price": "1.005"}]
    answer = await wire.desk("POST", "/prices", {"ticks": [*ticks, "nonsense", {"name": "INFY", "price": "1600"}]})
    assert answer == {"taken": 2, "left_out": ["no instrument is called 'GONE26NOVFUT'", "Invalid price."]}
    prices = (await wire.desk("GET", "/prices?names=RELIANCE,INFY"))["prices"]
    assert [row["last"] for row in prices] == ["1500.00", "1600.00"]


@pytest.mark.exhaustive
async def test_a_live_feed_of_ticks_is_kept_small_and_keeps_its_high_and_its_last(clock: LoopClock, tmp_path: Path) -> None:
    settings = replace(STILL, data=tmp_path)
    async with broker(clock, settings) as wire:
        await wire.login()
        resting = await wire.place(price="1470.00")
        await asyncio.sleep(0.1)
        for number in range(300):
            price = 1500 if number == 150 else 1480 + number % 5
            await wire.desk("POST", "/prices", {"ticks": [{"name": "RELIANCE", "price": str(price)}]})
            await asyncio.sleep(0.2)
        assert len(wire.running.broker.ledger.moves()) <= 3
        (row,) = (await wire.desk("GET", "/prices?names=RELIANCE"))["prices"]
        assert (row["last"], row["high"]) == ("1484.00", "1500.00")
        await wire.desk("POST", "/prices", {"ticks": [{"name": "RELIANCE", "price": "1469.00"}]})
        await asyncio.sleep(0.1)
        assert (await wire.row(resting))["status"] == "Traded"
    async with broker(clock, settings) as wire:
        assert (await wire.desk("GET", "/prices?names=RELIANCE"))["prices"][0]["last"] == "1469.00"


@pytest.mark.exhaustive
async def test_pushed_ticks_of_past_days_are_thinned_and_each_days_last_stays(clock: LoopClock, tmp_path: Path) -> None:
    calendar, settings = Days(clock), replace(STILL, data=tmp_path)
    seen: list[tuple[datetime, int]] = []
    async with broker(calendar, settings) as wire:
        share = wire.running.broker.named("NSE", "RELIANCE-EQ")
        assert share is not None
        for nights in (1, 8):
            for minute in range(25):
                await wire.desk("POST", "/prices", {"ticks": [{"name": "RELIANCE", "price": str(1400 + nights + minute)}]})
                await asyncio.sleep(60)
            seen.append((calendar.now(), wire.running.broker.market.price(share, calendar.now())))
            calendar.pass_days(nights)
        await wire.desk("GET", "/state")
        kept = [at for _, at, _, _ in wire.running.broker.ledger.moves()]
        assert len(kept) == 2, "both days are more than a week ago"
    for _ in range(2):
        async with broker(calendar, settings) as wire:
            assert [wire.running.broker.market.price(share, at) for at, _ in seen] == [price for _, price in seen]


async def test_of_yesterdays_ticks_each_ten_minutes_keep_their_last(clock: LoopClock) -> None:
    calendar = Days(clock)
    async with broker(calendar) as wire:
        share = wire.running.broker.named("NSE", "RELIANCE-EQ")
        assert share is not None
        seen: list[tuple[datetime, int]] = []
        for minute in range(30):
            await wire.desk("POST", "/prices", {"ticks": [{"name": "RELIANCE", "price": str(1400 + minute)}]})
            await asyncio.sleep(59)
            if minute % 10 == 9:
                seen.append((calendar.now(), wire.running.broker.market.price(share, calendar.now())))
            await asyncio.sleep(1)
        await wire.desk("POST", "/prices", {"name": "RELIANCE", "move": "-5%"})
        calendar.pass_days(1)
        await wire.desk("GET", "/state")
        assert len(wire.running.broker.ledger.moves()) == 4, "three ticks and the move by hand"
        assert [wire.running.broker.market.price(share, at) for at, _ in seen] == [price for _, price in seen]
