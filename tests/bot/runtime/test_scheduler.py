"""A job runs for each of its dates: in time, late after an absence, again after a failure, or it is missed."""

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import Clock, at_ist, ist
from bot.domain.errors import StorageError
from bot.domain.jobs import JobOutcome, JobRun
from bot.runtime.logs import correlation
from bot.runtime.scheduler import Job, Occasion, Scheduler
from bot.simulators.loop import LoopClock, VirtualLoop
from storage.store import SqlStore
from tests.stage.depth import examples
from tests.stage.desk import Crash, KilledStore
from tests.stage.loop import HostClock
from tests.storage.samples import a_store, a_vault, seed

DAY = date(2026, 11, 20)  # a Friday
MONTH = timedelta(days=31)


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def on_day(day: date) -> bool:
    return day == DAY


@dataclass
class Diary:
    """Work that notes when it was done."""

    clock: Clock
    name: str = "summary"
    errors: list[Exception] = field(default_factory=list)
    seconds: float = 0.0
    tried: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    done: list[tuple[date, str, bool]] = field(default_factory=list)
    missed: list[date] = field(default_factory=list)

    async def work(self, occasion: Occasion) -> None:
        self.tried.append(f"{ist(self.clock.now()):%H:%M}")
        self.ids.add(correlation.get())
        await asyncio.sleep(self.seconds)
        if self.errors:
            raise self.errors.pop(0)
        self.done.append((occasion.day, f"{ist(self.clock.now()):%d %H:%M}", occasion.late))

    async def miss(self, days: Sequence[date]) -> None:
        self.missed.extend(days)

    def job(self, at: time = time(16, 15), within: timedelta = MONTH, **more: object) -> Job:
        return Job(name=self.name, at=at, work=self.work, within=within, missed=self.miss, **more)  # type: ignore[arg-type] # any field


def a_scheduler(store: SqlStore, clock: Clock, *jobs: Job) -> Scheduler:
    return Scheduler(store=store, clock=clock, jobs=jobs, random=random.Random(5).randbytes)


async def run_for(store: SqlStore, clock: Clock, span: timedelta, *jobs: Job) -> None:
    running = asyncio.create_task(a_scheduler(store, clock, *jobs).run())
    await asyncio.sleep(span.total_seconds())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def last(store: SqlStore, job: str = "summary") -> tuple[date, JobOutcome] | None:
    run = await store.transaction(lambda db: db.jobs.last(job))
    return None if run is None else (run.day, run.outcome)


async def test_it_runs_at_its_time_once_a_date_whatever_restarts(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 0))
    store, diary = await a_store(), Diary(clock)
    for _ in range(5):
        await run_for(store, clock, timedelta(minutes=10), diary.job())
    await run_for(store, clock, timedelta(days=2), diary.job())
    assert diary.done == [(after(n), f"{20 + n} 16:15", False) for n in range(3)]
    assert await last(store) == (after(2), JobOutcome.DONE)


async def test_an_absence_is_made_up_for_in_the_order_of_dates_and_said_to_be_late(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 0))
    store, diary = await a_store(), Diary(clock)
    job = diary.job(when=lambda day: day.weekday() != 5)
    await run_for(store, clock, timedelta(hours=1), job)
    loop.shift(timedelta(days=2, hours=2).total_seconds())
    diary.done.clear()
    await run_for(store, clock, timedelta(hours=1), job)
    assert diary.done == [(after(2), "22 19:00", True)]
    assert await last(store) == (after(2), JobOutcome.LATE)


async def test_what_is_no_use_late_is_called_missed_once_for_each_of_its_dates(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 12, 0))
    store, diary = await a_store(), Diary(clock)
    job = diary.job(time(8, 40), timedelta(minutes=35))
    await run_for(store, clock, timedelta(hours=1), job)
    assert (diary.done, diary.missed) == ([], []), "this morning the job was not known yet"
    loop.shift(timedelta(days=2).total_seconds())
    for _ in range(3):
        await run_for(store, clock, timedelta(minutes=5), job)
    assert (diary.done, diary.missed) == ([], [after(1), after(2)])
    assert await last(store) == (after(2), JobOutcome.MISSED)


