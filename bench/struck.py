"""Struck: from the frame whose price moves a trail to the change of its stop at the exchange.

Two hundred instruments are watched, and each has a frame twenty times a second. The floor, in the same process and over the
same HTTP, is a bare loop that decodes the same frames, compares one number and sends one change. What the frames do to a
command stands beside the same command while none come.
"""

import asyncio
import struct
import tempfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.journey import Stopwatch, _until, logged_in, row
from bot.app import App
from bot.broker.feed.socket_feed import SocketFeed
from bot.demo.simulators import VISITOR, Simulators
from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.orders.legs import TrailSaid
from bot.domain.orders.order import Order, OrderDraft, OrderRequest
from bot.domain.orders.plan import Attached
from bot.domain.people.account import Actor
from bot.domain.ports.broker import BrokerConnection
from bot.domain.terms import Product, Side
from bot.simulators.broker.market.frames import SNAP, packet
from bot.simulators.loop import DemoLoop, LoopClock
from bot.trading.ticks.tick_watcher import Use

WATCHED, A_SECOND, ROUNDS, LOOKS = 200, 20, 6, 12
APART = 6.0  # seconds between two strikes: a trail moves every five
PRICE, AT = struct.Struct("<q"), 43  # where the last price stands in a packet
ENTRY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10, product=Product.MIS)
AIM = "at most 2 times the floor at p50"
Row = dict[str, Any]


def measure() -> list[Row]:
    """A row of milliseconds for what strikes, and one for a command beside the frames."""
    with asyncio.Runner(loop_factory=DemoLoop) as runner, tempfile.TemporaryDirectory() as directory:
        return runner.run(_measure(Path(directory)))


class Line:
    """The account's feed, to which frames are handed as if they came over its socket, and a bare loop beside it."""

    def __init__(self, near: Simulators, clock: LoopClock, app: App, actor: Actor) -> None:
        assert actor.account is not None
        self.near, self.clock, self.app, self.actor = near, clock, app, actor
        self.account_id = actor.account.id
        self.connection: BrokerConnection = app.core.exit_runner.exits.connections.of(self.account_id)
        assert isinstance(self.connection.feed, SocketFeed)
        self.feed = self.connection.feed
        broker = near.paper.broker
        share = broker.named("NSE", "RELIANCE-EQ")
        assert share is not None
        self.share = share
        contracts = [each for each in broker.master.by_key.values() if each.exchange == "NFO" and each.symbol == "NIFTY"]
        self.others = contracts[: WATCHED - 1]
        keys = [InstrumentKey(Exchange.NFO, each.token) for each in self.others]
        self.watching = app.core.watcher.watch(self.account_id, keys, Use.ALERT, lambda _: None)
        self.heard: Callable[[bytes], None] = lambda _: None

    def frame(self, instrument: Any, paise: int | None = None) -> bytes:
        """A full packet of this moment, at this price or at the market's."""
        now = self.clock.now()
        quote = self.near.paper.broker.market.quote(instrument, now)
        quote = replace(quote, traded_at=now, ltp=quote.ltp if paise is None else paise)
        return packet(SNAP, 1 if instrument.exchange == "NSE" else 2, instrument.token, quote)

    def send(self, frame: bytes) -> None:
        self.feed._take(frame)  # noqa: SLF001 - the line itself is what is measured
        self.heard(frame)

    async def run(self) -> None:
        """Twenty frames a second for each other instrument, spread over the second, until it is cancelled."""
        loop = asyncio.get_running_loop()
        frames = [self.frame(each) for each in self.others]
        batch, due, place = 10, loop.time(), 0
        while True:
            for _ in range(batch):
                self.send(frames[place])
                place = (place + 1) % len(frames)
            due += batch / (len(frames) * A_SECOND)
            await asyncio.sleep(max(due - loop.time(), 0))


