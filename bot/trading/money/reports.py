"""The day in figures: what was booked, what is open, what it cost; one final row for an account and a date."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.domain.clock import MOST_SKEW, Clock, ist_date
from bot.domain.errors import BotError, BrokerError, CheckFailed, NotFound
from bot.domain.money import ZERO
from bot.domain.orders.notice import DaySummary
from bot.domain.orders.order import OrderStatus
from bot.domain.orders.portfolio import DayReport, PnL
from bot.domain.people.account import Account, Actor, Role, User
from bot.domain.pnl.day import mark_of
from bot.domain.pnl.trades import DayMark
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.scheduler import Occasion
from bot.trading.account.account_views import AccountViews

log = logging.getLogger(__name__)

PATIENCE = 5  # failed tries, about half an hour, after which a date is summed up without the broker


@dataclass(slots=True, kw_only=True)
class Reports:
    """Made on demand at any hour, and once for good by the clock."""

    store: Store
    books: AccountViews
    clock: Clock
    started_at: datetime  # of this process

    async def day(self, actor: Actor, day: date | None) -> DayReport:
        """The report of a date in India; today's is made now, an earlier one is read from the records."""
        account, _ = self.books.connection(actor)
        today = ist_date(self.clock.now())
        if day is None or day == today:
            return (await self._make(actor, account, today))[0]
        if day > today:
            raise CheckFailed([f"{day:%d %b %Y} is still to come."])
        report = await self.store.transaction(lambda db: db.reports.find(account.id, day))
        if report is not None:
            return report
        report = replace(await self._from_records(account, day), records_only=True)
        if not report.orders:
            raise NotFound(f"There is no report of {day:%d %b %Y}: the bot was not running, or the account was not linked.")
        return report

    async def now(self, actor: Actor, pnl: PnL | None = None) -> tuple[DayReport, Sequence[DayMark]]:
        """Today's report as it would be at this moment, and how each row stands. BrokerError passes through.

        pnl: the day as it was just read.
        """
        account, _ = self.books.connection(actor)
        return await self._make(actor, account, ist_date(self.clock.now()), pnl)

    async def close_day(self, occasion: Occasion) -> None:
        """The final row of each account that was linked by then; the first failure is raised when all were tried."""
        failures: list[Exception] = []
        for account in await self.store.transaction(lambda db: db.accounts.all()):
            if account.created_at >= occasion.due:  # linked after the close: there is no day to sum up yet
                continue
            try:
                await self._close(account, occasion)
            except BotError as error:
                failures.append(error)
            except Exception as error:  # a mistake of ours about one account is no reason to leave out the others
                log.exception("account %s: %s could not be summed up", account.id, occasion.day)
                failures.append(error)
        if failures:
            raise failures[0]

    async def _close(self, account: Account, occasion: Occasion) -> None:
        """The row of one account with its notice, in one transaction, unless it was made before (I12).

        BrokerError while the broker may still be asked for the date; CheckFailed while the host's clock is off.
        """
        day = occasion.day
        if await self.store.transaction(lambda db: db.reports.find(account.id, day)) is not None:
            return
        report, marks = await self._as_far_as_known(account, occasion)
        off = self.books.connections.of(account.id).broker.clock_off
        if off is not None and abs(off) > MOST_SKEW:
            raise CheckFailed([f"This server's clock is {abs(off):.0f} s off mStock's: no day is closed until it is set right."])
        now = self.clock.now()
        if now < occasion.due:
            raise CheckFailed(["This server's clock was set back while the day was being closed."])
        report = replace(report, late=occasion.late, up_since=self.started_at)

        def keep(db: Repositories) -> None:
            if db.reports.add(report):
                db.ledger.close_day(marks)
                db.outbox.add(account.id, db.people.watching(account.id), DaySummary(report=report), now, order_id=None)

        await self.store.transaction(keep)

    async def _as_far_as_known(self, account: Account, occasion: Occasion) -> tuple[DayReport, Sequence[DayMark]]:
        """By the broker's books, which hold one day only; by our records where those cannot be had, which it says."""
        bot = Actor(user=User(telegram_id=0, name="the bot"), role=Role.OWNER, account=account)
        if occasion.day == ist_date(self.clock.now()):
            try:
                return await self._make(bot, account, occasion.day)
            except BrokerError as error:
                if occasion.failures < PATIENCE:
                    raise
                log.warning(
                    "account %s: the summary of %s is made without the broker: %s", account.id, occasion.day, type(error).__name__
                )
        return replace(await self._from_records(account, occasion.day), records_only=True), ()

    async def _make(
        self, actor: Actor, account: Account, day: date, pnl: PnL | None = None
    ) -> tuple[DayReport, Sequence[DayMark]]:
        """The report of today, and how each row stands: what tomorrow counts from."""
        pnl = pnl or await self.books.pnl(actor)
        funds = await self.books.funds(actor)
        bare = await self._from_records(account, day)
        report = replace(
            bare,
            booked=pnl.booked,
            open=pnl.open,
            adjustment=pnl.adjustment,
            charges=pnl.charges,
            charges_missing=pnl.charges_missing,
            carried=tuple(line for line in pnl.lines if line.position.quantity and not line.position.is_sold_holding),
            cash=funds.available,
            complete=all(line.booked is not None and line.open is not None for line in pnl.lines),
        )
        return report, [mark_of(account.id, line, day) for line in pnl.lines]

    async def _from_records(self, account: Account, day: date) -> DayReport:
        def count(db: Repositories) -> DayReport:
            orders = db.orders.of_day(account.id, day)
            return DayReport(
                account_id=account.id,
                date=day.isoformat(),
                booked=ZERO,
                open=ZERO,
                charges=None,
                orders=len(orders),
                filled_orders=sum(order.filled > 0 for order in orders),
                rejected_orders=sum(order.status in (OrderStatus.REJECTED, OrderStatus.REFUSED) for order in orders),
                trades=len(db.ledger.between(account.id, day, day)),
                carried=(),
                cash=None,
                made_at=self.clock.now(),
                complete=False,
            )

        return await self.store.transaction(count)
