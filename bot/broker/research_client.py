"""The calls beside the books: candles, chains, order steps, past trades, conversions and cancel-all."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from bot.broker import routes
from bot.broker.wire import bodies, research_rows, translate, vocabulary
from bot.domain.clock import Clock, at_ist, ist, ist_date
from bot.domain.market.instrument import Exchange, Instrument
from bot.domain.orders.order import OrderDraft
from bot.domain.orders.portfolio import Margin, Position
from bot.domain.orders.research import Candle, Chain, Interval, OrderStep, PastTrade, Underlying
from bot.domain.terms import Product

# 9.2: the broker's words, and how many days of one request stay below its 1,000 candles, were each as long as 09:00 to 15:40.
INTERVALS: Mapping[Interval, tuple[str, int]] = {
    Interval.MINUTE: ("ONE_MINUTE", 2), Interval.MINUTES_3: ("THREE_MINUTE", 7), Interval.MINUTES_5: ("FIVE_MINUTE", 12),
    Interval.MINUTES_10: ("TEN_MINUTE", 25), Interval.MINUTES_15: ("FIFTEEN_MINUTE", 36),
    Interval.MINUTES_30: ("THIRTY_MINUTE", 70), Interval.HOUR: ("ONE_HOUR", 140), Interval.DAY: ("ONE_DAY", 900),
}  # fmt: skip


class ResearchClient:
    """The part of MStock that the order path does not need."""

    _clock: Clock

    @abstractmethod
    async def _read(self, route: routes.Route, body: Mapping[str, object] | None = None, **names: str) -> Any: ...

    @abstractmethod
    async def _act(
        self, route: routes.Route, body: Mapping[str, object] | None, act: str, *, urgent: bool = False, **names: str
    ) -> Any: ...

    async def cancel_all(self) -> None:
        """Asks for a cancel of everything; it tells no count, so the book must be read (5.5). Prefer cancelling one by one."""
        await self._act(routes.CANCEL_ALL, None, "cancel of all orders", urgent=True)

    async def order_steps(self, broker_id: str, *, derivative: bool) -> list[OrderStep]:
        """The life of one order, in the broker's order; the one place that always carries the tag (5.9)."""
        body = {"order_no": broker_id, "segment": "D" if derivative else "E"}
        return research_rows.order_steps(await self._read(routes.ORDER_DETAILS, body))

    async def past_trades(self, first: date, last: date) -> list[PastTrade]:
        """Fills of earlier days; empty is an answer here (6.2)."""
        body = {"fromdate": first.isoformat(), "todate": last.isoformat()}
        return research_rows.past_trades(await self._read(routes.TRADE_HISTORY, body))

    async def convert(self, position: Position, to: Product, quantity: int) -> None:
        """Carries shares or units of a position over to another product (7.2). An act: sent once."""
        await self._act(routes.CONVERT, bodies.convert_body(position, to, quantity), "conversion")

    async def margin_of_all(self, drafts: list[OrderDraft]) -> Margin:
        """What several orders would block together."""
        return translate.margin(await self._read(routes.MARGIN, bodies.margin_body(drafts)))

    async def candles(self, instrument: Instrument, interval: Interval, start: datetime, end: datetime) -> list[Candle]:
        """Candles that began in [start, end), oldest first: earlier days and today come by two routes and are joined here.

        The earlier route never has today (9.2), the other has nothing else and runs backwards (9.3).
        """
        today = at_ist(ist_date(self._clock.now()), 0)
        found: dict[datetime, Candle] = {}
        word, days = INTERVALS[interval]
        since, until = start, min(end, today)
        while since < until:
            before = min(until, at_ist(ist_date(since) + timedelta(days=days), 0))
            body = {
                "exchange": instrument.exchange.value, "symboltoken": instrument.token, "interval": word,
                "fromdate": _minute(since), "todate": _minute(before - timedelta(microseconds=1)),
            }  # fmt: skip
            told = research_rows.candles(await self._read(routes.HISTORICAL, body))
            found |= {candle.start: candle for candle in told}
            since = before
        if end > today:
            found |= {candle.start: candle for candle in await self._today(instrument, interval)}
        return [found[at] for at in sorted(found) if start <= at < end]

    async def _today(self, instrument: Instrument, interval: Interval) -> list[Candle]:
        """Today's candles; the day's own is made of quarter hours, because the route fails when asked for it."""
        word = INTERVALS[Interval.MINUTES_15 if interval is Interval.DAY else interval][0]
        body = {"exchange": vocabulary.INTRADAY_CODES[instrument.exchange], "symboltoken": instrument.token, "interval": word}
        told = sorted(research_rows.candles(await self._read(routes.INTRADAY, body)), key=lambda candle: candle.start)
        today = ist_date(self._clock.now())
        told = [candle for candle in told if ist_date(candle.start) == today]  # before the open it may still have the last day
        return told if interval is not Interval.DAY else research_rows.as_one_day(told)

    async def underlyings(self, exchange: Exchange) -> list[Underlying]:
        """What chains there are, NFO or BFO (section 11)."""
        code = vocabulary.INTRADAY_CODES[exchange]
        return research_rows.underlyings(await self._read(routes.CHAIN_MASTER, exchange=code), self._clock.now())

    async def chain(self, exchange: Exchange, underlying: Underlying, expiry: date) -> Chain:
        """Strikes and open interest of one expiry; it has no prices (section 11). KeyError for an expiry that is not listed."""
        epoch = dict(underlying.expiries)[expiry]
        code = vocabulary.INTRADAY_CODES[exchange]
        told = await self._read(routes.CHAIN, exchange=code, expiry=str(epoch), token=underlying.token)
        return research_rows.chain(told, exchange, expiry)


def _minute(moment: datetime) -> str:
    return ist(moment).strftime("%Y-%m-%d %H:%M")
