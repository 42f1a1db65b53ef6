"""Named jobs at IST times: each runs once for a date, late when the process was down at its time, and says so."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.domain.clock import IST, Clock, ist_date
from bot.domain.errors import BotError
from bot.domain.ports.repositories import Store

log = logging.getLogger(__name__)

LATE = timedelta(minutes=2)
SOONEST, LONGEST = 0.05, 60.0  # seconds between two looks at the clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What runs at a time of the day in India."""

    name: str
    at: time  # IST
    work: Callable[[date, bool], Awaitable[None]]  # (the date it is for, whether it is late)
    days_back: int = 0  # how many missed dates are made up for at start


class Scheduler:
    """Claims each (job, date) in the store, so that a restart repeats none and skips none."""

    def __init__(self, *, store: Store, clock: Clock, jobs: Sequence[Job]) -> None:
        self._store = store
        self._clock = clock
        self._jobs = jobs

    async def run(self) -> None:
        """Makes up for what was missed, then runs each job at its time, for ever."""
        while True:
            now = self._clock.now()
            await self.run_due()
            wait = (self._next(now) - self._clock.now()).total_seconds()  # longer than planned when the clock was set back
            await asyncio.sleep(min(max(wait, SOONEST), LONGEST))

    async def run_due(self) -> None:
        """Runs every job whose time has come and which has not run for its date."""
        now = self._clock.now()
        today = ist_date(now)
        for job in self._jobs:
            for back in range(job.days_back, -1, -1):
                day = today - timedelta(days=back)
                due = datetime.combine(day, job.at, IST)
                if due <= now:
                    await self._once(job, day, late=now - due > LATE)

    async def _once(self, job: Job, day: date, *, late: bool) -> None:
        now = self._clock.now()
        if not await self._store.transaction(lambda db: db.flags.claim_job(job.name, day, now)):
            return
        try:
            await job.work(day, late)
        except BotError as error:
            log.warning("%s for %s failed and will be tried again: %s", job.name, day, error.say)
            await self._store.transaction(lambda db: db.flags.release_job(job.name, day))

    def _next(self, now: datetime) -> datetime:
        """The earliest time of any job after now, and within a minute so that a released job is tried again."""
        today = ist_date(now)
        times = (datetime.combine(today + timedelta(days=ahead), job.at, IST) for job in self._jobs for ahead in (0, 1))
        coming = [moment for moment in times if moment > now]
        return min([*coming, now + timedelta(seconds=LONGEST)])
