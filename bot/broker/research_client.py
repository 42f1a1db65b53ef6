"""Reads for research: candles, and option chains with their open interest."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from bot.broker import routes
from bot.broker.authorised import AuthorisedCalls
from bot.broker.wire import research_rows, vocabulary
from bot.domain.clock import Clock, at_ist, ist, ist_date
from bot.domain.market.instrument import Exchange, Instrument
from bot.domain.orders.research import Candle, Chain, Interval, Underlying

# 9.2: the broker's words, and how many days of one request stay below its 1,000 candles, were each as long as 09:00 to 15:40.
INTERVALS: Mapping[Interval, tuple[str, int]] = {
    Interval.MINUTE: ("ONE_MINUTE", 2), Interval.MINUTES_3: ("THREE_MINUTE", 7), Interval.MINUTES_5: ("FIVE_MINUTE", 12),
    Interval.MINUTES_10: ("TEN_MINUTE", 25), Interval.MINUTES_15: ("FIFTEEN_MINUTE", 36),
    Interval.MINUTES_30: ("THIRTY_MINUTE", 70), Interval.HOUR: ("ONE_HOUR", 140), Interval.DAY: ("ONE_DAY", 900),
}  # fmt: skip


class ResearchClient:
    """The part of the broker that no order depends on."""

    def __init__(self, calls: AuthorisedCalls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock
        self._listed: dict[Exchange, tuple[date | None, Sequence[Underlying]]] = {}  # of which day

    async def candles(self, instrument: Instrument, interval: Interval, start: datetime, end: datetime) -> list[Candle]:
        """Candles that began in [start, end), oldest first: earlier days and today come by two routes and are joined here.

        The earlier route never has today (9.2), the other has nothing else and runs backwards (9.3).
        """
        today = at_ist(ist_date(self._clock.now()), 0)
        by_start: dict[datetime, Candle] = {}
        word, days = INTERVALS[interval]
        since, until = start, min(end, today)
        while since < until:
            before = min(until, at_ist(ist_date(since) + timedelta(days=days), 0))
            body = {
                "exchange": instrument.exchange.value, "symboltoken": instrument.token, "interval": word,
                "fromdate": _minute(since), "todate": _minute(before - timedelta(microseconds=1)),
            }  # fmt: skip
            candles = research_rows.candles(await self._calls.read(routes.HISTORICAL, body))
            by_start |= {candle.start: candle for candle in candles}
            since = before
        if end > today:
            by_start |= {candle.start: candle for candle in await self._today(instrument, interval)}
        return [by_start[at] for at in sorted(by_start) if start <= at < end]

    async def _today(self, instrument: Instrument, interval: Interval) -> list[Candle]:
        """Today's candles. The day's own is made of quarter hours, because the route fails when asked for it."""
        word = INTERVALS[Interval.MINUTES_15 if interval is Interval.DAY else interval][0]
        body = {"exchange": vocabulary.INTRADAY_CODES[instrument.exchange], "symboltoken": instrument.token, "interval": word}
        candles = sorted(research_rows.candles(await self._calls.read(routes.INTRADAY, body)), key=lambda candle: candle.start)
        today = ist_date(self._clock.now())
        candles = [
            candle for candle in candles if ist_date(candle.start) == today
        ]  # before the open it may still have the last day
        return candles if interval is not Interval.DAY else research_rows.as_one_day(candles)

    async def underlyings(self, exchange: Exchange) -> list[Underlying]:
        """What chains there are, NFO or BFO (section 11)."""
        code = vocabulary.INTRADAY_CODES[exchange]
        return research_rows.underlyings(await self._calls.read(routes.CHAIN_MASTER, exchange=code), self._clock.now())

    async def open_interest(self, market: Exchange, symbol: str, expiry: date) -> Mapping[str, int]:
        """Units by token of every contract on that underlying with that expiry. The list of chains is read once a day."""
        today = ist_date(self._clock.now())
        if self._listed.get(market, (None, ()))[0] != today:
            self._listed[market] = (today, await self.underlyings(market))
        for listed in self._listed[market][1]:
            if listed.name == symbol and expiry in dict(listed.expiries):
                chain = await self.chain(market, listed, expiry)
                return {line.token: line.open_interest for line in (*chain.calls, *chain.puts, *chain.futures)}
        return {}

    async def chain(self, exchange: Exchange, underlying: Underlying, expiry: date) -> Chain:
        """Strikes and open interest of one expiry. It has no prices (section 11). KeyError for an expiry that is not listed."""
        epoch = dict(underlying.expiries)[expiry]
        code = vocabulary.INTRADAY_CODES[exchange]
        data = await self._calls.read(routes.CHAIN, exchange=code, expiry=str(epoch), token=underlying.token)
        return research_rows.chain(data, exchange, expiry)


def _minute(moment: datetime) -> str:
    return ist(moment).strftime("%Y-%m-%d %H:%M")
