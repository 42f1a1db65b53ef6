"""Struck: from the frame that strikes to the change, or the new order, at the exchange.

Two hundred instruments are watched, and each has a frame twenty times a second. The floor, in the same process and turn about,
is a bare loop that decodes the same frames, compares one number and sends the same request over httpx. What the frames do to a
command stands beside the same command while none come.

A change of an order asks for no record of ours before it leaves. A new order does: one POST for each intent, across crashes, asks
for one durable commit before the first byte. And the end of a P&L exit's seconds is no frame but a timer, which fires up to a
millisecond late in any loop that waits in epoll. So what a P&L exit sends stands beside three floors: the bare loop, the same
with that one commit and nothing else in it, and the same with the timer as well.
"""

import asyncio
import gc
import sqlite3
import struct
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from bench.orders.journey import ACCOUNT, WARM, Stopwatch, _until, logged_in, row
from bench.reading.ticks import _bare as decode
from bot.app import App
from bot.broker.feed.socket_feed import SocketFeed
from bot.broker.wire.bodies import StopSpelling, modify_body, place_body
from bot.demo.simulators import VISITOR, Simulators
from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.orders.legs import TrailSaid
from bot.domain.orders.order import Order, OrderDraft, OrderRequest
from bot.domain.people.account import Actor
from bot.domain.plans.plan import Attached
from bot.domain.plans.pnl_card import PnlSaid
from bot.domain.plans.pnl_exit import RECHECK
from bot.domain.ports.broker import BrokerConnection
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.broker.market.frames import SNAP, packet
from bot.simulators.loop import DemoLoop, LoopClock
from bot.trading.ticks.tick_watcher import Use

WATCHED, A_SECOND = 200, 20
ROUNDS, LOOKS = 20 + WARM, 40 + WARM
APART = 6.0  # seconds between two rounds: a trail moves every five
STANDS = 0.0517  # seconds of the floor's timer: no whole number of milliseconds, nor of those between two frames
SETTLES = 0.6  # seconds until what a round left behind has come to rest
FILLS = 1.5  # seconds until an entry has filled, and its stop stands
PRICE, AT = struct.Struct("<q"), 43  # where the last price stands in a packet
ENTRY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10, product=Product.MIS)
AIM = "at most 2 times the floor at p50"
Row = dict[str, Any]


def measure() -> list[Row]:
    """Rows of milliseconds for what strikes, and one for a command beside the frames."""
    with asyncio.Runner(loop_factory=DemoLoop) as runner, tempfile.TemporaryDirectory() as directory:
        return runner.run(_measure(Path(directory)))


@dataclass(slots=True)
class Times:
    """Milliseconds of each kind, by round."""

    changed: list[float] = field(default_factory=list)  # the floor's change of an order
    placed: list[float] = field(default_factory=list)  # the floor's new order
    stored: list[float] = field(default_factory=list)  # the same, stored before it leaves
    timed: list[float] = field(default_factory=list)  # the same, from the end of a timer that the frame began
    trail: list[float] = field(default_factory=list)
    target: list[float] = field(default_factory=list)
    stop: list[float] = field(default_factory=list)
    pnl: list[float] = field(default_factory=list)


