"""What a living session is used for first."""

import logging
from dataclasses import dataclass
from datetime import time, timedelta

from bot.domain.errors import BrokerError, StorageAway
from bot.runtime.background import BackgroundTasks
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.sync.reconcile import Reconcile

log = logging.getLogger(__name__)

KEEP = timedelta(days=3)  # answered questions and handled updates; orders, fills and the audit are kept for good
SWEEP_AT = time(3, 0)  # IST


@dataclass(slots=True, kw_only=True)
class Settling:
    """What a living session is used for first: the books, and then the file of instruments, which may take minutes."""

    catalogue: Catalogue
    reconcile: Reconcile
    background: BackgroundTasks

    def after_login(self, account_id: str) -> None:
        """Reads the books and fetches the scrip master. Returns at once."""
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
