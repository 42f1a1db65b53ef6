"""One account's socket: the login word, subscriptions as state, a watch on silence, reconnecting, and every break told."""

import asyncio
import contextlib
import json
import logging
import random
import ssl
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

import aiohttp

from bot.broker.feed import frames, samples
from bot.broker.feed.backoff import delays
from bot.broker.feed.handshake import HandshakeRefused, open_socket
from bot.broker.wire.vocabulary import STREAM_CODES
from bot.domain.clock import Clock
from bot.domain.errors import Unreadable
from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.market.prices import Tick
from bot.domain.market.sessions import usual_hours
from bot.domain.people.account import Session
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import FeedListener, FeedMode

log = logging.getLogger(__name__)

SILENCE = 20.0  # seconds without a packet, in market hours and with something watched, that count as a break (14.7: 15-30)
LASTING = 30.0  # seconds after which a line that carried no packet counts as a good one all the same
LONGEST_SILENCE = 600.0  # what the patience grows to while reconnecting brings nothing new (a holiday nobody told us of)
TOKENS_AT_ONCE = 200
STALE_AFTER = timedelta(seconds=5)
_BETWEEN_MODES = 0.2  # seconds between unsubscribing and subscribing anew (14.3)


Hours = Callable[[Exchange, datetime], bool]  # whether an exchange's silence at that moment is a sign of anything


