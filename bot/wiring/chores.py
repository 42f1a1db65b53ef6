"""Builds what is done by the clock, and what follows a login."""

import logging
from dataclasses import dataclass
from datetime import date, time, timedelta

from bot.domain.clock import Clock, at_ist
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.market.calendar import Calendar
from bot.domain.ports.repositories import Store
from bot.runtime.background import BackgroundTasks
from bot.runtime.scheduler import Job, Scheduler
from bot.trading.account.reports import Reports
from bot.trading.alerts.tick_watcher import TickWatcher
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.sync.reconcile import Reconcile
from bot.wiring.ground import Ground
from storage.inbox import SqlInbox

log = logging.getLogger(__name__)

KEEP = timedelta(days=3)  # answered questions and handled updates; orders, fills and the audit are kept for good
SWEEP_AT = time(3, 0)  # IST


def build_scheduler(ground: Ground, reports: Reports) -> Scheduler:
    """Every job with its time of day."""
    summary_at = ground.settings.daily_summary
    chores = Chores(
        store=ground.patient,
        inbox=SqlInbox(ground.store),
        reports=reports,
        calendar=ground.calendar,
        clock=ground.clock,
        summary_at=summary_at,
    )
    return Scheduler(
        store=ground.patient,
        clock=ground.clock,
        jobs=[
            Job(name="daily summary", at=summary_at, work=chores.daily_summary),
            Job(name="sweep", at=SWEEP_AT, work=chores.sweep),
        ],
    )


@dataclass(slots=True, kw_only=True)
class Settling:
    """What a living session is used for first: the books, and then the file of instruments, which may take minutes."""

    catalogue: Catalogue
    reconcile: Reconcile
    watcher: TickWatcher
    background: BackgroundTasks

    def after_login(self, account_id: str) -> None:
        """Watches what is wanted, reads the books and fetches the scrip master. Returns at once."""
        self.watcher.renew(account_id)
        self.background.start(self.sync(account_id), f"the books after login of {account_id}")
        self.fetch_master(account_id)

    def fetch_master(self, account_id: str) -> None:
        """Fetches the scrip master unless today's is here. Returns at once."""
        self.catalogue.coming()
        self.background.start(self._master(account_id), f"scrip master for {account_id}")

    async def sync(self, account_id: str) -> None:
        """Reads the books. The log tells that they could not be read, and the next sync comes by the clock."""
        try:
            await self.reconcile.sync(account_id)
        except (BrokerError, StorageAway) as error:
            log.warning("account %s: the books cannot be read yet: %s", account_id, type(error).__name__)

    async def _master(self, account_id: str) -> None:
        if await self.catalogue.refresh(account_id):
            await self.sync(account_id)  # an order of an instrument that was not listed before takes its name and its lot


@dataclass(slots=True, kw_only=True)
class Chores:
    """What the scheduler does by the clock."""

    store: Store
    inbox: SqlInbox
    reports: Reports
    calendar: Calendar | None
    clock: Clock
    summary_at: time  # IST

    async def daily_summary(self, day: date, late: bool) -> None:  # noqa: FBT001 - the scheduler's own signature
        """One final report of every account for a trading day."""
        if self.calendar is not None and self.calendar.day(day).trading is False:
            return
        due = at_ist(day, self.summary_at.hour, self.summary_at.minute)
        for account in await self.store.transaction(lambda db: db.accounts.all()):
            if account.created_at < due:  # an account that was linked after the close has no day to sum up yet
                await self.reports.close_day(account, day, late=late)

    async def sweep(self, _day: date, _late: bool) -> None:  # noqa: FBT001
        """Forgets what was answered and handled days ago."""
        before = self.clock.now() - KEEP
        await self.store.transaction(lambda db: db.confirmations.forget_before(before))
        await self.store.transaction(lambda db: db.invitations.forget_before(before))
        await self.inbox.forget_before(before)
