"""Runs named jobs at IST times, each for its dates in their order, and notes each date after its work.

A process that ends in the middle of the work repeats it, so a job's work can be repeated for a date without harm.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot.domain.clock import IST, Clock, ist_date
from bot.domain.errors import BotError
from bot.domain.jobs import JobOutcome, JobRun
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.value import value
from bot.runtime.logs import correlation, new_id

log = logging.getLogger(__name__)

DAY = timedelta(days=1)
LATE = timedelta(minutes=2)
SOONEST, LONGEST = 0.05, 60.0  # seconds between two looks at the clock
AGAIN, MOST_AGAIN = 60.0, 900.0  # seconds from a failure to the next try: doubled each time, up to the most
GIVES_WAY = 5  # failures by a mistake of ours after which a date gives way to a later one that is due
REMEMBERED = timedelta(days=31)  # how far back a date is called missed


@value
class Occasion:
    """One date of a job."""

    day: date  # in India
    due: datetime
    late: bool = False  # it was not begun at its time
    failures: int = 0  # how often it was tried in vain by this process


def every_day(_day: date) -> bool:
    """Every date is one of the job's."""
    return True


@value
class Job:
    """What runs at a time of the day in India.

    within says how long after its time the work is still worth doing, late. A date whose time went by is given to missed,
    if that is set, and dropped otherwise.
    """

    name: str
    at: time | Callable[[date], time]  # IST
    work: Callable[[Occasion], Awaitable[None]]
    within: timedelta
    when: Callable[[date], bool] = every_day
    missed: Callable[[Sequence[date]], Awaitable[None]] | None = None

    def due(self, day: date) -> datetime:
        """When it runs on that date."""
        return datetime.combine(day, self.at if isinstance(self.at, time) else self.at(day), IST)


