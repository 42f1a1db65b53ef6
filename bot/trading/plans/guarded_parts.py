"""What guards each part of an order over the freeze quantity: a plan of its own, begun with the part's order."""

from dataclasses import replace
from datetime import datetime

from bot.domain.orders.order import Order
from bot.domain.plans.plan import LegKind, LegState, Plan, PlanLeg, PlanState, part_name
from bot.domain.ports.repositories import Repositories


def guard_part(db: Repositories, order: Order, *, plan_id: str, number: int) -> None:
    """Gives a part's order, just stored, to a plan of its own, with the stop and the target of that many shares or units.

    A part that nothing is attached to stays the whole plan's. What the whole plan licenses is shared out and never grows.
    """
    whole = db.plans.find(plan_id)
    leg = next((each for each in whole.legs if each.number == number), None) if whole is not None else None
    if whole is None or leg is None:
        return
    part = _part(whole, leg, order, order.created_at)
    if len(part.legs) == 1 and leg.kind is not LegKind.STOP:
        return
    db.plans.hand_on(order.id)
    db.plans.add(part)


def _part(whole: Plan, leg: PlanLeg, order: Order, now: datetime) -> Plan:
    mine = PlanLeg(number=0, kind=leg.kind, draft=leg.draft, state=LegState.CLAIMED, order_id=order.id)
    attached = [each for each in whole.legs if leg.kind is LegKind.ENTRY and each.kind in (LegKind.STOP, LegKind.TARGET)]
    more = tuple(
        PlanLeg(number=place, kind=each.kind, draft=replace(each.draft, quantity=leg.draft.quantity))
        for place, each in enumerate(attached, start=1)
    )
    return Plan(
        id=part_name(whole.id, leg.number),
        account_id=whole.account_id,
        placed_by=whole.placed_by,
        state=PlanState.ALIVE,
        legs=(mine, *more),
        until=whole.until,
        created_at=now,
        base=leg.draft.quantity if leg.kind is LegKind.STOP else 0,
    )
