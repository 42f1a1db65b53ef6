"""Stops that no entry's plan brought: one that a person placed by itself, and one that a later entry joins.

The plan that holds such a stop grows by the entry, or the entry's plan takes it over.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.clock import at_ist, ist_date
from bot.domain.exits.closing import is_guard
from bot.domain.orders.confirmation import Confirmation
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.plans.plan import LegKind, Plan, PlanLeg, PlanState
from bot.domain.ports.repositories import Repositories


def guard_gone(db: Repositories, plan: Plan) -> bool:
    """Whether the stop that an entry was to join waits no longer."""
    guard = _guard(db, plan)
    return guard is None or not is_guard(guard) or guard.cancelled_by is not None


def join(db: Repositories, plan: Plan) -> tuple[str, int]:
    """Begins a plan that joins a stop. plan and number of the leg whose one POST its entry is.

    The stop is raised by whoever holds it, once something of the entry is filled. What the owner's legs may send grows by what
    this Confirm covers. The caller has seen that the stop waits.
    """
    guard, entry, stop = _guard(db, plan), plan.legs[0], plan.leg(LegKind.STOP)
    if guard is None or stop is None:
        msg = f"plan {plan.id} joins no stop"
        raise ValueError(msg)
    db.plans.begin(plan.id)
    owner = db.plans.of_order(guard.id)
    if owner is None or owner.state is not PlanState.ALIVE:
        db.plans.adopt(plan.id, stop.number, guard.id, guard.draft.quantity)
        return plan.id, entry.number
    db.plans.end(plan.id, f"its entry is guarded by the plan of #{guard.number}")
    number = max(leg.number for leg in owner.legs) + 1
    db.plans.extend(owner.id, PlanLeg(number=number, kind=LegKind.ENTRY, draft=entry.draft))
    for leg in owner.legs:
        if leg.kind in (LegKind.STOP, LegKind.TARGET, LegKind.TRAIL):
            db.plans.widen(owner.id, leg.number, replace(leg.draft, quantity=leg.draft.quantity + entry.draft.quantity))
    return owner.id, number


def own_stop(question: Confirmation, draft: OrderDraft, now: datetime) -> Plan:
    """The plan of a stop that a person placed by itself: it guards at most what is open, and ends with the day in India."""
    return Plan(
        id=question.token,
        account_id=question.account_id,
        placed_by=question.user_id,
        state=PlanState.ALIVE,
        legs=(PlanLeg(number=0, kind=LegKind.STOP, draft=draft),),
        until=at_ist(ist_date(now) + timedelta(days=1), 0),
        created_at=now,
        base=draft.quantity,
    )


def _guard(db: Repositories, plan: Plan) -> Order | None:
    return db.orders.find(plan.joins) if plan.joins is not None else None
