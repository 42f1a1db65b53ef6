"""One final row and one notice for each account and day of trading, whatever fails, stops or is set wrong meanwhile."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.domain.clock import at_ist, ist
from bot.domain.errors import NotFound, SessionExpired
from bot.domain.news.days.days import DaySummary, YearNotCovered
from bot.domain.people.account import Role, Session, User
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import DayReport, Funds
from bot.runtime.scheduler import Occasion
from bot.simulators.loop import LoopClock, VirtualLoop
from storage.store import SqlStore
from tests.stage.brokers.broker import OneConnection, ScriptedBroker, ScriptedConnections, StillFeed
from tests.stage.desk import Crash, DeskStage, KilledStore, a_core, set_stage
from tests.stage.loop import HostClock
from tests.storage.samples import ACCOUNT, CREDENTIALS, PERSON, a_vault, an_order

DAY = date(2026, 11, 20)  # a Friday


class FundsBroker(ScriptedBroker):
    """A broker whose funds may be out of reach, or meet a mistake of ours."""

    away: Exception | None = None

    async def funds(self) -> Funds:
        if self.away is not None:
            raise self.away
        return await super().funds()


def after(days: int) -> date:
    return DAY + timedelta(days=days)


async def a_store_since(linked: datetime, kind: type[SqlStore] = SqlStore) -> SqlStore:
    """A store with an owner and an account that was linked at that moment."""
    store = kind.open(None, a_vault(), inline=True)

    def fill(db: Repositories) -> None:
        db.accounts.add(replace(ACCOUNT, created_at=linked), CREDENTIALS)
        db.people.add(User(telegram_id=PERSON, name="Asha"), Role.OWNER, None, linked)

    await store.transaction(fill)
    return store


async def a_stage(clock: LoopClock, store: SqlStore | None = None, broker: ScriptedBroker | None = None) -> DeskStage:
    """A process on the exchanges' real calendar."""
    stage = await set_stage(clock, store=store, broker=broker)
    stage.core = a_core(stage.store, stage.connection, clock, chance=3, MARKET_HOURS="real")
    await stage.core.services.allowlist.refresh()
    return stage


async def run_for(stage: DeskStage, span: timedelta) -> None:
    running = asyncio.create_task(stage.core.scheduler.run())
    await asyncio.sleep(span.total_seconds())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def rows(store: SqlStore, first: date = DAY, days: int = 8) -> dict[date, DayReport]:
    """The final rows of the account, by date."""
    dates = [first + timedelta(days=n) for n in range(days)]
    found = {day: await store.transaction(lambda db, day=day: db.reports.find(ACCOUNT.id, day)) for day in dates}  # type: ignore[misc] # bound at once
    return {day: report for day, report in found.items() if report is not None}


async def summaries(stage: DeskStage) -> list[DayReport]:
    return [notice.report for notice in await stage.notices() if isinstance(notice, DaySummary)]


async def test_down_from_three_to_eight_the_day_is_closed_late_with_the_brokers_figures(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 14, 30))
    stage = await a_stage(clock)
    await run_for(stage, timedelta(minutes=30))
    loop.shift(5 * 3600)
    stage = await a_stage(clock, stage.store, stage.broker)
    await run_for(stage, timedelta(minutes=10))
    (report,) = await summaries(stage)
    assert (report.date, report.late, report.complete, report.records_only) == ("2026-11-20", True, True, False)
    assert await rows(stage.store) == {DAY: report}


async def test_down_for_two_days_each_day_of_trading_gets_its_row_and_says_what_is_not_known(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(after(5), 15, 0))  # Wednesday
    stage = await a_stage(clock)
    await run_for(stage, timedelta(minutes=30))
    loop.shift(timedelta(days=2, hours=5).total_seconds())
    stage = await a_stage(clock, stage.store, stage.broker)
    for _ in range(3):
        await run_for(stage, timedelta(minutes=10))
    reports = await summaries(stage)
    assert [(report.date, report.late, report.records_only) for report in reports] == [
        ("2026-11-25", True, True), ("2026-11-26", True, True), ("2026-11-27", True, False),
    ]  # fmt: skip
    assert list((await rows(stage.store)).values()) == reports


@pytest.mark.exhaustive
async def test_each_day_of_trading_has_its_row_and_a_holiday_has_none(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(after(3), 16, 0))
    stage = await a_stage(clock)
    await run_for(stage, timedelta(days=2, hours=1))
    assert list(await rows(stage.store)) == [after(3), after(5)]  # Tuesday is a holiday
    reports = await summaries(stage)
    assert [(report.late, report.trades) for report in reports] == [(False, 0), (False, 0)]
    assert all(report.up_since is not None for report in reports), "the sign of life"


@pytest.mark.exhaustive
@pytest.mark.parametrize("after_commit", [False, True])
@pytest.mark.parametrize("at", [1, 9, 16, 17, 18])  # of 18 steps: reads, the row with its news, the note of the job
async def test_killed_at_any_step_of_the_summary_there_is_one_final_row_and_one_notice(
    loop: VirtualLoop, at: int, after_commit: bool
) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 14))
    store = await a_store_since(at_ist(DAY, 9), KilledStore)
    assert isinstance(store, KilledStore)
    stage = await a_stage(clock, store)
    running = asyncio.create_task(stage.core.scheduler.run())
    await asyncio.sleep(30)
    store.die(at, after_commit=after_commit)
    with pytest.raises(BaseExceptionGroup) as killed:
        await asyncio.wait_for(running, 60)
    assert killed.group_contains(Crash)
    store.at = None
    stage = await a_stage(clock, store, stage.broker)
    await run_for(stage, timedelta(minutes=30))
    assert len(await summaries(stage)) == 1
    assert list(await rows(store)) == [DAY]
    run = await store.transaction(lambda db: db.jobs.last("daily summary"))
    assert run is not None
    assert run.day == DAY


