"""What the feeds report goes on: order events and gaps to reconcile, ticks to those who watch."""

import asyncio
import logging
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.market.prices import Tick
from bot.domain.news.connections import Source
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.background import BackgroundTasks
from bot.trading.sync.fact_applier import SyncOutcome
from bot.trading.sync.gaps import NOTICED, tell_back
from bot.trading.sync.reconcile import Reconcile
from bot.trading.ticks.tick_watcher import TickWatcher

log = logging.getLogger(__name__)


class FeedEvents:
    """A FeedListener. Its calls return at once."""

    def __init__(
        self,
        *,
        store: Store,
        reconcile: Reconcile,
        watcher: TickWatcher,
        background: BackgroundTasks,
        clock: Clock,
    ) -> None:
        self._store = store
        self._reconcile = reconcile
        self._watcher = watcher
        self._background = background
        self._clock = clock
        self._lost_at: dict[str, float] = {}  # accounts whose connection is down: since when, in loop time

    def on_order_event(self, account_id: str, *, traded: bool = True) -> None:
        """Something happened to an order: the books are read, at once if it may have been a fill."""
        self._reconcile.notify(account_id, urgent=traded)

    def tick(self, account_id: str, tick: Tick) -> None:
        """A price, for whoever watches it."""
        self._watcher.tick(account_id, tick)

    def gap(self, account_id: str, since: datetime, until: datetime | None) -> None:
        """The connection broke, or is back. What it would have reported is in the books."""
        now = asyncio.get_running_loop().time()
        if until is None:
            self._lost_at[account_id] = now
            self._background.start(self._lost(account_id, since), f"feed of {account_id} lost")
        else:
            away = timedelta(seconds=now - self._lost_at.pop(account_id, now))
            self._background.start(self._back(account_id, until - away, until), f"feed of {account_id} back")

    async def _lost(self, account_id: str, since: datetime) -> None:
        log.warning("account %s: the feed is gone since %s", account_id, since)
        await self._sync(account_id)

    async def _back(self, account_id: str, since: datetime, until: datetime) -> None:
        log.info("account %s: the feed is back after %s", account_id, until - since)
        began = asyncio.get_running_loop().time()
        read = await self._sync(account_id) is not None
        if until - since < NOTICED or self._reconcile.told_back_at(account_id) >= began:
            return  # too short to be news, or the broker was away with it: one gap is told once
        now = self._clock.now()

        def tell(db: Repositories) -> None:  # another look, of a login or by the clock, may have found what was missed
            tell_back(db, account_id, Source.FEED, since=since, until=until, read=read, now=now)

        await self._store.transaction(tell)

    async def _sync(self, account_id: str) -> SyncOutcome | None:
        """What a sync changed. None when the books could not be read."""
        try:
            return await self._reconcile.sync(account_id)
        except (BrokerError, StorageAway):
            return None
