"""The socket: login by the first word, subscriptions, prices on their beat, order frames to whoever is logged in."""

from __future__ import annotations

import asyncio
import hmac
import json
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp import WSMessage, WSMsgType, web

from bot.simulators.broker.accounts.records import Order
from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.faults.errors import Refusal
from bot.simulators.broker.market.frames import SIZES, SNAP, framed, packet
from bot.simulators.broker.market.hours import Phase, next_midnight
from bot.simulators.broker.market.instruments import STREAM_CODES, Instrument
from bot.simulators.broker.market.market import stale
from bot.simulators.broker.rows import frame_row

LOGIN_WITHIN = 10.0  # seconds; then the server closes with 1000 (14.2)
FIRST_AFTER = 0.03  # a snapshot 30 ms after the subscription
BEAT = 1.5  # seconds between two packets of a token
SEGMENTS = {code: exchange for exchange, code in STREAM_CODES.items()}


@dataclass(eq=False)
class Line:
    """One open socket of a client."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    client: str
    subscriptions: dict[tuple[int, str], int] = field(default_factory=dict)
    fresh: list[tuple[int, str]] = field(default_factory=list)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    frames: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(maxsize=10_000))
    logged_in: bool = False


class Stream:
    """All open sockets. What the exchange publishes goes out to the client's own."""

    def __init__(self, broker: PaperBroker) -> None:
        self._broker = broker
        self._lines: set[Line] = set()
        broker.listeners.append(self.publish)

    @property
    def open(self) -> int:
        return len(self._lines)

    def publish(self, client: str, kind: str, order: Order) -> None:
        """Queues one order frame for each of the client's sockets (14.6)."""
        instrument = self._broker.find(order.key)
        data = frame_row(order, instrument, self._broker.manners(client))
        text = json.dumps({"order_status": kind, "orderData": data}, separators=(",", ":"))
        self.send_text(text, client)

    def send_text(self, text: str, client: str | None = None) -> None:
        for line in self._lines:
            if line.logged_in and client in (None, line.client) and not line.frames.full():
                line.frames.put_nowait(text)

    def drop(self, client: str | None = None) -> int:
        """Cuts the sockets without a goodbye. Returns how many there were."""
        lines = [line for line in self._lines if client in (None, line.client)]
        for line in lines:
            if line.transport is not None:
                line.transport.abort()
        return len(lines)

    async def close(self) -> None:
        for line in list(self._lines):
            await line.socket.close(code=1001)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """GET /ws?API_KEY=…&ACCESS_TOKEN=…: names in upper case only. 401 when key or token do not hold (14.1)."""
        token = request.query.get("ACCESS_TOKEN", "")
        key = request.query.get("API_KEY", "").replace(" ", "+")
        refused = self._broker.faults.take_named("socket_refused", "socket", None)
        if refused is not None:
            return web.Response(status=refused.whole("status"))
        try:
            account = self._broker.sessions.account_of(token, self._broker.clock.now())
            self._broker.sessions.check_key(account, key, self._broker.clock.now())
        except Refusal:
            return web.Response(status=401)
        socket = web.WebSocketResponse(max_msg_size=1 << 20, compress=False, autoping=False)
        await socket.prepare(request)
        line = Line(socket, request.transport, account.client)
        self._lines.add(line)
        talkers = [asyncio.create_task(t) for t in (self._send_frames(line), self._send_prices(line), self._expire(line))]
        try:
            await self._listen(line, token)
        finally:
            self._lines.discard(line)
            for talker in talkers:
                talker.cancel()
            await asyncio.gather(*talkers, return_exceptions=True)
        return socket

    async def _expire(self, line: Line) -> None:
        """At midnight IST the token dies, and the socket with it (14.7)."""
        now = self._broker.clock.now()
        await asyncio.sleep((next_midnight(now) - now).total_seconds())
        await line.socket.close(code=1000)

    async def _listen(self, line: Line, token: str) -> None:
        try:
            async with asyncio.timeout(LOGIN_WITHIN):
                first = await line.socket.receive()
                while first.type in (WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG):
                    await self._pong(line, first)
                    first = await line.socket.receive()
        except TimeoutError:
            await line.socket.close(code=1000)
            return
        if first.type is not WSMsgType.TEXT:
            return
        word, _, given = first.data.partition(":")
        if word != "LOGIN" or not hmac.compare_digest(given.encode(), token.encode()):
            await line.socket.close(code=1000)
            return
        line.logged_in = True
        async for message in line.socket:
            if message.type is WSMsgType.TEXT:
                self._subscribe(line, message.data)
            else:
                await self._pong(line, message)

    async def _pong(self, line: Line, message: WSMessage) -> None:
        """Answers a ping, unless the line is to look like one whose other end is gone."""
        if message.type is WSMsgType.PING and not self._broker.faults.on("socket_half_open", line.client):
            await line.socket.pong(message.data)

    def _is_mute(self, line: Line) -> bool:
        faults = self._broker.faults
        return any(faults.on(name, line.client) for name in ("socket_mute", "socket_half_open"))

    def _subscribe(self, line: Line, text: str) -> None:
        """Takes a subscription frame. What it cannot read it ignores, as the server gives no answers (14.3)."""
        try:
            frame = json.loads(text)
            action, params = frame["action"], frame["params"]
            mode = params.get("mode", SNAP)
            wanted = [(int(group["exchangeType"]), str(token)) for group in params["tokenList"] for token in group["tokens"]]
        except (ValueError, TypeError, KeyError, AttributeError):
            return
        for key in wanted:
            if action == 1 and mode in SIZES:
                line.subscriptions[key] = mode
                line.fresh.append(key)
            elif action == 0:
                line.subscriptions.pop(key, None)
        line.wake.set()

    # What goes out.

    async def _send_prices(self, line: Line) -> None:
        """Fresh subscriptions after 30 ms, all of them on each beat. Nothing while the market is shut."""
        next_beat = 0.0
        loop = asyncio.get_running_loop()
        while True:
            if not line.subscriptions:
                await line.wake.wait()
                next_beat = loop.time() + FIRST_AFTER + BEAT
            line.wake.clear()
            if line.fresh:
                await asyncio.sleep(FIRST_AFTER)
                fresh, line.fresh = line.fresh, []
                await self._send_packets(line, list(dict.fromkeys(fresh)), first=True)
            try:
                async with asyncio.timeout(max(next_beat - loop.time(), 0.0)):
                    await line.wake.wait()
            except TimeoutError:
                next_beat = loop.time() + BEAT
                await self._send_packets(line, list(line.subscriptions), first=False)

    async def _send_packets(self, line: Line, keys: list[tuple[int, str]], *, first: bool) -> None:
        faults = self._broker.faults
        if self._is_mute(line) or faults.on("ticks_stalled", line.client):
            return
        now = self._broker.clock.now()
        by_size: dict[int, list[bytes]] = {}
        for code, token in keys:
            instrument = self._instrument(code, token)
            mode = line.subscriptions.get((code, token))
            if instrument is None or mode is None:
                continue
            if not first and self._broker.timetable.phase(instrument, now) is Phase.CLOSED:
                continue
            quote = self._broker.market.quote(instrument, now)
            old = faults.on("snapshot_stale", line.client) if first else None
            if old is not None:
                quote = stale(quote, timedelta(seconds=old.seconds()))
            by_size.setdefault(SIZES[mode], []).append(packet(mode, code, token, quote))
        bare = not faults.on("frames_framed", line.client)
        for packets in by_size.values():
            for data in packets if bare else [framed(packets)]:
                await self._send(line, data)

    def _instrument(self, code: int, token: str) -> Instrument | None:
        exchange = SEGMENTS.get(code)
        return self._broker.lookup(exchange, token) if exchange else None

    async def _send_frames(self, line: Line) -> None:
        """Order frames, in order. A burst may be turned round by a fault."""
        faults = self._broker.faults
        while True:
            burst = [await line.frames.get()]
            if faults.on("frames_reordered", line.client):
                await asyncio.sleep(0.2)
                while not line.frames.empty():
                    burst.append(line.frames.get_nowait())
                burst.reverse()
            lost = faults.on("order_frames_lost", line.client)
            if lost is not None:
                burst = [text for text in burst if self._broker.rng.randrange(100) >= lost.whole("percent")]
            if not burst or self._is_mute(line):
                continue
            if faults.on("socket_cut_at_order", line.client) and line.transport is not None:
                line.transport.abort()
                return
            late = faults.on("order_frames_late", line.client)
            if late is not None:
                await asyncio.sleep(late.seconds())
            for text in burst:
                await self._send(line, text.encode() if faults.on("order_frames_binary", line.client) else text)

    async def _send(self, line: Line, frame: str | bytes) -> None:
        faults = self._broker.faults
        if line.socket.closed:
            return
        frames: list[str | bytes] = [frame]
        if faults.on("frames_doubled", line.client):
            frames.append(frame)
        if faults.on("frames_garbled", line.client):
            frames.insert(0, b"\x07" * 77)
        if faults.on("heartbeats", line.client):
            frames.insert(0, b"\x00\x00")
        try:
            for one in frames:
                await (line.socket.send_str(one) if isinstance(one, str) else line.socket.send_bytes(one))
        except ConnectionError:
            line.subscriptions.clear()  # the other side is gone; the listener ends the line
