"""What the feeds report goes on: order events and gaps to reconcile, ticks to those who wait for a price."""

import asyncio
import logging
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.market.prices import Tick
from bot.domain.orders.notice import FeedBack, Notice
from bot.domain.orders.order import OrderStatus
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.background import BackgroundTasks
from bot.trading.account.prices import Prices
from bot.trading.sync.fact_applier import Change
from bot.trading.sync.reconcile import Reconcile

log = logging.getLogger(__name__)

NOTICED = timedelta(seconds=20)  # a shorter gap is mended before anybody could act on the news of it


class FeedEvents:
    """A FeedListener. Its calls return at once."""

    def __init__(
        self,
        *,
        store: Store,
        reconcile: Reconcile,
        prices: Prices,
        background: BackgroundTasks,
        clock: Clock,
    ) -> None:
        self._store = store
        self._reconcile = reconcile
        self._prices = prices
        self._background = background
        self._clock = clock
        self._lost_at: dict[str, float] = {}  # accounts whose connection is down: since when, in loop time

    def on_order_event(self, account_id: str, *, traded: bool = True) -> None:
        """Something happened to an order: the books are read, at once if it may have been a fill."""
        self._reconcile.notify(account_id, urgent=traded)

    def tick(self, account_id: str, tick: Tick) -> None:
        """A price, for whoever waits for it."""
        self._prices.tick(account_id, tick)

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
        change = await self._sync(account_id)
        if until - since < NOTICED:
            return
        open_ = await self._store.transaction(lambda db: db.orders.unsettled(account_id))
        notice = FeedBack(
            since=since,
            until=until,
            fills=change.fills if change else 0,
            rejections=change.rejections if change else 0,
            read=change is not None,
            unknown=sum(order.status is OrderStatus.UNKNOWN for order in open_),
        )
        await self._tell(account_id, notice)

    async def _sync(self, account_id: str) -> Change | None:
        """What a sync changed. None when the books could not be read."""
        try:
            return await self._reconcile.sync(account_id)
        except (BrokerError, StorageAway):
            return None

    async def _tell(self, account_id: str, notice: Notice) -> None:
        now = self._clock.now()

        def tell(db: Repositories) -> None:
            if db.accounts.find(account_id) is None:  # unlinked meanwhile: its feed is nobody's business any more
                return
            db.outbox.add(account_id, db.people.watching(account_id), notice, now, order_id=None)

        await self._store.transaction(tell)
