"""Sends the parts of an order over the freeze quantity, one after the other, while everything that may stop it lets it."""

from dataclasses import replace
from functools import partial

from bot.domain.clock import Clock, ist_date
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.orders.rejections import Rejections
from bot.domain.plans.plan import LegKind, Plan, PlanLeg, halves
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.proposals.repairs import refused_for_size
from bot.domain.value import value
from bot.trading.checks.reducing import objections
from bot.trading.drafts.held import Held
from bot.trading.orders.claimed_orders import Claim, ClaimedOrders
from bot.trading.orders.repricing import repriced
from bot.trading.orders.sending import Sending
from bot.trading.plans.guarded_parts import guard_part
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.safety.striking import OFF_THE_LIST, strike


@value
class PlanParts:
    """Each part is checked again as an order of its own: kill switch, role, limits, the day's lock, the session.

    Parts of an entry and parts of a stop alike. Parts of an exit are a list of exits.
    """

    store: Store
    connections: BrokerConnections
    proposing: ProposalBuilder
    claimed: ClaimedOrders
    sending: Sending
    rejections: Rejections
    clock: Clock

    async def send(self, plan: Plan, leg: PlanLeg, name: str) -> bool:
        """Claims and sends one part. False where something speaks against it: the rest is struck off then, and told."""
        account_id = plan.account_id
        draft = await self._priced(account_id, leg.draft)
        connection = self.connections.of(account_id)
        held = await self.proposing.held(account_id, draft.side, draft.product, draft.instrument)
        held = replace(held, result=await self.proposing.result(account_id, connection))
        order = await self.claimed.taken(lambda db: self._licensed(db, plan, leg, draft, held))
        if order is None:
            return False
        await self.sending.post(order, name=name, urgent=leg.kind is LegKind.STOP)
        return True

    def too_big(self, order: Order) -> bool:
        """Whether the exchange proved that it takes no order of that size."""
        return refused_for_size(order, self.rejections)

    async def strike(self, plan: Plan, why: str) -> None:
        """What is unsent will never be sent, and people are told."""
        await self.store.transaction(lambda db: strike(db, plan.id, why, self.clock.now()))

    async def halve(self, plan: Plan, refused: Order) -> None:
        """Cuts what was refused for its size, and what is unsent, into parts of half that size: once for each plan."""

        def cut(db: Repositories) -> None:
            known = db.plans.find(plan.id)
            if known is None or not db.plans.halve(plan.id):
                return
            parts = halves(known, refused.draft)
            for leg in known.parts:
                db.plans.strike(plan.id, leg.number)
            for part in parts:
                db.plans.extend(plan.id, part)
            what = f"{len(parts)} parts of at most {parts[0].draft.quantity}" if parts else "nothing"
            before = f"#{refused.number} was refused for its size"
            db.audit.add(self.clock.now(), plan.placed_by, "halve", plan.account_id, refused.id, before=before, after=what)

        await self.store.transaction(cut)

    async def _priced(self, account_id: str, draft: OrderDraft) -> OrderDraft:
        """A part of a market order goes at the price of its moment, never beyond the card's worst."""
        if not draft.protected:
            return draft
        price = await self.proposing.prices.of(account_id, draft.instrument.key)
        return repriced(draft, price, self.proposing.rules, ist_date(self.clock.now()))

    def _licensed(self, db: Repositories, plan: Plan, leg: PlanLeg, draft: OrderDraft, held: Held) -> Claim | None:
        if reasons := self._against(db, plan, leg, held):
            strike(db, plan.id, " ".join(reasons), self.clock.now())
            return None
        return Claim(
            account_id=plan.account_id,
            draft=draft,
            by=plan.placed_by,
            closes=leg.kind is LegKind.STOP,
            terms=self.proposing.terms(draft),
            licence=f"part {leg.number + 1} of a plan",
            leg=(plan.id, leg.number),
            then=partial(guard_part, plan_id=plan.id, number=leg.number) if plan.sliced else None,
        )

    def _against(self, db: Repositories, plan: Plan, leg: PlanLeg, held: Held) -> tuple[str, ...]:
        role = db.people.role_on(plan.placed_by, plan.account_id)
        if role is None:
            return (OFF_THE_LIST,)
        if self.connections.session_of(plan.account_id, self.clock.now()) is None:
            return ("The session with mStock ended.",)
        closes = leg.kind is LegKind.STOP
        situation = self.proposing.situation(db, plan.account_id, leg.draft, held, asked_as_exit=closes)
        return objections(role, situation)
