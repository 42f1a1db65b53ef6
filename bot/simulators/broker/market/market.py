"""The market as everybody sees it: last price, day range, five bids and asks, and what the control desk did to it."""

from __future__ import annotations

from bisect import bisect_right, insort_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from bot.simulators.broker.market.frames import Level, Quote
from bot.simulators.broker.market.hours import AUCTION_BAND, Timetable, at_ist, ist
from bot.simulators.broker.market.instruments import Instrument, Key
from bot.simulators.broker.market.prices import YEAR, PriceSource, future_value, on_tick, option_value, pick

RANGE_STEP = timedelta(minutes=15)  # points of a day at which its high and low are sought
REMEMBERED = 20_000
SHARES_AT_ONCE = 40
PUSH_SECONDS = 60  # pushed ticks of so many seconds are remembered as one: the shortest candle
SPREAD, OPTION_SPREAD = 10_000, 1_500  # the spread is such a part of the price, at least one tick


@dataclass(frozen=True, slots=True)
class Move:
    """From `at` on an instrument stands `offset` paise beside its source, or at `fixed` when somebody pushed ticks."""

    at: datetime
    offset: int = 0
    fixed: int | None = None


@dataclass(slots=True)
class _Range:
    day: date
    until: datetime
    high: int
    low: int


