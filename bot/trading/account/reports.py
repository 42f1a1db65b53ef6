"""The day in figures: what was booked, what is open, what it cost; one final row for an account and a date."""

import logging
from dataclasses import dataclass, replace
from datetime import date

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, CheckFailed, NotFound
from bot.domain.money import ZERO
from bot.domain.orders.notice import DaySummary
from bot.domain.orders.order import OrderStatus
from bot.domain.orders.portfolio import DayReport
from bot.domain.people.account import Account, Actor, Role, User
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.account.account_views import AccountViews

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Reports:
    """Made on demand at any hour, and once for good by the clock."""

    store: Store
    books: AccountViews
    clock: Clock

    async def day(self, actor: Actor, day: date | None) -> DayReport:
        """The report of a date in India; today's is made now, an earlier one is read from the records."""
        account, _ = self.books.connection(actor)
        today = ist_date(self.clock.now())
        if day is None or day == today:
            return await self._make(actor, account, today)
        if day > today:
            raise CheckFailed([f"{day:%d %b %Y} is still to come."])
        report = await self.store.transaction(lambda db: db.reports.find(account.id, day))
        if report is None:
            raise NotFound(f"There is no report of {day:%d %b %Y}: the bot was not running, or the account was not linked.")
        return report

    async def close_day(self, account: Account, day: date, *, late: bool) -> DayReport | None:
        """The final report of a date with its notice, in one transaction; None when it was made before (invariant I12)."""
        bot = Actor(user=User(telegram_id=0, name="the bot"), role=Role.OWNER, account=account)
        today = ist_date(self.clock.now())
        if day == today:
            try:
                report = await self._make(bot, account, day)
            except BrokerError as error:
                log.warning("account %s: the summary of %s is made without the broker: %s", account.id, day, type(error).__name__)
                report = await self._from_records(account, day)
        else:
            # The broker's books hold one day only: an earlier date is what our own records say, and says so.
            report = await self._from_records(account, day)
        report = replace(report, late=late)
        now = self.clock.now()

        def keep(db: Repositories) -> bool:
            if not db.reports.add(report):
                return False
            people = db.people.watching(account.id)
            db.outbox.add(account.id, people, DaySummary(report=report), now, order_id=None)
            return True

        is_new = await self.store.transaction(keep)
        return report if is_new else None

    async def _make(self, actor: Actor, account: Account, day: date) -> DayReport:
        pnl = await self.books.pnl(actor)
        funds = await self.books.funds(actor)
        bare = await self._from_records(account, day)
        return replace(
            bare,
            booked=pnl.booked,
            open=pnl.open,
            charges=pnl.charges if not pnl.charges_missing else None,  # a stored figure cannot say what it leaves out
            carried=tuple(line for line in pnl.lines if line.position.quantity and not line.position.is_sold_holding),
            cash=funds.available,
            complete=all(line.booked is not None and line.open is not None for line in pnl.lines),
        )

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
                trades=len(db.orders.fills_of_day(account.id, day)),
                carried=(),
                cash=None,
                made_at=self.clock.now(),
                complete=False,
            )

        return await self.store.transaction(count)
