"""One quantity has one live exit order: its stop becomes the exit, or is read as cancelled before another order goes."""

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, NotSent, OrderOver, Refused, StorageAway, TooFast
from bot.domain.exits.closing import ClosingRow, Step, StepKind, next_step, was_triggered
from bot.domain.orders.order import CardRef, Order, OrderDraft, OrderFact
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.terms import OrderKind
from bot.trading.drafts.drafting import closable
from bot.trading.drafts.held import Held
from bot.trading.exits.exit_state import of_panics
from bot.trading.exits.exit_wanted import ExitResult, ExitState, ExitWanted
from bot.trading.exits.in_band import in_band
from bot.trading.exits.row_readings import RowReadings, left, unguarded
from bot.trading.exits.turns import Turns
from bot.trading.orders.cancel_wishes import take_back
from bot.trading.orders.claimed_orders import Claim, ClaimedOrders
from bot.trading.orders.sending import Sending
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.sync.reconcile import Reconcile
from bot.trading.sync.shared_reads import SharedReads

log = logging.getLogger(__name__)

ROUNDS = 8  # steps of one way out at most: stops cancelled, one lowered, one order
LOOKS = (0.0, 0.5, 1.0, 2.0)  # seconds between looks at what became of a change or a cancel

Note = Callable[[Repositories], object]


class ChangeState(StrEnum):
    """What became of a change of a working order."""

    TAKEN = "TAKEN"
    OVER = "OVER"  # it filled or ended first
    REFUSED = "REFUSED"
    NOT_SENT = "NOT_SENT"
    UNCLEAR = "UNCLEAR"  # it may still arrive


