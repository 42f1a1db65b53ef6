"""Orders that are at the broker already: their cancels, and the search for those whose outcome is unknown."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

from bot.domain.clock import Clock, ist, ist_date
from bot.domain.errors import AddressRefused, BotError, BrokerError, CheckFailed, NotFound, OrderOver, StorageAway
from bot.domain.orders.notice import ActByOther, ActionKind
from bot.domain.orders.order import Confirmation, Order, OrderStatus, Purpose
from bot.domain.orders.proposal import Question
from bot.domain.people.account import Actor, Permission
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.background import BackgroundTasks
from bot.trading.actor import demand_role
from bot.trading.orders.confirmations import Confirmations
from bot.trading.orders.lookup import order_by_number, own_order
from bot.trading.orders.proposal_builder import ProposalBuilder
from bot.trading.safety.announce import tell_others
from bot.trading.sync.reconcile import LOOK_OUT_ENDS, Reconcile

log = logging.getLogger(__name__)

_NO_CANCEL = "You may not cancel here any more."


class WorkingOrders:
    """What a person does to an order that was sent."""

    def __init__(
        self,
        *,
        store: Store,
        proposing: ProposalBuilder,
        confirmations: Confirmations,
        reconcile: Reconcile,
        background: BackgroundTasks,
        clock: Clock,
    ) -> None:
        self._store = store
        self._proposing = proposing
        self._confirmations = confirmations
        self._reconcile = reconcile
        self._background = background
        self._clock = clock

    async def cancel(self, actor: Actor, order: int | str, *, chat_id: int) -> Order | Question:
        """Asks the broker to cancel; a waiting stop is asked again in words first. The order as the book has it after a look."""
        account, _ = self._proposing.connection(actor)
        target = await self._find(actor, order)
        if target.status is OrderStatus.TRIGGER_PENDING:
            question = self._confirmations.new(actor, chat_id, Purpose.CANCEL, order_id=target.id)

            def ask(db: Repositories) -> None:
                demand_role(db, actor, Permission.REDUCE, _NO_CANCEL)
                db.confirmations.add(question)

            await self._store.transaction(ask)
            return Question(confirmation=question, account=account, order=target)
        return await self._cancel(actor, target)

    async def cancel_all(self, actor: Actor) -> tuple[Order, ...]:
        """Cancels every working entry; waiting stops stay. The orders as the book has them after a look."""
        return await self.cancel_these(actor, stops=False)

    async def cancel_these(self, actor: Actor, *, stops: bool, exits: bool = True) -> tuple[Order, ...]:
        """Cancels working orders one by one; what the broker refuses stays and is shown as it is."""
        account, _ = self._proposing.connection(actor)

        def begin(db: Repositories) -> list[Order]:
            demand_role(db, actor, Permission.REDUCE, _NO_CANCEL)
            return [order for order in db.orders.unsettled(account.id) if order.status.is_working]

        working = await self._store.transaction(begin)
        done = []
        for order in working:
            stays = (order.closes and not exits) or (order.status is OrderStatus.TRIGGER_PENDING and not stops)
            if not stays:
                try:
                    done.append(await self._cancel(actor, order))
                except BotError as error:
                    log.warning("order %s could not be cancelled: %s", order.id, type(error).__name__)
                    done.append(order)
        return tuple(done)

    async def confirmed_cancel(self, actor: Actor, question: Confirmation) -> Order:
        """Claims the question about a stop, and cancels it."""

        def claim(db: Repositories) -> Order | None:
            self._confirmations.claim(db, question)
            return db.orders.find(question.order_id or "")

        order = await self._store.transaction(claim)
        if order is None:
            raise NotFound("That order is gone.")
        return await self._cancel(actor, order)

    async def _cancel(self, actor: Actor, order: Order) -> Order:
        _, connection = self._proposing.connection(actor)
        if order.broker_id is None or not order.status.is_working:
            raise CheckFailed([f"#{order.number} is {order.status.lower().replace('_', ' ')}: there is nothing to cancel."])
        now = self._clock.now()

        def record(db: Repositories) -> None:
            known = db.orders.find(order.id)
            if known is not None and known.status.is_working:
                db.orders.save(known.cancel_asked(actor.user.telegram_id, now))
                was = f"{known.status} {self._proposing.terms(known.draft)}"
                db.audit.add(
                    now, actor.user.telegram_id, "cancel", order.account_id, order.id, before=was, after="asked to cancel"
                )
                notice = ActByOther(name=actor.user.name, deed=ActionKind.CANCELLED, at=now, detail=self._proposing.named(order))
                tell_others(db, order.account_id, {actor.user.telegram_id}, notice, now, order_id=order.id)

        await self._store.transaction(lambda db: demand_role(db, actor, Permission.REDUCE, _NO_CANCEL))
        await self._store.owe(record)  # a cancel needs no row: it leaves also while the database takes nothing
        sending = self._background.start(connection.broker.cancel(order.broker_id), f"cancel {order.id}")
        over: OrderOver | None = None
        try:
            await asyncio.shield(sending)
        except OrderOver as error:
            over = error
            await self._not_taken(order)
        except BrokerError as error:
            await self._not_taken(order)
            if isinstance(error, AddressRefused):
                await self._reconcile.address_refused(order.account_id, error.words)
            raise
        finally:
            self._reconcile.sent(order.account_id, order.id)
        with suppress(StorageAway):  # what the books say is stored by a later look
            await self._reconcile.sync(order.account_id)
        after = await self._find(actor, order.id)
        if over is not None and after.status.is_working:
            raise over  # the book does not show it yet
        return after

    async def _not_taken(self, order: Order) -> None:
        """A cancel without a yes is no wish any more: whoever ends the order later, that is news."""
        now = self._clock.now()

        def take_back(db: Repositories) -> None:
            known = db.orders.find(order.id)
            if known is not None and known.status.is_working and known.cancelled_by is not None:
                db.orders.save(known.cancel_not_taken(now))

        await self._store.owe(take_back)

    async def sync(self, actor: Actor, order_id: str) -> Order:
        """Reads the broker's book now. The order as it stands after that."""
        order = await self._find(actor, order_id)
        await self._reconcile.sync(order.account_id)
        return await self._find(actor, order_id)

    async def give_up(self, actor: Actor, order_id: str) -> Order:
        """The person says it is not in the broker's app; only after the look-out's time and a fresh look (invariant I4)."""
        before = await self._find(actor, order_id)
        order = await self.sync(actor, order_id)
        if order.status is not OrderStatus.UNKNOWN:
            return order
        if order.looks == before.looks:
            raise CheckFailed([f"It is of {order.day:%d %b}, and the trade history could not be read. Nothing was closed."])
        now, left = self._clock.now(), LOOK_OUT_ENDS - self._reconcile.age(order)
        if left > timedelta(0):
            raise CheckFailed([f"I am still looking for it, until {ist(now + left):%H:%M:%S}."])

        def close(db: Repositories) -> Order:
            demand_role(db, actor, Permission.OPEN, "You may not close this here any more.")
            known = db.orders.find(order.id)
            if known is None:
                raise NotFound("That order is gone.")
            if known.status is not OrderStatus.UNKNOWN:
                return known
            closed = known.given_up(now)
            db.orders.save(closed)
            db.audit.add(
                now, actor.user.telegram_id, "not seen", known.account_id, known.id, before=known.status, after=closed.status
            )
            return closed

        return await self._store.transaction(close)

    async def _find(self, actor: Actor, order: int | str) -> Order:
        """The order of that number today, or of that id."""
        if isinstance(order, str):
            return await self._store.transaction(lambda db: own_order(db, actor, order))
        account, _ = self._proposing.connection(actor)
        day = ist_date(self._clock.now())
        return await self._store.transaction(lambda db: order_by_number(db, account.id, day, order))
