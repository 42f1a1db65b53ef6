"""Where the price of an instrument comes from: a seeded walk, candles of a file, or ticks pushed in from outside.

Prices are made up, so this is the one place of the broker that thinks in floats. What leaves it is whole paise on the
tick grid, and money is counted in those.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from bot.simulators.broker.market.instruments import Instrument, Key

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
    """Brownian in shape: each octave's height is the root of its period. 1.0 is about a day's standard deviation."""
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
