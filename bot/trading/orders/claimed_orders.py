"""The one maker of an order that is stored before it is sent: its number, its tag, its row, its card, its line in the audit."""

import base64
from collections.abc import Callable, Sequence

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import NotSent
from bot.domain.orders.order import CardRef, Order, OrderDraft, OrderStatus
from bot.domain.ports.broker import RandomBytes
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.value import value
from bot.trading.sync.reconcile import Reconcile


@value
class Claim:
    """What licenses an order, and by whose word."""

    account_id: str
    draft: OrderDraft
    by: int  # Telegram id of who confirmed
    closes: bool  # whether it only makes something smaller
    terms: str  # the draft in words, for the audit
    licence: str = "none"  # what it is a part of, for the audit
    leg: tuple[str, int] | None = None  # plan and number of the leg whose one POST this is
    card: tuple[int, int] | None = None  # chat and message that show it
    queues: bool = False  # it may stand behind others for seconds: that it left is stored when its turn has come
    then: Callable[[Repositories, Order], None] | None = None  # what is written with it


Licensed = Callable[[Repositories], Claim | None]  # reads whether an order is licensed, and by what


@value
class ClaimedOrders:
    """Stores orders as SUBMITTING in the transaction that licenses them. No other place makes an order that is sent."""

    store: Store
    reconcile: Reconcile
    clock: Clock
    random: RandomBytes

    def announce(self) -> str:
        """An id for an order to come, known to the look-out before the order can be stored.

        Whoever asked for it either stores the order or says that it will not be.
        """
        order_id = self.random(10).hex()
        self.reconcile.sending(order_id)
        return order_id

    def take(self, db: Repositories, order_id: str, claim: Claim) -> Order:
        """The order, stored. NotSent where its leg was sent already or is struck off: the transaction is to be rolled back."""
        now = self.clock.now()
        day = claim.draft.session or ist_date(now)
        order = Order(
            id=order_id,
            account_id=claim.account_id,
            number=db.orders.next_number(claim.account_id, day),
            tag=base64.b32encode(self.random(12)).decode()[:19],
            draft=claim.draft,
            status=OrderStatus.SUBMITTING,
            placed_by=claim.by,
            closes=claim.closes,
            created_at=now,
            sent_at=None if claim.queues else now,
            updated_at=now,
        )
        db.orders.add(order, day)
        if claim.leg is not None and not db.plans.claim(*claim.leg, order.id):
            raise NotSent("That part of the plan was sent already, or will never be. Nothing was sent.")
        if claim.card is not None:
            chat_id, message_id = claim.card
            db.cards.add(CardRef(chat_id=chat_id, message_id=message_id, order_id=order.id, version=0))
        if claim.then is not None:
            claim.then(db, order)
        after = f"{claim.terms} {claim.draft.digest()}"
        db.audit.add(now, claim.by, "order", claim.account_id, order.id, before=claim.licence, after=after)
        return order

    async def taken(self, licensed: Licensed) -> Order | None:
        """One transaction that reads whether an order is licensed, and stores it. None where it is not.

        Raises what the reading raises, NotSent as `take`. The POST is the caller's.
        """
        (order,) = await self.all_taken([licensed])
        return order

    async def all_taken(
        self, licensed: Sequence[Licensed], *, first: Callable[[Repositories], bool] = lambda _: True
    ) -> Sequence[Order | None]:
        """The same for several orders in one transaction, each judged with those before it stored.

        first: what is written before them. Where it says no, none is stored.
        """
        ids = [self.announce() for _ in licensed]
        orders: Sequence[Order | None] = [None] * len(ids)

        def store(db: Repositories) -> Sequence[Order | None]:
            return [self._take_licensed(db, *each) for each in zip(ids, licensed, strict=True)] if first(db) else orders

        try:
            orders = await self.store.transaction(store)
        finally:
            for order_id, order in zip(ids, orders, strict=True):
                if order is None:
                    self.reconcile.unsent(order_id)
        return orders

    def _take_licensed(self, db: Repositories, order_id: str, licensed: Licensed) -> Order | None:
        claim = licensed(db)
        return None if claim is None else self.take(db, order_id, claim)
