"""Sends the parts of an entry over the freeze quantity, one after the other, while everything that may stop an entry lets it."""

import base64
from dataclasses import dataclass, replace

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import NotSent
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.orders.plan import Plan, PlanLeg
from bot.domain.ports.broker import BrokerConnections, RandomBytes
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.orders.sending import Sending
from bot.trading.proposals.held import Held
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.safety.striking import OFF_THE_LIST, strike
from bot.trading.sync.reconcile import Reconcile


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySlices:
    """Each part is checked again as an entry of its own: kill switch, role, limits, the day's lock, the session."""

    store: Store
    connections: BrokerConnections
    proposing: ProposalBuilder
    reconcile: Reconcile
    sending: Sending
    clock: Clock
    random: RandomBytes

    async def send(self, plan: Plan, leg: PlanLeg, name: str) -> bool:
        """Claims and sends one part. False where something speaks against it: the rest is struck off then, and told."""
        draft, account_id = leg.draft, plan.account_id
        connection = self.connections.of(account_id)
        held = await self.proposing.held(connection, draft.side, draft.product, draft.instrument)
        held = replace(held, result=await self.proposing.result(account_id, connection))
        order_id = self.random(10).hex()
        self.reconcile.sending(order_id)
        try:
            order = await self.store.transaction(lambda db: self._claim(db, plan, leg, held, order_id))
        except BaseException:
            self.reconcile.unsent(order_id)
            raise
        if order is None:
            self.reconcile.unsent(order_id)
            return False
        await self.sending.post(order, name=name, urgent=False)
        return True

    async def strike(self, plan: Plan, why: str) -> None:
        """What is unsent will never be sent, and people are told."""
        await self.store.transaction(lambda db: strike(db, plan.id, why, self.clock.now()))

    def _claim(self, db: Repositories, plan: Plan, leg: PlanLeg, held: Held, order_id: str) -> Order | None:
        now = self.clock.now()
        day = ist_date(now)
        if reasons := self._against(db, plan, leg, held):
            strike(db, plan.id, " ".join(reasons), now)
            return None
        order = Order(
            id=order_id,
            account_id=plan.account_id,
            number=db.orders.next_number(plan.account_id, day),
            tag=base64.b32encode(self.random(12)).decode()[:19],
            draft=leg.draft,
            status=OrderStatus.SUBMITTING,
            placed_by=plan.placed_by,
            closes=False,
            created_at=now,
            sent_at=now,
            updated_at=now,
        )
        db.orders.add(order, day)
        if not db.plans.claim(plan.id, leg.number, order.id):
            raise NotSent("That part was sent already, or is struck off. Nothing was sent.")
        terms = f"{self.proposing.terms(leg.draft)} {leg.draft.digest()}"
        db.audit.add(
            now, plan.placed_by, "order", plan.account_id, order.id, before=f"part {leg.number + 1} of a plan", after=terms
        )
        return order

    def _against(self, db: Repositories, plan: Plan, leg: PlanLeg, held: Held) -> tuple[str, ...]:
        role = db.people.role_on(plan.placed_by, plan.account_id)
        if role is None:
            return (OFF_THE_LIST,)
        session = self.connections.of(plan.account_id).session
        if session is None or not session.alive(self.clock.now()):
            return ("The session with mStock ended.",)
        return self.proposing.against(role, self.proposing.situation(db, plan.account_id, leg.draft, held))