async def _measure(directory: Path) -> list[Row]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    async with logged_in(directory, loop) as (near, clock, app):
        actor = await app.core.services.accounts.actor(VISITOR)
        assert actor is not None
        line = Line(near, clock, app, actor)
        quiet = [await _command(near, loop) for _ in range(LOOKS)]
        frames = asyncio.create_task(line.run())
        try:
            busy = [await _command(near, loop) for _ in range(LOOKS)]
            floor = await _bare(line)
            trails = await _trails(line)
        finally:
            frames.cancel()
            await asyncio.gather(frames, return_exceptions=True)
    return [
        _row("struck trail: frame to the stop's change at the exchange", trails, floor, AIM),
        _row("/limits beside 4,000 frames a second: said to answered, floor without", busy, quiet, "at most 1.2 times at p99"),
    ]


async def _command(near: Simulators, loop: DemoLoop) -> float:
    await asyncio.sleep(1.5)  # the limiter's allowance for this chat grows back
    begun = loop.time()
    await near.person.ask("/limits", "LIMITS")
    return (loop.time() - begun) * 1000


async def _confirmed(line: Line, request: OrderRequest, attached: Attached | None, message: int) -> Order:
    services = line.app.core.services
    card = await services.proposals.propose(line.actor, request, chat_id=VISITOR, attached=attached)
    await services.proposals.shown(card.confirmation.token, message)
    order = await services.desk.confirm(line.actor, card.confirmation.token, chat_id=VISITOR, message_id=message)
    assert isinstance(order, Order)
    return order


def _last(line: Line) -> int:
    return line.near.paper.broker.market.quote(line.share, line.clock.now()).ltp


async def _bare(line: Line) -> list[float]:
    """The floor: a price decoded and compared, and one change of a resting order."""
    watch = Stopwatch(line.near, line.clock)
    order = await _confirmed(line, replace(ENTRY, price=Decimal(_last(line) // 100 - 40)), None, 500_000)
    assert order.broker_id is not None
    times, token = [], line.share.token.encode()
    for number in range(ROUNDS):
        draft = replace(order.draft, price=(order.draft.price or Decimal(0)) + number % 2 + 1)
        level, sending = 10_000_000 + number, list[asyncio.Task[None]]()

        def heard(frame: bytes, draft: OrderDraft = draft, level: int = level, sending: list[Any] = sending) -> None:
            if PRICE.unpack_from(frame, AT)[0] >= level and frame[2 : 2 + len(token)] == token and not sending:
                sending.append(asyncio.create_task(line.connection.broker.modify(order.broker_id or "", draft)))

        line.heard = heard
        frame = line.frame(line.share, level)
        await asyncio.sleep(1)
        begun = watch.begin()
        heard(frame)
        times.append((await _until(lambda: watch.moment("modified")) - begun) * 1000)
        await asyncio.gather(*sending)
    line.heard = lambda _: None
    await line.connection.broker.cancel(order.broker_id)
    return times


async def _trails(line: Line) -> list[float]:
    """A stop that stays far behind follows one new high after the other."""
    watch, last = Stopwatch(line.near, line.clock), _last(line) // 100
    attached = Attached(stop=Decimal(last - 60), stop_limit=Decimal(last - 70), trail=TrailSaid(every=Decimal(50)))
    await _confirmed(line, ENTRY, attached, 600_000)
    await asyncio.sleep(4)
    times = []
    for number in range(ROUNDS):
        await asyncio.sleep(APART)
        frame = line.frame(line.share, (last + 10 + 6 * number) * 100)
        begun = watch.begin()
        line.send(frame)
        times.append((await _until(lambda: watch.moment("modified")) - begun) * 1000)
    return times


def _row(name: str, ours: list[float], floor: list[float], aim: str) -> Row:
    """`row` takes rounds that warm up off its samples: these have none."""
    return row(name, [ours[0]] * 10 + ours, [floor[0]] * 10 + floor, aim)
