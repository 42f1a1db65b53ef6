"""Has the card of an entry drawn anew when what guards its fill changes, and once a minute while the bot holds a part of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bot.domain.exits.closing import is_closing, is_guard
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.plans.guarding import Guarding
from bot.domain.plans.plan import LegKind, LegState, Plan, PlanState
from bot.domain.plans.trail_card import TrailSeen
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.signal import Signal
from bot.trading.ticks.tick_watcher import TickWatcher

TOGETHER = 0.5  # seconds in which changes that follow one another are one
BEAT = 60.0  # seconds between two drawings that only tell when a price was last seen
A_DAY = 86_400.0

Face = tuple[tuple[str, OrderStatus, Decimal | None, Decimal | None, int] | None, Decimal | None, Decimal | None]


@dataclass(slots=True, kw_only=True)
class PlanCards:
    """Writes no card itself: it says which are old, and the card updater draws them."""

    store: Store
    watcher: TickWatcher
    trail: Callable[[str], TrailSeen | None]  # by which the stop of a plan follows the price
    _drawn: Callable[[], None] = field(default=lambda: None)
    _wake: Signal = field(default_factory=Signal)
    _faces: dict[str, Face] = field(default_factory=dict)  # entry -> what its card shows of its guard
    _beaten: dict[str, float] = field(default_factory=dict)  # entry -> loop time of its last drawing

    def attach(self, drawn: Callable[[], None]) -> None:
        """Names who draws: called when a card has become old."""
        self._drawn = drawn

    def wake(self) -> None:
        """An order changed. Returns at once."""
        self._wake()

    async def run(self) -> None:
        """Looks for ever."""
        while True:
            await self.look()
            await self._wake.wait(BEAT if self._faces else None)
            await asyncio.sleep(TOGETHER)

    async def look(self) -> None:
        """Marks the cards that show less, or more, than what guards their fills now."""
        faces, now = await self.store.read(self._all), asyncio.get_running_loop().time()
        old = {each for each, face in faces.items() if self._faces.get(each) != face}
        old |= self._faces.keys() - faces.keys()
        old |= {each for each, face in faces.items() if _is_held(face) and now - self._beaten.get(each, now) >= BEAT}
        self._faces = faces
        self._beaten = {each: now if each in old else self._beaten.get(each, now) for each in faces}
        if old:
            await self.store.transaction(lambda db: db.cards.touch(sorted(old)))
            self._drawn()

    async def of(self, order: Order) -> Guarding | None:
        """What guards the fill of an entry now. None where it has no plan that is alive, or nothing of it is filled."""
        if not order.filled:
            return None
        found = await self.store.read(lambda db: _of(db, order.id))
        if found is None:
            return None
        plan, guard = found
        target, trail = _target(plan, guard), self._follows(plan, guard)
        if guard is None and target is None and trail is None:
            return None
        seen = self._seen(plan, order) if target is not None else None
        return Guarding(guard=guard, target=target, seen_at=seen, trail=trail, plan_id=plan.id)

    def _follows(self, plan: Plan, guard: Order | None) -> TrailSeen | None:
        """How the stop follows the price. None where none waits that could: it was triggered, or is an exit by now."""
        return self.trail(plan.id) if guard is None or not is_closing(guard) else None

    def _seen(self, plan: Plan, order: Order) -> datetime | None:
        tick = self.watcher.latest(plan.account_id, order.draft.instrument.key, within=A_DAY)
        return tick.received if tick is not None else None

    def _all(self, db: Repositories) -> dict[str, Face]:
        faces: dict[str, Face] = {}
        for plan in db.plans.alive():
            guard = db.orders.find(plan.guard_id) if plan.guard_id is not None else None
            guard = guard if guard is not None and guard.status.is_working else None
            trail = self._follows(plan, guard)
            face = (_seen_of(guard), _target(plan, guard), trail.trail.trigger if trail is not None else None)
            for leg in plan.entries:
                entry = db.orders.find(leg.order_id) if leg.order_id is not None else None
                if entry is not None and entry.filled and (guard is not None or _is_held(face)):
                    faces[entry.id] = face
        return faces


def _of(db: Repositories, order_id: str) -> tuple[Plan, Order | None] | None:
    plan = db.plans.of_order(order_id)
    if plan is None or plan.state is not PlanState.ALIVE or all(leg.order_id != order_id for leg in plan.entries):
        return None
    guard = db.orders.find(plan.guard_id) if plan.guard_id is not None else None
    return plan, guard if guard is not None and guard.status.is_working else None


def _target(plan: Plan, guard: Order | None) -> Decimal | None:
    """The target's price while the bot watches for it: not once it is being taken, nor once the stop was triggered."""
    leg = plan.leg(LegKind.TARGET)
    if leg is None or leg.state is not LegState.WAITING or plan.taking_since is not None:
        return None
    return leg.draft.price if guard is None or is_guard(guard) else None


def _seen_of(guard: Order | None) -> tuple[str, OrderStatus, Decimal | None, Decimal | None, int] | None:
    if guard is None:
        return None
    draft = guard.draft
    return guard.id, guard.status, draft.trigger, draft.price, guard.pending


def _is_held(face: Face) -> bool:
    """Whether the bot itself holds a part of it."""
    return face[1] is not None or face[2] is not None
