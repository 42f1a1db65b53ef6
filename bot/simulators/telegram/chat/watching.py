"""Telling whoever watches a person's chats of each change, in order and without loss."""

import asyncio
import weakref
from collections.abc import AsyncIterator, Iterable
from typing import Self

from bot.simulators.telegram.chat.messages import Json


class Events(AsyncIterator[Json]):
    """What happens in one person's chats from the moment this was made. Ends with `aclose`."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Json | None] = asyncio.Queue()

    def put(self, event: Json | None) -> None:
        self._queue.put_nowait(event)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Json:
        event = await self._queue.get()
        if event is None:
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """Let the iteration end after what was already told."""
        self._queue.put_nowait(None)


class Watchers:
    """All who watch. `count` numbers the events. One that is no longer held by anybody is forgotten."""

    def __init__(self) -> None:
        self.count = 0
        self._by_person: dict[int, weakref.WeakSet[Events]] = {}
        self._turn = asyncio.Event()

    def watch(self, user_id: int) -> Events:
        """Watch one person's chats from now on."""
        events = Events()
        self._by_person.setdefault(user_id, weakref.WeakSet()).add(events)
        return events

    def watched(self) -> list[int]:
        """The people whose chats somebody watches."""
        return [user_id for user_id, watchers in self._by_person.items() if watchers]

    def tell(self, user_ids: Iterable[int], event: Json) -> None:
        """One event for the watchers of these people."""
        self.count += 1
        for user_id in user_ids:
            for watcher in tuple(self._by_person.get(user_id, ())):
                watcher.put(event)
        waiting, self._turn = self._turn, asyncio.Event()
        waiting.set()

    async def change(self) -> None:
        """Wait for the next event, whomever it is for."""
        await self._turn.wait()
