"""Where the price of an instrument comes from: a seeded walk, candles of a file, or ticks pushed in from outside.

Prices are made up, so this is the one place of the broker that thinks in floats; what leaves it is whole paise on the
tick grid, and money is counted in those.
"""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from bot.paper.errors import BadSettings
from bot.paper.hours import IST
from bot.paper.instruments import Instrument, Key

# The walk reads its base price at this moment: the close of Friday, 20 November 2026.
ANCHOR = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PERIODS = tuple(3.0 * 4**k for k in range(12))  # 3 s to 145 days
DAILY = {"INDEX": 0.007}  # standard deviation of a day's change
DAILY_SHARE = 0.013
CARRY = 0.065  # a year's interest between a future and its underlying
IMPLIED = {"INDEX": 0.13}
IMPLIED_SHARE = 0.26
YEAR = timedelta(days=365)


class PriceSource(Protocol):
    """Says what an underlying (share or index) is worth at a moment, in paise before rounding to the tick."""

    def level(self, instrument: Instrument, moment: datetime) -> float: ...


@lru_cache(maxsize=200_000)
def _lattice(seed: int, octave: int, index: int) -> float:
    """A number in [-1, 1) that only its arguments decide (splitmix64)."""
    x = (seed * 0x9E3779B97F4A7C15 + octave * 0xD1B54A32D192ED03 + index * 0x8CB92BA72F3D8DD7) & 0xFFFFFFFFFFFFFFFF
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return ((x ^ (x >> 31)) >> 11) / float(1 << 52) - 1.0


def pick(seed: int, key: Key, salt: int, limit: int) -> int:
    """A whole number in [0, limit) that seed, instrument and salt decide: sizes in the book, volumes."""
    return int((_lattice(_seed_of(seed, key), 99, salt) + 1) / 2 * limit)


@lru_cache(maxsize=20_000)
def _seed_of(seed: int, key: Key) -> int:
    text = f"{seed}:{key[0]}:{key[1]}"
    value = 14695981039346656037
    for char in text:
        value = ((value ^ ord(char)) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    return value


class Walk:
    """Noise of twelve octaves: looks like a random walk, yet any moment's price is computed without the ones before.

    So a restart, a jump of the clock and a question about last week all agree. `strength` 0 stands still.
    """

    def __init__(self, seed: int, strength: float = 1.0) -> None:
        self._seed = seed
        self._strength = strength
        self._anchors: dict[Key, float] = {}

    def level(self, instrument: Instrument, moment: datetime) -> float:
        if self._strength == 0:
            return float(instrument.base)
        seed = _seed_of(self._seed, instrument.key)
        anchor = self._anchors.get(instrument.key)
        if anchor is None:
            anchor = self._anchors[instrument.key] = _noise(seed, ANCHOR.timestamp())
        daily = DAILY.get(instrument.kind, DAILY_SHARE) * self._strength
        # Half-second steps: two looks within one see the same market.
        step = math.floor(moment.timestamp() * 2) / 2
        return instrument.base * math.exp(daily * (_noise(seed, step) - anchor))


def _noise(seed: int, seconds: float) -> float:
    """Brownian in shape: each octave's height is the root of its period; 1.0 is about a day's standard deviation."""
    total = 0.0
    for octave, period in enumerate(PERIODS):
        place = seconds / period
        index = math.floor(place)
        left, right = _lattice(seed, octave, index), _lattice(seed, octave, index + 1)
        total += math.sqrt(period / 86400.0) * (left + (right - left) * (place - index))
    return total


@dataclass(frozen=True, slots=True)
class Candle:
    """Start of the bar (UTC), open, high, low, close in paise, volume in units."""

    start: datetime
    open: int
    high: int
    low: int
    close: int
    volume: int


class Replay:
    """Plays candles of a CSV file back; what the file does not name walks.

    Columns: `time` (IST, `YYYY-MM-DD HH:MM`), `symbol` (or `exchange` and `token`), `open`, `high`, `low`, `close`
    in rupees, `volume`. Within a bar the price goes open, low, high, close (or high first when the bar fell).
    """

    def __init__(self, rows: Iterable[dict[str, str]], fallback: PriceSource, symbols: dict[str, Key]) -> None:
        self._fallback = fallback
        self._bars: dict[Key, list[Candle]] = {}
        for line, row in enumerate(rows, start=2):
            key = (row["exchange"], row["token"]) if row.get("token") else symbols.get(row.get("symbol", ""))
            if key is None:
                raise BadSettings(f"replay file, line {line}: unknown symbol {row.get('symbol')!r}")
            try:
                start = datetime.strptime(row["time"][:16].replace("T", " "), "%Y-%m-%d %H:%M").replace(tzinfo=IST)
                prices = [int(Decimal(row[name]) * 100) for name in ("open", "high", "low", "close")]
            except (ValueError, ArithmeticError, KeyError) as error:
                raise BadSettings(f"replay file, line {line}: {error!r}") from error
            volume = int(row.get("volume") or 0)
            self._bars.setdefault(key, []).append(
                Candle(start.astimezone(UTC), prices[0], prices[1], prices[2], prices[3], volume)
            )
        for bars in self._bars.values():
            bars.sort(key=lambda bar: bar.start)
        self._starts = {key: [bar.start for bar in bars] for key, bars in self._bars.items()}

    @classmethod
    def from_file(cls, path: Path, fallback: PriceSource, symbols: dict[str, Key]) -> Replay:
        with path.open(encoding="utf-8", newline="") as file:
            return cls(csv.DictReader(file), fallback, symbols)

    def level(self, instrument: Instrument, moment: datetime) -> float:
        bars = self._bars.get(instrument.key)
        if bars is None:
            return self._fallback.level(instrument, moment)
        at = bisect_right(self._starts[instrument.key], moment) - 1
        if at < 0:
            return float(bars[0].open)
        bar = bars[at]
        span = bars[at + 1].start - bar.start if at + 1 < len(bars) else timedelta(minutes=1)
        share = min((moment - bar.start) / span, 1.0)
        turns = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
        path = (bar.open, *turns, bar.close)
        leg = min(int(share * 3), 2)
        return path[leg] + (path[leg + 1] - path[leg]) * (share * 3 - leg)


def on_tick(price: float, tick: int) -> int:
    """The nearest price of the grid, never below one tick."""
    return max(round(price / tick) * tick, tick)


def future_value(spot: float, years: float) -> float:
    return spot * math.exp(CARRY * years)


def option_value(spot: float, strike: float, years: float, option: str, *, index: bool) -> float:
    """Black-Scholes with a flat volatility: enough to practise with, no forecast."""
    intrinsic = max(spot - strike, 0.0) if option == "CE" else max(strike - spot, 0.0)
    if years <= 0:
        return intrinsic
    sigma = (IMPLIED["INDEX"] if index else IMPLIED_SHARE) * math.sqrt(years)
    d1 = (math.log(spot / strike) + CARRY * years) / sigma + sigma / 2
    discounted = strike * math.exp(-CARRY * years)
    call = spot * _normal(d1) - discounted * _normal(d1 - sigma)
    return max(call if option == "CE" else call - spot + discounted, intrinsic * 0.999, 0.0)


def _normal(x: float) -> float:
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))