@dataclass(slots=True, kw_only=True)
class LiveExit:
    """Turns what guards a quantity into an exit. Every way out of every kind goes through here.

    The exits of a row never exceed what is open, so none crosses zero. Whoever reads positions and claims an exit holds the
    turn of that instrument meanwhile. Those of other instruments go beside it.
    """

    store: Store
    connections: BrokerConnections
    proposing: ProposalBuilder
    reconcile: Reconcile
    sending: Sending
    orders: ClaimedOrders
    reads: SharedReads
    clock: Clock
    rows: RowReadings = field(init=False)
    turns: Turns = field(default_factory=Turns)

    def __post_init__(self) -> None:
        self.rows = RowReadings(
            store=self.store,
            connections=self.connections,
            reconcile=self.reconcile,
            reads=self.reads,
            clock=self.clock,
        )

    def turn(self, account_id: str, draft: OrderDraft) -> AbstractAsyncContextManager[None]:
        """The turn of a draft's instrument: one at a time reads what is open of it and acts on it."""
        return self.turns.of(account_id, draft.instrument.key)

    async def close(self, wanted: ExitWanted) -> ExitResult:
        """Closes up to the draft's quantity at the draft's price.

        BrokerError: the books could not be read, and nothing was done. Whoever calls it carries it to its end.
        """
        async with self.turn(wanted.account_id, wanted.draft):
            return await self._close(wanted)

    async def guard(self, wanted: ExitWanted) -> ExitResult:
        """Places the stop of a leg for what is open and unguarded of its quantity. BrokerError as close."""
        async with self.turn(wanted.account_id, wanted.draft):
            row, held = await self.standing(wanted.account_id, wanted.draft)
            if (unknown := row.unknown()) is not None:
                return ExitResult(state=ExitState.UNKNOWN, order=unknown)
            free = min(row.unguarded, wanted.draft.quantity)
            if free <= 0:
                return ExitResult(state=ExitState.HELD if row.open else ExitState.GONE)
            return await self._alone(wanted, held, free, bare=False)

    async def take(self, guard: Order | None, wanted: ExitWanted, *, first: Note | None = None) -> ExitResult:
        """Closes with this guard, which becomes the exit, and touches no other stop. BrokerError as close.

        A change that is refused or unclear is a cancel, read as cancelled, and then the leg's own order. first: what is to be
        stored before anything leaves. StorageAway where it could not be.
        """
        async with self.turn(wanted.account_id, wanted.draft):
            besides = {guard.id} if guard is not None else set()
            grows = guard is None or wanted.draft.quantity > guard.pending
            _, unchanged, (row, held) = await asyncio.gather(
                self._noted(first),
                self._unchanged(guard),
                self.rows.calm(wanted.account_id, wanted.draft, besides=besides, free=unguarded, anew=grows),
            )
            if not unchanged:
                return ExitResult(state=ExitState.KEPT, order=guard)
            quantity = min(row.unguarded, wanted.draft.quantity)
            if quantity <= 0:
                return ExitResult(state=ExitState.HELD if row.open else ExitState.GONE)
            if guard is None:
                return await self._alone(wanted, held, quantity, bare=False)
            changed = await self.change(guard, replace(wanted.draft, quantity=guard.filled + quantity), by=wanted.by)
            if changed is ChangeState.TAKEN:
                return ExitResult(state=ExitState.SENT, order=guard)
            if changed in (ChangeState.OVER, ChangeState.NOT_SENT) or not await self.cancelled(guard, by=wanted.by):
                return ExitResult(state=ExitState.KEPT, order=guard)
            try:
                row, held = await self.standing(wanted.account_id, wanted.draft)
            except BrokerError:
                return ExitResult(state=ExitState.BARE)
            quantity = min(row.unguarded, wanted.draft.quantity)
            return await self._alone(wanted, held, quantity, bare=True) if quantity > 0 else ExitResult(state=ExitState.GONE)

    async def _alone(self, wanted: ExitWanted, held: Held, quantity: int, *, bare: bool) -> ExitResult:
        none = ExitResult(state=ExitState.BARE if bare else ExitState.KEPT)
        try:
            placed = await self._place(wanted, held, quantity)
        except NotSent:
            return none
        return ExitResult(state=ExitState.SENT, order=placed) if placed is not None else none

    async def retarget(self, order: Order, terms: OrderDraft, *, by: int, urgent: bool = True) -> ChangeState:
        """New terms for an exit that works, for at most what is open and in no other order. BrokerError as close.

        urgent: as the port has it. A trail's move is not: NOT_SENT says that its turn did not come.
        """
        async with self.turn(order.account_id, order.draft):
            grows = terms.quantity > order.draft.quantity
            row, _ = await self.rows.calm(order.account_id, terms, besides={order.id}, free=unguarded, anew=grows)
            quantity = min(terms.quantity - order.filled, row.unguarded)
            if grows and replace(terms, quantity=order.draft.quantity) == order.draft:
                quantity = max(quantity, order.pending)  # one reading raises a stop, and does not lower it
            if quantity <= 0 or not await self._unchanged(order):
                return ChangeState.OVER
            terms = replace(terms, quantity=order.filled + quantity)
            return await self.change(order, terms, by=by, urgent=urgent) if terms != order.draft else ChangeState.TAKEN

    async def let_go(self, order: Order, *, by: int) -> bool:
        """Cancels an exit whose quantity is gone, and reads it as over. False while it may fill yet."""
        async with self.turn(order.account_id, order.draft):
            return await self.cancelled(order, by=by)

    async def _noted(self, first: Note | None) -> None:
        if first is not None:
            await self.store.transaction(first)

    async def _unchanged(self, order: Order | None) -> bool:
        """Whether the order still works as the caller saw it: another way out may have had its turn before."""
        if order is None:
            return True
        known = await self.store.read(lambda db: db.orders.find(order.id))
        return known is not None and known.status.is_working and (known.draft, known.filled) == (order.draft, order.filled)

    async def standing(self, account_id: str, draft: OrderDraft, *, besides: Collection[str] = ()) -> tuple[ClosingRow, Held]:
        """The row that a draft would close, as RowReadings has it."""
        return await self.rows.standing(account_id, draft, besides=besides)

    async def _close(self, wanted: ExitWanted) -> ExitResult:
        acted = bare = False
        try:
            for _ in range(ROUNDS):
                row, held = await self.rows.calm(wanted.account_id, wanted.draft, besides=wanted.doubles, free=left, anew=True)
                row = row.taken_over(await self.store.read(of_panics), exits=wanted.takes_over)
                if (unknown := row.unknown()) is not None:
                    return ExitResult(state=ExitState.UNKNOWN, order=unknown)
                step = next_step(row, wanted.draft.quantity)
                if step.kind is StepKind.NOTHING:
                    return ExitResult(state=ExitState.HELD, order=row.others[0]) if row.open else ExitResult(state=ExitState.GONE)
                beside = row.others if step.quantity < min(row.open, wanted.draft.quantity) else ()
                if step.kind is StepKind.PLACE or step.order is None:
                    placed = await self._place(wanted, held, step.quantity)
                    if placed is not None:
                        return ExitResult(state=ExitState.SENT, order=placed, beside=beside)
                    continue
                acted = True
                changed = await self._change_for(step, step.order, wanted)
                if changed is ChangeState.TAKEN and step.kind is StepKind.TURN:
                    return ExitResult(state=ExitState.SENT, order=await self._shown(step.order.id, wanted), beside=beside)
                if changed in (ChangeState.REFUSED, ChangeState.UNCLEAR):
                    if not await self.cancelled(step.order, by=wanted.by):
                        return ExitResult(state=ExitState.KEPT, order=step.order)
                    bare = True
        except BrokerError as error:
            if not acted and not isinstance(error, NotSent):
                raise
            log.warning("account %s: a way out stopped: %s", wanted.account_id, type(error).__name__)
        return ExitResult(state=ExitState.BARE if bare else ExitState.KEPT)

    async def _change_for(self, step: Step, guard: Order, wanted: ExitWanted) -> ChangeState:
        """The change of a guard that a step asks for. REFUSED for one that is to be cancelled."""
        match step.kind:
            case StepKind.TURN:
                terms = replace(wanted.draft, quantity=guard.filled + step.quantity)
            case StepKind.LOWER:
                terms = replace(guard.draft, quantity=guard.filled + step.quantity)
                terms = replace(terms, kind=OrderKind.LIMIT, trigger=None) if was_triggered(guard) else terms
            case _:
                return ChangeState.REFUSED
        changed = await self.change(guard, terms, by=wanted.by)
        if changed is ChangeState.NOT_SENT:
            await asyncio.sleep(LOOKS[1])
        return changed

    async def change(self, order: Order, terms: OrderDraft, *, by: int, urgent: bool = True) -> ChangeState:
        """New terms for a working order, once, and what became of that. A lost answer is looked for in the book."""
        if order.broker_id is None:
            return ChangeState.REFUSED
        terms, state = await in_band(order.account_id, terms, self.proposing), ChangeState.TAKEN
        try:
            await self.connections.of(order.account_id).broker.modify(order.broker_id, terms, urgent=urgent)
        except OrderOver:
            state = ChangeState.OVER
        except (NotSent, TooFast):
            return ChangeState.NOT_SENT
        except Refused as error:
            log.info("order %s: a change was refused: %s", order.id, error.code)
            return ChangeState.REFUSED
        except BrokerError as error:
            log.warning("order %s: no clear answer to a change (%s)", order.id, type(error).__name__)
            state = await self._change_seen(order, terms)
        finally:
            self.reconcile.sent(order.account_id, order.id)
        if state is ChangeState.TAKEN:
            await self.store.owe(lambda db: self._amend(db, order, terms, by))
        return state

    async def cancelled(self, order: Order, *, by: int) -> bool:
        """Cancels an order and reads it as over. False while the book still shows it working: it may fill yet."""
        now = self.clock.now()

        def record(db: Repositories) -> None:
            known = db.orders.find(order.id)
            if known is not None and known.status.is_working:
                db.orders.save(known.cancel_asked(by, now))
                db.audit.add(now, by, "cancel", order.account_id, order.id, before=known.status, after="asked to cancel")

        await self.store.owe(record)
        for _ in range(2):  # repeated only after a read shows the order still working
            try:
                await self.connections.of(order.account_id).broker.cancel(order.broker_id or "")
            except BrokerError as error:
                log.info("order %s: its cancel: %s", order.id, type(error).__name__)
            finally:
                self.reconcile.sent(order.account_id, order.id)
            for pause in LOOKS:
                await asyncio.sleep(pause)
                with suppress(BrokerError):
                    await self.reconcile.sync(order.account_id)
                known = await self.store.transaction(lambda db: db.orders.find(order.id))
                if known is None or known.status.is_final:
                    return True
        await self.store.owe(lambda db: take_back(db, order.id, self.clock.now()))
        return False

    async def _place(self, wanted: ExitWanted, held: Held, quantity: int) -> Order | None:
        """Claims the leg and sends its one order. None when less is open by now. NotSent when the leg was sent before."""
        order = await self.claimed(wanted, held, quantity)
        return None if order is None else await self.sending.post(order, name=wanted.name, urgent=True)

    async def claimed(self, wanted: ExitWanted, held: Held, quantity: int, *, ahead: int = 0) -> Order | None:
        """The leg's one order, stored before its POST, which is the caller's. None and NotSent as in placing it.

        ahead: how many the same caller has begun to send and that may not have left yet.
        """
        draft = await in_band(wanted.account_id, replace(wanted.draft, quantity=quantity), self.proposing)
        queues = self.connections.of(wanted.account_id).broker.exits_at_once <= ahead
        return await self.orders.taken(lambda db: self.claim(db, wanted, draft, held, queues=queues))

    def claim(self, db: Repositories, wanted: ExitWanted, draft: OrderDraft, held: Held, *, queues: bool) -> Claim | None:
        """The leg's licence, spent in the transaction that reads what is still open. None where less is."""
        now = self.clock.now()
        orders = [
            order
            for order in db.orders.lately(wanted.account_id, ist_date(now), held.read_at or now)
            if order.id not in wanted.doubles
        ]
        if draft.quantity > closable(draft, held.positions, held.holdings, orders, read_at=held.read_at):
            return None
        return Claim(
            account_id=wanted.account_id,
            draft=draft,
            by=wanted.by,
            closes=True,
            terms=self.proposing.terms(draft),
            licence=f"leg {wanted.leg.kind} of a plan",
            leg=(wanted.plan_id, wanted.leg.number),
            card=wanted.card,
            queues=queues,
        )

    async def _change_seen(self, order: Order, terms: OrderDraft) -> ChangeState:
        """What the book says of a change whose answer was lost."""
        connection = self.connections.of(order.account_id)
        for pause in LOOKS:
            await asyncio.sleep(pause)
            try:
                facts = await connection.broker.orders(urgent=True)
            except BrokerError:
                continue
            fact = next((each for each in facts if each.broker_id == order.broker_id), None)
            if fact is not None and fact.status.is_final:
                return ChangeState.OVER
            if fact is not None and shows(fact, terms):
                return ChangeState.TAKEN
        return ChangeState.UNCLEAR

    def _amend(self, db: Repositories, order: Order, terms: OrderDraft, by: int) -> None:
        known = db.orders.find(order.id)
        if known is None or known.status.is_final:
            return
        now = self.clock.now()
        db.orders.save(known.amended(terms, now))
        was, becomes = self.proposing.terms(known.draft), f"{self.proposing.terms(terms)} {terms.digest()}"
        db.audit.add(now, by, "modify", order.account_id, order.id, before=was, after=becomes)

    async def _shown(self, order_id: str, wanted: ExitWanted) -> Order | None:
        def show(db: Repositories) -> Order | None:
            if wanted.card is not None:
                db.cards.add(CardRef(chat_id=wanted.card[0], message_id=wanted.card[1], order_id=order_id, version=0))
            return db.orders.find(order_id)

        try:
            return await self.store.transaction(show)
        except StorageAway:
            return await self.store.transaction(lambda db: db.orders.find(order_id))


def shows(fact: OrderFact, terms: OrderDraft) -> bool:
    """Whether the book's row has these terms."""
    trigger = fact.trigger or None
    return (fact.quantity, fact.price or None, trigger) == (terms.quantity, terms.price, terms.trigger)
