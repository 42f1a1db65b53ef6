"""Tells what became of after-market orders: before the opening, and just after it."""

from datetime import date

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.news.orders.after_market import AfterMarketFate
from bot.domain.orders.order import Order
from bot.domain.people.account import Account
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.value import value
from bot.runtime.scheduler import Occasion
from bot.trading.money.telling import Telling
from bot.trading.sync.reconcile import Reconcile


@value
class AfterMarketOrders:
    """Each account's own, once for each time of a date."""

    store: Store
    reconcile: Reconcile
    telling: Telling
    clock: Clock

    async def tell_ahead(self, occasion: Occasion) -> None:
        """Tells it in the morning."""
        await self.telling.each("after-market orders, ahead", occasion, lambda account: self._fate(account, occasion.day))

    async def tell(self, occasion: Occasion) -> None:
        """Tells it just after the opening."""
        await self.telling.each("after-market orders", occasion, lambda account: self._fate(account, occasion.day))

    async def _fate(self, account: Account, day: date) -> AfterMarketFate | None:
        if not await self.store.transaction(lambda db: _of(db, account, day)):
            return None
        unread = ""
        try:
            await self.reconcile.sync(account.id)
        except (BrokerError, StorageAway) as error:
            unread = error.say
        orders = await self.store.transaction(lambda db: _of(db, account, day))
        return AfterMarketFate(at=self.clock.now(), orders=tuple(orders), unread=unread)


def _of(db: Repositories, account: Account, day: date) -> list[Order]:
    return [order for order in db.orders.of_day(account.id, day) if order.draft.session == day]
