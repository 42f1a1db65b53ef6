"""Prices out of a CSV file of candles: reads it or says what is wrong with it, and plays its days back.

Columns: `time` (IST, `YYYY-MM-DD HH:MM`), `symbol` (or `exchange` and `token`), `open`, `high`, `low`, `close` in rupees, and
`volume` if there is one. Within a candle the price goes open, low, high, close, or high first when the candle fell. A candle
lasts as long as the shortest step between two of the same instrument. In a hole after it the price stands at its close. A date
that the file has is played on that date. Any other date plays one of the file's days, in turn, at the same time of day, so an
old file can be practised on today. What the file does not name walks.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

from bot.simulators.broker.faults.errors import BadSettings
from bot.simulators.broker.market.hours import IST, ist
from bot.simulators.broker.market.instruments import Instrument, Key
from bot.simulators.broker.market.prices import Candle, PriceSource

PRICES = ("open", "high", "low", "close")
ALONE = timedelta(minutes=1)  # how long a candle lasts that is the only one of its instrument
A_DAY = timedelta(hours=6, minutes=15)  # how long a day's candle lasts
Days = dict[date, list[Candle]]


class Replay:
    """A price source made of candles. `fallback` is asked for everything else."""

    def __init__(self, candles: Mapping[Key, list[Candle]], fallback: PriceSource) -> None:
        self._fallback = fallback
        self._lasts = {key: _length(bars) for key, bars in candles.items()}
        self._days: dict[Key, Days] = {key: _by_day(bars) for key, bars in candles.items()}
        self._dates = sorted({day for days in self._days.values() for day in days})

    @classmethod
    def from_file(cls, path: Path, fallback: PriceSource, symbols: Mapping[str, Key]) -> Replay:
        """BadSettings when the file cannot be read, holds no candle, or has one that cannot have been traded."""
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                return cls(_read(path.name, csv.DictReader(file), symbols), fallback)
        except OSError as error:
            raise BadSettings(f"The candles in {path} cannot be read: {error.strerror}.") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise BadSettings(f"{path.name} is not a CSV file of candles.") from error

    def level(self, instrument: Instrument, moment: datetime) -> float:
        days = self._days.get(instrument.key)
        if days is None:
            return self._fallback.level(instrument, moment)
        local = ist(moment)
        played = self._played(local.date())
        return self._on(days, played, local.replace(year=played.year, month=played.month, day=played.day), instrument.key)

    def _played(self, day: date) -> date:
        """Which of the file's days is played on a date. The same for all instruments, so that they stay together."""
        place = bisect_right(self._dates, day) - 1
        if place >= 0 and self._dates[place] == day:
            return day
        return self._dates[day.toordinal() % len(self._dates)]

    def _on(self, days: Days, day: date, at: datetime, key: Key) -> float:
        bars = days.get(day)
        if bars is None:  # not traded on that day: where it stood before, or where it will begin
            before = [other for other in days if other < day]
            return float(days[max(before)][-1].close if before else days[min(days)][0].open)
        place = bisect_right(bars, at, key=lambda bar: bar.start) - 1
        return float(bars[0].open) if place < 0 else _within(bars[place], (at - bars[place].start) / self._lasts[key])


def _within(bar: Candle, share: float) -> float:
    """The price when so much of the candle's time has passed."""
    turns = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
    path = (bar.open, *turns, bar.close)
    share = min(share, 1.0) * 3
    leg = min(int(share), 2)
    return path[leg] + (path[leg + 1] - path[leg]) * (share - leg)


def _length(bars: list[Candle]) -> timedelta:
    steps = [after.start - before.start for before, after in pairwise(bars)]
    return min(min(steps, default=ALONE), A_DAY)


def _by_day(bars: list[Candle]) -> Days:
    days: Days = {}
    for bar in bars:
        days.setdefault(ist(bar.start).date(), []).append(bar)
    return days


def _read(name: str, reader: csv.DictReader[str], symbols: Mapping[str, Key]) -> dict[Key, list[Candle]]:
    columns = set(reader.fieldnames or ())
    missing = [column for column in ("time", *PRICES) if column not in columns]
    if "symbol" not in columns and not {"exchange", "token"} <= columns:
        missing.append("symbol")
    if missing:
        raise BadSettings(f"{name} has no column {', '.join(missing)}: it needs time, symbol, open, high, low and close.")
    known, found = frozenset(symbols.values()), dict[Key, dict[datetime, Candle]]()
    for row in reader:
        where = f"{name}, line {reader.line_num}"
        key = _key(where, row, symbols, known)
        candle = _candle(where, row)
        bars = found.setdefault(key, {})
        if candle.start in bars:
            raise BadSettings(f"{where}: there is a candle of {row['time']} already.")
        bars[candle.start] = candle
    if not found:
        raise BadSettings(f"{name} holds no candle.")
    return {key: [bars[start] for start in sorted(bars)] for key, bars in found.items()}


def _key(where: str, row: Mapping[str, str | None], symbols: Mapping[str, Key], known: frozenset[Key]) -> Key:
    symbol, exchange, token = (row.get(column) or "" for column in ("symbol", "exchange", "token"))
    key = (exchange, token) if token else symbols.get(symbol)
    if key is None or key not in known:
        said = f"{exchange} {token}" if token else f"“{symbol}”"
        raise BadSettings(f"{where}: no share or index of the paper exchange is called {said}.")
    return key


def _candle(where: str, row: Mapping[str, str | None]) -> Candle:
    time = row["time"] or ""
    try:
        start = datetime.strptime(time[:16].replace("T", " "), "%Y-%m-%d %H:%M").replace(tzinfo=IST)
    except ValueError:
        raise BadSettings(f"{where}: “{time}” is no time such as 2026-11-20 09:15.") from None
    opened, high, low, close = (_paise(where, column, row[column]) for column in PRICES)
    if not low <= min(opened, close) <= max(opened, close) <= high:
        raise BadSettings(f"{where}: open and close do not lie between low and high.")
    volume = _number(where, "volume", row.get("volume") or "0")
    return Candle(start.astimezone(UTC), opened, high, low, close, int(volume))


def _paise(where: str, column: str, value: str | None) -> int:
    if not value or not value.strip():
        raise BadSettings(f"{where}: {column} is empty.")
    paise = int((_number(where, column, value) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if paise <= 0:
        raise BadSettings(f"{where}: {column} is not above zero.")
    return paise


def _number(where: str, column: str, value: str) -> Decimal:
    try:
        number = Decimal(value.strip())
    except ArithmeticError:
        raise BadSettings(f"{where}: {column} is “{value}”, which is no number.") from None
    if not number.is_finite() or not 0 <= number < 10**12:
        raise BadSettings(f"{where}: {column} is “{value}”, which cannot be.")
    return number
