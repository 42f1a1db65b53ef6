"""Background tasks with a name and an owner: none is forgotten, and none fails in silence."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from bot.domain.errors import BrokerError, Unreadable

log = logging.getLogger(__name__)


class BackgroundTasks:
    """Starts tasks, keeps hold of them, and finishes them in bounded time at the end."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Begins the work. What it raises is logged under its name: what is expected of a broker on one line."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, BrokerError) and not isinstance(error, Unreadable):  # expected: a traceback says nothing more
            log.warning("%s failed: %s: %s", task.get_name(), type(error).__name__, error)
        else:
            log.error("%s failed", task.get_name(), exc_info=error)

    async def finish(self, seconds: float) -> None:
        """Waits that long for what is under way, then cancels the rest."""
        running = set(self._running)
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
