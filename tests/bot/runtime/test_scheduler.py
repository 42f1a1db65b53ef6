"""A job runs once for its date: at its time, late after an absence, again after a failure, never twice."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from bot.domain.clock import at_ist, ist
from bot.domain.errors import StorageError
from bot.runtime.scheduler import Job, Scheduler
from bot.simulators.loop import LoopClock, VirtualLoop
from storage.store import SqlStore
from tests.stage.loop import HostClock
from tests.storage.samples import a_store

DAY = date(2026, 11, 20)


@dataclass
class Diary:
    """Work that notes when it was done."""

    clock: LoopClock
    failures: int = 0
    done: list[tuple[date, str, bool]] = field(default_factory=list)

    async def work(self, day: date, late: bool) -> None:
        if self.failures:
            self.failures -= 1
            raise StorageError("not now")
        self.done.append((day, ist(self.clock.now()).strftime("%d %H:%M"), late))


async def run_for(store: SqlStore, clock: LoopClock, diary: Diary, span: timedelta, days_back: int = 0) -> None:
    job = Job(name="summary", at=time(16, 15), work=diary.work, days_back=days_back)
    running = asyncio.create_task(Scheduler(store=store, clock=clock, jobs=[job]).run())
    await asyncio.sleep(span.total_seconds())
    running.cancel()


async def test_it_runs_at_its_time_once_a_date_whatever_restarts(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 0))
    store, diary = await a_store(), Diary(clock)
    for _ in range(5):
        await run_for(store, clock, diary, timedelta(minutes=10))
    await run_for(store, clock, diary, timedelta(days=2))
    assert diary.done == [(DAY + timedelta(days=n), f"{20 + n} 16:15", False) for n in range(3)]


async def test_after_an_absence_over_its_hour_it_runs_late_and_knows_it(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 18, 30))
    store, diary = await a_store(), Diary(clock)
    await run_for(store, clock, diary, timedelta(hours=1))
    assert diary.done == [(DAY, "20 18:30", True)]


async def test_missed_dates_are_made_up_for_in_their_order(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 9, 0))
    store, diary = await a_store(), Diary(clock)
    await run_for(store, clock, diary, timedelta(minutes=1), days_back=2)
    assert [day for day, _, _ in diary.done] == [DAY - timedelta(days=2), DAY - timedelta(days=1)]


async def test_a_failure_is_tried_again_within_a_minute(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 14))
    store, diary = await a_store(), Diary(clock, failures=2)
    await run_for(store, clock, diary, timedelta(minutes=10))
    assert len(diary.done) == 1
    assert diary.done[0][1] <= "20 16:18"


async def test_two_schedulers_on_one_store_do_it_once(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 14))
    store, diary = await a_store(), Diary(clock)
    await asyncio.gather(*(run_for(store, clock, diary, timedelta(minutes=5)) for _ in range(4)))
    assert len(diary.done) == 1


async def test_a_clock_set_back_while_a_job_works_puts_off_the_next_one_by_no_more_than_a_minute(host_clock: HostClock) -> None:
    store, told = await a_store(), list[str]()
    begins = ist(host_clock.now())

    async def set_back(_day: date, _late: bool) -> None:
        host_clock.step(-7200)

    async def work(_day: date, _late: bool) -> None:
        told.append(f"{ist(host_clock.now()):%H:%M}")

    first = Job(name="first", at=begins.time(), work=set_back)
    later = Job(name="later", at=(begins + timedelta(minutes=-118)).time(), work=work)
    await store.transaction(lambda db: db.flags.claim_job("later", DAY, host_clock.now()))
    running = asyncio.create_task(Scheduler(store=store, clock=host_clock, jobs=[first, later]).run())
    await asyncio.sleep(1)
    await store.transaction(lambda db: db.flags.release_job("later", DAY))
    await asyncio.sleep(240)
    running.cancel()
    assert told == ["07:02"]
