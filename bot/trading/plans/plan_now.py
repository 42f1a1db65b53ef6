"""A plan that is alive, with its orders as they are stored now."""

from collections.abc import Sequence

from bot.domain.exits.closing import is_guard
from bot.domain.news.plans.exits import GuardPlaced
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.plans.plan import LegKind, Plan, PlanLeg, order_of
from bot.domain.ports.repositories import Repositories
from bot.domain.value import positional


@positional
class PlanNow:
    """A plan with its orders as stored."""

    plan: Plan
    entries: tuple[Order, ...]
    guard: Order | None
    name: str  # of who confirmed it

    @property
    def way_out(self) -> PlanLeg | None:
        return self.plan.stop or self.plan.leg(LegKind.TARGET)

    def placed(self, stop: Order) -> GuardPlaced:
        """The news that its stop rests."""
        trail = self.plan.trail_said
        every, step = (trail.every, trail.step) if trail is not None else (None, None)
        return GuardPlaced(order=stop, target=self.plan.target_price, trail=every, step=step)

    @property
    def ended_quietly(self) -> bool:
        """Whether nothing is to be told of what a guard that ended left open: its day ended.

        Of a stop that a person placed by itself its own news tells a rejection, and a cancel is what that person asked for.
        """
        if self.guard is None or self.guard.status is OrderStatus.EXPIRED:
            return True
        by_hand = not self.plan.entries
        return by_hand and (self.guard.cancelled_by is not None or self.guard.status is OrderStatus.REJECTED)


def plan_now(db: Repositories, plan_id: str) -> PlanNow | None:
    """The plan of that id. None when there is none."""
    plan = db.plans.find(plan_id)
    if plan is None:
        return None
    guard = _orders(db, [plan.guard_id])
    names = {user.telegram_id: user.name for user, _, _ in db.people.all()}
    return PlanNow(
        plan=plan,
        entries=_orders(db, [order_of(plan, leg, db.plans.find) for leg in (plan.parts if plan.sliced else plan.entries)]),
        guard=guard[0] if guard else None,
        name=names.get(plan.placed_by, "Somebody"),
    )


def end_unsent(db: Repositories, plan_id: str) -> None:
    """After a restart and a look: a target whose stop still waits was cut off before its change left, and is not being taken."""
    plan = db.plans.find(plan_id)
    guard = db.orders.find(plan.guard_id) if plan is not None and plan.guard_id is not None else None
    if guard is not None and is_guard(guard) and guard.draft.trigger is not None:
        db.plans.taking(plan_id, None)


def _orders(db: Repositories, ids: Sequence[str | None]) -> tuple[Order, ...]:
    found = (db.orders.find(each) for each in ids if each is not None)
    return tuple(order for order in found if order is not None)