async def test_back_at_the_end_of_one_job_and_the_time_of_the_next_only_the_next_is_done(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 14, 0))
    store, first, second = await a_store(), Diary(clock, "first"), Diary(clock, "second")
    jobs = first.job(time(14, 55), timedelta(minutes=10)), second.job(time(15, 5), timedelta(minutes=10))
    await run_for(store, clock, timedelta(minutes=10), *jobs)
    loop.shift(timedelta(minutes=55).total_seconds())
    await run_for(store, clock, timedelta(minutes=5), *jobs)
    assert (first.done, first.missed) == ([], [DAY])
    assert second.done == [(DAY, "20 15:05", False)]


async def test_within_its_time_it_is_done_late_instead_of_missed(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 9, 10))
    store, diary = await a_store(), Diary(clock)
    await run_for(store, clock, timedelta(hours=1), diary.job(time(8, 40), timedelta(minutes=35)))
    assert (diary.done, diary.missed) == ([(DAY, "20 09:10", True)], [])


async def test_a_failure_is_tried_again_after_a_while_that_grows_and_stays_in_time(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(after(-1), 16, 16))
    store = await a_store()
    diary = Diary(clock, errors=[StorageError("not now") for _ in range(7)])
    job = diary.job(within=timedelta(hours=5), when=on_day)
    await run_for(store, clock, timedelta(days=1, hours=3), job)
    assert diary.tried == ["16:15", "16:16", "16:18", "16:22", "16:30", "16:45", "17:00", "17:15"]
    assert diary.done == [(DAY, "20 17:15", False)]


async def test_a_mistake_of_ours_is_logged_with_an_id_and_stops_neither_the_others_nor_the_process(
    loop: VirtualLoop, caplog: pytest.LogCaptureFixture
) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 14))
    store = await a_store()
    bad, good = Diary(clock, "bad", errors=[ZeroDivisionError("a bug")]), Diary(clock, "good")
    with caplog.at_level(logging.ERROR):
        await run_for(store, clock, timedelta(minutes=10), *(diary.job(when=on_day) for diary in (bad, good)))
    assert [day for day, _, _ in bad.done] == [day for day, _, _ in good.done] == [DAY]
    assert good.done[0][1] == "20 16:15"
    assert len(bad.ids | good.ids) == 3, "each try has an id of its own, by which its lines are found"
    assert correlation.get() not in bad.ids
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.getMessage() == "bad for 2026-11-20 failed and is tried again in 60 s"
    assert record.exc_info is not None


async def test_a_mistake_in_the_dates_of_a_job_stops_no_other(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 14))
    store, good = await a_store(), Diary(clock, "good")

    def never(_day: date) -> bool:
        raise ZeroDivisionError

    async def no_hour(_: Occasion) -> None: ...

    def no_time(_day: date) -> time:
        raise ZeroDivisionError

    lost = Job(name="lost", at=no_time, work=no_hour, within=MONTH)
    await run_for(store, clock, timedelta(minutes=10), Diary(clock, "bad").job(when=never), lost, good.job())
    assert [day for day, _, _ in good.done] == [DAY]


async def test_that_a_date_was_missed_is_told_again_when_it_could_not_be(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 12, 0))
    store, told, errors = await a_store(), list[date](), [StorageError("not now"), StorageError("not now")]

    async def tell(days: Sequence[date]) -> None:
        if errors:
            raise errors.pop()
        told.extend(days)

    job = replace(Diary(clock).job(time(8, 40), timedelta(minutes=5)), missed=tell)
    await run_for(store, clock, timedelta(minutes=1), job)
    loop.shift(86_400)
    await run_for(store, clock, timedelta(minutes=10), job)
    assert told == [after(1)]
    assert await last(store) == (after(1), JobOutcome.MISSED)


async def test_a_date_that_fails_for_ever_gives_way_to_the_next_one(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 14))
    store, diary = await a_store(), Diary(clock)

    async def work(occasion: Occasion) -> None:
        if occasion.day == DAY:
            raise ZeroDivisionError
        await diary.work(occasion)

    job = Job(name="summary", at=time(16, 15), work=work, within=MONTH, when=lambda day: day >= DAY)
    await run_for(store, clock, timedelta(hours=23), job)
    assert await last(store) == (after(-1), JobOutcome.NEW), "until then it is tried"
    await run_for(store, clock, timedelta(hours=3), job)
    assert [day for day, _, _ in diary.done] == [after(1)]
    assert await last(store) == (after(1), JobOutcome.LATE)