class Market:
    """Prices of every instrument at any moment. The same seed, clock and moves give the same prices."""

    def __init__(self, find: Callable[[Key], Instrument], source: PriceSource, timetable: Timetable, seed: int) -> None:
        self._find = find
        self._source = source
        self._timetable = timetable
        self._seed = seed
        self._moves: dict[Key, list[Move]] = {}
        self._known: dict[tuple[Key, datetime], int] = {}  # prices asked for lately: one quote asks for the same ones often
        self._ranges: dict[Key, _Range] = {}

    # What the desk does.

    def set_price(self, instrument: Instrument, price: int, at: datetime) -> Move:
        """Put the last price to `price` paise now. It walks on from there."""
        bare = self._bare(instrument, self._timetable.market_moment(instrument, at), at)
        move = Move(at, offset=on_tick(price, instrument.tick) - bare)
        self.apply(instrument.key, move)
        return move

    def push(self, instrument: Instrument, price: int, at: datetime) -> tuple[Move, bool]:
        """A tick from outside: the price stands there until the next one. Returns whether it took the place of the one before.

        A live feed pushes many a second: ticks of the same minute are one to remember, the newest. The day's high
        and low keep what the others touched.
        """
        move = Move(at, fixed=on_tick(price, instrument.tick))
        moves = self._moves.setdefault(instrument.key, [])
        replaces = bool(moves) and moves[-1].fixed is not None and _bucket(moves[-1].at) == _bucket(at)
        self.day_range(instrument, at)
        if replaces:
            moves.pop()
        self.apply(instrument.key, move)
        self.day_range(instrument, at)
        return move, replaces

    def standing(self) -> list[Key]:
        """What stands where a tick from outside put it."""
        return [key for key, moves in self._moves.items() if moves and moves[-1].fixed is not None]

    def forget_moves(self) -> None:
        """Before they are read anew. What is known of today's range stays."""
        self._moves.clear()
        self._known.clear()

    def put_close(self, instrument: Instrument, price: int, at: datetime) -> Move:
        """The last day's close, told from outside: the price stands there from that close on, until a tick comes."""
        day = self._timetable.previous_date(self._timetable.trading_date(at))
        move = Move(self._timetable.closing(instrument, day).astimezone(UTC), fixed=on_tick(price, instrument.tick))
        self.apply(instrument.key, move)
        self._ranges.pop(instrument.key, None)
        return move

    def apply(self, key: Key, move: Move) -> None:
        insort_right(self._moves.setdefault(key, []), move, key=lambda known: known.at)
        self._known.clear()

    # What everybody sees.

    def price(self, instrument: Instrument, at: datetime) -> int:
        """Last traded price in paise. Stands still while the market is shut."""
        asked = (instrument.key, at)
        found = self._known.get(asked)
        if found is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            found = self._known[asked] = self._worth(instrument, self._timetable.market_moment(instrument, at), at)
        return found

    def _worth(self, instrument: Instrument, moment: datetime, at: datetime) -> int:
        """The price of `moment` with the moves known at `at` (a move made after hours counts at once)."""
        move = self._move_at(instrument.key, at)
        if move is not None and move.fixed is not None:
            return move.fixed
        return max(self._bare(instrument, moment, at) + (move.offset if move else 0), instrument.tick)

    def _move_at(self, key: Key, at: datetime) -> Move | None:
        moves = self._moves.get(key)
        if not moves:
            return None
        place = bisect_right(moves, at, key=lambda move: move.at)
        return moves[place - 1] if place else None

    def _bare(self, instrument: Instrument, moment: datetime, at: datetime) -> int:
        """Without the instrument's own moves. Those of its underlying are in it, and so is a share's twin on NSE."""
        if instrument.underlying is None:
            return on_tick(self._source.level(instrument, moment), instrument.tick)
        underlying = self._find(instrument.underlying)
        # The underlying's worth at the contract's own moment: futures trade on while the share is in its auction.
        spot = float(self._worth(underlying, moment, at))
        if instrument.expiry is None:
            return on_tick(spot, instrument.tick)
        years = (at_ist(instrument.expiry, time(15, 40)) - moment) / YEAR
        if not instrument.is_option:
            return on_tick(future_value(spot, max(years, 0.0)), instrument.tick)
        value = option_value(spot, float(instrument.strike), years, instrument.option, index=underlying.is_index)
        return on_tick(value, instrument.tick)

    def previous_close(self, instrument: Instrument, at: datetime) -> int:
        day = self._timetable.previous_date(self._timetable.trading_date(at))
        return self.price(instrument, self._timetable.closing(instrument, day))

    def day_open(self, instrument: Instrument, at: datetime) -> int:
        return self.price(instrument, self._timetable.opening(self._timetable.trading_date(at)))

    def day_range(self, instrument: Instrument, at: datetime) -> tuple[int, int]:
        """High and low of the day so far, in paise."""
        moment = self._timetable.market_moment(instrument, at)
        day = self._timetable.trading_date(at)
        last = self.price(instrument, at)
        known = self._ranges.get(instrument.key)
        if known is None or known.day != day or known.until > moment:
            opening = self._timetable.opening(day)
            first = self.price(instrument, opening)
            known = self._ranges[instrument.key] = _Range(day, opening, first, first)
            for move in self._moves.get(instrument.key, ()):
                if opening <= move.at <= moment:
                    self._widen(known, self.price(instrument, move.at))
        while known.until + RANGE_STEP <= moment:
            known.until += RANGE_STEP
            self._widen(known, self.price(instrument, known.until))
        self._widen(known, last)
        return known.high, known.low

    @staticmethod
    def _widen(known: _Range, price: int) -> None:
        known.high, known.low = max(known.high, price), min(known.low, price)

    def band(self, instrument: Instrument, at: datetime) -> tuple[int, int]:
        """Lowest and highest price an order may name today: 10 % for shares with F&O and futures, 20 % for others.

        Options may go from one tick to the previous close plus a fifth of the underlying.
        """
        close, percent = self.previous_close(instrument, at), 20
        day = ist(at).date()
        if instrument.is_option and instrument.underlying:
            spot = self.previous_close(self._find(instrument.underlying), at)
            return instrument.tick, close + spot // 5
        if instrument.has_derivatives or instrument.is_derivative:
            percent = 10
        if self._timetable.has_auction(instrument, day) and at >= self._timetable.continuous_end(instrument, day):
            close, percent = self.reference_price(instrument, day), AUCTION_BAND
        if instrument.kind == "FUTSTK" and self._timetable.hours == "real" and at >= (since := at_ist(day, time(15, 15))):
            close, percent = self.price(instrument, since), AUCTION_BAND  # while the share is in its auction (FAOP74467)
        reach = close * percent // 100
        tick = instrument.tick
        return max((close - reach + tick - 1) // tick * tick, tick), (close + reach) // tick * tick

    def reference_price(self, instrument: Instrument, day: date) -> int:
        """The auction's reference: the mean price of the last quarter hour of continuous trading (paise)."""
        end = self._timetable.continuous_end(instrument, day)
        points = [self.price(instrument, end - timedelta(minutes=n)) for n in range(15)]
        return on_tick(sum(points) / len(points), instrument.tick)

    def auction_price(self, instrument: Instrument, day: date) -> int:
        """The one price of the closing auction, within its band of the reference."""
        low, high = self.band(instrument, self._timetable.closing(instrument, day))
        return min(max(self.price(instrument, self._timetable.closing(instrument, day)), low), high)

    def best(self, instrument: Instrument, at: datetime) -> tuple[int, int]:
        """Best bid and best ask in paise."""
        tick = instrument.tick
        last = self.price(instrument, at)
        spread = max(last // (OPTION_SPREAD if instrument.is_option else SPREAD) // tick, 1) * tick
        below = spread // 2 // tick * tick
        bid = max(last - below, tick)
        return bid, bid + spread

    def quote(self, instrument: Instrument, at: datetime) -> Quote:
        moment = self._timetable.market_moment(instrument, at)
        last = self.price(instrument, at)
        high, low = self.day_range(instrument, at)
        bids, asks = self.depth(instrument, at)
        opening = self._timetable.opening(self._timetable.trading_date(at))
        volume = self.volume(instrument, opening, moment)
        key = instrument.key
        return Quote(
            ltp=last,
            ltq=instrument.lot * (1 + pick(self._seed, key, int(moment.timestamp()), 40)),
            average=(high + low + last) // 3,
            volume=volume,
            total_buy=_unit(instrument) * (2000 + pick(self._seed, key, int(moment.timestamp()) // 7, 6000)),
            total_sell=_unit(instrument) * (2000 + pick(self._seed, key, int(moment.timestamp()) // 7 + 1, 6000)),
            open=self.day_open(instrument, at),
            high=high,
            low=low,
            close=self.previous_close(instrument, at),
            traded_at=moment.replace(microsecond=0),
            open_interest=instrument.lot * (20_000 + pick(self._seed, key, moment.toordinal(), 40_000))
            if instrument.is_derivative
            else 0,
            bids=bids,
            asks=asks,
        )

    def depth(self, instrument: Instrument, at: datetime) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """Five bids and five asks, best first. An index has none."""
        if instrument.is_index:
            return (), ()
        bid, ask = self.best(instrument, at)
        step = int(at.timestamp())
        tick = instrument.tick

        def level(price: int, salt: int) -> Level:
            orders = 1 + pick(self._seed, instrument.key, step * 31 + salt, 12)
            return Level(_unit(instrument) * orders * (1 + pick(self._seed, instrument.key, step * 37 + salt, 30)), price, orders)

        bids = tuple(level(bid - n * tick, n) for n in range(5) if bid - n * tick > 0)
        return bids, tuple(level(ask + n * tick, 10 + n) for n in range(5))

    def volume(self, instrument: Instrument, start: datetime, end: datetime) -> int:
        """Units traded between two moments of a day: more for the well known, never falling as the day goes on."""
        if instrument.is_index or end <= start:
            return 0
        a_day = _unit(instrument) * (40_000 + pick(self._seed, instrument.key, ist(end).toordinal(), 400_000))
        hours = 24 if self._timetable.hours == "always" else 6.25
        return int(a_day * ((end - start) / timedelta(hours=hours)))


def _unit(instrument: Instrument) -> int:
    """What sizes in the market are made of: lots of a contract, a handful of shares."""
    return instrument.lot if instrument.is_derivative else SHARES_AT_ONCE


def _bucket(at: datetime) -> int:
    return int(at.timestamp()) // PUSH_SECONDS


def stale(quote: Quote, by: timedelta) -> Quote:
    """The same quote with an older time on it (first snapshots come from a cache, 14.3)."""
    return replace(quote, traded_at=quote.traded_at - by)
