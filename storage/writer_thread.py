"""Acts on the writing connection, one after another, in a thread of their own."""

import asyncio
import contextlib
import logging
import threading
from asyncio.events import _set_running_loop
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bot.domain.errors import StorageError

T = TypeVar("T")
_log = logging.getLogger(__name__)

CLOSED = "The database is closed."


class WriterThread:
    """inline: acts run on the calling thread, for tests whose loop leaps in time."""

    def __init__(self, *, inline: bool) -> None:
        self._writer = None if inline else ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._closed = False

    async def take(self, act: Callable[[], T]) -> T:
        """What the act returns, once its turn has come. StorageError when the thread has ended."""
        if self._writer is None:
            await asyncio.sleep(0)  # others get their turn before and after, as they do while the writer thread works
            result = _as_in_a_thread(act)
            await asyncio.sleep(0)
            return result
        if self._closed:
            raise StorageError(CLOSED)
        turn = threading.Lock()  # whoever takes it first decides: the writer works, or the caller has gone
        future = asyncio.get_running_loop().run_in_executor(self._writer, _take_turn, turn, act)
        try:
            (result,) = await asyncio.shield(future)
        except asyncio.CancelledError:
            if not turn.acquire(blocking=False):
                await _ended(future)
            raise
        return result

    def close(self) -> None:
        """Ends the thread once the acts before are over."""
        self._closed = True
        if self._writer is not None:
            self._writer.shutdown()


def _as_in_a_thread(act: Callable[[], T]) -> T:
    """Runs the act as the writer's thread would: with no loop to be found. What asks for one inside fails in the tests too."""
    loop = asyncio.get_running_loop()
    _set_running_loop(None)
    try:
        return act()
    finally:
        _set_running_loop(loop)


def _take_turn(turn: threading.Lock, act: Callable[[], T]) -> Sequence[T]:
    return (act(),) if turn.acquire(blocking=False) else ()


async def _ended(future: asyncio.Future[Sequence[T]]) -> None:
    """Waits for a transaction whose caller was cancelled. It takes milliseconds, so a second cancellation waits too."""
    while not future.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([future])
    if future.cancelled():
        return
    error = future.exception()
    if error is not None:
        _log.warning("a transaction was rolled back after its caller had been cancelled", exc_info=error)
    elif future.result():
        _log.warning("a transaction was committed after its caller had been cancelled")
