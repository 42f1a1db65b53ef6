"""The summary of each day, once for good, with those of the week and the month that end with it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial

from bot.domain.charges.day_bill import DayBill
from bot.domain.clock import MOST_SKEW, Clock, at_ist, ist_date
from bot.domain.errors import BotError, BrokerError, CheckFailed, NotFound
from bot.domain.market.coming_days import ComingDay
from bot.domain.news.days.days import DaySummary
from bot.domain.news.days.period_summary import PeriodSummary, Span
from bot.domain.news.days.picture import Pictured
from bot.domain.news.notice import Notice
from bot.domain.people.account import Account, Actor
from bot.domain.pictures import DayPicture
from bot.domain.pnl.summary import day_facts, day_picture, equity_curve, period_summary
from bot.domain.pnl.trades import DayMark
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import DayReport, Funds, PositionLine
from bot.domain.value import value
from bot.runtime.scheduler import Occasion
from bot.trading.account.account_views import AccountViews
from bot.trading.money.late_days import LateDays
from bot.trading.money.range_pnl import RangePnl
from bot.trading.money.reports import Reports
from bot.trading.money.telling import by_the_clock
from bot.trading.safety.announce import tell_all

log = logging.getLogger(__name__)

DAY = timedelta(days=1)
FURTHEST = timedelta(days=21)  # how long a day without data is looked into again
AGAIN = 600.0  # seconds between two looks into one
PATIENCE = 5  # failed tries, about half an hour, after which a date is summed up without the broker


@value
class _Made:
    """A day's report with its facts, and how each row stands: what the next day counts from."""

    report: DayReport
    marks: Sequence[DayMark]
    picture: DayPicture | None


