"""Prices of one broker move the market of another, by the wire alone."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from bot.demo.live_prices import LivePrices, matched
from bot.domain.clock import Clock
from bot.simulators.broker.server import Running
from bot.simulators.broker.settings import PaperAccount, PaperSettings
from bot.simulators.loop import LoopClock
from tests.stage.brokers.exchange import a_road, credentials_of, log_in, paper_broker, until
from tests.stage.values.orders import RELIANCE


def price(broker: Running, name: str, clock: Clock) -> int:
    """Paise."""
    share = broker.broker.named("NSE", name)
    assert share is not None
    return broker.broker.market.price(share, clock.now())


@pytest.mark.exhaustive
async def test_a_price_at_the_source_becomes_the_price_of_the_paper_market(clock: LoopClock, tmp_path: Path) -> None:
    still = PaperSettings(walk=0)
    async with paper_broker(still, clock) as source, paper_broker(still, clock) as practice, aiohttp.ClientSession() as http:
        pump = LivePrices(desk_url=practice.desk_url, http=http)
        async with a_road(source, clock, tmp_path, pump) as road:
            credentials = credentials_of(PaperAccount())
            connection = road.of("source", credentials)
            await log_in(connection, credentials, clock)
            running = asyncio.create_task(pump.run(connection, list(practice.broker.master.by_key.values())))
            await asyncio.sleep(5)
            async with http.post(f"{source.desk_url}/prices", json={"name": "RELIANCE", "tick": "1512.40"}) as answer:
                assert answer.status == 200
            await asyncio.sleep(5)
            running.cancel()
        assert price(practice, "RELIANCE-EQ", clock) == 151240
        assert pump.delivered > 0


@pytest.mark.exhaustive
async def test_the_sources_closes_and_its_other_exchange_come_over_too(clock: LoopClock, tmp_path: Path) -> None:
    """A limit order at the live price must lie within the paper market's band, which hangs on the previous close."""
    moved, still = PaperSettings(walk=40, seed=11), PaperSettings(walk=0)
    async with paper_broker(moved, clock) as source, paper_broker(still, clock) as practice, aiohttp.ClientSession() as http:
        pump = LivePrices(desk_url=practice.desk_url, http=http)
        async with a_road(source, clock, tmp_path, pump) as road:
            credentials = credentials_of(PaperAccount())
            connection = road.of("source", credentials)
            await log_in(connection, credentials, clock)
            running = asyncio.create_task(pump.run(connection, list(practice.broker.master.by_key.values())))
            await until(lambda: pump.delivered, 60)
            for price in ({"name": "RELIANCE", "exchange": "BSE", "tick": "1999.00"}, {"name": "RELIANCE-EQ", "tick": "1998.00"}):
                async with http.post(f"{source.desk_url}/prices", json=price) as answer:
                    assert answer.status == 200
            await asyncio.sleep(5)
            running.cancel()
    now, far, near = clock.now(), source.broker, practice.broker
    for exchange, name in (("NSE", "RELIANCE-EQ"), ("NSE", "TCS-EQ"), ("BSE", "RELIANCE"), ("NSE", "NIFTY")):
        one, other = far.named(exchange, name), near.named(exchange, name)
        assert one is not None
        assert other is not None
        assert near.market.previous_close(other, now) == far.market.previous_close(one, now), name
    shares = [near.named("NSE", "RELIANCE-EQ"), near.named("BSE", "RELIANCE")]
    assert [near.market.price(share, now) for share in shares if share is not None] == [199800, 199900]


def test_only_what_both_have_is_watched() -> None:
    class Row:
        exchange, name, token, kind = "NSE", "RELIANCE-EQ", "other", "EQ"

    assert matched([RELIANCE], [Row()]) == {RELIANCE.key: "RELIANCE-EQ"}
    assert matched([], [Row()]) == {}
