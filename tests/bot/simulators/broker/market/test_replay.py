"""Candles of a file are played back as they were traded, on their own day or on another.

What cannot be read is named.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulators.broker.faults.errors import BadSettings
from bot.simulators.broker.market.hours import at_ist
from bot.simulators.broker.market.instruments import Instrument
from bot.simulators.broker.market.prices import Candle, Walk
from bot.simulators.broker.market.replay import Replay
from bot.simulators.loop import LoopClock
from tests.bot.simulators.broker.wire import STILL, broker

HEAD = "time,symbol,open,high,low,close,volume\n"
SHARE = Instrument(token="2885", exchange="NSE", symbol="RELIANCE", name="RELIANCE-EQ", kind="EQ", tick=10, base=148030)
FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)
STANDS = Walk(1, 0.0)


def read(path: Path, words: str) -> Replay:
    path.write_text(words, encoding="utf-8")
    return Replay.from_file(path, STANDS, {"RELIANCE": SHARE.key, "NIFTY": ("NSE", "26000")})


def at(day: date, hour: int, minute: int, second: int = 0) -> datetime:
    return at_ist(day, time(hour, minute, second)).astimezone(UTC)


async def test_candles_of_a_file_are_played_back(clock: LoopClock, tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text(
        HEAD + "2026-11-20 09:15,RELIANCE,1400,1410,1390,1405,1000\n2026-11-20 09:16,RELIANCE-EQ,1405,1406,1300,1301,1000\n"
    )
    async with broker(clock, replace(STILL, replay=path)) as wire:
        await wire.login()

        async def last() -> str:
            return str((await wire.desk("GET", "/prices?names=RELIANCE"))["prices"][0]["last"])

        assert await last() == "1400.00"
        await asyncio.sleep(15 * 60 + 20)
        assert await last() == "1390.00"
        await asyncio.sleep(20)
        assert await last() == "1410.00"
        await asyncio.sleep(120)
        assert await last() == "1301.00"
        assert (await wire.desk("GET", "/prices?names=ITC"))["prices"][0]["last"] == "412.85"


def test_in_a_hole_and_over_the_night_the_price_stands_at_the_last_close(tmp_path: Path) -> None:
    rows = (
        "2026-11-20 09:15,RELIANCE,1400,1410,1390,1405,1\n2026-11-20 09:16,RELIANCE,1405,1405,1405,1405,1\n"
        "2026-11-20 09:30,RELIANCE,1500,1500,1500,1500,1\n2026-11-23 09:15,RELIANCE,1600,1600,1600,1600,1\n"
    )
    replay = read(tmp_path / "holes.csv", HEAD + rows)
    prices = [replay.level(SHARE, at(FRIDAY, 9, minute, 59)) for minute in (16, 17, 20, 29)]
    assert prices == [140500] * 4
    assert replay.level(SHARE, at(FRIDAY, 15, 30)) == 150000
    assert replay.level(SHARE, at(MONDAY, 9, 15)) == 160000


def test_an_old_file_is_played_day_by_day_at_its_own_times(tmp_path: Path) -> None:
    rows = "2025-10-16 09:15,RELIANCE,1400,1400,1400,1400,1\n2025-10-17 09:15,RELIANCE,1500,1500,1500,1500,1\n"
    replay = read(tmp_path / "old.csv", HEAD + rows)
    days = [date(2026, 11, 20) + timedelta(days=n) for n in range(4)]
    assert sorted({replay.level(SHARE, at(day, 9, 15, 30)) for day in days}) == [140000, 150000]
    assert [replay.level(SHARE, at(day, 11, 0)) for day in days] == [replay.level(SHARE, at(day, 14, 0)) for day in days]
    assert replay.level(SHARE, at(days[0], 11, 0)) != replay.level(SHARE, at(days[1], 11, 0))


def test_an_instrument_without_candles_on_the_played_day_stands_where_it_was(tmp_path: Path) -> None:
    nifty = replace(SHARE, token="26000")
    rows = "2026-11-20 09:15,RELIANCE,1400,1400,1400,1400,1\n"
    replay = read(tmp_path / "two.csv", HEAD + rows + "2026-11-23 09:15,NIFTY,24000,24000,24000,24000,1\n")
    assert replay.level(SHARE, at(MONDAY, 10, 0)) == 140000
    assert replay.level(nifty, at(FRIDAY, 10, 0)) == 2400000
    assert replay.level(replace(SHARE, token="1", base=777), at(FRIDAY, 10, 0)) == 777, "the rest comes from the walk"


BARS = st.lists(
    st.tuples(st.integers(0, 5 * 24 * 60), st.lists(st.integers(1, 10**7), min_size=4, max_size=4)),
    min_size=1, max_size=30, unique_by=lambda bar: bar[0],
)  # fmt: skip


@given(BARS, st.integers(-30 * 86_400, 30 * 86_400))
def test_any_moment_of_any_file_has_a_price_that_one_of_its_candles_had(found: list[tuple[int, list[int]]], seconds: int) -> None:
    begin = at(FRIDAY, 0, 0)
    bars = [
        Candle(begin + timedelta(minutes=minute), prices[0], max(prices), min(prices), prices[3], 1)
        for minute, prices in sorted(found)
    ]
    level = Replay({SHARE.key: bars}, STANDS).level(SHARE, begin + timedelta(seconds=seconds))
    assert any(bar.low <= level <= bar.high for bar in bars)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("2026-11-20 09:15,RELIANCE,x,1,1,1,1\n", "line 2: open is “x”, which is no number"),
        ("2026-11-20 09:15,NOBODY,1,1,1,1,1\n", "line 2: no share or index of the paper exchange is called “NOBODY”"),
        ("2026-11-20 09:15,RELIANCE,1,1,1,1,1\n2026-11-20 09:16,RELIANCE,1,,1,1,1\n", "line 3: high is empty"),
        ("2026-11-20 09:15,RELIANCE,1400\n", "line 2: high is empty"),
        ("tomorrow,RELIANCE,1,1,1,1,1\n", "line 2: “tomorrow” is no time"),
        (",RELIANCE,1,1,1,1,1\n", "is no time"),
        ("2026-11-20 09:15,RELIANCE,2,1,3,2,1\n", "do not lie between low and high"),
        ("2026-11-20 09:15,RELIANCE,0,0,0,0,1\n", "open is not above zero"),
        ("2026-11-20 09:15,RELIANCE,-5,1,1,1,1\n", "open is “-5”"),
        ("2026-11-20 09:15,RELIANCE,NaN,1,1,1,1\n", "open is “NaN”"),
        ("2026-11-20 09:15,RELIANCE,1,1,1,1,many\n", "volume is “many”"),
        ("2026-11-20 09:15,RELIANCE,1,1,1,1,1\n" * 2, "line 3: there is a candle of 2026-11-20 09:15 already"),
        ("", "holds no candle"),
    ],
)
def test_a_line_that_cannot_be_is_named_with_its_number(tmp_path: Path, rows: str, says: str) -> None:
    with pytest.raises(BadSettings) as refused:
        read(tmp_path / "bad.csv", HEAD + rows)
    assert says in refused.value.say
    assert refused.value.say.startswith("bad.csv")


def test_a_file_that_is_none_is_said_so_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    for content, says in [
        (b"a,b\n1,2\n", "has no column time, open, high, low, close, symbol"),
        (b"", "has no column"),
        (b"\xff\xfe\x00", "is not a CSV file of candles"),
    ]:
        path.write_bytes(content)
        with pytest.raises(BadSettings, match=says):
            Replay.from_file(path, STANDS, {})
    for missing in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(BadSettings, match="cannot be read"):
            Replay.from_file(missing, STANDS, {})


def test_a_token_may_stand_for_the_symbol_and_must_be_known(tmp_path: Path) -> None:
    head = "time,exchange,token,open,high,low,close\n"
    replay = read(tmp_path / "tokens.csv", head + "2026-11-20 09:15,NSE,2885,1,2,1,2\n")
    assert replay.level(SHARE, at(FRIDAY, 15, 0)) == 200
    with pytest.raises(BadSettings, match="NSE 99"):
        read(tmp_path / "tokens.csv", head + "2026-11-20 09:15,NSE,99,1,2,1,2\n")
