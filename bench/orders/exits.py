"""Getting out: how long the last of twenty exits waits beyond the order rate, and whether /kill waits for slow orders.

exits: tap on Confirm -> the last of twenty POSTs noted by the exchange. The floor is what the order rate alone allows.
kill: said -> answered while fifty orders are in flight. The floor, in the same run, is a command answered from the store alone.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from bench.orders.journey import ACCOUNT, Stopwatch, _until, logged_in, row
from bot.app import App
from bot.broker.rate_limits import WINDOWS
from bot.broker.routes import Bucket
from bot.demo.simulators import VISITOR, Simulators
from bot.domain.orders.order import OrderRequest
from bot.domain.people.account import Actor
from bot.domain.terms import Product, Side
from bot.simulators.broker.accounts.records import Carried
from bot.simulators.loop import DemoLoop

POSITIONS, IN_FLIGHT, LOOKS, RUNS = 20, 50, 12, 3
READ = 3.0  # seconds in which a person reads twenty rows: what the card's own reads took of the books' rate has grown back
APART = 0.36  # seconds between two orders, so that none waits for its turn

Row = dict[str, Any]


def measure() -> list[Row]:
    """One row of milliseconds each."""
    with asyncio.Runner(loop_factory=DemoLoop) as runner, tempfile.TemporaryDirectory() as directory:
        return [runner.run(_exits(Path(directory) / "exits")), runner.run(_kill(Path(directory) / "kill"))]


def _rate_alone() -> float:
    """Seconds until the last of so many orders may leave, by the order rate's own limit."""
    most, span = WINDOWS[Bucket.ORDERS][0]
    return ((POSITIONS - 1) // most) * span


async def _exits(directory: Path) -> Row:
    times = [await _exit_all(directory / str(number)) for number in range(RUNS)]
    floor = [_rate_alone() * 1000] * RUNS
    return _row("/exit all on 20 positions: tap to the last POST", times, floor, "at most 1.1 times the order rate's own limit")


async def _exit_all(directory: Path) -> float:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    async with logged_in(directory, loop) as (near, clock, _):
        _carry(near)
        card = await near.person.ask("/exit all", f"EXIT {POSITIONS} positions", 30)
        await asyncio.sleep(READ)
        begun = Stopwatch(near, clock).begin()
        near.person.press(f"Confirm {POSITIONS} exits", card)
        orders = near.paper.broker.ledger.orders
        await _until(lambda: len(orders) >= POSITIONS or None)
        return (loop.time() - begun) * 1000


def _carry(near: Simulators) -> None:
    """So many long calls of one underlying, none of which covers anything, before the day's books are first read."""
    broker = near.paper.broker
    calls = [each for each in broker.master.by_key.values() if each.symbol == "NIFTY" and each.name.endswith("CE")]
    with broker.ledger.change():
        for each in calls[:POSITIONS]:
            broker.ledger.put(
                Carried(
                    client=ACCOUNT.client, exchange=each.exchange, token=each.token, product="CARRYFORWARD",
                    quantity=each.lot, cost=each.lot * 100_00, name=each.name,
                )
            )  # fmt: skip


async def _kill(directory: Path) -> Row:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    async with logged_in(directory, loop) as (near, _, app):
        floor = [await _said(near, loop, "/limits", "LIMITS") for _ in range(LOOKS)]
        near.paper.broker.faults.arm("request_late", route="place", times=IN_FLIGHT, seconds=90.0)
        sending = await _in_flight(app)
        times = [await _said(near, loop, "/kill", "Stopped") for _ in range(LOOKS)]
        for each in sending:
            each.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
    return _row("/kill with 50 slow orders in flight: said to answered", times, floor, "one round trip, as with none in flight")


async def _said(near: Simulators, loop: DemoLoop, words: str, answer: str) -> float:
    await asyncio.sleep(1.5)  # the limiter's allowance for this chat grows back
    begun = loop.time()
    await near.person.ask(words, answer)
    return (loop.time() - begun) * 1000


async def _in_flight(app: App) -> list["asyncio.Task[Any]"]:
    """Confirms so many orders, each of which waits for its answer."""
    services = app.core.services
    actor = await services.accounts.actor(VISITOR)
    assert actor is not None
    sending = []
    for number in range(IN_FLIGHT):
        sending.append(asyncio.create_task(_order(app, actor, number)))
        await asyncio.sleep(APART)
    return sending


async def _order(app: App, actor: Actor, number: int) -> None:
    services = app.core.services
    request = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=1 + number, product=Product.CNC)
    card = await services.proposals.propose(actor, request, chat_id=VISITOR)
    await services.proposals.shown(card.confirmation.token, 100_000 + number)
    await services.desk.confirm(actor, card.confirmation.token, chat_id=VISITOR, message_id=100_000 + number)


def _row(name: str, ours: list[float], floor: list[float], aim: str) -> Row:
    """`row` takes rounds that warm up off its samples: these have none."""
    return row(name, [ours[0]] * 10 + ours, [floor[0]] * 10 + floor, aim)
