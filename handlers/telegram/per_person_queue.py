"""One turn at a time for each known person, in the order in which they spoke.

What is urgent does not queue.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

from bot.domain.ports.broker import RandomBytes
from bot.runtime.logs import correlation, new_id

AT_ONCE = 32  # handlers at work at the same time; more makes the HTTP client slower, not faster (telegram.md)
_WAITING = 4096


class PerPersonQueue(BaseUpdateProcessor):
    """Hands updates on: in line behind the same person's earlier ones, side by side with everybody else's."""

    __slots__ = ("_at_work", "_is_urgent", "_lines", "_random_bytes")

    def __init__(self, random_bytes: RandomBytes, is_urgent: Callable[[Update], bool], at_once: int = AT_ONCE) -> None:
        super().__init__(_WAITING)
        self._is_urgent = is_urgent
        self._random_bytes = random_bytes
        self._at_work = asyncio.Semaphore(at_once)
        self._lines: dict[int, tuple[asyncio.Lock, int]] = {}

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Runs the handler when it is this person's turn. Every log line of it carries the update's own id."""
        marked = correlation.set(new_id(self._random_bytes))
        try:
            await self._in_line(update, coroutine)
        finally:
            correlation.reset(marked)

    async def _in_line(self, update: object, coroutine: Awaitable[Any]) -> None:
        if not isinstance(update, Update) or update.effective_user is None or self._is_urgent(update):
            await coroutine
            return
        person = update.effective_user.id
        line, waiting = self._lines.get(person, (asyncio.Lock(), 0))
        self._lines[person] = (line, waiting + 1)
        try:
            async with line, self._at_work:
                await coroutine
        finally:
            line, waiting = self._lines[person]
            if waiting == 1:
                del self._lines[person]
            else:
                self._lines[person] = (line, waiting - 1)
