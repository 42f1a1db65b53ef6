"""A database that takes nothing for now: the owners hear so once, and what runs by itself waits until that is over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import StorageAway
from bot.domain.jobs import JobOutcome, JobRun
from bot.domain.people.account import Role
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.background import BackgroundTasks

T = TypeVar("T")
log = logging.getLogger(__name__)

AGAIN = 1.0  # seconds between two tries to write
QUIET = 600.0  # seconds in which the owners hear of it once, however often it comes and goes
BEGUN = (
    "{words} No order is sent and no fill is told until that is over; I try again every second. "
    "Looking, /kill and cancels of entries work: what they do is written as soon as it can be."
)
OVER = "My records can be written again, after {seconds:.0f} s. What was done meanwhile is in them."


class Outage:
    """Begins at a refusal, ends with the first thing that could be written."""

    def __init__(
        self,
        *,
        store: Store,
        background: BackgroundTasks,
        clock: Clock,
        people: Callable[[], Sequence[tuple[int, Role]]],
        tell: Callable[[int, str], None],
    ) -> None:
        self._store = store
        self._background = background
        self._clock = clock
        self._people = people
        self._tell = tell
        self._over = asyncio.Event()
        self._over.set()
        self._told_at: float | None = None  # on the loop's own time

    def began(self, words: str) -> None:
        """The store refused something, in these words. Returns at once."""
        if not self._over.is_set():
            return
        self._over.clear()
        self._background.start(self._last(words), "watch over the database")

    async def over(self) -> None:
        """Returns when the database takes writing, or after a while in which it may have begun to."""
        if self._over.is_set():
            await asyncio.sleep(AGAIN)
        await self._over.wait()

    async def _last(self, words: str) -> None:
        loop = asyncio.get_running_loop()
        began, is_news = loop.time(), self._told_at is None or loop.time() - self._told_at >= QUIET
        log.error("the database takes nothing: %s", words)
        if is_news:
            self._told_at = began
            self._tell_owners(BEGUN.format(words=words))
        try:
            await self._until_written()
        finally:  # also when it cannot be used at all any more: whoever waits meets that
            self._over.set()
        seconds = loop.time() - began
        log.warning("the database can be written again, after %.0f s", seconds)
        if is_news:
            self._tell_owners(OVER.format(seconds=seconds))

    async def _until_written(self) -> None:
        while True:
            await asyncio.sleep(AGAIN)
            try:
                await self._store.transaction(self._touch)
            except StorageAway:
                continue
            return

    def _touch(self, db: Repositories) -> None:
        """Something to write, and of use later. What is owed is written before it."""
        now = self._clock.now()
        db.jobs.note(JobRun(job="written again", day=ist_date(now), at=now, outcome=JobOutcome.DONE))

    def _tell_owners(self, words: str) -> None:
        for person, role in self._people():
            if role is Role.OWNER:
                self._tell(person, words)


class PatientStore:
    """The store of all that runs by itself: what it refuses for now is asked again when the outage is over."""

    def __init__(self, store: Store, outage: Outage) -> None:
        self._store = store
        self._outage = outage

    async def transaction(self, work: Callable[[Repositories], T]) -> T:
        return await self._patiently(self._store.transaction, work)

    async def lightly(self, work: Callable[[Repositories], T]) -> T:
        return await self._patiently(self._store.lightly, work)

    async def read(self, work: Callable[[Repositories], T]) -> T:
        return await self._patiently(self._store.read, work)

    async def _patiently(
        self, run: Callable[[Callable[[Repositories], T]], Awaitable[T]], work: Callable[[Repositories], T]
    ) -> T:
        while True:
            try:
                return await run(work)
            except StorageAway:
                await self._outage.over()

    async def owe(self, work: Callable[[Repositories], object]) -> None:
        await self._store.owe(work)
