"""Rate buckets: how many calls may leave in any second, minute and hour, with cancels and exits at the head of the queue."""

import asyncio
import heapq
from collections import deque
from collections.abc import Mapping, Sequence

from bot.broker.routes import Bucket
from bot.domain.errors import TooFast

Window = tuple[int, float]  # so many calls in any stretch of so many seconds

# mstock-type-b.md 1.6, each below the broker's own figure; orders also below SEBI's ten a second for everybody.
WINDOWS: Mapping[Bucket, Sequence[Window]] = {
    Bucket.ORDERS: ((3, 1.0), (200, 60.0), (900, 3600.0)),
    Bucket.DATA: ((1, 1.05), (900, 60.0), (4500, 3600.0)),
    Bucket.QUOTES: ((10, 1.0),),
    Bucket.BOOKS: ((8, 1.0), (25, 5.0)),  # five a second (section 17, 13), with room for one fill's reads at once
    Bucket.LOGIN: ((2, 1.0), (20, 60.0)),
}
MOST_ORDERS_A_SECOND = 8

# How long a call may stand in the queue before it is told to come back: an order that leaves late is not what was confirmed.
PATIENCE: Mapping[Bucket, float] = {
    Bucket.ORDERS: 3.0,
    Bucket.DATA: 60.0,
    Bucket.QUOTES: 15.0,
    Bucket.BOOKS: 15.0,
    Bucket.LOGIN: 15.0,
}
URGENT_PATIENCE = 60.0


class RateLimit:
    """One bucket. Exact over any sliding window, which a refilling bucket with a burst is not."""

    def __init__(self, windows: Sequence[Window], *, patience: float) -> None:
        self._windows = tuple(windows)
        self._patience = patience
        self._left: deque[float] = deque(maxlen=max(count for count, _ in self._windows))
        self._queue: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, *, urgent: bool = False) -> None:
        """Returns when a call may leave. TooFast at once when that would take longer than patience allows."""
        loop = asyncio.get_running_loop()
        ahead = sum(1 for other, _, turn in self._queue if not turn.done() and (other is False or not urgent))
        wait = self._free_at(ahead, loop.time()) - loop.time()
        if wait <= 0 and not ahead:
            self._left.append(loop.time())
            return
        if wait > (URGENT_PATIENCE if urgent else self._patience):
            say = f"Too many requests at once. Nothing was sent; try again in {wait:.0f} s."
            raise TooFast(say, retry_after=wait)
        turn: asyncio.Future[None] = loop.create_future()
        self._number += 1
        heapq.heappush(self._queue, (not urgent, self._number, turn))
        self._wake(loop)
        await turn

    def _free_at(self, ahead: int, now: float) -> float:
        """When the call behind `ahead` others may leave, were they to leave as early as they can."""
        left = list(self._left)
        moment = now
        for _ in range(ahead + 1):
            moment = max([moment, *(left[-count] + span for count, span in self._windows if len(left) >= count)])
            left.append(moment)
        return moment

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self._free_at(0, loop.time()), self._release, loop)

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        while self._queue and self._free_at(0, now) <= now:
            _, _, turn = heapq.heappop(self._queue)
            if not turn.done():  # a cancelled caller gives its place away
                self._left.append(now)
                turn.set_result(None)
        if self._queue:
            self._wake(loop)


class BrokerRateLimits:
    """All buckets of one account."""

    def __init__(self, *, orders_a_second: int = 3, windows: Mapping[Bucket, Sequence[Window]] = WINDOWS) -> None:
        if not 1 <= orders_a_second <= MOST_ORDERS_A_SECOND:
            msg = f"orders a second must be 1 to {MOST_ORDERS_A_SECOND}, not {orders_a_second}"
            raise ValueError(msg)
        every = dict(windows)
        every[Bucket.ORDERS] = ((orders_a_second, 1.0), *every[Bucket.ORDERS][1:])
        self._gates = {bucket: RateLimit(every[bucket], patience=PATIENCE[bucket]) for bucket in Bucket}

    async def enter(self, bucket: Bucket, *, urgent: bool = False) -> None:
        """Waits for this bucket's turn. Raises TooFast where the wait would be too long."""
        await self._gates[bucket].enter(urgent=urgent)
