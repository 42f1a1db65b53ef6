"""Rings for what should fill at once and does not: a triggered stop, a market order with a worst price, an exit that rests."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, SessionExpired
from bot.domain.exits.closing import is_closing
from bot.domain.market.instrument import Instrument
from bot.domain.market.rules import MarketRules
from bot.domain.news.notice import Notice
from bot.domain.news.orders.orders import MarketUnfilled
from bot.domain.news.plans.exits import ExitAsks, ExitTrouble
from bot.domain.orders.order import Order
from bot.domain.plans.plan import LegKind
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.terms import Side
from bot.runtime.signal import Signal
from bot.trading.account.prices import Prices
from bot.trading.exits.live_exit import LiveExit
from bot.trading.orders.repricing import protected
from bot.trading.safety.announce import tell_all

log = logging.getLogger(__name__)

UNFILLED = 3.0  # seconds
RESTS = 10.0  # seconds for an exit with a price of its own
SHUT = 30.0  # seconds between two looks while an order waits for the market to open, or in an auction
SCANS = 0.3  # seconds between two scans at least: a busy minute changes orders many times a second


@dataclass(slots=True, kw_only=True)
class UnfilledOrders:
    """Watches these orders of every account, stops of the broker's app included. Each rings once."""

    store: Store
    exits: LiveExit
    prices: Prices
    rules: MarketRules
    clock: Clock
    # Whether it is traded now: before the open and in an auction every limit rests.
    trades: Callable[[Instrument], bool] = lambda _: True
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
            found = {order.id: order for order in await self.store.read(_late)}
            late = {key: one for key, one in found.items() if one.draft.trigger is not None or self.trades(one.draft.instrument)}
            self._rung &= late.keys()
            self._rung |= {key for key, order in late.items() if key not in self._since and self._is_far(order)}
            self._since = {order_id: self._since.get(order_id, now) for order_id in late}
            dues = {key: since + _patience(late[key]) for key, since in self._since.items() if key not in self._rung}
            for order_id in [order_id for order_id, due in dues.items() if due <= now]:
                self._rung.add(order_id)
                try:
                    await self._ring(late[order_id])
                except BrokerError as error:
                    log.info("order %s: whether it still closes could not be read: %s", order_id, type(error).__name__)
                    self._rung.discard(order_id)
                    self._since[order_id] = now
            dues = {key: since + _patience(late[key]) for key, since in self._since.items() if key not in self._rung}
            due = min([*dues.values(), *([now + SHUT] if len(late) < len(found) else [])], default=None)
            await self._wake.wait(None if due is None else max(due - asyncio.get_running_loop().time(), 0.01))

    def _is_far(self, order: Order) -> bool:
        """Whether a limit rests where it was meant to: beyond what a market order would reach on its own side of the book."""
        draft, price = order.draft, None
        if not _rests(order) or draft.price is None:
            return False
        with suppress(BrokerError):
            price = self.prices.known(order.account_id, draft.instrument.key)
        if price is None:
            return False
        reach = self.rules.protected_price(
            side=draft.side.opposite, kind=draft.instrument.kind, bid=price.bid or price.last, ask=price.ask or price.last,
            tick=draft.instrument.tick, on=ist_date(self.clock.now()),
        )  # fmt: skip
        return draft.price > reach if draft.side is Side.SELL else draft.price < reach

    async def _ring(self, stop: Order) -> None:
        if self.exits.connections.of(stop.account_id).session is None:
            raise SessionExpired("There is no session with mStock.")  # a look would only ask for a login
        row, _ = await self.exits.standing(stop.account_id, stop.draft, besides={stop.id})
        order = await self.store.transaction(lambda db: db.orders.find(stop.id))
        if order is None or not _is_late(order) or (not order.draft.protected and row.open <= 0):
            return  # it filled meanwhile, or is a stop that opens and guards nothing
        price = await self.prices.of(order.account_id, order.draft.instrument.key)
        draft, worst, touch = order.draft, None, None
        if price is not None:
            bid, ask = price.bid or price.last, price.ask or price.last
            touch = ask if draft.side is Side.BUY else bid
            worst = protected(draft, price, self.rules, ist_date(self.clock.now()))
        at = self.clock.now()
        why = ExitTrouble.RESTS if _rests(order) else ExitTrouble.TRIGGERED
        news: Notice = ExitAsks(order=order, why=why, price=worst)
        if order.draft.protected:
            news = MarketUnfilled(order=order, price=worst, touch=touch)

        def tell(db: Repositories) -> None:
            tell_all(db, order.account_id, news, at, order_id=order.id)

        await self.store.transaction(tell)


def _is_late(order: Order) -> bool:
    """Whether it works where it should have filled: a stop was jumped over, the price ran away, an exit rests."""
    at_once = order.draft.trigger is not None or (order.draft.protected and order.is_ours)
    return order.cancelled_by is None and is_closing(order) and (at_once or _rests(order))


def _rests(order: Order) -> bool:
    """Whether it is an exit of ours with a price of its own."""
    draft = order.draft
    return order.is_ours and order.closes is True and draft.price is not None and draft.trigger is None and not draft.protected


def _patience(order: Order) -> float:
    return RESTS if _rests(order) else UNFILLED


def _late(db: Repositories) -> list[Order]:
    """A target that goes back to its stop by itself is left to its plan."""
    legs = [leg for plan in db.plans.alive() if plan.leg(LegKind.STOP) is not None for leg in plan.legs]
    planned = {leg.order_id for leg in legs}
    return [order for order in db.orders.unsettled() if _is_late(order) and not (_rests(order) and order.id in planned)]
