"""Orders that are at the broker already: their cancels, and the search for those whose outcome is unknown."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

from bot.domain.clock import Clock, ist, ist_date
from bot.domain.errors import BrokerError, CheckFailed, NotFound, StorageAway
from bot.domain.orders.confirmation import Confirmation, Purpose
from bot.domain.orders.order import CardRef, Order, OrderStatus
from bot.domain.orders.standing import Cancelled, OpenRows, guards_alone, is_exit
from bot.domain.people.account import Actor, Permission
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.proposals.proposal import Question
from bot.trading.actor import demand_role
from bot.trading.desk.cancelling import NO_CANCEL, Cancelling
from bot.trading.orders.confirmations import Confirmations
from bot.trading.orders.lookup import order_by_number, own_order
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.sync.look_out import LOOK_OUT_ENDS
from bot.trading.sync.reconcile import Reconcile


class WorkingOrders:
    """What a person does to an order that was sent."""

    def __init__(
        self,
        *,
        store: Store,
        proposing: ProposalBuilder,
        confirmations: Confirmations,
        reconcile: Reconcile,
        cancelling: Cancelling,
        clock: Clock,
    ) -> None:
        self._store = store
        self._proposing = proposing
        self._confirmations = confirmations
        self._reconcile = reconcile
        self._cancelling = cancelling
        self._clock = clock

    async def cancel(self, actor: Actor, order: int | str, *, chat_id: int) -> Cancelled | Question:
        """Asks the broker to cancel. The only stop of a position is asked again in words first."""
        account, _ = self._proposing.connection(actor)
        target = await self._find(actor, order)
        rows = self._reconcile.open_rows(account.id)
        working = await self._store.transaction(lambda db: _working(db, account.id))
        if guards_alone(target, working, rows):
            question = self._confirmations.new(actor, chat_id, Purpose.CANCEL, order_id=target.id)

            def ask(db: Repositories) -> Decimal | None:
                demand_role(db, actor, Permission.REDUCE, NO_CANCEL)
                db.confirmations.add(question)
                plan = db.plans.of_order(target.id)
                return plan.target_price if plan is not None and plan.guard_id == target.id else None

            ends = await self._store.transaction(ask)
            return Question(confirmation=question, account=account, order=target, target=ends)
        return await self._cancel(actor, target)

    async def cancel_all(self, actor: Actor) -> tuple[Cancelled, ...]:
        """Cancels every working order but the stops that wait for a position's sake."""
        return await self._cancel_these(actor, lambda order, rows: not (_waits(order) and is_exit(order, rows)))

    async def cancel_entries(self, actor: Actor) -> tuple[Cancelled, ...]:
        """Cancels working orders that could open or grow a position. Exits and stops stay."""
        account, _ = self._proposing.connection(actor)
        if self._reconcile.open_rows(account.id) is None:
            with suppress(BrokerError, StorageAway):
                await self._reconcile.sync(account.id)
        return await self._cancel_these(actor, lambda order, rows: not is_exit(order, rows))

    async def staying(self, actor: Actor) -> tuple[Order, ...]:
        """The working orders that close or guard what is open, as far as the database can say now."""
        account, _ = self._proposing.connection(actor)
        rows = self._reconcile.open_rows(account.id)
        with suppress(StorageAway):
            working = await self._store.read(lambda db: _working(db, account.id))
            return tuple(order for order in working if is_exit(order, rows))
        return ()

    async def _cancel_these(self, actor: Actor, meant: Callable[[Order, OpenRows | None], bool]) -> tuple[Cancelled, ...]:
        account, _ = self._proposing.connection(actor)
        rows = self._reconcile.open_rows(account.id)

        def begin(db: Repositories) -> list[Order]:
            demand_role(db, actor, Permission.REDUCE, NO_CANCEL)
            return [order for order in _working(db, account.id) if meant(order, rows)]

        working = await self._store.transaction(begin)
        return await self._cancelling.cancel(actor, working) if working else ()

    async def confirmed_cancel(self, actor: Actor, question: Confirmation) -> Cancelled:
        """Claims the question about a stop, and cancels it."""

        def claim(db: Repositories) -> Order | None:
            self._confirmations.claim(db, question)
            return db.orders.find(question.order_id or "")

        order = await self._store.transaction(claim)
        if order is None:
            raise NotFound("That order is gone.")
        return await self._cancel(actor, order)

    async def _cancel(self, actor: Actor, order: Order) -> Cancelled:
        if order.broker_id is None or not order.status.is_working:
            raise CheckFailed([f"#{order.number} is {order.status.lower().replace('_', ' ')}: there is nothing to cancel."])
        return (await self._cancelling.cancel(actor, [order]))[0]

    async def follow(self, order: Order, *, chat_id: int, message_id: int) -> None:
        """This message, which asks about the order as it stands, becomes its card as soon as the order changes."""
        ref = CardRef(chat_id=chat_id, message_id=message_id, order_id=order.id, version=order.version)
        await self._store.transaction(lambda db: db.cards.add(ref))

    async def sync(self, actor: Actor, order_id: str) -> Order:
        """Reads the broker's book now. The order as it stands after that."""
        order = await self._find(actor, order_id)
        await self._reconcile.sync(order.account_id)
        return await self._find(actor, order_id)

    async def give_up(self, actor: Actor, order_id: str) -> Order:
        """The person says it is not in the broker's app.

        It counts only after the look-out's time and a fresh look (invariant I4).
        """
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


def _working(db: Repositories, account_id: str) -> list[Order]:
    return [order for order in db.orders.unsettled(account_id) if order.status.is_working]


def _waits(order: Order) -> bool:
    return order.status is OrderStatus.TRIGGER_PENDING
