"""Exactly one POST of an order that is stored already, and the transaction that says what became of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from bot.domain.clock import Clock
from bot.domain.errors import (
    AddressRefused,
    BrokerError,
    NotFound,
    NotSent,
    Refused,
    StopWordsRefused,
    StorageAway,
    TooFast,
    Unclear,
)
from bot.domain.news.notice import Notice
from bot.domain.news.orders.orders import OrderByOther, OrderRejected, OrderUnclear
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.orders.position_after import not_closed
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.value import value
from bot.trading.safety.announce import tell_all, tell_others
from bot.trading.sync.reconcile import Reconcile, never_left

log = logging.getLogger(__name__)

Answered = Callable[[], Awaitable[object]]


@value
class Sending:
    """Sends what a claim has stored as SUBMITTING, once."""

    store: Store
    connections: BrokerConnections
    reconcile: Reconcile
    clock: Clock

    async def post(self, order: Order, *, name: str, urgent: bool, answered: Answered | None = None) -> Order:
        """Exactly one POST between two transactions. Whatever is not understood leaves the order UNKNOWN.

        name: of who confirmed it, for the others. urgent: an exit, which leaves before other orders that wait for their turn.
        """
        left = order.sent_at is not None

        async def leaving() -> None:
            nonlocal left
            at = self.clock.now()
            try:
                await self.store.transaction(lambda db: _note_leaving(db, order.id, at))
            except StorageAway as away:
                raise NotSent(f"Nothing was sent. {away.say}") from away
            left = True

        after: Callable[[Order, datetime], Order] | None = None
        unregistered: str | None = None
        respelled = False
        try:
            if answered is not None:
                await answered()
            self.reconcile.sending(order.id)  # its age counts from the POST
            broker = self.connections.of(order.account_id).broker
            broker_id = await broker.place(order.draft, order.tag or "", urgent=urgent, leaving=None if left else leaving)
            after = lambda known, at: known.accepted(broker_id, at)  # noqa: E731 - the one move that this outcome licenses
        except (NotSent, TooFast) as error:
            why = error.say
            after = lambda known, at: known.refused(why, at, broker_id=None, final=True)  # noqa: E731
        except Refused as error:
            refused = error
            unregistered = error.words if isinstance(error, AddressRefused) else None
            respelled = isinstance(error, StopWordsRefused)
            after = lambda known, at: known.refused(  # noqa: E731
                refused.words or refused.say, at, broker_id=refused.broker_id, final=refused.final
            )
        except BrokerError as error:
            log.warning("order %s: no clear answer (%s); it will not be sent again", order.id, type(error).__name__)
            said = error.words if isinstance(error, Unclear) else ""
            after = lambda known, at: known.unclear(at, said)  # noqa: E731
        finally:
            # Also when this task is cancelled or a bug shows: an order that left is never as if nothing had been sent.
            if after is None:
                after = Order.unclear if left else never_left
            settled = await asyncio.shield(self._settled(order, name, after, exits=urgent))
            self.reconcile.sent(order.account_id, order.id)
        if respelled:
            # Never a second POST: the card's own button asks for a new confirmation, which will use the other words.
            words = self.connections.of(order.account_id).broker.use_other_stop_words()
            await self.store.owe(lambda db: db.accounts.keep_stop_words(order.account_id, words))
        if unregistered is not None:
            await self.reconcile.address_refused(order.account_id, unregistered)
        return settled

    async def _settled(self, order: Order, name: str, after: Callable[[Order, datetime], Order], *, exits: bool) -> Order:
        """Transaction 2, now or owed: the order was sent, whatever becomes of the record."""
        now = self.clock.now()
        settle = partial(_settle, order_id=order.id, name=name, after=after, now=now, exits=exits)
        try:
            return await self.store.transaction(settle)
        except StorageAway:
            await self.store.owe(settle)
            return after(order, now)


def _note_leaving(db: Repositories, order_id: str, at: datetime) -> None:
    known = db.orders.find(order_id)
    if known is not None and known.status is OrderStatus.SUBMITTING:
        db.orders.save(known.left(at))


def _settle(
    db: Repositories,
    *,
    order_id: str,
    name: str,
    after: Callable[[Order, datetime], Order],
    now: datetime,
    exits: bool,
) -> Order:
    """The order as the answer has it, unless the book was quicker, with its news."""
    known = db.orders.find(order_id)
    if known is None:
        raise NotFound(f"order {order_id} is gone from the store")
    if known.status is not OrderStatus.SUBMITTING:
        return known
    order = after(known, now)
    db.orders.save(order)
    news: Notice | None = None
    if order.status is OrderStatus.UNKNOWN:
        news = OrderUnclear(order=order)
    elif order.status in (OrderStatus.REJECTED, OrderStatus.REFUSED):
        news = OrderRejected(order=order, after=not_closed(order, db.orders.unsettled(order.account_id)) if exits else None)
    if news is not None:
        tell_all(db, order.account_id, news, now, order_id=order.id)
    if order.status.is_working:
        notice = OrderByOther(order=order, name=name)
        tell_others(db, order.account_id, {order.placed_by or 0}, notice, now, order_id=order.id)
    return order
