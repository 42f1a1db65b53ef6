"""Carries another broker's live prices to the paper broker's desk, so that one can practise on the real market."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import aiohttp

from bot.domain.errors import BrokerError
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Tick
from bot.domain.ports.broker import BrokerConnection, FeedMode

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two deliveries; mStock's own ticks come about every 1.5 s
MOST = 500  # instruments on one socket (mstock-type-b.md section 17, 13)


class Listed(Protocol):
    """One instrument as the paper broker lists it."""

    @property
    def exchange(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def kind(self) -> str: ...


class LivePrices:
    """A FeedListener of the source. Keeps the newest price of each instrument until the next delivery."""

    def __init__(self, *, desk_url: str, http: aiohttp.ClientSession) -> None:
        self._desk_url = desk_url
        self._http = http
        self._names: Mapping[InstrumentKey, str] = {}
        self._fresh: dict[InstrumentKey, str] = {}
        self._sent: dict[InstrumentKey, str] = {}
        self.delivered = 0  # ticks taken by the desk

    def on_order_event(self, account_id: str, *, traded: bool = True) -> None:
        """Orders of the source are no business of the paper broker."""

    def tick(self, account_id: str, tick: Tick) -> None:
        """A price. A stale first snapshot is left out, for it would turn the paper market back."""
        if tick.key in self._names and not tick.stale:
            self._fresh[tick.key] = str(tick.last)

    def gap(self, account_id: str, since: datetime, until: datetime | None) -> None:
        """The paper market stands still while the source is away. It says so in the log."""
        log.warning("live prices %s", "are gone" if until is None else f"are back after {until - since}")

    async def run(self, connection: BrokerConnection, listed: Sequence[Listed]) -> None:
        """Watches what both masters have, and delivers for ever. BrokerError when the source's master cannot be read."""
        master = await connection.broker.scrip_master()
        self._names = matched(master, listed)
        await self._carry_closes(connection)
        connection.feed.watch(list(self._names), FeedMode.LTP)
        log.info("live prices of %d of %d instruments", len(self._names), len(listed))
        while True:
            await asyncio.sleep(EVERY)
            await self._deliver()

    async def _carry_closes(self, connection: BrokerConnection) -> None:
        """The day's price bands hang on the previous close: without the source's own, its prices would lie outside them."""
        try:
            quotes = await connection.broker.quotes(list(self._names))
        except BrokerError as error:
            log.warning("no closing prices: %s", error.say)
            return
        await self._post("closes", {key: str(quote.previous_close) for key, quote in quotes.items() if quote.previous_close})

    async def _deliver(self) -> None:
        fresh = {key: price for key, price in self._fresh.items() if self._sent.get(key) != price}
        self._fresh = {}
        if fresh and await self._post("ticks", fresh):
            self._sent |= fresh
            self.delivered += len(fresh)

    async def _post(self, what: str, prices: Mapping[InstrumentKey, str]) -> bool:
        """Whether the desk took them."""
        rows = [{"name": self._names[key], "exchange": str(key.exchange), "price": price} for key, price in prices.items()]
        try:
            async with self._http.post(f"{self._desk_url}/prices", json={what: rows}) as answer:
                if answer.status != 200:
                    log.warning("the paper desk refused %d prices: HTTP %d", len(rows), answer.status)
                return answer.status == 200
        except aiohttp.ClientError as error:
            log.warning("the paper desk cannot be reached: %s", type(error).__name__)
            return False


def matched(master: Sequence[Instrument], listed: Sequence[Listed]) -> dict[InstrumentKey, str]:
    """Key at the source -> name at the desk, shares and indices first, for at most 500 instruments.

    Names tell the instruments apart, for the paper broker's contract tokens mean nothing elsewhere. Indices, which stand in no
    master under a trading name, go by the exchange's own token.
    """
    by_name = {(share.exchange, share.name): share.name for share in listed}
    by_token = {(index.exchange, index.token): index.name for index in listed if index.kind == "INDEX"}
    cash: dict[InstrumentKey, str] = {}
    contracts: dict[InstrumentKey, str] = {}
    for instrument in master:
        exchange = str(instrument.exchange)
        names = (by_name, instrument.name) if instrument.is_tradable else (by_token, instrument.token)
        if (name := names[0].get((exchange, names[1]))) is not None:
            (contracts if instrument.is_derivative else cash)[instrument.key] = name
    return dict(list({**cash, **contracts}.items())[:MOST])