class Line:
    """The account's feed, to which frames are handed as if they came over its socket, or a bare loop in its place."""

    def __init__(self, near: Simulators, clock: LoopClock, loop: DemoLoop, app: App, actor: Actor) -> None:
        assert actor.account is not None
        self.near, self.clock, self.loop, self.app, self.actor = near, clock, loop, app, actor
        self.account_id = actor.account.id
        self.watch = Stopwatch(near, clock)
        self.connection: BrokerConnection = app.core.exit_runner.exits.connections.of(self.account_id)
        feed = self.connection.feed
        assert isinstance(feed, SocketFeed)
        self.ours: Callable[[bytes], None] = feed._take  # noqa: SLF001 - the line itself is what is measured
        self.takes: Callable[[bytes], None] = self.ours
        broker = near.paper.broker
        share = broker.named("NSE", "RELIANCE-EQ")
        assert share is not None
        self.share = share
        contracts = [each for each in broker.master.by_key.values() if each.exchange == "NFO" and each.symbol == "NIFTY"]
        self.others = contracts[: WATCHED - 1]
        keys = [InstrumentKey(Exchange.NFO, each.token) for each in self.others]
        self.watching = app.core.watcher.watch(self.account_id, keys, Use.ALERT, lambda _: None)
        self.messages = 500_000

    @property
    def last(self) -> int:
        """Rupees that the share trades at."""
        return self.near.paper.broker.market.quote(self.share, self.clock.now()).ltp // 100

    def trade(self, rupees: int) -> None:
        """The share trades there at the exchange."""
        self.near.paper.broker.market.set_price(self.share, rupees * 100, self.clock.now())

    def frame(self, instrument: Any, rupees: Decimal | None = None) -> bytes:
        """A full packet of this moment, at this price or at the market's."""
        now = self.clock.now()
        quote = self.near.paper.broker.market.quote(instrument, now)
        quote = replace(quote, traded_at=now, ltp=quote.ltp if rupees is None else int(rupees * 100))
        return packet(SNAP, 1 if instrument.exchange == "NSE" else 2, instrument.token, quote)

    async def until_asked(self, rupees: Decimal | int, what: str) -> float:
        """Milliseconds from the frame with this price of the share until the exchange notes what it should cause."""
        frame = self.frame(self.share, Decimal(rupees))
        begun = self.watch.begin()
        self.takes(frame)
        return (await _until(lambda: self.watch.moment(what)) - begun) * 1000

    async def rest(self) -> None:
        """Whatever the limits and the pace of trails ask for grows back."""
        self.loop.shift(APART)
        await asyncio.sleep(SETTLES)

    @asynccontextmanager
    async def frames(self) -> AsyncIterator[None]:
        """Twenty frames a second for each other instrument, spread over the second."""
        sending = asyncio.create_task(self._send())
        await asyncio.sleep(0.1)
        try:
            yield
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send(self) -> None:
        frames = [self.frame(each) for each in self.others]
        batch, due, place = 10, self.loop.time(), 0
        while True:
            for _ in range(batch):
                self.takes(frames[place])
                place = (place + 1) % len(frames)
            due = max(due + batch / (len(frames) * A_SECOND), self.loop.time() - 0.1)  # the clock was moved on
            await asyncio.sleep(max(due - self.loop.time(), 0))

    async def confirmed(self, request: OrderRequest, attached: Attached | None = None) -> Order:
        services = self.app.core.services
        self.messages += 1
        card = await services.proposals.propose(self.actor, request, chat_id=VISITOR, attached=attached)
        await services.proposals.shown(card.confirmation.token, self.messages)
        token = card.confirmation.token
        order = await services.desk.confirm(self.actor, token, chat_id=VISITOR, message_id=self.messages)
        assert isinstance(order, Order)
        await asyncio.sleep(FILLS)
        return order

    async def close_all(self) -> None:
        """What a round left open or working goes, so that the next begins as it did."""
        broker, ledger = self.connection.broker, self.near.paper.broker.ledger
        for order in [each for each in ledger.orders.values() if each.working]:
            await broker.cancel(order.id)
        held = sum(each.quantity for each in await broker.positions() if each.instrument.key.token == self.share.token)
        if held > 0:
            await self.confirmed(replace(ENTRY, side=Side.SELL, quantity=held))


class Bare:
    """The least that strikes: a frame decoded, one number compared, one request over httpx."""

    def __init__(self, line: Line, http: httpx.AsyncClient, path: Path) -> None:
        session = line.connection.session
        assert session is not None
        self._line, self._http, self._token = line, http, line.share.token.encode()
        self._rest = f"{line.near.broker_url}/openapi/typeb"
        self._headers = {
            "X-Mirae-Version": "1", "X-PrivateKey": ACCOUNT.api_key, "Authorization": f"Bearer {session.token.reveal()}",
        }  # fmt: skip
        self._level = 1 << 62
        self._send: Callable[[], Coroutine[Any, Any, None]] = _nothing
        self._sending: set[asyncio.Task[Any]] = set()
        self._db = sqlite3.connect(path, isolation_level=None)
        for words in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)"):
            self._db.execute(words)

    def take(self, frame: bytes) -> None:
        decode(frame)
        if PRICE.unpack_from(frame, AT)[0] >= self._level and frame[2 : 2 + len(self._token)] == self._token:
            self._level = 1 << 62
            self._sending.add(asyncio.ensure_future(self._send()))

    async def struck(
        self, method: str, path: str, body: dict[str, str], what: str, *, stores: bool = False, stands: float = 0.0
    ) -> float:
        """The same as a Line's until_asked, with this request. stores: after one durable commit.

        stands: seconds after the frame at which it goes, which do not count.
        """

        async def send() -> None:
            if stands:
                await asyncio.sleep(stands)
            if stores:
                self._db.execute("INSERT INTO t (body) VALUES (?)", (str(body),))  # commits by itself
            (await self._http.request(method, f"{self._rest}/{path}", json=body, headers=self._headers)).raise_for_status()

        rupees = self._line.last + 1
        self._level, self._send = rupees * 100, send
        took = await self._line.until_asked(rupees, what)
        await asyncio.gather(*self._sending)
        self._sending.clear()
        return took - stands * 1000


async def _nothing() -> None:
    """What a loop without a level sends."""


