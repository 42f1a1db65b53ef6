"""Candles over any stretch of time: whole, in order, each once, whatever the two routes leave out, repeat or turn round."""

import json
import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.broker.research_client import INTERVALS
from bot.broker.wire import research_rows
from bot.domain.clock import at_ist, ist, ist_date
from bot.domain.orders.research import Candle, Interval
from bot.simulators.loop import VirtualLoop
from tests.bot.broker.client.test_client import RELIANCE
from tests.bot.broker.quirks.rows import a_client
from tests.stage.depth import examples

MINUTES = {
    "ONE_MINUTE": 1, "THREE_MINUTE": 3, "FIVE_MINUTE": 5, "TEN_MINUTE": 10, "FIFTEEN_MINUTE": 15, "THIRTY_MINUTE": 30,
    "ONE_HOUR": 60,
}  # fmt: skip
OPENS, ENDS = time(9, 0), time(15, 40)  # the longest session there is, so that the limit is met as early as it can be


class Standing:
    """A clock that stands."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Exchange(httpx.AsyncBaseTransport):
    """The two candle routes by the letter of 9.2 and 9.3, over a market that is open every day."""

    def __init__(self, now: datetime, chance: random.Random) -> None:
        self.now = now
        self.today = ist_date(now)
        self.chance = chance
        self.asked: list[tuple[str, datetime]] = []
        self.most = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(await request.aread())
        interval = body["interval"]
        if request.url.path.endswith("historical"):
            first, last = (datetime.strptime(body[name], "%Y-%m-%d %H:%M") for name in ("fromdate", "todate"))  # noqa: DTZ007 - IST
            rows = [at for at in bars(interval, first.date(), last.date()) if first <= at <= last]
            self.most = max(self.most, len(rows))
            if len(rows) > 1000:
                return answer({"status": False, "message": "Requested data exceeds the maximum limit of 1000 candles",
                               "errorcode": "IA400", "data": None})  # fmt: skip
            rows = [at for at in rows if at.date() < self.today]
            told = [row(at, f"{at:%Y-%m-%dT%H:%M:%S}+05") for at in rows]
        else:
            assert body["exchange"] == "1"
            assert interval != "ONE_DAY", "the route fails when asked for it"
            until = ist(self.now).replace(tzinfo=None)
            days = (self.today - timedelta(days=self.chance.choice((0, 1))), self.today)  # sometimes the last day is still there
            told = [row(at, f"{at:%Y-%m-%d %H:%M}") for at in bars(interval, *days) if at <= until][::-1]
        return answer({"status": True, "message": "SUCCESS", "errorcode": "", "data": {"candles": told or None}})


def bars(interval: str, first: date, last: date) -> list[datetime]:
    """Starts of all bars of these days, on India's wall clock."""
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    if interval == "ONE_DAY":
        return [datetime.combine(day, time()) for day in days]
    count = -(-400 // MINUTES[interval])
    return [datetime.combine(day, OPENS) + timedelta(minutes=MINUTES[interval]) * step for day in days for step in range(count)]


def row(at: datetime, spelled: str) -> list[Any]:
    """Figures that tell which bar it is."""
    price = 100 + (at - datetime(2020, 1, 1)).total_seconds() / 60 % 9973  # noqa: DTZ001 - a wall clock
    return [spelled, price, price + 1, price - 1, price + 0.5, 10]


def answer(told: object) -> httpx.Response:
    return httpx.Response(200, content=json.dumps(told).encode())


def fetched(now: datetime, interval: Interval, start: datetime, end: datetime, seed: int) -> tuple[list[Candle], Exchange, float]:
    """The candles, the exchange as it was asked, and how long that took."""
    loop = VirtualLoop()
    try:
        clock = Standing(now)
        exchange = Exchange(now, random.Random(seed))
        client, _ = a_client(exchange, clock, Path())
        got = loop.run_until_complete(client.research.candles(RELIANCE, interval, start, end))
        return got, exchange, loop.time()
    finally:
        loop.close()


def wanted(now: datetime, interval: Interval, start: datetime, end: datetime) -> list[datetime]:
    """Every bar that began in [start, end) and by now, UTC. Today's own day bar is there once its first quarter hour is."""
    word = INTERVALS[interval][0]
    starts = [at_ist(at.date(), at.hour, at.minute) for at in bars(word, ist_date(start), ist_date(end))]
    begun = at_ist(ist_date(now), OPENS.hour) if interval is Interval.DAY else None
    return [
        at for at in starts
        if start <= at < end and at <= now and (begun is None or ist_date(at) < ist_date(now) or begun <= now)
    ]  # fmt: skip


moments = st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it


@given(
    now=moments,
    interval=st.sampled_from(list(Interval)),
    before=st.integers(0, 9 * 24 * 60),
    length=st.integers(0, 12 * 24 * 60),
    seed=st.integers(0, 99),
)
@example(now=datetime(2026, 1, 2, 0, 0, 0, 1, tzinfo=UTC), interval=Interval.MINUTE, before=832, length=1, seed=0)
@settings(max_examples=examples(60), deadline=None)
def test_any_stretch_comes_whole_in_order_and_each_once(
    now: datetime, interval: Interval, before: int, length: int, seed: int
) -> None:
    start = now - timedelta(minutes=before)
    end = start + timedelta(minutes=length)
    got, exchange, _ = fetched(now, interval, start, end, seed)
    assert [candle.start for candle in got] == wanted(now, interval, start, end)
    assert exchange.most <= 1000
    if interval is not Interval.DAY:
        for candle in got:
            wall = ist(candle.start).replace(tzinfo=None)
            assert candle.open == Decimal(str(row(wall, "")[1]))


@pytest.mark.exhaustive
@pytest.mark.parametrize("interval", list(Interval))
def test_a_long_past_is_asked_for_in_portions_below_the_limit_at_one_a_second(interval: Interval) -> None:
    now = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
    days = INTERVALS[interval][1]
    start = now - timedelta(days=days * 3)
    got, exchange, took = fetched(now, interval, start, now, 1)
    assert [candle.start for candle in got] == wanted(now, interval, start, now)
    assert 700 < exchange.most <= 1000, "the portions are as large as they may be"
    assert took >= 3


def test_the_last_days_quarters_are_not_made_into_todays_candle_before_the_open() -> None:
    now = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # 07:30 IST
    for seed in range(4):
        got, _, _ = fetched(now, Interval.DAY, now - timedelta(days=3), now + timedelta(hours=8), seed)
        assert [ist_date(candle.start) for candle in got] == [date(2026, 11, 18), date(2026, 11, 19)]
        assert all(candle.open == Decimal(str(row(datetime.combine(ist_date(candle.start), time()), "")[1])) for candle in got)


def test_a_day_of_parts_has_their_first_and_last_price_and_their_extremes() -> None:
    at = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    parts = [
        Candle(start=at + timedelta(minutes=15 * step), open=Decimal(figures[0]), high=Decimal(figures[1]),
               low=Decimal(figures[2]), close=Decimal(figures[3]), volume=step)
        for step, figures in enumerate([(10, 12, 9, 11), (11, 15, 11, 14), (14, 14, 7, 8)])
    ]  # fmt: skip
    (day,) = research_rows.as_one_day(parts)
    assert [int(each) for each in (day.open, day.high, day.low, day.close, day.volume)] == [10, 15, 7, 8, 3]
    assert research_rows.as_one_day([]) == []
