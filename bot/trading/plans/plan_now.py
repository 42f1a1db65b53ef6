"""A plan that is alive, with its orders as they are stored now."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.orders.order import Order
from bot.domain.orders.plan import LegKind, Plan, PlanLeg
from bot.domain.ports.repositories import Repositories


@dataclass(frozen=True, slots=True)
class PlanNow:
    """A plan with its orders as stored."""

    plan: Plan
    entries: tuple[Order, ...]
    guard: Order | None
    name: str  # of who confirmed it

    @property
    def way_out(self) -> PlanLeg | None:
        return self.plan.stop or self.plan.leg(LegKind.TARGET)

    @property
    def adopted(self) -> int:
        """Of a plan that took on a position: the shares or units that its stop is for."""
        return 0 if self.entries or self.plan.stop is None else self.plan.stop.draft.quantity


def plan_now(db: Repositories, plan_id: str) -> PlanNow | None:
    """The plan of that id. None when there is none."""
    plan = db.plans.find(plan_id)
    if plan is None:
        return None
    guard = _orders(db, [plan.guard_id])
    names = {user.telegram_id: user.name for user, _, _ in db.people.all()}
    return PlanNow(
        plan=plan,
        entries=_orders(db, [leg.order_id for leg in plan.entries]),
        guard=guard[0] if guard else None,
        name=names.get(plan.placed_by, "Somebody"),
    )


def _orders(db: Repositories, ids: Sequence[str | None]) -> tuple[Order, ...]:
    found = (db.orders.find(each) for each in ids if each is not None)
    return tuple(order for order in found if order is not None)
