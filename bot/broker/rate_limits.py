"""Rate buckets: how many calls may leave in any second, minute and hour.

Cancels, exits and looks for fills stand at the head of the queue, and a share of the allowance is kept for them.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence

from bot.broker.routes import Bucket
from bot.domain.errors import TooFast

Window = tuple[int, float]  # so many calls in any stretch of so many seconds

# mstock-type-b.md 1.6, each below the broker's own figure; orders also below SEBI's ten a second for everybody. Of books the
# table gives no figure: five a second, as is assumed there (section 17, 13), and room for a card and two whole looks at once.
WINDOWS: Mapping[Bucket, Sequence[Window]] = {
    Bucket.ORDERS: ((3, 1.0), (200, 60.0), (900, 3600.0)),
    Bucket.DATA: ((1, 1.05), (900, 60.0), (4500, 3600.0)),
    Bucket.QUOTES: ((10, 1.0),),
    Bucket.BOOKS: ((12, 1.0), (18, 2.5), (25, 5.0)),
    Bucket.LOGIN: ((2, 1.0), (20, 60.0)),
}
MOST_ORDERS_A_SECOND = 8

# Of these windows so many calls are kept for what is urgent: a busy trail or a long entry never leaves an exit without a turn,
# nor do lists and cards leave a fill without its look.
KEPT_FOR_URGENT: Mapping[Bucket, Sequence[Window]] = {
    Bucket.ORDERS: ((60, 60.0), (300, 3600.0)),
    Bucket.BOOKS: ((6, 1.0), (6, 2.5), (9, 5.0)),  # two looks, of three books each
}
# And so many for all others: fill upon fill leaves a list and a card their turn.
KEPT_FOR_OTHERS: Mapping[Bucket, Sequence[Window]] = {Bucket.BOOKS: ((3, 5.0),)}

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

    def room(self, now: float) -> list[int]:
        """How many more each window lets leave at this moment."""
        return [count - sum(time + span > now for time in self.times) for count, span in self.windows]


class RateLimit:
    """One bucket. Exact over any sliding window, which a refilling bucket with a burst is not."""

    def __init__(
        self, windows: Sequence[Window], *, patience: float, kept: Sequence[Window] = (), spared: Sequence[Window] = ()
    ) -> None:
        """kept: calls of windows of the same length that only urgent ones may use. spared: that only plain ones may."""
        self._patience = patience
        self._left = _Left(windows)
        self._own = {True: _Left(_less(windows, spared)), False: _Left(_less(windows, kept))}  # of urgent calls, of plain ones
        self._queues: dict[bool, deque[asyncio.Future[None]]] = {True: deque(), False: deque()}
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, *, urgent: bool = False) -> None:
        """Returns when a call may leave. TooFast at once when that would take longer than patience allows."""
        loop = asyncio.get_running_loop()
        ahead = [rank for rank in ((True,) if urgent else (True, False)) for turn in self._queues[rank] if not turn.done()]
        wait = self._free_at([*ahead, urgent], loop.time()) - loop.time()
        if wait <= 0 and not ahead:
            self._go(loop.time(), urgent=urgent)
            return
        if wait > (URGENT_PATIENCE if urgent else self._patience):
            raise TooFast("Too many requests at once. Nothing was sent.", retry_after=wait)
        turn: asyncio.Future[None] = loop.create_future()
        self._queues[urgent].append(turn)
        self._wake(loop)
        await turn

    def room(self, *, urgent: bool) -> int:
        """How many calls would leave at this moment, with nobody before them."""
        if any(not turn.done() for rank in ((True,) if urgent else (True, False)) for turn in self._queues[rank]):
            return 0
        now = asyncio.get_running_loop().time()
        return max(0, min([*self._left.room(now), *self._own[urgent].room(now)]))

    def _go(self, now: float, *, urgent: bool) -> None:
        self._left.times.append(now)
        self._own[urgent].times.append(now)

    def _free_at(self, urgent: Sequence[bool], now: float) -> float:
        """When the last of these calls may leave, were they to leave one after the other as early as they can."""
        left = _Left(self._left.windows, self._left.times)
        own = {rank: _Left(each.windows, each.times) for rank, each in self._own.items()}
        moment = now
        for each in urgent:
            moment = max(left.free_at(moment), own[each].free_at(moment))
            left.times.append(moment)
            own[each].times.append(moment)
        return moment

    def _next(self, now: float) -> tuple[float, bool]:
        """When the next that waits may leave, and whether it is plain: urgent ones go first, until they have used their share."""
        ranks = [rank for rank in (True, False) if self._queues[rank]]
        return min((self._free_at([rank], now), not rank) for rank in ranks)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self._next(loop.time())[0], self._release, loop)

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        while any(self._queues.values()):
            moment, plain = self._next(now)
            if moment > now:
                self._wake(loop)
                return
            turn = self._queues[not plain].popleft()
            if not turn.done():  # a cancelled caller gives its place away
                self._go(now, urgent=not plain)
                turn.set_result(None)


def _less(windows: Sequence[Window], kept: Sequence[Window]) -> Sequence[Window]:
    """What is left of those windows of which something is kept."""
    counts = {span: count for count, span in kept}
    return [(count - counts[span], span) for count, span in windows if span in counts]


class BrokerRateLimits:
    """All buckets of one account."""

    def __init__(self, *, orders_a_second: int = 3, windows: Mapping[Bucket, Sequence[Window]] = WINDOWS) -> None:
        if not 1 <= orders_a_second <= MOST_ORDERS_A_SECOND:
            msg = f"orders a second must be 1 to {MOST_ORDERS_A_SECOND}, not {orders_a_second}"
            raise ValueError(msg)
        every = dict(windows)
        every[Bucket.ORDERS] = ((orders_a_second, 1.0), *every[Bucket.ORDERS][1:])
        self._gates = {
            bucket: RateLimit(
                every[bucket],
                patience=PATIENCE[bucket],
                kept=KEPT_FOR_URGENT.get(bucket, ()),
                spared=KEPT_FOR_OTHERS.get(bucket, ()),
            )
            for bucket in Bucket
        }

    async def enter(self, bucket: Bucket, *, urgent: bool = False) -> None:
        """Waits for this bucket's turn. Raises TooFast where the wait would be too long.

        urgent: a cancel, an exit, a look for what was filled. It goes before others that wait, and may use what is kept for such.
        """
        await self._gates[bucket].enter(urgent=urgent)

    def room(self, bucket: Bucket, *, urgent: bool) -> int:
        """How many calls of this bucket would leave at this moment."""
        return self._gates[bucket].room(urgent=urgent)
