"""Rings for what should fill at once and does not: a stop that was triggered, a market order with a worst price."""

import asyncio
import logging
from dataclasses import dataclass, field

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, SessionExpired
from bot.domain.market.rules import MarketRules
from bot.domain.orders.notice import ExitAsks, ExitTrouble, MarketUnfilled, Notice
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.signal import Signal
from bot.trading.account.prices import Prices
from bot.trading.orders.live_exit import LiveExit

log = logging.getLogger(__name__)

UNFILLED = 3.0  # seconds
SCANS = 0.3  # seconds between two scans at least: a busy minute changes orders many times a second


@dataclass(slots=True, kw_only=True)
class UnfilledOrders:
    """Watches these orders of every account, stops of the broker's app included; each rings once."""

    store: Store
    exits: LiveExit
    prices: Prices
    rules: MarketRules
    clock: Clock
    _wake: Signal = field(default_factory=Signal)
    _since: dict[str, float] = field(default_factory=dict)  # since when this process knows, in loop time
    _rung: set[str] = field(default_factory=set)

    def wake(self) -> None:
        """An order changed."""
        self._wake()

    async def run(self) -> None:
        """Watches, for ever."""
        while True:
            await asyncio.sleep(SCANS)
            now = asyncio.get_running_loop().time()
            late = {order.id: order for order in await self.store.transaction(_late)}
            self._since = {order_id: self._since.get(order_id, now) for order_id in late}
            self._rung &= self._since.keys()
            waiting = {order_id: since + UNFILLED for order_id, since in self._since.items() if order_id not in self._rung}
            for order_id in [order_id for order_id, due in waiting.items() if due <= now]:
                self._rung.add(order_id)
                try:
                    await self._ring(late[order_id])
                except BrokerError as error:
                    log.info("stop %s: whether it still guards could not be read: %s", order_id, type(error).__name__)
                    self._rung.discard(order_id)
                    self._since[order_id] = now
            due = min((since + UNFILLED for key, since in self._since.items() if key not in self._rung), default=None)
            await self._wake.wait(None if due is None else max(due - asyncio.get_running_loop().time(), 0.01))

    async def _ring(self, stop: Order) -> None:
        if self.exits.connections.of(stop.account_id).session is None:
            raise SessionExpired("There is no session with mStock.")  # a look would only ask for a login
        row, _ = await self.exits.standing(stop.account_id, stop.draft, besides={stop.id})
        order = await self.store.transaction(lambda db: db.orders.find(stop.id))
        if order is None or not _is_late(order) or (not order.draft.protected and row.open <= 0):
            return  # it filled meanwhile, or is a stop that opens and guards nothing
        price = await self.prices.of(order.account_id, order.draft.instrument.key)
        draft, worst = order.draft, None
        if price is not None:
            bid, ask = price.bid or price.last, price.ask or price.last
            worst = self.rules.protected_price(
                side=draft.side, kind=draft.instrument.kind, bid=bid, ask=ask, tick=draft.instrument.tick,
                on=ist_date(self.clock.now()),
            )  # fmt: skip
        at = self.clock.now()
        news: Notice = ExitAsks(order=order, why=ExitTrouble.TRIGGERED, price=worst)
        if order.draft.protected:
            news = MarketUnfilled(order=order, price=worst)

        def tell(db: Repositories) -> None:
            db.outbox.add(order.account_id, db.people.watching(order.account_id), news, at, order_id=order.id)

        await self.store.transaction(tell)


def _is_late(order: Order) -> bool:
    """Whether it works where it should have filled at once: a stop's limit was jumped over, or the price ran away."""
    at_once = order.draft.trigger is not None or (order.draft.protected and order.is_ours)
    return at_once and order.cancelled_by is None and order.status in (OrderStatus.OPEN, OrderStatus.PARTIAL)


def _late(db: Repositories) -> list[Order]:
    return [order for order in db.orders.unsettled() if _is_late(order)]