@dataclass(slots=True, kw_only=True)
class Summaries:
    """Made on demand at any hour, and once for good by the clock."""

    store: Store
    views: AccountViews
    reports: Reports
    ranges: RangePnl
    late_days: LateDays
    weeks_last: Callable[[date], bool]  # whether a date in India is the last day of trading of its week
    months_last: Callable[[date], bool]
    coming: Callable[[date], tuple[ComingDay, ...]]
    mode: str  # PAPER or LIVE
    clock: Clock
    started_at: datetime  # of this process
    _asked: dict[tuple[str, date], float] = field(default_factory=dict)  # days without data: when they were looked into last

    async def day(self, actor: Actor, day: date | None) -> DayReport:
        """The report of a date in India. Today's is made now, an earlier one is read from the records.

        BrokerError where today cannot be read. CheckFailed for a day to come. NotFound for one without any record.
        """
        account, _ = self.views.connection(actor)
        today = ist_date(self.clock.now())
        await self.find_out(account)
        if day is None or day == today:
            return (await self._today(actor)).report
        if day > today:
            raise CheckFailed([f"{day:%d %b %Y} is still to come."])
        report = await self.store.read(lambda db: self.reports.row(db, account.id, day))
        if report is not None:
            return report
        report = await self.reports.from_records(account, day)
        if not report.orders:
            raise NotFound(f"There is no report of {day:%d %b %Y}: the bot was not running, or the account was not linked.")
        return report

    async def look_again(self, actor: Actor) -> None:
        """The same for the account that a person works with, before a range of its days is shown."""
        account, _ = self.views.connection(actor)
        await self.find_out(account)

    async def find_out(self, account: Account) -> None:
        """Looks again into the days of the last weeks that were closed without data, the oldest first: a login may tell by now.

        What is found out stands beside the final row, in every range and in what later days begin with. Nobody rings of it.
        """
        today = ist_date(self.clock.now())
        moment = asyncio.get_running_loop().time()
        first, last = today - FURTHEST, today - DAY
        rows = await self.store.read(lambda db: self.reports.rows(db, account.id, first, last))
        for row in rows:
            day = date.fromisoformat(row.date)
            asked = self._asked.get((account.id, day))
            if not row.records_only or (asked is not None and moment - asked < AGAIN):
                continue
            self._asked[account.id, day] = moment
            try:
                made = await self._late(account, day, at_ist(day, 16, 15))
            except BrokerError as error:
                log.info("account %s: nothing more is known of %s: %s", account.id, day, type(error).__name__)
                return
            if made is not None:
                await self.store.transaction(partial(_keep_found, made=made, late=row.late, up_since=row.up_since))

    async def close_day(self, occasion: Occasion) -> None:
        """The final row of each account that was linked by then. The first failure is raised when all were tried."""
        await self._each(occasion, self._close)

    async def correct_day(self, occasion: Occasion) -> None:
        """The final row once more where trades came after it was made, as in a market that never closes, or a login alone.

        One too where an account was linked after the close and has traded. The first failure is raised when all were tried.
        """
        await self._each(occasion, self._correct)

    async def _each(self, occasion: Occasion, work: Callable[[Account, Occasion], Awaitable[None]]) -> None:
        failures: list[Exception] = []
        for account in await self.store.read(lambda db: db.accounts.all()):
            if account.created_at >= occasion.due:  # linked after that: there is no day to sum up yet
                continue
            try:
                await work(account, occasion)
            except BotError as error:
                failures.append(error)
            except Exception as error:  # a mistake of ours about one account is no reason to leave out the others
                log.exception("account %s: %s could not be summed up", account.id, occasion.day)
                failures.append(error)
        if failures:
            raise failures[0]

    async def _close(self, account: Account, occasion: Occasion) -> None:
        """The row of one account with its news, in one transaction, unless it was made before (I12).

        BrokerError while the broker may still be asked for the date. CheckFailed while the host's clock is off.
        """
        day = occasion.day
        if await self.store.read(lambda db: db.reports.find(account.id, day)) is not None:
            return
        await self.find_out(account)
        made = await self._as_far_as_known(account, occasion)
        off = self.views.connections.of(account.id).broker.clock_off
        if off is not None and abs(off) > MOST_SKEW:
            raise CheckFailed([f"This server's clock is {abs(off):.0f} s off mStock's: no day is closed until it is set right."])
        report = replace(made.report, late=occasion.late, up_since=self.started_at)
        news: list[Notice] = [DaySummary(report=report)]
        news += [Pictured(day=made.picture)] if made.picture is not None else []
        for period in await self._periods(report, made.marks):
            curve = equity_curve(period, mode=self.mode)
            news += [period, *([Pictured(curve=curve)] if curve is not None else [])]
        now = self.clock.now()
        if now < occasion.due:
            raise CheckFailed(["This server's clock was set back while the day was being closed."])

        def keep(db: Repositories) -> None:
            if db.reports.add(report):
                db.ledger.close_day(made.marks)
                for each in news:
                    tell_all(db, account.id, each, now)

        await self.store.transaction(keep)

    async def _correct(self, account: Account, occasion: Occasion) -> None:
        """What was told at the close stays as it was told. What is true now takes its place in every sum, and is told."""
        day = occasion.day

        def read(db: Repositories) -> tuple[DayReport | None, bool]:
            first = db.reports.find(account.id, day)
            nothing = first is None and not db.ledger.count(account.id, day)
            return first, nothing or self.reports.final(db, account.id, day) is not None

        first, is_true = await self.store.read(read)
        if is_true:
            return
        if first is None:
            await self._close(account, occasion)
            return
        made = await self._as_far_as_known(account, replace(occasion, failures=PATIENCE))
        if made.report.records_only:  # what is known of the day is what was told
            return
        report = replace(made.report, late=occasion.late, up_since=self.started_at, after=made.report.trades - first.trades)

        def keep(db: Repositories) -> None:
            db.reports.correct(report)
            db.ledger.correct_day(made.marks)
            news = DaySummary(report=report)
            tell_all(db, account.id, news, self.clock.now())

        await self.store.transaction(keep)

    async def _as_far_as_known(self, account: Account, occasion: Occasion) -> _Made:
        """The day by the broker's books, which hold one day only.

        Else by our ledger, where that holds the whole day. Else there is no data.
        """
        try:
            if occasion.day == ist_date(self.clock.now()):
                await self.views.reconcile.sync_for_reader(account.id)
                return await self._today(by_the_clock(account))
            return await self._late_or_bare(account, occasion)
        except BrokerError as error:
            if occasion.failures < PATIENCE:
                raise
            why = type(error).__name__
            log.warning("account %s: the summary of %s is made without the broker: %s", account.id, occasion.day, why)
        try:
            return await self._late_or_bare(account, occasion)
        except BrokerError:
            return await self._without_data(account, occasion.day)

    async def _today(self, actor: Actor) -> _Made:
        pnl = await self.views.pnl(actor)
        report, marks = await self.reports.now(actor, pnl)
        funds = await self.views.funds(actor)
        return await self._with_facts(report, marks, lines=pnl.lines, bill=pnl.bill, funds=funds)

    async def _late_or_bare(self, account: Account, occasion: Occasion) -> _Made:
        return await self._late(account, occasion.day, occasion.due) or await self._without_data(account, occasion.day)

    async def _late(self, account: Account, day: date, due: datetime) -> _Made | None:
        """The day by our ledger, where that holds all of it."""
        bare = await self.reports.from_records(account, day)
        late = await self.late_days.of(account.id, bare, due)
        if late is None:
            return None
        return await self._with_facts(late.report, late.marks, lines=late.lines, bill=late.bill, approximate=late.approximate)

    async def _without_data(self, account: Account, day: date) -> _Made:
        return await self._with_facts(await self.reports.from_records(account, day), ())

    async def _with_facts(
        self,
        report: DayReport,
        marks: Sequence[DayMark],
        *,
        lines: Sequence[PositionLine] = (),
        bill: DayBill | None = None,
        funds: Funds | None = None,
        approximate: tuple[str, ...] = (),
    ) -> _Made:
        """The report with all that is told beside its sums."""
        day = date.fromisoformat(report.date)
        first, before = day.replace(day=1), day - timedelta(days=1)
        month = await self.store.read(lambda db: self.reports.rows(db, report.account_id, first, before))
        ended = day < ist_date(self.clock.now()) or any(line.settled for line in lines)
        whole = await self.ranges.with_day(report, marks, since=day, ended=ended)
        facts = day_facts(
            whole,
            month=[*month, report],
            coming=self.coming(day),
            lines=lines,
            bill=bill,
            funds=funds,
            approximate=approximate,
        )
        picture = day_picture(whole, facts, mode=self.mode, made_at=report.made_at)
        return _Made(report=replace(report, facts=facts), marks=marks, picture=picture)

    async def _periods(self, report: DayReport, marks: Sequence[DayMark]) -> list[PeriodSummary]:
        """The week and the month that end with this day."""
        day = date.fromisoformat(report.date)
        ended = []
        if self.weeks_last(day):
            ended.append((Span.WEEK, day - timedelta(days=day.weekday())))
        if self.months_last(day):
            ended.append((Span.MONTH, day.replace(day=1)))
        return [
            period_summary(await self.ranges.with_day(report, marks, since=first), span, made_at=report.made_at, late=report.late)
            for span, first in ended
        ]


def _keep_found(db: Repositories, *, made: _Made, late: bool, up_since: datetime | None) -> None:
    if db.reports.find_out(replace(made.report, late=late, up_since=up_since)):
        db.ledger.close_day(made.marks)
