"""The freshest price of an instrument: the feed's tick where one comes in time, else a REST quote without a time."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from decimal import Decimal

from bot.domain.errors import BrokerError
from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Price, Quote, Tick
from bot.domain.ports.broker import BrokerConnection, BrokerConnections
from bot.domain.terms import Side
from bot.trading.sync.shared_reads import SharedReads
from bot.trading.ticks.tick_watcher import TickWatcher, Use

FRESH = 5.0  # seconds; a tick received within this is the price of now; conflated ticks come every 1.5 s


class Prices:
    """Watches what is asked for and waits a moment for its first tick."""

    def __init__(
        self, *, connections: BrokerConnections, reads: SharedReads, watcher: TickWatcher, patience: float = 0.4
    ) -> None:
        self._connections = connections
        self._reads = reads
        self._watcher = watcher
        self._patience = patience  # seconds; the first snapshot comes about 30 ms after subscribing (mstock-type-b.md 14.3)

    def known(self, account_id: str, key: InstrumentKey) -> Price | None:
        """What the feed said last, if it is fresh. Asks nobody."""
        tick = self._connections.of(account_id).feed.last(key, within=FRESH)
        return of_tick(tick) if tick is not None else None

    def touch(self, account_id: str, key: InstrumentKey, side: Side) -> Decimal | None:
        """Rupees that an order would meet now: the ask of a purchase, the bid of a sale. None: the feed has none. Asks nobody."""
        price = self.known(account_id, key)
        if price is None:
            return None
        return price.ask if side is Side.BUY else price.bid

    async def of(self, account_id: str, key: InstrumentKey) -> Price | None:
        """The price now. None when neither the feed nor a quote knows one."""
        return (await self.of_all(account_id, [key])).get(key)

    async def of_all(self, account_id: str, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Price]:
        """Prices of several instruments. Those that nobody knows are absent. SessionExpired passes through."""
        wanted = set(keys)
        if not wanted:
            return {}
        self._watcher.glance(account_id, wanted)
        return await self.of_watched(account_id, wanted)

    async def of_watched(self, account_id: str, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Price]:
        """The same of instruments that the caller watches itself, for as long as it wants."""
        connection = self._connections.of(account_id)
        wanted = set(keys)
        prices = {key: price for key in wanted if (price := self.known(account_id, key))}
        missing = wanted - prices.keys()
        if not missing:
            return prices
        reading = asyncio.create_task(self._quotes(account_id, connection, missing))
        try:
            await self._first_ticks(account_id, missing, connection)
            quotes = await reading
        finally:
            reading.cancel()
        for key in missing:
            ticked = self.known(account_id, key)
            quote = quotes.get(key)
            if ticked is not None:
                prices[key] = ticked
            elif quote is not None and quote.last > 0:
                prices[key] = of_quote(quote)
        return prices

    async def _first_ticks(self, account_id: str, keys: Collection[InstrumentKey], connection: BrokerConnection) -> None:
        if not connection.feed.connected:
            return
        missing = set(keys)
        complete = asyncio.Event()

        def came(tick: Tick) -> None:
            missing.discard(tick.key)
            if not missing:
                complete.set()

        waiting = self._watcher.watch(account_id, keys, Use.GLANCE, came)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await complete.wait()
        finally:
            waiting.end()

    async def _quotes(
        self, account_id: str, connection: BrokerConnection, keys: Collection[InstrumentKey]
    ) -> Mapping[InstrumentKey, Quote]:
        try:
            return (await self._reads.quotes(account_id, keys)).value
        except BrokerError:
            if connection.session is None:
                raise
            return {}  # the feed may still know; what stays unknown is shown as unknown


def of_tick(tick: Tick) -> Price:
    """A tick as a price with its own time. A stale first snapshot keeps its old time and so shows its age.

    A tick that may be old and names no time but that of its receipt has a price of unknown time.
    """
    bids, asks = tick.bids, tick.asks  # read from the packet each time that they are asked for
    return Price(
        last=tick.last,
        at=None if tick.stale and tick.at == tick.received else tick.at,
        bid=bids[0].price if bids else None,
        ask=asks[0].price if asks else None,
        previous_close=tick.previous_close,
        open=tick.open,
        high=tick.high,
        low=tick.low,
        bids=bids,
        asks=asks,
    )


def of_quote(quote: Quote) -> Price:
    """A quote as a price whose time is not known."""
    return Price(last=quote.last, previous_close=quote.previous_close, open=quote.open, high=quote.high, low=quote.low)
