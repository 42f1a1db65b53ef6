"""One live connection, client and feed, for each linked account, all over one TLS context and one scrip master."""

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import httpx

from bot.broker.client import MStock
from bot.broker.feed.handshake import socket_session
from bot.broker.feed.socket_feed import Hours, SocketFeed
from bot.broker.rate_limits import BrokerRateLimits
from bot.broker.scrips.scrip_cache import ScripCache
from bot.broker.scrips.scrip_master import INDEXES
from bot.broker.session import LoginMemory, SessionKeeper
from bot.broker.transport import Transport, check_address, tls_context
from bot.broker.wire.bodies import StopSpelling
from bot.broker.wire.translate import Find
from bot.domain.clock import Clock
from bot.domain.errors import NotLinked
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Tick
from bot.domain.market.sessions import usual_hours
from bot.domain.people.account import Credentials, Session
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import BrokerConnections, FeedListener, Renewer

log = logging.getLogger(__name__)


class _Deaf:
    """Who listens until somebody does."""

    def on_order_event(self, account_id: str, *, traded: bool = True) -> None: ...
    def tick(self, account_id: str, tick: Tick) -> None: ...
    def gap(self, account_id: str, since: datetime, until: datetime | None) -> None: ...


async def _nobody(_account_id: str, _dead: Session | None) -> Session | None:
    return None


