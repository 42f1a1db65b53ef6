"""Event loops whose clock can leap: to the next timer when nothing is left to do, or by the seconds the desk asks for.

Waiting in the product is plain asyncio on loop time, so whoever owns the loop owns time. `VirtualLoop` is for tests: a
trading day passes in seconds. `DemoLoop` runs in real time and can be shifted or run ahead. Both start at zero, and
`LoopClock` turns their seconds into a UTC date.

A leap is only safe when nothing is under way in the real world, so before each one the loop asks the selector (sockets
between two ends in this process are readable at once), before a long leap waits a real moment in case the kernel was
busy, and never leaps while a worker thread started by `run_in_executor` (name look-ups are such) has not brought its result home.
"""

import asyncio
import concurrent.futures
import contextlib
import select
import selectors
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar, TypeVarTuple

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")
_Ready = list[tuple[selectors.SelectorKey, int]]

# Seconds. A wrong leap does harm when it fires a time-out for an answer already on its way, and time-outs are long, so a
# long leap is preceded by a real moment of looking. A sleep costs milliseconds on a busy machine and thousands of short
# leaps make a day, so before those it is enough to ask again: in 29,000 leaps under load nothing ever came late. A loop
# that meets something late all the same looks before every leap from then on. One without a socket leaps at once.
_LONG_LEAP = 5.0
_LOOK = 0.002

# A writer that waits for room in a full socket buffer means bytes are under way, and TCP may take its time over them.
_LOOK_WITH_FULL_BUFFER = 0.25


class LoopStuckError(Exception):
    """Nothing can happen any more, or virtual time ran past its limit. The words name what the tasks wait for."""


class LoopClock:
    """The date of a loop: `start` (aware, UTC) plus the loop's seconds, so two clocks with one start always agree."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        if start.utcoffset() != timedelta(0):
            raise ValueError(f"a clock starts at an aware UTC time, not at {start!r}")
        self._loop = loop
        self._start = start

    def now(self) -> datetime:
        """The present moment, UTC aware."""
        return self._start + timedelta(seconds=self._loop.time())


class _Door(selectors.DefaultSelector):
    """The selector of a leaping loop: asks `idle` what to do when there is nothing to hand on at once."""

    idle: Callable[[float | None], _Ready]

    def select(self, timeout: float | None = None) -> _Ready:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        return self.idle(timeout)

    def wait(self, timeout: float | None) -> _Ready:
        """Wait in real seconds."""
        return super().select(timeout)

    def look(self, seconds: float) -> _Ready:
        """Wait a moment far shorter than the millisecond that epoll counts in, by selecting on the selector itself."""
        try:
            select.select([self.fileno()], [], [], seconds)
        except ValueError:  # over a thousand open files: select(2) cannot name this one
            return super().select(max(seconds, 0.001))
        return super().select(0)

    def has_company(self) -> bool:
        """Whether anything but the loop's own pipe is watched. Without it nothing can be on its way."""
        return len(self.get_map()) > 1

    def writer_waits(self) -> bool:
        return any(key.events & selectors.EVENT_WRITE for key in self.get_map().values())


class _LeapingLoop(asyncio.SelectorEventLoop):
    """What both loops share: the selector, the count of worker threads, and the careful look before a leap."""

    def __init__(self, *, patience: float) -> None:
        self._door = _Door()
        self._door.idle = self._idle
        self._patience = patience
        self._at_work = 0
        self._met_late = False
        self._pool = concurrent.futures.ThreadPoolExecutor(thread_name_prefix="loop")
        super().__init__(self._door)
        super().set_default_executor(self._pool)

    def set_default_executor(self, executor: concurrent.futures.ThreadPoolExecutor) -> None:  # type: ignore[override]  # as typeshed's own base does
        self._pool = executor
        super().set_default_executor(executor)

    def run_in_executor(
        self,
        executor: concurrent.futures.Executor | None,
        func: Callable[[*_Ts], _T],
        *args: *_Ts,
    ) -> asyncio.Future[_T]:
        """As in asyncio. Time stands still until the thread has brought its result home."""
        # The base class makes the default pool on first use and hides the thread's future, which is the one to count.
        self._check_open()
        work = (self._pool if executor is None else executor).submit(func, *args)
        result = asyncio.wrap_future(work, loop=self)  # its callback stands first, so the result arrives before _home
        self._at_work += 1
        work.add_done_callback(lambda _: self._send_home())
        return result

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """No leap inside: for waiting on another process, or on a thread that the loop did not start."""
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1

    async def shutdown_default_executor(self, *seconds: float) -> None:
        """As in asyncio. The seconds that the threads are given to end (from Python 3.12 on) are real ones."""
        with self.hold():
            await super().shutdown_default_executor(*seconds)

    def close(self) -> None:
        """As in asyncio. What a timer began while the others were cancelled is cancelled too, and says its last words."""
        while not self.is_closed() and (late := asyncio.all_tasks(self)):
            for task in late:
                task.cancel()
            self.run_until_complete(asyncio.gather(*late, return_exceptions=True))
        super().close()

    def _check_open(self) -> None:
        if self.is_closed():
            raise RuntimeError("Event loop is closed")

    def _send_home(self) -> None:
        # A thread that outlives its loop has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            self.call_soon_threadsafe(self._home)

    def _home(self) -> None:
        self._at_work -= 1

    def _idle(self, timeout: float | None) -> _Ready:
        raise NotImplementedError

    def _real_time(self) -> float:
        return super().time()

    def _look_before(self, leap: float) -> _Ready:
        if self._door.writer_waits():
            return self._door.wait(_LOOK_WITH_FULL_BUFFER)
        ready = self._door.wait(0)
        if not ready and (leap >= _LONG_LEAP or self._met_late) and self._door.has_company():
            ready = self._door.look(_LOOK)
        self._met_late = self._met_late or bool(ready)
        return ready

    def _wait_really(self, why: str) -> _Ready:
        """Wait for the world outside this thread. After `patience` real seconds say what everybody waits for."""
        ready = self._door.wait(self._patience)
        if not ready:
            raise LoopStuckError(f"{why} for {self._patience:g} real seconds. {self._who_waits()}")
        return ready

    def _who_waits(self) -> str:
        lines = []
        for task in sorted(asyncio.all_tasks(self), key=lambda each: each.get_name()):
            frames = task.get_stack(limit=1)
            where = f"{frames[0].f_code.co_filename}:{frames[0].f_lineno}" if frames else "nowhere"
            lines.append(f"{task.get_name()} at {where}")
        return "Waiting: " + ("; ".join(lines) or "no task")


