"""The socket: what is watched survives every break, silence counts as one, and strange frames only ring."""

import asyncio
import json
import random
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from aiohttp import web

from bot.broker.connections import Connections, MStockConnection
from bot.broker.feed.handshake import feed_url, socket_session
from bot.broker.feed.socket_feed import Hours, SocketFeed
from bot.broker.wire.vocabulary import EPOCH
from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Session
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import FeedMode
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.broker.server import Running
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.bot.broker.client.test_client import RELIANCE, TAG
from tests.stage.brokers.exchange import Ears, until

TCS = InstrumentKey(Exchange.NSE, "11536")


async def test_prices_come_for_what_is_watched_and_stop_when_it_is_not(connection: MStockConnection, ears: Ears) -> None:
    connection.feed.watch([RELIANCE.key, TCS])
    await until(lambda: len({tick.key for tick in ears.ticks}) == 2)
    assert connection.feed.connected
    last = connection.feed.last(RELIANCE.key)
    assert last is not None
    assert last.bids
    assert await asyncio.to_thread(lambda: connection.feed.last(RELIANCE.key, within=5)) is not None, "the store's thread asks it"
    connection.feed.unwatch([TCS])
    await asyncio.sleep(2)
    ears.ticks.clear()
    await asyncio.sleep(10)
    assert {tick.key for tick in ears.ticks} == {RELIANCE.key}
    assert connection.feed.last(TCS) is None


async def test_a_larger_mode_replaces_a_smaller_and_is_not_taken_back(connection: MStockConnection, ears: Ears) -> None:
    connection.feed.watch([RELIANCE.key], FeedMode.LTP)
    await until(lambda: ears.ticks)
    assert not ears.ticks[-1].bids
    connection.feed.watch([RELIANCE.key])
    await until(lambda: ears.ticks[-1].bids)
    connection.feed.watch([RELIANCE.key], FeedMode.LTP)
    await asyncio.sleep(5)
    assert ears.ticks[-1].bids


async def test_a_dropped_socket_comes_back_with_all_that_was_watched(
    connection: MStockConnection, paper: Running, ears: Ears
) -> None:
    connection.feed.watch([RELIANCE.key, TCS])
    await until(lambda: len(ears.ticks) > 3)
    for breaks in range(1, 4):
        paper.stream.drop()
        await until(lambda breaks=breaks: len(ears.gaps) == 2 * breaks, 60)  # type: ignore[misc]  # a default binds the loop's value
        (since, nothing), (again, until_when) = ears.gaps[-2:]
        assert (nothing, again) == (None, since)
        assert until_when is not None
        assert until_when > since
        ears.ticks.clear()
        await until(lambda: {tick.key for tick in ears.ticks} == {RELIANCE.key, TCS})


async def test_a_socket_that_only_looks_alive_is_a_break(
    connection: MStockConnection, paper: Running, ears: Ears, loop: VirtualLoop
) -> None:
    connection.feed.watch([RELIANCE.key])
    await until(lambda: len(ears.ticks) > 3)
    paper.broker.faults.arm("socket_mute", times=None)
    began = loop.time()
    await until(lambda: ears.gaps, 60)
    assert 15 <= loop.time() - began <= 40
    paper.broker.faults.clear()
    ears.ticks.clear()
    await until(lambda: ears.ticks and connection.feed.connected, 120)
    assert ears.gaps[-1][1] is not None


@pytest.mark.exhaustive
async def test_while_nothing_is_watched_silence_means_nothing(connection: MStockConnection, ears: Ears) -> None:
    await until(lambda: connection.feed.connected)
    await asyncio.sleep(3600)
    assert ears.gaps == []
    assert connection.feed.connected


async def test_an_end_that_is_gone_is_found_by_its_missing_pongs_while_nothing_is_watched(
    connection: MStockConnection, paper: Running, ears: Ears, loop: VirtualLoop
) -> None:
    await until(lambda: connection.feed.connected)
    paper.broker.faults.arm("socket_half_open")
    began = loop.time()
    await until(lambda: ears.gaps, 120)
    assert loop.time() - began <= 60
    paper.broker.faults.clear()
    await until(lambda: connection.feed.connected and ears.gaps[-1][1] is not None, 120)


