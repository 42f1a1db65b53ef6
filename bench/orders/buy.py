"""/buy with everything on its card, beside a bare loop that makes the same reads at the broker and sends one message.

said -> the card stands in the chat. The floor reads side by side what does not hang on another read: the margin needs a price,
which is the feed's where the instrument is watched, else a quote before it. Once as the broker answers, once with 30 ms of delay.
"""

import asyncio
import gc
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.orders.journey import Bare, logged_in, morning, row, simulators
from bot.simulators.loop import DemoLoop, LoopClock

ROUNDS, WARM = 40, 10
DELAY = 0.030  # seconds
APART = 15  # seconds that the clocks run ahead, in which every allowance grows back

READS = ("instruments/quote", "user/fundsummary", "margins/orders")
MARGIN = {
    "orders": [
        {
            "product_type": "DELIVERY", "transaction_type": "BUY", "quantity": "1", "price": "1487.70", "exchange": "NSE",
            "symbol_name": "RELIANCE", "token": "2885", "trigger_price": "0",
        }
    ]
}  # fmt: skip
QUOTE = {"mode": "FULL", "exchangeTokens": {"NSE": ["2885"]}}

Row = dict[str, Any]


def measure() -> list[Row]:
    """Two rows of milliseconds."""
    rows = []
    for name, delay, aim in (
        ("/buy: said to the card", 0.0, "at most 1.5 times a bare loop with the same reads"),
        ("/buy with 30 ms of delay at the broker", DELAY, "told beside it"),
    ):
        with asyncio.Runner(loop_factory=DemoLoop) as runner, tempfile.TemporaryDirectory() as directory:
            ours, floor = runner.run(_measure(Path(directory), delay))
        rows.append(row(name, ours, floor, aim))
    return rows


class Reader(Bare):
    """The least that makes a card: the update is stored, the same reads, one message."""

    quotes = False  # whether the price has to be asked for

    async def card(self) -> None:
        """Reads, and sends."""
        self._commit("update")
        if self.quotes:
            await self._call("POST", READS[0], QUOTE)
        await asyncio.gather(self._call("GET", READS[1]), self._call("POST", READS[2], MARGIN))
        self._commit("question")
        await self._send("BUY 1 RELIANCE", [[{"text": "Confirm buy", "callback_data": "c:y"}]])

    async def _take(self, update: dict[str, Any]) -> None:
        if update.get("message", {}).get("text") == "buy":
            await self.card()


async def _measure(directory: Path, delay: float) -> tuple[list[float], list[float]]:
    """Turn by turn, so that whatever else the host does meanwhile befalls both."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    clock = LoopClock(loop, morning())
    async with logged_in(directory, loop) as (own, _, _), simulators(clock, loop) as near:
        bare = Reader(near, clock, directory / "reads.db")
        running = asyncio.create_task(bare.run())
        near.person.say("/start")
        for neighbours in (own, near):
            if delay:
                for route in ("quote", "funds", "margin"):
                    neighbours.paper.broker.faults.arm("request_late", route=route, times=None, seconds=delay)
        gc.collect()
        gc.freeze()
        ours: list[float] = []
        floor: list[float] = []
        calls = own.paper.counter.calls
        for number in range(ROUNDS + WARM):
            before = calls.get("quote", 0)
            ours.append(await _timed(loop, lambda: own.person.ask("/buy RELIANCE 1", _is_card)))
            own.person.press("Discard")  # or it would fold while a later one is timed
            await own.person.wait_for("Discarded")
            if number < WARM:
                bare.quotes = calls.get("quote", 0) > before
            floor.append(await _timed(loop, lambda: near.person.ask("buy", "BUY 1 RELIANCE")))
            loop.shift(APART)
        gc.unfreeze()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return ours, floor


def _is_card(message: Row) -> bool:
    """Not an older card, which folds into one line meanwhile."""
    return "BUY 1 RELIANCE" in message["text"] and "until" in message["text"]


async def _timed(loop: asyncio.AbstractEventLoop, act: Callable[[], Awaitable[Any]]) -> float:
    begun = loop.time()
    await act()
    took = (loop.time() - begun) * 1000
    await asyncio.sleep(0.1)
    return took