async def _measure(directory: Path) -> list[Row]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    async with logged_in(directory, loop) as (near, clock, app), httpx.AsyncClient(trust_env=False) as http:
        actor = await app.core.services.accounts.actor(VISITOR)
        assert actor is not None
        line = Line(near, clock, loop, app, actor)
        times, bare = Times(), Bare(line, http, directory / "floor.db")
        gc.collect()
        gc.freeze()  # as the bot does when it is open
        quiet, busy = await _commands(line)
        async with line.frames():
            await _trails(line, bare, times)
            for _ in range(ROUNDS):
                await _target_and_stop(line, times)
                await line.rest()
            for _ in range(ROUNDS):
                await _pnl_exit(line, times)
                await line.rest()
    name = "struck {}: frame to the {} at the exchange"
    exits = "struck P&L exit: end of its three seconds to the order at the exchange"
    return [
        row(name.format("trail", "stop's change"), times.trail, times.changed, AIM),
        row(name.format("target", "stop's change"), times.target, times.changed, AIM),
        row(name.format("stop while the target rests", "target's change"), times.stop, times.changed, AIM),
        row(f"{exits}, floor with the timer and the commit before it", times.pnl, times.timed, AIM),
        row(f"{exits}, floor with the commit before it", times.pnl, times.stored, AIM),
        row(f"{exits}, floor without", times.pnl, times.placed, "none; told for honesty"),
        row("/limits beside 4,000 frames a second: said to answered, floor without", busy, quiet, "at most 1.2 times at p99"),
    ]


async def _commands(line: Line) -> tuple[list[float], list[float]]:
    """The same command without frames and beside them, turn about."""
    quiet: list[float] = []
    busy: list[float] = []
    for _ in range(LOOKS):
        quiet.append(await _command(line))
        async with line.frames():
            busy.append(await _command(line))
    return quiet, busy


async def _command(line: Line) -> float:
    line.loop.shift(3)  # the limiter's allowance for this chat grows back
    await asyncio.sleep(0.2)
    begun = line.loop.time()
    await line.near.person.ask("/limits", "LIMITS")
    return (line.loop.time() - begun) * 1000


async def _trails(line: Line, bare: Bare, times: Times) -> None:
    """A stop that stays far behind follows one new high after the other, and the bare loop changes an order of its own."""
    last = line.last
    attached = Attached(
        stop=Decimal(last - 60), stop_limit=Decimal(last - 70), trail=TrailSaid(every=Decimal(5), step=Decimal(1))
    )
    await line.confirmed(ENTRY, attached)
    resting = await line.confirmed(replace(ENTRY, price=Decimal(last - 40)))
    await line.rest()
    for number in range(ROUNDS):
        times.trail.append(await line.until_asked(last + 20 + 6 * number, "modified"))
        await line.rest()
        line.takes = bare.take
        terms = replace(resting.draft, price=(resting.draft.price or Decimal(0)) + number % 2 + 1)
        body = modify_body(resting.broker_id or "", terms, StopSpelling.JOINED)
        path = f"orders/regular/{resting.broker_id}"
        times.changed.append(await bare.struck("PUT", path, body, "modified"))
        draft = OrderDraft(
            instrument=terms.instrument, side=Side.BUY, quantity=1, kind=OrderKind.LIMIT, product=Product.MIS,
            price=Decimal(last - 50),
        )  # fmt: skip
        for took, stores, stands in ((times.placed, False, 0.0), (times.stored, True, 0.0), (times.timed, True, STANDS)):
            body = place_body(draft, f"bare{number}", StopSpelling.JOINED)
            took.append(await bare.struck("POST", "orders/regular", body, "asked", stores=stores, stands=stands))
        line.takes = line.ours
        await line.rest()
    await line.close_all()
    await line.rest()


async def _target_and_stop(line: Line, times: Times) -> None:
    """An entry whose target is touched and does not fill, and whose stop is reached meanwhile: both change the one order."""
    last = line.last
    await line.confirmed(ENTRY, Attached(stop=Decimal(last - 20), stop_limit=Decimal(last - 30), target=Decimal(last + 20)))
    await line.rest()
    times.target.append(await line.until_asked(last + 20, "modified"))
    await asyncio.sleep(SETTLES)
    times.stop.append(await line.until_asked(last - 20, "modified"))
    await asyncio.sleep(SETTLES)
    await line.close_all()


async def _pnl_exit(line: Line, times: Times) -> None:
    """A position that falls below the level and stays there: measured from the end of the seconds of the recheck."""
    services, last = line.app.core.services, line.last
    await line.confirmed(ENTRY)
    await line.rest()
    line.takes(line.frame(line.share))
    said = PnlSaid(stop=Decimal(-1_000_000), after_charges=False)
    shown = await services.pnl_exits.ask(line.actor, "all", said, chat_id=VISITOR)
    made = shown.figure.value
    assert made is not None
    line.messages += 1
    card = await services.pnl_exits.ask(line.actor, "all", replace(said, stop=made - 100), chat_id=VISITOR)
    token = card.confirmation.token
    await services.proposals.shown(token, line.messages)
    await services.pnl_exits.confirm(line.actor, token, chat_id=VISITOR, message_id=line.messages)
    await asyncio.sleep(SETTLES)
    line.trade(last - 20)
    line.watch.begin()
    began = line.loop.time()
    over = began + RECHECK.total_seconds()
    while line.loop.time() < over:
        line.takes(line.frame(line.share))
        await asyncio.sleep(1 / A_SECOND)
    times.pnl.append((await _until(lambda: line.watch.moment("asked")) - over) * 1000)
    await asyncio.sleep(SETTLES)
    line.trade(last)
    await line.close_all()