async def test_a_server_that_will_not_have_us_is_tried_ever_more_rarely(
    connection: MStockConnection, paper: Running, ears: Ears, loop: VirtualLoop
) -> None:
    await until(lambda: connection.feed.connected)
    paper.broker.faults.arm("socket_refused", times=6, status=502)
    paper.stream.drop()
    began = loop.time()
    await until(lambda: len(ears.gaps) == 2, 300)
    assert 20 < loop.time() - began < 130
    assert len(ears.gaps) == 2, "told once when it begins and once at its end"


@pytest.mark.parametrize(
    "fault", ["frames_framed", "frames_doubled", "order_frames_binary", "frames_reordered", "frames_garbled"]
)
async def test_frames_in_any_form_bring_prices_and_ring_the_bell(
    connection: MStockConnection, paper: Running, ears: Ears, fault: str
) -> None:
    paper.broker.faults.arm(fault, times=None)
    connection.feed.watch([RELIANCE.key])
    await until(lambda: len(ears.ticks) > 3)
    rung = len(ears.bells)
    draft = OrderDraft(instrument=RELIANCE, side=Side.BUY, quantity=1, kind=OrderKind.MARKET, product=Product.MIS)
    await connection.broker.place(draft, TAG)
    await until(lambda: len(ears.bells) >= rung + 3)
    assert connection.feed.samples.count >= 3
    assert all("RELIANCE" not in look and TAG not in look for look, _ in connection.feed.samples.looks)
    assert ears.gaps == []


async def test_an_old_first_packet_is_marked_and_the_next_is_not(
    connection: MStockConnection, paper: Running, ears: Ears
) -> None:
    paper.broker.faults.arm("snapshot_stale", times=None, seconds=39)
    connection.feed.watch([RELIANCE.key])
    await until(lambda: len(ears.ticks) > 2)
    first, *later = ears.ticks
    assert first.stale
    assert first.received - first.at >= timedelta(seconds=38)
    assert not any(tick.stale for tick in later)


async def test_another_session_reconnects_at_once_and_none_waits(
    connections: Connections, connection: MStockConnection, ears: Ears, clock: LoopClock
) -> None:
    await until(lambda: connection.feed.connected)
    session = connection.session
    connection.adopt(None)
    await until(lambda: not connection.feed.connected)
    await asyncio.sleep(600)
    assert [until_when for _, until_when in ears.gaps] == [None]
    connection.adopt(session)
    await until(lambda: connection.feed.connected, 3)
    await connections.close("main")
    assert not connection.feed.connected


@dataclass
class Server:
    """A socket server that writes down what it hears. `script` is what it does with each connection."""

    heard: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    refuse: list[int] = field(default_factory=list)
    script: Callable[[web.WebSocketResponse], Awaitable[object]] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.queries.append(request.raw_path)
        if self.refuse:
            return web.Response(status=self.refuse.pop(0))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.script is not None:
            await self.script(socket)
        async for message in socket:
            self.heard.append(str(message.data))
        return socket