class Scheduler:
    """Looks at the clock at least once a minute. Each job that is due works in a task of its own."""

    def __init__(self, *, store: Store, clock: Clock, jobs: Sequence[Job], random: Callable[[int], bytes]) -> None:
        self._store = store
        self._clock = clock
        self._jobs = jobs
        self._random = random
        self._runs: dict[str, JobRun] = {}
        self._busy: set[str] = set()
        self._trying: dict[str, Occasion] = {}  # what was begun and is not settled
        self._mistaken: set[str] = set()  # jobs whose last failure was a mistake of ours
        self._again: dict[str, float] = {}  # the loop's time until which a job that failed rests

    async def run(self) -> None:
        """Makes up for what was missed, then runs each job at its time, for ever."""
        loop = asyncio.get_running_loop()
        self._runs = dict(await self._known())
        async with asyncio.TaskGroup() as tasks:
            while True:
                now = self._clock.now()
                for job in self._jobs:
                    if job.name not in self._busy and not self._rests(job) and self._is_due(job, now):
                        self._busy.add(job.name)
                        tasks.create_task(self._catch_up(job), name=f"job {job.name}")
                wait = (self._next(now) - self._clock.now()).total_seconds()  # longer than planned when the clock was set back
                rests = [at - loop.time() for at in self._again.values() if at > loop.time()]
                await asyncio.sleep(max(min(wait, LONGEST, *rests), SOONEST))

    async def _known(self) -> Mapping[str, JobRun]:
        """The row of each job. A job that has none begins today."""
        now = self._clock.now()

        def read(db: Repositories) -> Mapping[str, JobRun]:
            runs = {}
            for job in self._jobs:
                run = db.jobs.last(job.name)
                if run is None:
                    run = JobRun(job=job.name, day=ist_date(now) - DAY, at=now, outcome=JobOutcome.NEW)
                    db.jobs.note(run)
                runs[job.name] = run
            return runs

        return await self._store.transaction(read)

    def _rests(self, job: Job) -> bool:
        return self._again.get(job.name, 0.0) > asyncio.get_running_loop().time()

    def _is_due(self, job: Job, now: datetime) -> bool:
        try:
            return any(self._pending(job, now))
        except Exception as error:  # noqa: BLE001 - logged there: a mistake in its dates stops no other job
            self._fail(job, error)
            return False

    def _pending(self, job: Job, now: datetime) -> tuple[list[date], Occasion | None]:
        """The dates that were missed since the job's row, and the first one that is due and can still be done."""
        run, today = self._runs[job.name], ist_date(now)
        day = run.day
        if day > today:  # the clock was ahead when that was noted
            day = today - DAY
        day = max(day, today - max(job.within, REMEMBERED) - DAY)
        missed: list[date] = []
        while (day := day + DAY) <= today:
            if not job.when(day):
                continue
            due = job.due(day)
            if due > now:
                break
            if now - due < job.within:  # at its end the job that follows it has its turn
                return missed, Occasion(day=day, due=due, late=now - due > LATE)
            if due + job.within > run.at:  # else it was over before the job was known, or the clock was set back
                missed.append(day)
        return missed, None

    async def _catch_up(self, job: Job) -> None:
        """Settles one date after the other until none is due, or one fails."""
        correlation.set(new_id(self._random))
        try:
            while await self._settle(job):
                pass
        except Exception as error:  # noqa: BLE001 - logged there: no failure stops another job
            self._fail(job, error)
        finally:
            self._busy.discard(job.name)

    async def _settle(self, job: Job) -> bool:
        """Works for the first date, or tells of those that were missed, and notes it. False when there is none."""
        missed, occasion = self._pending(job, self._clock.now())
        if missed:
            occasion = Occasion(day=missed[-1], due=job.due(missed[-1]), late=True)
        if occasion is None:
            return False
        begun = self._trying.get(job.name)
        if begun is not None and begun.day == occasion.day:
            # Begun in time is in time, however often it is tried.
            occasion = replace(occasion, late=occasion.late and begun.late, failures=begun.failures)
        self._trying[job.name] = occasion
        if self._gives_way(job, occasion):
            outcome = JobOutcome.FAILED
        elif missed:
            log.warning("%s was missed for %s", job.name, ", ".join(day.isoformat() for day in missed))
            if job.missed is not None:
                await job.missed(missed)
            outcome = JobOutcome.MISSED
        else:
            await job.work(occasion)
            outcome = JobOutcome.LATE if occasion.late else JobOutcome.DONE
        run = JobRun(job=job.name, day=occasion.day, at=self._clock.now(), outcome=outcome)
        await self._store.transaction(lambda db: db.jobs.note(run))
        self._runs[job.name] = run
        del self._trying[job.name]
        self._again.pop(job.name, None)
        return True

    def _gives_way(self, job: Job, occasion: Occasion) -> bool:
        """Whether a mistake of ours keeps the date from being settled while a later one waits behind it."""
        if job.name not in self._mistaken or occasion.failures < GIVES_WAY:
            return False
        now = self._clock.now()
        later = (occasion.day + timedelta(days=ahead) for ahead in range(1, (ist_date(now) - occasion.day).days + 1))
        return any(job.when(day) and job.due(day) <= now for day in later)

    def _fail(self, job: Job, error: Exception) -> None:
        """Lets the job rest, the longer the oftener it failed."""
        begun = self._trying.get(job.name)
        failures = 1 if begun is None else begun.failures + 1
        what = job.name
        if begun is not None:
            self._trying[job.name] = replace(begun, failures=failures)
            what = f"{job.name} for {begun.day}"
        delay = min(AGAIN * 2 ** (failures - 1), MOST_AGAIN)
        self._again[job.name] = asyncio.get_running_loop().time() + delay
        if isinstance(error, BotError):
            self._mistaken.discard(job.name)
            log.warning("%s failed and is tried again in %.0f s: %s", what, delay, error.say)
        else:
            self._mistaken.add(job.name)
            log.error("%s failed and is tried again in %.0f s", what, delay, exc_info=error)

    def _next(self, now: datetime) -> datetime:
        """The earliest time of any job after now, and within a minute."""
        days = {ist_date(now), ist_date(now + timedelta(seconds=LONGEST))}
        times = (job.due(day) for job in self._jobs if not self._rests(job) for day in days)
        return min((moment for moment in times if moment > now), default=now + timedelta(seconds=LONGEST))