async def test_while_the_broker_is_away_the_day_waits_for_its_figures(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 14))
    broker = FundsBroker(clock)
    broker.away = SessionExpired("Log in.")
    stage = await a_stage(clock, broker=broker)
    await run_for(stage, timedelta(minutes=10))
    assert await summaries(stage) == []
    broker.away = None
    stage = await a_stage(clock, stage.store, stage.broker)
    await run_for(stage, timedelta(minutes=2))
    (report,) = await summaries(stage)
    assert report.complete


async def test_a_broker_that_stays_away_leaves_a_row_of_what_is_on_record_half_an_hour_later(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 14))
    broker = FundsBroker(clock)
    broker.away = SessionExpired("Log in.")
    stage = await a_stage(clock, broker=broker)
    await run_for(stage, timedelta(hours=2))
    (report,) = await summaries(stage)
    assert (f"{ist(report.made_at):%H:%M}", report.records_only, report.complete, report.late) == ("16:45", True, False, False)


@pytest.mark.parametrize("off", [-7200.0, -11.0, 11.0])
async def test_no_day_is_closed_while_the_clock_is_known_to_be_off(host_clock: HostClock, off: float) -> None:
    host_clock.step(5 * 3600)  # 14:00
    stage = await a_stage(host_clock)
    running = asyncio.create_task(stage.core.scheduler.run())
    await asyncio.sleep(60)
    host_clock.step(7200 + 20 * 60)  # 16:21 by the host
    stage.broker.off = off
    await asyncio.sleep(900)
    assert await rows(stage.store) == {}
    host_clock.step(-7200)
    stage.broker.off = 0.0
    await asyncio.sleep(2 * 3600)
    running.cancel()
    (report,) = await summaries(stage)
    assert report.made_at >= at_ist(DAY, 16, 15)
    assert (report.complete, report.late) == (True, False)


@pytest.mark.exhaustive
async def test_a_muhurat_evening_is_summed_up_after_it(loop: VirtualLoop) -> None:
    muhurat = date(2026, 11, 8)  # a Sunday; its hours are not in the shipped rows
    clock = LoopClock(loop, at_ist(muhurat, 16, 0))
    stage = await a_stage(clock, await a_store_since(at_ist(muhurat, 9)))
    await run_for(stage, timedelta(hours=7, minutes=29))
    assert await rows(stage.store, muhurat, 1) == {}
    await run_for(stage, timedelta(minutes=5))
    (report,) = await summaries(stage)
    assert (report.date, f"{ist(report.made_at):%H:%M}", report.complete) == ("2026-11-08", "23:30", True)


async def test_a_sunday_with_a_session_has_its_row(loop: VirtualLoop) -> None:
    budget = date(2026, 2, 1)
    clock = LoopClock(loop, at_ist(budget, 16, 0))
    stage = await a_stage(clock, await a_store_since(at_ist(budget, 9)))
    await run_for(stage, timedelta(hours=1))
    (report,) = await summaries(stage)
    assert (report.date, report.late) == ("2026-02-01", False)


async def test_a_day_without_a_row_is_shown_from_the_records_and_one_without_records_is_not(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 10, 0))
    stage = await a_stage(clock)
    await stage.store.transaction(lambda db: db.orders.add(an_order(), DAY))
    loop.shift(86_400)
    report = await stage.core.services.summaries.day(stage.actor, DAY)
    assert (report.orders, report.records_only) == (1, True)
    with pytest.raises(NotFound, match="no report of 19 Nov 2026"):
        await stage.core.services.summaries.day(stage.actor, after(-1))
    assert await rows(stage.store) == {}, "only the clock writes a final row"


async def test_a_mistake_of_ours_about_one_account_leaves_out_no_other(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16, 20))
    store = await a_store_since(at_ist(DAY, 9))
    other = replace(ACCOUNT, id="a2", label="papa", created_at=at_ist(DAY, 10))
    await store.transaction(lambda db: db.accounts.add(other, CREDENTIALS))
    session = Session(token=Secret("jwt"), issued=clock.now(), expires=clock.now() + timedelta(hours=5))
    brokers = {id_: FundsBroker(clock) for id_ in ("a1", "a2")}
    brokers["a1"].away = ZeroDivisionError("a bug")
    connections = {id_: OneConnection(broker, StillFeed(clock), session) for id_, broker in brokers.items()}
    core = a_core(store, ScriptedConnections(connections), clock)
    occasion = Occasion(day=DAY, due=at_ist(DAY, 16, 15))
    with pytest.raises(ZeroDivisionError):
        await core.services.summaries.close_day(occasion)
    assert await store.transaction(lambda db: db.reports.find("a1", DAY)) is None
    assert await store.transaction(lambda db: db.reports.find("a2", DAY)) is not None
    brokers["a1"].away = None
    await core.services.summaries.close_day(occasion)
    assert await store.transaction(lambda db: db.reports.find("a1", DAY)) is not None


async def test_each_owner_hears_once_of_the_year_that_is_not_covered(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 2), 8, 55))
    stage = await a_stage(clock, await a_store_since(clock.now()))
    await stage.store.transaction(lambda db: db.people.add(User(telegram_id=55, name="Ravi"), Role.TRADER, None, clock.now()))
    for _ in range(3):
        await run_for(stage, timedelta(minutes=10))
    assert [notice for notice in await stage.notices() if isinstance(notice, YearNotCovered)] == [YearNotCovered(year=2027)]