@asynccontextmanager
async def a_feed(
    server: Server, clock: LoopClock, ears: Ears, hours: Hours = lambda _exchange, _now: True
) -> AsyncIterator[SocketFeed]:
    app = web.Application()
    app.router.add_get("/feed", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with socket_session(None) as http:
        feed = SocketFeed(
            account_id="main", url=f"ws://127.0.0.1:{runner.addresses[0][1]}/feed", http=http, tls=None,
            key=lambda: Secret("a+b/c=="), clock=clock, chance=random.Random(1), listener=ears, hours=hours,
        )  # fmt: skip
        task = asyncio.create_task(feed.run())
        try:
            yield feed
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    await runner.cleanup()


def a_session(clock: LoopClock) -> Session:
    return Session(token=Secret("head.body.tail"), issued=clock.now(), expires=clock.now() + timedelta(hours=9))


async def test_it_says_its_word_first_and_then_what_it_wants(clock: LoopClock, ears: Ears) -> None:
    server = Server()
    async with a_feed(server, clock, ears) as feed:
        feed.watch([RELIANCE.key, TCS, InstrumentKey(Exchange.BFO, "7")])
        feed.watch([TCS], FeedMode.LTP)
        feed.use(a_session(clock))
        await until(lambda: len(server.heard) == 2)
        await asyncio.sleep(1)
    login, subscribe = server.heard
    assert login == "LOGIN:head.body.tail"
    told = json.loads(subscribe)
    assert told["action"] == 1
    assert told["params"] == {
        "mode": 3,
        "tokenList": [{"exchangeType": 1, "tokens": ["2885", "11536"]}, {"exchangeType": 4, "tokens": ["7"]}],
    }
    assert server.queries == ["/feed?API_KEY=a%2Bb%2Fc%3D%3D&ACCESS_TOKEN=head.body.tail"]


async def test_a_key_refused_in_one_spelling_is_shown_in_the_other(clock: LoopClock, ears: Ears) -> None:
    server = Server(refuse=[401])
    async with a_feed(server, clock, ears) as feed:
        feed.use(a_session(clock))
        await until(lambda: feed.connected, 10)
    assert server.queries == [
        "/feed?API_KEY=a%2Bb%2Fc%3D%3D&ACCESS_TOKEN=head.body.tail", "/feed?API_KEY=a+b/c==&ACCESS_TOKEN=head.body.tail",
    ]  # fmt: skip


def a_packet(key: InstrumentKey, paise: int, at: datetime) -> bytes:
    """An LTP packet of a cash share, its time counted from 1980 on India's wall clock."""
    return struct.pack("<BB25sqqq", 1, 1, key.token.encode(), 0, int((at - EPOCH).total_seconds()), paise)


async def test_a_packet_that_was_overtaken_does_not_bring_an_old_price_back(clock: LoopClock, ears: Ears) -> None:
    async def play(socket: web.WebSocketResponse) -> None:
        now = clock.now()
        for paise, ago in ((100, 9), (102, 2), (101, 4), (103, 2)):
            await socket.send_bytes(a_packet(TCS, paise, now - timedelta(seconds=ago)))

    async with a_feed(Server(script=play), clock, ears) as feed:
        feed.watch([TCS], FeedMode.LTP)
        feed.use(a_session(clock))
        await until(lambda: len(ears.ticks) >= 3)
        await asyncio.sleep(1)
        last = feed.last(TCS)
    assert [str(tick.last) for tick in ears.ticks] == ["1.00", "1.02", "1.03"]
    assert [tick.stale for tick in ears.ticks] == [True, False, False]
    assert last is ears.ticks[-1]


async def test_a_packet_from_the_future_does_not_stop_the_prices_that_follow(clock: LoopClock, ears: Ears) -> None:
    async def play(socket: web.WebSocketResponse) -> None:
        for paise, ahead in ((100, 9_000_000), (101, 0)):
            await socket.send_bytes(a_packet(TCS, paise, clock.now() + timedelta(seconds=ahead)))

    async with a_feed(Server(script=play), clock, ears) as feed:
        feed.watch([TCS], FeedMode.LTP)
        feed.use(a_session(clock))
        await until(lambda: len(ears.ticks) == 2)


async def test_a_server_that_says_something_and_hangs_up_is_tried_ever_more_rarely(clock: LoopClock, ears: Ears) -> None:
    async def hang_up(socket: web.WebSocketResponse) -> None:
        await socket.send_str('{"type":"error","data":"go away"}')
        await socket.close()

    server = Server(script=hang_up)
    async with a_feed(server, clock, ears) as feed:
        feed.use(a_session(clock))
        await asyncio.sleep(600)
    assert 20 <= len(server.queries) <= 50
    assert len(ears.bells) == len(server.queries), "each of these words may have been about an order"
    assert len(ears.gaps) in (2 * len(server.queries) - 1, 2 * len(server.queries))


async def test_the_silence_of_the_night_is_no_break_when_the_market_opens(clock: LoopClock, ears: Ears) -> None:
    opens = clock.now() + timedelta(minutes=10)
    server = Server()
    async with a_feed(server, clock, ears, hours=lambda _exchange, now: now >= opens) as feed:
        feed.watch([TCS])
        feed.use(a_session(clock))
        await asyncio.sleep(615)
        assert (ears.gaps, feed.connected) == ([], True)
        await until(lambda: ears.gaps, 10)


async def test_silence_counts_in_the_hours_of_what_is_watched(clock: LoopClock, ears: Ears) -> None:
    def derivatives_only(exchange: Exchange, _now: datetime) -> bool:
        return exchange is Exchange.NFO

    async with a_feed(Server(), clock, ears, hours=derivatives_only) as feed:
        feed.watch([TCS])
        feed.use(a_session(clock))
        await asyncio.sleep(600)
        assert ears.gaps == []
        feed.watch([InstrumentKey(Exchange.NFO, "45268")])
        await until(lambda: ears.gaps, 40)


@pytest.mark.exhaustive
async def test_a_holiday_that_nobody_told_us_of_is_not_spent_reconnecting(clock: LoopClock, ears: Ears) -> None:
    server = Server()
    async with a_feed(server, clock, ears) as feed:
        feed.watch([TCS])
        feed.use(a_session(clock))
        await asyncio.sleep(2 * 3600)
    assert 5 <= len(server.queries) <= 20


async def test_a_thousand_tokens_are_asked_for_in_portions_and_again_after_a_break(clock: LoopClock, ears: Ears) -> None:
    sockets: list[web.WebSocketResponse] = []

    async def keep(socket: web.WebSocketResponse) -> None:
        sockets.append(socket)

    server = Server(script=keep)
    wanted = {str(token) for token in range(1000)}
    async with a_feed(server, clock, ears) as feed:
        feed.use(a_session(clock))
        await until(lambda: sockets)
        feed.watch([InstrumentKey(Exchange.NFO, token) for token in wanted])
        await until(lambda: len(server.heard) == 6)
        server.heard.clear()
        await sockets[0].close()
        await until(lambda: len(server.heard) == 6)
    login, *portions = server.heard
    assert login.startswith("LOGIN:")
    groups = [group["tokens"] for told in portions for group in json.loads(told)["params"]["tokenList"]]
    assert all(len(group) <= 200 for group in groups)
    assert {token for group in groups for token in group} == wanted


async def test_no_failure_of_the_line_writes_the_secrets_down(
    clock: LoopClock, ears: Ears, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server = Server(refuse=[401, 403, 502, 503])
    async with a_feed(server, clock, ears) as feed:
        feed.use(a_session(clock))
        await until(lambda: feed.connected, 60)
    ours = [record for record in caplog.records if record.name.startswith("bot.")]
    assert ours
    assert not any("head.body" in record.getMessage() or "a+b" in record.getMessage() for record in ours)
    assert "head" not in repr(feed_url("wss://h", Secret("k"), Secret("head")))


@pytest.mark.parametrize("steps", range(8))
async def test_a_feed_that_is_ended_while_it_gives_up_its_session_still_closes_its_socket(
    clock: LoopClock, ears: Ears, steps: int
) -> None:
    sockets: list[web.WebSocketResponse] = []

    async def keep(socket: web.WebSocketResponse) -> None:
        sockets.append(socket)

    async with a_feed(Server(script=keep), clock, ears) as feed:
        feed.use(a_session(clock))
        await until(lambda: feed.connected and sockets)
        feed.use(None)
        for _ in range(steps):
            await asyncio.sleep(0)
    assert sockets[0].close_code == 1000, "1006 is a line that was dropped without a word"