class VirtualLoop(_LeapingLoop):
    """Seconds pass only when there is nothing else to do: `time()` jumps to the next timer.

    `limit` is how many virtual seconds a test may live (three days by default): past it, or when no timer is left and
    nothing arrives for `patience` real seconds, the loop ends with a `LoopStuckError` that names the waiting tasks.
    """

    def __init__(self, *, limit: float = 3 * 86_400.0, patience: float = 20.0) -> None:
        self._now = 0.0
        self._limit = limit
        self.leaps = 0
        super().__init__(patience=patience)

    def time(self) -> float:
        return self._now

    def shift(self, seconds: float) -> None:
        """Move the clock forward at once. Timers that fell due fire in their order, all of them at the new time."""
        self._now += _forward(seconds)

    def _idle(self, timeout: float | None) -> _Ready:
        if self._at_work:
            return self._wait_really("Time stood still for a worker thread (or a hold)")
        if timeout is None:
            return self._wait_really("No timer is set and nothing arrived")
        ready = self._look_before(timeout)
        if ready:
            return ready
        if self._now + timeout > self._limit:
            passed, self._limit = self._limit, self._now + timeout + 3_600  # room for the tasks to be cancelled in
            raise LoopStuckError(f"Virtual time ran past its limit of {passed:g} s. {self._who_waits()}")
        self._now += timeout
        self.leaps += 1
        return []


class DemoLoop(_LeapingLoop):
    """Real time from zero, which the desk's clock button can shift at once or run ahead.

    After a `shift` every timer passed over fires late, as on a laptop that slept: requests in flight time out.
    `run_ahead` passes the same stretch leap by leap, so everything happens in order and at its own time.
    """

    def __init__(self) -> None:
        self._offset = 0.0
        self._ahead = 0.0
        self._arrived: list[asyncio.Future[None]] = []
        super().__init__(patience=30.0)
        self._offset = self._start = -self._real_time()

    @property
    def shifted(self) -> float:
        """Seconds by which the clock was moved on so far."""
        return self._offset - self._start

    def time(self) -> float:
        return self._real_time() + self._offset

    def shift(self, seconds: float) -> None:
        """Move the clock forward at once. Timers that fell due fire in their order, all of them at the new time."""
        self._offset += _forward(seconds)

    async def run_ahead(self, seconds: float) -> None:
        """Pass `seconds` as fast as the work in them allows. Returns on arrival. Cancelled, it stops on the way."""
        arrived: asyncio.Future[None] = self.create_future()
        self._ahead += _forward(seconds)
        self._arrived.append(arrived)
        try:
            await arrived
        except asyncio.CancelledError:
            self._arrive()
            raise

    def _idle(self, timeout: float | None) -> _Ready:
        if self._ahead <= 0 or self._at_work:
            return self._door.wait(timeout)
        leap = self._ahead if timeout is None else min(timeout, self._ahead)
        ready = self._look_before(leap)
        if ready:
            return ready
        self._offset += leap
        self._ahead -= leap
        if self._ahead <= 0:
            self._arrive()
        return []

    def _arrive(self) -> None:
        self._ahead = 0.0
        waiting, self._arrived = self._arrived, []
        for each in waiting:
            if not each.done():
                each.set_result(None)


def _forward(seconds: float) -> float:
    if seconds < 0:
        raise ValueError("time moves forward only")
    return seconds