async def test_a_slow_job_holds_up_no_other(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 14))
    store = await a_store()
    slow, quick = Diary(clock, "slow", seconds=3 * 3600), Diary(clock, "quick")
    await run_for(
        store,
        clock,
        timedelta(hours=4),
        slow.job(when=on_day),
        quick.job(time(16, 20), when=on_day),
    )
    assert [at for _, at, _ in (*slow.done, *quick.done)] == ["20 19:15", "20 16:20"]


@pytest.mark.parametrize("after_commit", [False, True])
async def test_a_stop_between_the_work_and_its_note_repeats_the_work_and_skips_no_date(
    loop: VirtualLoop, after_commit: bool
) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 14))
    store = KilledStore.open(None, a_vault(), inline=True)
    await store.transaction(seed)
    diary = Diary(clock)
    job = diary.job(when=lambda day: day >= DAY)
    running = asyncio.create_task(a_scheduler(store, clock, job).run())
    await asyncio.sleep(30)
    store.die(1, after_commit=after_commit)
    with pytest.raises(BaseExceptionGroup) as killed:
        await running
    assert killed.group_contains(Crash)
    assert [day for day, _, _ in diary.done] == [DAY]
    store.at = None
    await run_for(store, clock, timedelta(days=1, minutes=5), job)
    assert [day for day, _, _ in diary.done] == ([DAY] if after_commit else [DAY, DAY]) + [after(1)]


async def test_a_clock_set_back_repeats_no_date_and_puts_off_the_next_one_by_no_more_than_a_minute(host_clock: HostClock) -> None:
    store, first, later = await a_store(), Diary(host_clock, "first"), Diary(host_clock, "later")
    jobs = (first.job(time(9, 1), when=on_day), later.job(time(9, 30), when=on_day))
    running = asyncio.create_task(a_scheduler(store, host_clock, *jobs).run())
    await asyncio.sleep(600)
    host_clock.step(-7200)
    await asyncio.sleep(7200 + 1800)
    running.cancel()
    assert first.done == [(DAY, "20 09:01", False)]
    assert later.done == [(DAY, "20 09:30", False)]


async def test_a_date_noted_while_the_clock_was_days_ahead_skips_none_of_the_true_dates(host_clock: HostClock) -> None:
    store, diary = await a_store(), Diary(host_clock)
    job = diary.job(within=timedelta(minutes=10))
    running = asyncio.create_task(a_scheduler(store, host_clock, job).run())
    await asyncio.sleep(600)
    host_clock.step(timedelta(days=9, hours=8).total_seconds())
    await asyncio.sleep(600)
    diary.missed.clear()
    host_clock.step(-timedelta(days=9, hours=8).total_seconds())
    await asyncio.sleep(timedelta(days=1, hours=12).total_seconds())
    running.cancel()
    assert diary.done == [(DAY, "20 16:15", False), (after(1), "21 16:15", False)]
    assert diary.missed == []


@pytest.mark.exhaustive
@settings(max_examples=examples(25), deadline=None)
@given(
    st.sets(st.integers(0, 6), min_size=1),
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), min_size=1, max_size=4),
)
def test_whatever_the_hours_of_running_each_date_is_done_once_and_in_order(
    weekdays: set[int], spells: list[tuple[int, int]]
) -> None:
    """spells: (hours running, hours down), one after the other."""
    done: list[date] = []

    async def story() -> datetime:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        clock = LoopClock(loop, at_ist(DAY, 9))
        store = await a_store()

        async def work(occasion: Occasion) -> None:
            done.append(occasion.day)

        job = Job(name="x", at=time(16, 15), work=work, within=MONTH, when=lambda day: day >= DAY and day.weekday() in weekdays)
        for up, down in spells:
            await run_for(store, clock, timedelta(hours=up), job)
            loop.shift(down * 3600)
        await run_for(store, clock, timedelta(minutes=1), job)
        await store.close()
        return clock.now()

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(limit=30 * 86_400.0)) as runner:
        end = runner.run(story())
    dates = [after(n) for n in range(20) if at_ist(after(n), 16, 15) <= end and after(n).weekday() in weekdays]
    assert done == dates


async def test_a_row_is_kept_for_each_job_and_the_newest_note_stands() -> None:
    store = await a_store()
    runs = [JobRun(job=name, day=after(n), at=at_ist(DAY, 9), outcome=JobOutcome.DONE) for name in "ab" for n in (3, 1)]
    for run in runs:
        await store.transaction(lambda db, run=run: db.jobs.note(run))  # type: ignore[misc] # bound at once
    assert await store.transaction(lambda db: [db.jobs.last(name) for name in "abc"]) == [runs[1], runs[3], None]