class SocketFeed:
    """Implements bot.domain.ports.broker.Feed. Its run() lives as long as the account's connection."""

    def __init__(
        self,
        *,
        account_id: str,
        url: str,
        http: aiohttp.ClientSession,
        tls: ssl.SSLContext | None,
        key: Callable[[], Secret],
        clock: Clock,
        chance: random.Random,
        listener: FeedListener,
        hours: Hours = usual_hours,
        silence: float = SILENCE,
    ) -> None:
        self._account_id = account_id
        self._url = url
        self._http = http
        self._tls = tls
        self._key = key
        self._clock = clock
        self._elapsed = asyncio.get_running_loop().time  # asked from the store's thread too
        self._chance = chance
        self._listener = listener
        self._hours = hours
        self._silence = silence
        self._patience = silence
        self._session: Session | None = None
        self._changed = asyncio.Event()
        self._watched: dict[InstrumentKey, FeedMode] = {}
        self._last: dict[InstrumentKey, tuple[float, Tick]] = {}  # with the loop time at which each came
        self._fresh: set[InstrumentKey] = set()  # those that sent more than their first, cached packet
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._outbox: asyncio.Queue[str | float] = asyncio.Queue()  # frames, and pauses in seconds
        self._heard = 0.0  # loop time of the last packet, or of the connecting
        self._down_since: datetime | None = None
        self._raw = False
        self._priced = False  # whether this connection brought a packet
        self.samples = samples.Samples()

    # What bot.trading asks.

    def watch(self, keys: Collection[InstrumentKey], mode: FeedMode = FeedMode.DEPTH) -> None:
        """Adds to what is watched. A larger mode replaces a smaller, never the other way round."""
        news = {key: mode for key in keys if self._watched.get(key, 0) < mode}
        changed = [key for key in news if key in self._watched]
        self._unsubscribe(changed)
        if changed:
            self._outbox.put_nowait(_BETWEEN_MODES)
        self._watched |= news
        self._fresh.difference_update(news)
        self._send(1, news)

    def unwatch(self, keys: Collection[InstrumentKey]) -> None:
        """Takes away from what is watched."""
        gone = [key for key in keys if key in self._watched]
        self._unsubscribe(gone)
        for key in gone:
            del self._watched[key]
            self._last.pop(key, None)

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        """The newest tick of an instrument since it is watched, if one came within so many seconds."""
        came, tick = self._last.get(key, (0.0, None))
        return tick if within is None or self._elapsed() - came <= within else None

    @property
    def connected(self) -> bool:
        """Whether the socket is up and not silent beyond its time."""
        return self._socket is not None and not self._socket.closed and not self._is_silent()

    # Its life.

    def use(self, session: Session | None) -> None:
        """Takes the session that the next connecting uses. Another token ends the present socket."""
        if session is not None and self._session is not None and session.token == self._session.token:
            self._session = session
            return
        self._session = session
        self._changed.set()

    async def run(self) -> None:
        """Connects, listens, reconnects, until cancelled. Every break is told when it begins and when it ends."""
        waits = delays(self._chance, first=1.0, longest=30.0)
        refusals = 0
        try:
            while True:
                self._changed.clear()
                session = self._session
                if session is None or not session.alive(self._clock.now()):
                    await self._changed.wait()
                    waits = delays(self._chance, first=1.0, longest=30.0)
                    continue
                good = False
                try:
                    good = await self._live(session)
                except HandshakeRefused:
                    refusals += 1
                    self._raw = refusals % 2 == 1 and quote(self._key().reveal(), safe="") != self._key().reveal()
                except Unreadable as broken:
                    log.info("account %s: the feed's line: %s", self._account_id, broken.say)
                if good:
                    waits = delays(self._chance, first=1.0, longest=30.0)
                    refusals = 0
                self._broken()
                await self._pause(next(waits))
        finally:
            self._socket = None

    async def _pause(self, seconds: float) -> None:
        """Waits, or until there is a new session to try at once."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _live(self, session: Session) -> bool:
        """One connection from handshake to break. Returns whether it was a good one, so that the next may be tried soon.

        A server that takes us in, says something and hangs up is not a good line, however often it does that.
        """
        socket = await open_socket(self._http, self._url, self._key(), session.token, tls=self._tls, raw=self._raw)
        began = asyncio.get_running_loop().time()
        self._outbox = asyncio.Queue()
        self._priced = False
        tasks = [asyncio.create_task(part) for part in (self._listen(socket), self._write(socket), self._guard())]
        try:
            self._greet(socket, session)
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()  # a bug in one of them is no break of the line
            return self._priced or asyncio.get_running_loop().time() - began >= LASTING
        finally:
            self._socket = None
            for task in tasks:
                task.cancel()
            try:
                await asyncio.gather(*tasks, return_exceptions=True)
            finally:  # whoever ends the feed may do so at this very moment
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    await socket.close()

    def _greet(self, socket: aiohttp.ClientWebSocketResponse, session: Session) -> None:
        """The login word, then all that is watched. The server answers nothing to either (14.2)."""
        self._socket = socket
        self._fresh.clear()
        self._heard = asyncio.get_running_loop().time()
        self._outbox.put_nowait(f"LOGIN:{session.token.reveal()}")
        self._send(1, self._watched)
        if self._down_since is not None:
            since, self._down_since = self._down_since, None
            log.info("account %s: the feed is back", self._account_id)
            self._listener.gap(self._account_id, since, self._clock.now())

    async def _write(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Sends in order what was put in the outbox, until the line breaks."""
        with contextlib.suppress(aiohttp.ClientError, OSError):
            while True:
                item = await self._outbox.get()
                if isinstance(item, float):
                    await asyncio.sleep(item)
                else:
                    await socket.send_str(item)

    async def _guard(self) -> None:
        """Returns on too long a silence, or when another session is to be used."""
        while not self._changed.is_set():
            await self._pause(self._patience / 4)
            if self._is_silent():
                log.info("account %s: the feed was silent for too long", self._account_id)
                self._patience = min(self._patience * 2, LONGEST_SILENCE)
                return

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Hears what comes until the line ends."""
        while True:
            message = await socket.receive()
            if message.type is aiohttp.WSMsgType.BINARY:
                self._take(message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                self._ring(message.data)
            else:  # closing, closed, or a broken frame
                return

    def _take(self, frame: bytes) -> None:
        received = self._clock.now()
        try:
            ticks = frames.ticks(frame, received)
        except frames.NotPackets:
            if len(frame) > 4:  # fewer are a heartbeat, if anything (14.7)
                self._ring(frame)
            return
        except Unreadable:
            self.samples.add(frame)
            return
        self._heard = asyncio.get_running_loop().time()
        self._priced = True
        for tick in ticks:
            self._report(tick)

    def _report(self, tick: frames.PacketTick) -> None:
        """The first packet after a subscribe comes from a cache and may be old (14.3). One that was overtaken is dropped."""
        if tick.key in self._fresh:
            self._patience = self._silence
        else:
            self._fresh.add(tick.key)
            if tick.received - tick.at > STALE_AFTER:
                tick = tick.aged()
        before = self.last(tick.key)
        if before is not None and tick.at < before.at <= tick.received:  # a time ahead of ours is no measure for another
            return
        if tick.key in self._watched:
            self._last[tick.key] = (self._heard, tick)
        self._listener.tick(self._account_id, tick)

    def _ring(self, frame: str | bytes) -> None:
        """News of an order, as far as anybody knows. What it says is not believed, only kept as a sample (14.6)."""
        self.samples.add(frame)
        self._listener.on_order_event(self._account_id, traded=not _is_step(frame))

    def _broken(self) -> None:
        if self._down_since is None:
            self._down_since = self._clock.now()
            log.info("account %s: the feed is down", self._account_id)
            self._listener.gap(self._account_id, self._down_since, None)

    def _is_silent(self) -> bool:
        if asyncio.get_running_loop().time() - self._heard < self._patience:
            return False
        now = self._clock.now()
        since = now - timedelta(seconds=self._patience)  # the silence of the night is none of the morning's
        exchanges = {key.exchange for key in self._watched}
        return any(self._hours(exchange, since) and self._hours(exchange, now) for exchange in exchanges)

    def _unsubscribe(self, keys: Iterable[InstrumentKey]) -> None:
        self._send(0, {key: self._watched[key] for key in keys})

    def _send(self, action: int, wanted: Mapping[InstrumentKey, FeedMode]) -> None:
        """Sends at once where there is a socket. Where there is none, the greeting will."""
        if not wanted or self._socket is None or self._socket.closed:
            return
        if action == 1:
            self._heard = asyncio.get_running_loop().time()  # silence counts from here
        for frame in _requests(action, wanted):
            self._outbox.put_nowait(frame)


def _requests(action: int, wanted: Mapping[InstrumentKey, FeedMode]) -> list[str]:
    """Subscribe (1) or unsubscribe (0) frames, by mode, a few hundred tokens each (14.3)."""
    made = []
    for mode in sorted(set(wanted.values())):
        keys = [key for key, each in wanted.items() if each is mode]
        for start in range(0, len(keys), TOKENS_AT_ONCE):
            tokens: dict[Exchange, list[str]] = {}
            for key in keys[start : start + TOKENS_AT_ONCE]:
                tokens.setdefault(key.exchange, []).append(key.token)
            groups = [{"exchangeType": STREAM_CODES[exchange], "tokens": each} for exchange, each in tokens.items()]
            made.append(
                json.dumps({"correlationID": "phone", "action": action, "params": {"mode": int(mode), "tokenList": groups}})
            )
    return made


def _is_step(frame: str | bytes) -> bool:
    """Whether a frame calls itself an order's step and no trade: a hint for how urgent a look is, never for what happened."""
    head = frame[:80] if isinstance(frame, str) else frame[:80].decode("utf-8", "replace")
    return '"order_status"' in head and '"trade"' not in head
