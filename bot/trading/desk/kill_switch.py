"""The kill switch: who stopped trading, when, what it leaves, and how it is lifted."""

from dataclasses import dataclass
from functools import partial

from bot.domain.clock import Clock
from bot.domain.errors import ConfirmationGone, NotFound, StorageAway
from bot.domain.exits.closing import POSSIBLY_WORKING
from bot.domain.news.safety import TradingResumed, TradingStopped
from bot.domain.orders.confirmation import Confirmation, Purpose
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.orders.standing import is_exit
from bot.domain.people.account import Actor, Permission, Stop
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.proposals.proposal import Killed, Question, Resumed
from bot.trading.actor import account_of, demand_role
from bot.trading.orders.confirmations import Confirmations
from bot.trading.safety.announce import tell_others
from bot.trading.safety.pins import demand_pin
from bot.trading.safety.striking import strike_entries
from bot.trading.sync.reconcile import Reconcile


@dataclass(slots=True, kw_only=True)
class KillSwitch:
    """Blocks entries at once, in our own store, so that it needs neither broker nor network and survives restarts."""

    store: Store
    confirmations: Confirmations
    reconcile: Reconcile
    clock: Clock

    async def kill(self, actor: Actor) -> Killed:
        """Stops entries of the account now, and says what still rests at the exchange."""
        account = account_of(actor)
        now = self.clock.now()
        stop = Stop(account_id=account.id, by=actor.user.telegram_id, at=now)

        def turn_on(db: Repositories) -> bool:
            fresh = db.stops.stop(stop)
            strike_entries(db, account.id, f"{actor.user.name} stopped trading.", now)  # stops and targets live on
            if fresh:
                notice = TradingStopped(name=actor.user.name, at=now)
                tell_others(db, account.id, {actor.user.telegram_id}, notice, now)
                db.audit.add(now, actor.user.telegram_id, "kill", account.id, before="running", after="stopped")
            return fresh

        def standing(db: Repositories, *, fresh: bool) -> Killed:
            unsettled = db.orders.unsettled(account.id)
            working, rows = [order for order in unsettled if order.status.is_working], self.reconcile.open_rows(account.id)
            return Killed(
                account=account,
                stop=db.stops.stopped(account.id) or stop,
                already=not fresh,
                entries=tuple(order for order in working if not is_exit(order, rows)),
                stops=tuple(order for order in working if is_exit(order, rows) and _is_stop(order)),
                exits=tuple(order for order in working if is_exit(order, rows) and not _is_stop(order)),
                unknown=tuple(order for order in unsettled if order.status in POSSIBLY_WORKING),
            )

        def stop_now(db: Repositories) -> Killed:
            demand_role(db, actor, Permission.STOP, "You may not use the kill switch here any more.")
            return standing(db, fresh=turn_on(db))

        try:
            killed = await self.store.transaction(stop_now)
        except StorageAway:  # it stops all the same: nothing is written before what is owed, and no order leaves unwritten
            await self.store.owe(turn_on)
            killed = await self.store.transaction(partial(standing, fresh=True))
        return killed

    async def tell(self, actor: Actor, killed: Killed) -> None:
        """Tells whoever stopped trading that it is stopped, as news."""
        notice = TradingStopped(name=actor.user.name, at=killed.stop.at)
        person, account_id = actor.user.telegram_id, killed.account.id
        await self.store.owe(lambda db: db.outbox.add(account_id, [person], notice, self.clock.now(), order_id=None))

    async def is_on(self, actor: Actor) -> bool:
        """Whether entries of the account are stopped."""
        account = account_of(actor)
        return await self.store.read(lambda db: db.stops.stopped(account.id)) is not None

    async def ask_resume(self, actor: Actor, *, chat_id: int) -> Question:
        """Asks again before the switch is lifted. Only an owner may."""
        account = account_of(actor)
        question = self.confirmations.new(actor, chat_id, Purpose.RESUME)

        def ask(db: Repositories) -> Stop:
            demand_role(db, actor, Permission.ADMIN, "Only an owner lifts the kill switch.")
            stop = db.stops.stopped(account.id)
            if stop is None:
                raise NotFound("Trading is not stopped.")
            db.confirmations.add(question)
            return stop

        stop = await self.store.transaction(ask)
        return Question(confirmation=question, account=account, stop=stop)

    async def lift(self, actor: Actor, question: Confirmation) -> Resumed:
        """Lifts the switch, as an owner confirmed."""
        now = self.clock.now()
        account = account_of(actor)
        if account.id != question.account_id:
            raise ConfirmationGone("This card belongs to another account.")

        def resume(db: Repositories) -> None:
            self.confirmations.claim(db, question)
            demand_role(db, actor, Permission.ADMIN, "Only an owner lifts the kill switch.")
            demand_pin(db, actor.user.telegram_id, question.token, "Lifting the kill switch: your PIN, please.")
            stop = db.stops.stopped(question.account_id)
            before = f"stopped by {stop.by or 'the bot'} ({stop.why or 'no reason given'})" if stop else "running"
            db.stops.resume(question.account_id)
            notice = TradingResumed(name=actor.user.name, at=now)
            tell_others(db, account.id, {actor.user.telegram_id}, notice, now)
            db.audit.add(now, actor.user.telegram_id, "resume", question.account_id, before=before, after="running")

        await self.store.transaction(resume)
        return Resumed(account=account, at=now)


def _is_stop(order: Order) -> bool:
    return order.status is OrderStatus.TRIGGER_PENDING
