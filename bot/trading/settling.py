"""What a login and a start begin with: the books, the file of instruments, and what was missed meanwhile."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.news.connections import Source
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.background import BackgroundTasks
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.sync.fact_applier import SyncOutcome
from bot.trading.sync.gaps import NOTICED, at_stake, tell_back
from bot.trading.sync.reconcile import Reconcile
from bot.trading.ticks.tick_watcher import TickWatcher

log = logging.getLogger(__name__)

SILENCE = 60.0  # seconds of Telegram's; news that waited less says nothing of being late either


@dataclass(slots=True, kw_only=True)
class Settling:
    """What a living session is used for first: the books, and then the file of instruments, which may take minutes."""

    store: Store
    clock: Clock
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

    async def after_absence(self, account_id: str, since: datetime | None) -> None:
        """Reads the books at a start. Tells from when to when this process was away, where an order could have moved meanwhile.

        since: when the process before was last alive. None: not known, or there was none.
        """
        moving = await self.store.transaction(lambda db: at_stake(db, account_id))
        change: SyncOutcome | None = None
        try:
            change = await self.reconcile.sync(account_id)
        except (BrokerError, StorageAway) as error:
            log.warning("account %s: the books cannot be read yet: %s", account_id, type(error).__name__)
        now = self.clock.now()
        if since is None or now - since < NOTICED or not (moving or (change is not None and change.touched)):
            return
        read = change is not None
        await self.store.transaction(lambda db: tell_back(db, account_id, Source.BOT, since=since, until=now, read=read, now=now))

    async def after_silence(self, seconds: float) -> None:
        """Telegram did not answer for so long: says of each account with news from that time what came late, and from when on."""
        if seconds < SILENCE:
            return
        now = self.clock.now()
        since = now - timedelta(seconds=seconds)

        def tell(db: Repositories) -> None:
            for account in db.accounts.all():
                if db.outbox.written_since(account.id, since):
                    tell_back(db, account.id, Source.TELEGRAM, since=since, until=now, read=True, now=now)

        await self.store.transaction(tell)

    async def _master(self, account_id: str) -> None:
        if await self.catalogue.refresh(account_id):
            await self.sync(account_id)  # an order of an instrument that was not listed before takes its name and its lot
