"""Candles of one instrument with what the account did in it and what stands for it now."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from bot.domain.clock import Clock, at_ist, ist_date
from bot.domain.errors import NotFound
from bot.domain.market.display_names import short, title
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.orders.order import Order, TradeFact
from bot.domain.orders.research import Candle, Interval
from bot.domain.people.account import Account, Actor
from bot.domain.pictures import CandleChart, Charted, ChartFill, ChartLevel, LevelKind
from bot.domain.plans.plan import LegKind, LegState, Plan
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product
from bot.domain.value import value
from bot.trading.account.account_views import or_none
from bot.trading.account.quotes import Quotes
from bot.trading.actor import account_of
from bot.trading.sync.shared_reads import SharedReads

MOST = 400  # candles on one picture: more than a phone has room for
MOST_DAYS = 365
FRESH = 20.0  # seconds for which candles serve whoever asks; the newest one still grows
KEPT = 8  # sets of candles
MOST_LOOKS = 4  # how often further back is looked for the last day with trading: a festival makes four days without
# Days of trading shown when none are named: as many as are read at a glance.
USUAL_DAYS: Mapping[Interval, int] = {
    Interval.MINUTE: 1, Interval.MINUTES_3: 1, Interval.MINUTES_5: 1, Interval.MINUTES_10: 3, Interval.MINUTES_15: 5,
    Interval.MINUTES_30: 10, Interval.HOUR: 20, Interval.DAY: 120,
}  # fmt: skip
# Candles of one ordinary session, 09:15 to 15:30: more days than fill the picture are not asked for, at a second for each call.
A_DAY: Mapping[Interval, int] = {
    Interval.MINUTE: 375, Interval.MINUTES_3: 125, Interval.MINUTES_5: 75, Interval.MINUTES_10: 38, Interval.MINUTES_15: 25,
    Interval.MINUTES_30: 13, Interval.HOUR: 7, Interval.DAY: 1,
}  # fmt: skip
_Question = tuple[InstrumentKey, Interval, int]


@value
class _Read:
    candles: tuple[Candle, ...]
    as_of: datetime
    began: float  # loop time


@dataclass(slots=True, kw_only=True)
class CandleCharts:
    """What /chart shows. Candles are read from the broker once for all who ask within some seconds."""

    store: Store
    connections: BrokerConnections
    quotes: Quotes
    reads: SharedReads
    clock: Clock
    mode: str
    _read: dict[_Question, "asyncio.Task[_Read]"] = field(default_factory=dict, init=False)

    async def of(self, actor: Actor, words: str, interval: Interval, days: int | None = None) -> Charted:
        """The chart of one instrument over the last days of trading, today's included. NotFound when nobody traded it.

        What is known of the account's own trades and orders is in it. What cannot be read now is named.
        """
        account = account_of(actor)
        instrument = await self.quotes.named(words, command="/chart")
        asked = days or USUAL_DAYS[interval]
        days = min(asked, MOST_DAYS, -(-MOST // A_DAY[interval]))
        read = await self._candles(account.id, instrument, interval, days)
        fills, levels, left_out = await self._own(account, instrument, read)
        if fills and fills[-1].at > read.as_of:  # traded since: the candles shall show it
            self._read.pop((instrument.key, interval, days), None)
            read = await self._candles(account.id, instrument, interval, days)
        shown = read.candles[-MOST:]
        if not shown:
            raise NotFound(f"mStock has no candles of {short(instrument)} in the days asked for.")
        chart = CandleChart(
            name=title(instrument, today=ist_date(read.as_of)),
            exchange=instrument.exchange.value,
            interval=interval,
            candles=shown,
            fills=tuple(fill for fill in fills if fill.at >= shown[0].start),
            levels=levels,
            mode=self.mode,
            as_of=read.as_of,
        )
        traded = len({ist_date(candle.start) for candle in shown})
        whole = days == asked and len(shown) == len(read.candles)
        return Charted(instrument=instrument, chart=chart, days=traded, whole=whole, left_out=left_out)

    async def _candles(self, account_id: str, instrument: Instrument, interval: Interval, days: int) -> _Read:
        question = (instrument.key, interval, days)
        now = asyncio.get_running_loop().time()
        self._read = {asked: task for asked, task in self._read.items() if not _is_old(task, now)}
        while len(self._read) >= KEPT and question not in self._read:
            self._read.pop(next(iter(self._read)))
        task = self._read.get(question)
        if task is None:
            task = asyncio.create_task(self._ask(account_id, instrument, interval, days), name=f"candles of {instrument.name}")
            task.add_done_callback(_seen)
            self._read[question] = task
        return await asyncio.shield(task)

    async def _ask(self, account_id: str, instrument: Instrument, interval: Interval, days: int) -> _Read:
        """The last so many days with trading. Where today has none yet, or is a holiday, further back is looked for one."""
        broker = self.connections.of(account_id).broker
        as_of, began = self.clock.now(), asyncio.get_running_loop().time()
        today = ist_date(as_of)
        # Of a whole year about 248 days see trading: five of seven, and some holidays more.
        since = today - timedelta(days=0 if days == 1 else days * 7 // 5 + 4)
        candles = list(await broker.candles(instrument, interval, at_ist(since, 0), as_of + timedelta(seconds=1)))
        for _ in range(MOST_LOOKS):
            if candles:
                break
            until, since = since, since - timedelta(days=2)
            candles = list(await broker.candles(instrument, interval, at_ist(since, 0), at_ist(until, 0)))
        wanted = set(sorted({ist_date(candle.start) for candle in candles})[-days:])
        kept = tuple(candle for candle in candles if ist_date(candle.start) in wanted)
        return _Read(candles=kept, as_of=as_of, began=began)

    async def _own(
        self, account: Account, instrument: Instrument, read: _Read
    ) -> tuple[tuple[ChartFill, ...], tuple[ChartLevel, ...], tuple[str, ...]]:
        """(trades, levels, what could not be read): today's trades by the broker's book, which has those of its app too."""
        now = self.clock.now()
        since, midnight = read.candles[0].start if read.candles else now, at_ist(ist_date(now), 0)
        kept, working, plans = await self.store.read(lambda db: _records(db, account.id, instrument.key, ist_date(since)))
        trades, positions = await asyncio.gather(
            or_none(partial(self.reads.trades, account.id)), or_none(partial(self.reads.positions, account.id))
        )
        fills = [fill for fill in kept if fill.at >= since and (fill.at < midnight or trades is None)]
        if trades is not None:
            fills += _todays(trades.value, instrument.key)
        book = positions.value if positions is not None else ()
        held = [position for position in book if position.instrument.key == instrument.key]
        levels = (*_averages(held), *_waiting(working, held, instrument.key), *_watched(plans, instrument.key))
        unread = ((trades, "trades of mStock's app"), (positions, "the position's average"))
        left_out = tuple(words for reading, words in unread if reading is None)
        return tuple(sorted(fills, key=lambda fill: fill.at)), levels, left_out


def _is_old(task: "asyncio.Task[_Read]", now: float) -> bool:
    """Whether whoever asks now needs a new reading. A failure is told to those who waited for it, and to nobody after them."""
    if not task.done():
        return False
    return task.cancelled() or task.exception() is not None or now - task.result().began > FRESH


def _seen(task: "asyncio.Task[_Read]") -> None:
    if not task.cancelled():
        task.exception()


def _records(
    db: Repositories, account_id: str, key: InstrumentKey, since: date
) -> tuple[list[ChartFill], Sequence[Order], list[Plan]]:
    """(fills, orders that work, plans that live). A fill whose price nobody has said has no place on a chart."""
    fills = [
        ChartFill(at=trade.at, side=trade.side, price=trade.price, quantity=trade.quantity)
        for product in Product
        for trade in db.ledger.of_row(account_id, (key, product), since)
        if trade.price is not None
    ]
    return fills, db.orders.unsettled(account_id), [plan for plan in db.plans.alive() if plan.account_id == account_id]


def _todays(trades: Iterable[TradeFact], key: InstrumentKey) -> Iterator[ChartFill]:
    """Trades of the book whose time is known."""
    for trade in trades:
        if trade.key == key and trade.at is not None:
            yield ChartFill(at=trade.at, side=trade.side, price=trade.price, quantity=trade.quantity)


def _averages(held: Sequence[Position]) -> Iterator[ChartLevel]:
    for position in held:
        if position.is_open and position.average is not None:
            yield ChartLevel(kind=LevelKind.AVERAGE, price=position.average, quantity=position.quantity)


def _waiting(orders: Iterable[Order], held: Sequence[Position], key: InstrumentKey) -> Iterator[ChartLevel]:
    """Orders that rest at the exchange: one that would close is a stop or a target, any other opens or adds."""
    for order in orders:
        draft = order.draft
        price = draft.trigger or draft.price
        if draft.instrument.key != key or not order.status.is_working or price is None:
            continue
        closes = any(position.product is draft.product and position.quantity * draft.side.sign < 0 for position in held)
        kind = LevelKind.LIMIT if not closes else LevelKind.STOP if draft.trigger is not None else LevelKind.TARGET
        yield ChartLevel(kind=kind, price=price, quantity=draft.side.sign * order.pending)


def _watched(plans: Iterable[Plan], key: InstrumentKey) -> Iterator[ChartLevel]:
    """Targets that the bot watches and that rest nowhere yet."""
    for plan in plans:
        target = plan.leg(LegKind.TARGET)
        if target is None or target.state is not LegState.WAITING or target.draft.instrument.key != key:
            continue
        draft = target.draft
        if draft.price is not None:
            yield ChartLevel(kind=LevelKind.TARGET, price=draft.price, quantity=draft.side.sign * draft.quantity)