class MStockConnection:
    """Implements bot.domain.ports.broker.BrokerConnection."""

    def __init__(self, broker: MStock, feed: SocketFeed, keeper: SessionKeeper, transport: Transport) -> None:
        self._broker = broker
        self._feed = feed
        self._keeper = keeper
        self._transport = transport
        self.task: asyncio.Task[None] | None = None

    @property
    def broker(self) -> MStock:
        return self._broker

    @property
    def feed(self) -> SocketFeed:
        return self._feed

    @property
    def session(self) -> Session | None:
        return self._keeper.session

    def adopt(self, session: Session | None) -> None:
        """Takes a session for both halves, or drops the present one."""
        self._keeper.adopt(session)

    async def close(self) -> None:
        """Ends the feed, then what is asked of the broker at this moment, then the connections."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        await self._transport.close()


class Connections(BrokerConnections):
    """The connections to mStock. Use it as an async context manager. run() watches over the feeds."""

    def __init__(
        self,
        *,
        base_url: str,
        ws_url: str,
        clock: Clock,
        chance: random.Random,
        data_dir: Path,
        listener: FeedListener | None = None,
        renewer: Renewer | None = None,
        find: Find | None = None,
        hours: Hours = usual_hours,
        orders_a_second: int = 3,
        address: str | None = None,
        indexes: Sequence[Instrument] = INDEXES,
        tls: ssl.SSLContext | None = None,
        wire: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._base_url = check_address(base_url, schemes=("http", "https"))
        self._ws_url = check_address(ws_url, schemes=("ws", "wss"))
        self._clock = clock
        self._chance = chance
        self._listener: FeedListener = listener or _Deaf()
        self._renewer: Renewer = renewer or _nobody
        self.scrip_cache = ScripCache(data_dir, source=self._base_url, indexes=indexes)
        self._find = find or self.scrip_cache.find
        self._hours = hours
        self._orders_a_second = orders_a_second
        self.address = address  # this host's own, as the broker sees it; None where that is not known
        self._memory = LoginMemory()
        self._wire = wire
        self.tls = tls  # the one context of this process; made when the connections are opened, where none is given
        self._http: aiohttp.ClientSession | None = None
        self._connections: dict[str, MStockConnection] = {}
        self._keys: dict[str, Secret] = {}
        self._died: asyncio.Future[None] | None = None

    def attach(self, *, listener: FeedListener | None = None, renewer: Renewer | None = None, find: Find | None = None) -> None:
        """Names the listener, the renewer and the instruments once they exist. Takes effect at once, for open connections too."""
        self._listener = listener or self._listener
        self._renewer = renewer or self._renewer
        self._find = find or self._find

    async def __aenter__(self) -> Self:
        self.tls = self.tls or tls_context()
        self._died = asyncio.get_running_loop().create_future()
        self._http = socket_session(self.tls)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.gather(*(self.close(account_id) for account_id in list(self._connections)))
        if self._http is not None:
            await self._http.close()

    async def run(self) -> None:
        """Returns never. Raises what ended a feed, so that whoever supervises can end the process."""
        assert self._died is not None, "used outside of its context"  # noqa: S101
        await asyncio.shield(self._died)

    def of(self, account_id: str, credentials: Credentials | None = None) -> MStockConnection:
        """The connection of an account. It is opened when its credentials first come. NotLinked when neither is there."""
        if credentials is not None:
            self._keys[account_id] = credentials.api_key
        connection = self._connections.get(account_id)
        if connection is None:
            if credentials is None:
                raise _not_linked()
            connection = self._connections[account_id] = self._open(account_id)
        return connection

    def opened(self) -> Collection[str]:
        """Accounts with an open connection."""
        return tuple(self._connections)

    async def close(self, account_id: str) -> None:
        """Ends one connection. None open is no error."""
        connection = self._connections.pop(account_id, None)
        self._keys.pop(account_id, None)
        if connection is not None:
            await connection.close()

    def spell_stops(self, account_id: str, spelling: StopSpelling) -> None:
        """Remembers, for this process, which words an account's stop orders use."""
        self._connections[account_id].broker.stop_spelling = spelling

    def _open(self, account_id: str) -> MStockConnection:
        if self._http is None or self.tls is None:
            raise RuntimeError("connections are used inside `async with`")
        transport = Transport(
            base_url=self._base_url, tls=self.tls, clock=self._clock, chance=self._chance,
            rate_limits=BrokerRateLimits(orders_a_second=self._orders_a_second), wire=self._wire,
        )  # fmt: skip
        feed = SocketFeed(
            account_id=account_id, url=self._ws_url, http=self._http, tls=self.tls, key=lambda: self._key(account_id),
            clock=self._clock, chance=self._chance, listener=_Relay(self), hours=self._hours,
        )  # fmt: skip
        keeper = SessionKeeper(account_id, self._clock, self._renew, lambda: feed.use(keeper.session))
        broker = MStock(
            transport=transport, keeper=keeper, scrip_cache=self.scrip_cache, clock=self._clock,
            key=lambda: self._key(account_id), find=self._found, memory=self._memory, address=self.address,
        )  # fmt: skip
        connection = MStockConnection(broker, feed, keeper, transport)
        connection.task = asyncio.get_running_loop().create_task(feed.run(), name=f"feed {account_id}")
        connection.task.add_done_callback(self._feed_ended)
        return connection

    def _key(self, account_id: str) -> Secret:
        key = self._keys.get(account_id)
        if key is None:  # whoever holds the connection yet sends nothing over it any more
            raise _not_linked()
        return key

    def _found(self, key: InstrumentKey) -> Instrument | None:
        return self._find(key)

    async def _renew(self, account_id: str, dead: Session | None) -> Session | None:
        return await self._renewer(account_id, dead)

    def _feed_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self._died is None or self._died.done():
            return
        with contextlib.suppress(asyncio.InvalidStateError):
            self._died.set_exception(task.exception() or RuntimeError(f"{task.get_name()} ended by itself"))

    @property
    def listener(self) -> FeedListener:
        """Who listens now."""
        return self._listener


def _not_linked() -> NotLinked:
    return NotLinked("This account is not linked any more. Nothing was sent.")


class _Relay:
    """Passes a feed's reports to whoever listens now."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def on_order_event(self, account_id: str, *, traded: bool = True) -> None:
        self._connections.listener.on_order_event(account_id, traded=traded)

    def tick(self, account_id: str, tick: Tick) -> None:
        self._connections.listener.tick(account_id, tick)

    def gap(self, account_id: str, since: datetime, until: datetime | None) -> None:
        self._connections.listener.gap(account_id, since, until)
