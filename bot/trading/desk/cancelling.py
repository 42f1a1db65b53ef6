"""Cancels at the broker: all of them leave at once, then one look at the books says what became of them."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress

from bot.domain.clock import Clock
from bot.domain.errors import AddressRefused, BrokerError, NotSent, Refused, StorageAway, TooFast
from bot.domain.news.people import ActByOther, ActionKind
from bot.domain.orders.doubt import of_cancel
from bot.domain.orders.order import Order
from bot.domain.orders.standing import Cancelled
from bot.domain.people.account import Actor, Permission
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.value import value
from bot.runtime.background import BackgroundTasks
from bot.trading.actor import demand_role
from bot.trading.orders.cancel_wishes import take_back
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.safety.announce import tell_others
from bot.trading.sync.fact_applier import SyncOutcome
from bot.trading.sync.reconcile import Reconcile

log = logging.getLogger(__name__)

NO_CANCEL = "You may not cancel here any more."
A_MOMENT = 1.0  # seconds in which the book follows a cancel that was taken

_Answers = Mapping[str, BrokerError | None]  # order id -> None: the broker said yes


@value
class Cancelling:
    """Asks the broker to cancel. A yes is confirmed from the book, and asked for again only when a look shows the order open."""

    store: Store
    proposing: ProposalBuilder
    reconcile: Reconcile
    background: BackgroundTasks
    clock: Clock

    async def cancel(self, actor: Actor, orders: Sequence[Order]) -> tuple[Cancelled, ...]:
        """Sends a cancel for each, as fast as the order rate allows, then looks once. The answers come in the order given.

        A yes, or an answer that is none, beside an order that the book shows open after two looks is asked for once more.
        """
        account, _ = self.proposing.connection(actor)
        await self.store.transaction(lambda db: demand_role(db, actor, Permission.REDUCE, NO_CANCEL))
        wished = [order for order in orders if order.broker_id is not None and order.status.is_working]
        await self.store.owe(lambda db: self._record(db, actor, wished))  # a cancel leaves also while the database takes nothing
        answers = await self._send(actor, wished)
        after, shown = await self._looked(account.id, orders)
        if any(_may_repeat(order, answers) for order in after if order.id in shown):
            await asyncio.sleep(A_MOMENT)
            after, shown = await self._looked(account.id, after)
            again = [order for order in after if order.id in shown and _may_repeat(order, answers)]
            if again:
                answers = {**answers, **await self._send(actor, again)}
                after, shown = await self._looked(account.id, after)
        outcomes = tuple(
            Cancelled(
                order=order,
                error=answers.get(order.id) if not order.status.is_final else None,
                shown=order.id in shown or order.status.is_final,
            )
            for order in after
        )
        open_ = [outcome.order for outcome in outcomes if outcome.is_open_question and outcome.order.id in answers]
        if open_:
            await self.store.owe(lambda db: self._doubt(db, open_))
        return outcomes

    async def _send(self, actor: Actor, orders: Sequence[Order]) -> _Answers:
        tasks = [self.background.start(self._ask(actor, order), f"cancel {order.id}") for order in orders]
        results = await asyncio.shield(asyncio.gather(*tasks))
        answers = {order.id: error for order, error in zip(orders, results, strict=True)}
        not_taken = [order_id for order_id, error in answers.items() if error is not None]
        if not_taken:
            await self.store.owe(lambda db: self._take_back(db, not_taken))
        for order in orders:
            if isinstance(error := answers[order.id], AddressRefused):
                await self.reconcile.address_refused(order.account_id, error.words)
        return answers

    async def _ask(self, actor: Actor, order: Order) -> BrokerError | None:
        try:
            _, connection = self.proposing.connection(actor)
            await connection.broker.cancel(order.broker_id or "")
        except BrokerError as error:
            log.warning("order %s: its cancel was not taken: %s", order.id, type(error).__name__)
            return error
        finally:
            self.reconcile.sent(order.account_id, order.id)
        return None

    def _record(self, db: Repositories, actor: Actor, orders: Sequence[Order]) -> None:
        now, person = self.clock.now(), actor.user.telegram_id
        for order in orders:
            known = db.orders.find(order.id)
            if known is None or not known.status.is_working:
                continue
            db.orders.save(known.cancel_asked(person, now))
            was = f"{known.status} {self.proposing.terms(known.draft)}"
            db.audit.add(now, person, "cancel", order.account_id, order.id, before=was, after="asked to cancel")
            notice = ActByOther(name=actor.user.name, deed=ActionKind.CANCELLED, at=now, detail=self.proposing.named(order))
            tell_others(db, order.account_id, {person}, notice, now, order_id=order.id)

    def _take_back(self, db: Repositories, order_ids: Sequence[str]) -> None:
        for order_id in order_ids:
            take_back(db, order_id, self.clock.now())

    def _doubt(self, db: Repositories, orders: Sequence[Order]) -> None:
        for order in orders:
            self.reconcile.doubts.note(db, of_cancel(order, self.clock.now()))

    async def _looked(self, account_id: str, orders: Sequence[Order]) -> tuple[list[Order], set[str]]:
        """The orders after a look, and the ids of those that it showed: none where the books cannot be read or stored now."""
        change = SyncOutcome()
        with suppress(StorageAway, BrokerError):
            change = await self.reconcile.sync(account_id)
        shown = {order.id for order in orders if order.broker_id in change.same or order.id in change.touched}
        with suppress(StorageAway):
            return await self.store.transaction(lambda db: [db.orders.find(order.id) or order for order in orders]), shown
        return list(orders), shown


def _may_repeat(order: Order, answers: _Answers) -> bool:
    """Whether asking again is no more than asking: the answer was a yes or none at all, and the order works on."""
    if order.id not in answers or not order.status.is_working:
        return False
    return not isinstance(answers[order.id], Refused | NotSent | TooFast)
