"""An exit that a person confirmed where a stop guards the quantity: what it licenses, and what is said of how it ended."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, CheckFailed
from bot.domain.news.plans.exits import Unguarded
from bot.domain.orders.confirmation import Confirmation, ConfirmationState
from bot.domain.orders.order import NOTHING_SENT, Order, OrderDraft
from bot.domain.plans.plan import LegKind, Plan, PlanLeg, PlanState
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.exits.exit_wanted import ExitResult, ExitState, ExitWanted
from bot.trading.exits.live_exit import LiveExit
from bot.trading.safety.announce import tell_all

LASTS = timedelta(minutes=1)  # of the licence: a way out takes seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedExits:
    """Turns the stop of a position into the exit that was confirmed."""

    store: Store
    exits: LiveExit
    clock: Clock

    def license(
        self, db: Repositories, question: Confirmation, draft: OrderDraft, name: str, doubles: frozenset[str]
    ) -> ExitWanted:
        """Stores the licence, in the transaction that claims the question."""
        now = self.clock.now()
        leg = PlanLeg(number=0, kind=LegKind.EXIT, draft=draft)
        plan = Plan(
            id=question.token,
            account_id=question.account_id,
            placed_by=question.user_id,
            state=PlanState.ALIVE,
            legs=(leg,),
            until=now + LASTS,
            created_at=now,
        )
        db.plans.add(plan)
        db.confirmations.owe_answer(question.token)  # until its order has a card, or it is refused
        terms = draft.digest()
        db.audit.add(now, question.user_id, "exit", question.account_id, before="none", after=terms)
        card = (question.chat_id, question.message_id) if question.message_id is not None else None
        return ExitWanted(
            account_id=question.account_id,
            plan_id=plan.id,
            leg=leg,
            draft=draft,
            by=question.user_id,
            name=name,
            card=card,
            doubles=doubles,
        )

    async def carry_out(self, wanted: ExitWanted) -> Order:
        """The order that closes it. CheckFailed says why there is none, and what stands."""
        result, why = ExitResult(state=ExitState.KEPT), ""  # without words nobody knows what became of it
        try:
            result = await self.exits.close(wanted)
            why = said(result)
        except BrokerError as error:
            fate = "" if NOTHING_SENT in error.say else f" {NOTHING_SENT}."
            why = f"{error.say}{fate} The stop stands as it was."
        finally:
            await self.store.owe(lambda db: self._over(db, wanted, result, why))
        if result.state is ExitState.SENT and result.order is not None:
            return result.order
        raise CheckFailed([why])

    def _over(self, db: Repositories, wanted: ExitWanted, result: ExitResult, why: str) -> None:
        db.plans.end(wanted.plan_id, result.state)
        if result.state is ExitState.SENT and result.order is not None:
            db.confirmations.answer_shown(wanted.plan_id)
        elif why:
            db.confirmations.close(wanted.plan_id, ConfirmationState.REFUSED, (why,))
        if result.state is ExitState.BARE:
            tell_all(db, wanted.account_id, Unguarded(draft=wanted.draft), self.clock.now())


def said(result: ExitResult) -> str:
    """Why a way out led to no order, and what stands now."""
    number = f"#{result.order.number}" if result.order is not None else "Another order"
    match result.state:
        case ExitState.GONE:
            return "Nothing of it is open any more. Nothing was sent."
        case ExitState.HELD:
            return f"{number} is closing it already. Nothing was sent."
        case ExitState.UNKNOWN:
            return f"{number} has an unknown outcome and may be closing it. Nothing was sent; see its card."
        case ExitState.BARE:
            return "Its stop is cancelled, and no exit could be sent: nothing guards it now."
        case _:
            return f"mStock changed and cancelled nothing: {number} stands as it was. Nothing was sent."
