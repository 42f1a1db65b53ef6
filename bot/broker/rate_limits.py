"""Rate buckets: how many calls may leave in any second, minute and hour.

Cancels and exits stand at the head of the queue, and a share of the order allowance is kept for them.
"""

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

# Of these windows so many calls are kept for what is urgent: a busy trail or a long entry never leaves an exit without a turn.
KEPT_FOR_EXITS: Mapping[Bucket, Sequence[Window]] = {Bucket.ORDERS: ((60, 60.0), (300, 3600.0))}

# How long a call may stand in the queue before it is told to come back: an order that leaves late is not what was confirmed.
PATIENCE: Mapping[Bucket, float] = {
    Bucket.ORDERS: 3.0,
    Bucket.DATA: 60.0,
    Bucket.QUOTES: 15.0,
    Bucket.BOOKS: 15.0,
    Bucket.LOGIN: 15.0,
}
URGENT_PATIENCE = 60.0


class _Left:
    """When calls left, as far back as the longest window asks."""

    def __init__(self, windows: Sequence[Window], times: Sequence[float] = ()) -> None:
        self.windows = windows
        self.times = deque(times, maxlen=max((count for count, _ in windows), default=0))

    def free_at(self, now: float) -> float:
        """When the next may leave."""
        return max([now, *(self.times[-count] + span for count, span in self.windows if len(self.times) >= count)])


class RateLimit:
    """One bucket. Exact over any sliding window, which a refilling bucket with a burst is not."""

    def __init__(self, windows: Sequence[Window], *, patience: float, kept: Sequence[Window] = ()) -> None:
        """kept: calls of windows of the same length that only urgent ones may use."""
        spared = {span: count for count, span in kept}
        self._patience = patience
        self._left = _Left(windows)
        self._plain = _Left([(count - spared[span], span) for count, span in windows if span in spared])  # those not urgent
        self._queue: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, *, urgent: bool = False) -> None:
        """Returns when a call may leave. TooFast at once when that would take longer than patience allows."""
        loop = asyncio.get_running_loop()
        ahead = [not plain for plain, _, turn in sorted(self._queue) if not turn.done() and not (plain and urgent)]
        wait = self._free_at([*ahead, urgent], loop.time()) - loop.time()
        if wait <= 0 and not ahead:
            self._go(loop.time(), urgent=urgent)
            return
        if wait > (URGENT_PATIENCE if urgent else self._patience):
            say = f"Too many requests at once. Nothing was sent; try again in {wait:.0f} s."
            raise TooFast(say, retry_after=wait)
        turn: asyncio.Future[None] = loop.create_future()
        self._number += 1
        heapq.heappush(self._queue, (not urgent, self._number, turn))
        self._wake(loop)
        await turn

    def _go(self, now: float, *, urgent: bool) -> None:
        self._left.times.append(now)
        if not urgent:
            self._plain.times.append(now)

    def _free_at(self, urgent: Sequence[bool], now: float) -> float:
        """When the last of these calls may leave, were they to leave one after the other as early as they can."""
        left, plain = _Left(self._left.windows, self._left.times), _Left(self._plain.windows, self._plain.times)
        moment = now
        for each in urgent:
            moment = left.free_at(moment) if each else max(left.free_at(moment), plain.free_at(moment))
            left.times.append(moment)
            if not each:
                plain.times.append(moment)
        return moment

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self._free_at([not self._queue[0][0]], loop.time()), self._release, loop)

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        while self._queue and self._free_at([not self._queue[0][0]], now) <= now:
            plain, _, turn = heapq.heappop(self._queue)
            if not turn.done():  # a cancelled caller gives its place away
                self._go(now, urgent=not plain)
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
        self._gates = {
            bucket: RateLimit(every[bucket], patience=PATIENCE[bucket], kept=KEPT_FOR_EXITS.get(bucket, ())) for bucket in Bucket
        }

    async def enter(self, bucket: Bucket, *, urgent: bool = False) -> None:
        """Waits for this bucket's turn. Raises TooFast where the wait would be too long.

        urgent: a cancel or an exit. It goes before others that wait, and may use what is kept for exits.
        """
        await self._gates[bucket].enter(urgent=urgent)
