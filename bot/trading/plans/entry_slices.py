"""Sends the parts of an entry over the freeze quantity, one after the other, while everything that may stop an entry lets it."""

from dataclasses import dataclass, replace

from bot.domain.clock import Clock
from bot.domain.orders.plan import Plan, PlanLeg
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.orders.claimed_orders import Claim, ClaimedOrders
from bot.trading.orders.sending import Sending
from bot.trading.proposals.held import Held
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.safety.striking import OFF_THE_LIST, strike


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySlices:
    """Each part is checked again as an entry of its own: kill switch, role, limits, the day's lock, the session."""

    store: Store
    connections: BrokerConnections
    proposing: ProposalBuilder
    claimed: ClaimedOrders
    sending: Sending
    clock: Clock

    async def send(self, plan: Plan, leg: PlanLeg, name: str) -> bool:
        """Claims and sends one part. False where something speaks against it: the rest is struck off then, and told."""
        draft, account_id = leg.draft, plan.account_id
        connection = self.connections.of(account_id)
        held = await self.proposing.held(connection, draft.side, draft.product, draft.instrument)
        held = replace(held, result=await self.proposing.result(account_id, connection))
        order = await self.claimed.taken(lambda db: self._licensed(db, plan, leg, held))
        if order is None:
            return False
        await self.sending.post(order, name=name, urgent=False)
        return True

    async def strike(self, plan: Plan, why: str) -> None:
        """What is unsent will never be sent, and people are told."""
        await self.store.transaction(lambda db: strike(db, plan.id, why, self.clock.now()))

    def _licensed(self, db: Repositories, plan: Plan, leg: PlanLeg, held: Held) -> Claim | None:
        if reasons := self._against(db, plan, leg, held):
            strike(db, plan.id, " ".join(reasons), self.clock.now())
            return None
        return Claim(
            account_id=plan.account_id,
            draft=leg.draft,
            by=plan.placed_by,
            closes=False,
            terms=self.proposing.terms(leg.draft),
            licence=f"part {leg.number + 1} of a plan",
            leg=(plan.id, leg.number),
        )

    def _against(self, db: Repositories, plan: Plan, leg: PlanLeg, held: Held) -> tuple[str, ...]:
        role = db.people.role_on(plan.placed_by, plan.account_id)
        if role is None:
            return (OFF_THE_LIST,)
        session = self.connections.of(plan.account_id).session
        if session is None or not session.alive(self.clock.now()):
            return ("The session with mStock ended.",)
        return self.proposing.against(role, self.proposing.situation(db, plan.account_id, leg.draft, held))
