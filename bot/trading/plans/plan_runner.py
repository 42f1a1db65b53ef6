"""Carries out what plans say: the stop after a fill, its size, the target on ticks.

Nothing is sent that their legs do not license.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.market.prices import Tick
from bot.domain.news.plans.exits import ExitAsks, ExitTrouble, Unguarded
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.plans.plan import (
    LegKind,
    Next,
    Plan,
    PlanAct,
    PlanFacts,
    PlanLeg,
    PlanState,
    is_stopped,
    is_touched,
    next_act,
    next_slice,
)
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.background import BackgroundTasks
from bot.runtime.signal import Signal
from bot.trading.exits.cut_off import end_cut_off
from bot.trading.exits.exit_wanted import ExitResult, ExitState, ExitWanted
from bot.trading.exits.live_exit import ChangeState, LiveExit, shows
from bot.trading.plans.plan_now import PlanNow, end_unsent, plan_now
from bot.trading.plans.plan_parts import PlanParts
from bot.trading.plans.plan_rings import BLIND_FOR, RETRY, PlanRings
from bot.trading.plans.watched import PlanWatch, elapsed
from bot.trading.safety.announce import tell_all
from bot.trading.ticks.tick_watcher import TickWatcher, Use

log = logging.getLogger(__name__)

TOUCH_LASTS = 1.0  # seconds for which a trade at the target counts: it may come while the plan is busy
NEAR = 5  # ticks from the target at which the books are looked at before it is touched
AHEAD = 5.0  # seconds between two such looks, while the price stays near
UNFILLED = 3.0  # seconds that the target's limit may rest unguarded
CALM = 15.0  # seconds after going back to the stop: a price that sits at the target moves it no more often
DOUBT = 2.0  # seconds between two readings that agree before a stop guards less: a position book may lag
DOUBTED = 3 * DOUBT  # seconds for which a first reading holds others back, should no second one come


@dataclass(slots=True, kw_only=True)
class PlanRunner:
    """Wakes on each change of an order, on fills and on ticks, and lets each plan take its next step."""

    store: Store
    exits: LiveExit
    slices: PlanParts
    connections: BrokerConnections
    watcher: TickWatcher
    background: BackgroundTasks
    clock: Clock
    _rings: PlanRings = field(init=False)
    _wake: Signal = field(default_factory=Signal)
    _watched: dict[str, PlanWatch] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rings = PlanRings(store=self.store, watcher=self.watcher, background=self.background, clock=self.clock)

    def wake(self) -> None:
        """An order changed."""
        for watched in self._watched.values():
            watched.dirty = True
        self._wake()

    def filled(self) -> None:
        """Something filled: what is open is read anew."""
        for watched in self._watched.values():
            watched.read, watched.urgent = False, True
        self._wake()

    def lessens(self, plan_id: str) -> bool:
        """Whether its stop may guard too much: a step reads what is open, or waits for a second reading to agree on less."""
        watched = self._watched.get(plan_id)
        if watched is None:
            return False
        return watched.busy or (watched.doubted_at is not None and elapsed() - watched.doubted_at < DOUBTED)

    async def run(self) -> None:
        """Carries out the plans that are alive, for ever."""
        await end_cut_off(self.store, self.exits, self.clock)
        while True:
            due = await self.step()
            await self._wake.wait(None if due is None else max(due - elapsed(), 0.01))

    async def step(self) -> float | None:
        """Begins the next step of every plan that is alive. When to look again, in loop time. None: when something happens."""
        alive = await self.store.read(lambda db: db.plans.alive())
        plans = [plan for plan in alive if plan.legs and not plan.is_of_a_list]
        for gone in self._watched.keys() - {plan.id for plan in plans}:
            self._forget(gone)
        for plan in plans:
            watched = self._watched.setdefault(plan.id, PlanWatch())
            # What a retry reads is written down, which wakes this loop: were it heeded at once it would never rest.
            waits = watched.due is not None and watched.due > elapsed()
            if watched.urgent or (not waits and (watched.dirty or watched.due is not None)):
                self._begin(plan.id, watched)
        return min((each.due for each in self._watched.values() if each.due is not None and not each.busy), default=None)

    def _forget(self, plan_id: str) -> None:
        watched = self._watched.pop(plan_id)
        if watched.watching is not None:
            watched.watching.end()

    def _begin(self, plan_id: str, watched: PlanWatch) -> None:
        """Begins the next step of a plan, unless one is under way."""
        if not watched.busy:
            watched.busy, watched.dirty, watched.urgent, watched.due = True, False, False, None
            self.background.start(self._one(plan_id, watched), f"plan {plan_id}")

    async def _one(self, plan_id: str, watched: PlanWatch) -> None:
        """One step of one plan."""
        acted = False
        try:
            acted = await self._take_step(plan_id, watched)
        except BrokerError as error:
            log.info("plan %s waits: %s", plan_id, type(error).__name__)
            self._retry(watched)
        finally:
            watched.busy = False
            watched.urgent = watched.urgent or acted
            self._wake()

    def _retry(self, watched: PlanWatch) -> None:
        watched.due = elapsed() + RETRY
        watched.touched_at = watched.due if watched.at_target else None  # while nothing else is traded it stays there

    async def _take_step(self, plan_id: str, watched: PlanWatch) -> bool:
        now = await self.store.read(lambda db: plan_now(db, plan_id))
        if now is None or now.plan.state is not PlanState.ALIVE:
            return False
        if self.connections.of(now.plan.account_id).session is None:
            watched.due = elapsed() + BLIND_FOR  # a look would only ask for a login
            await self._rings.blind(now, watched)
            return False
        if now.plan.sliced or now.way_out is None:
            return await self._next_slice(now)
        watched.stop = now.plan.stop
        facts, fresh = self._facts(now, watched), False
        if facts.opened > 0 and not watched.read:
            now, fresh = await self._read(now, watched), True
            if now is None:
                return False
            facts = self._facts(now, watched)
        if facts.opened > 0 and now.plan.leg(LegKind.TARGET) is not None and watched.watching is None:
            self._watch(now.plan, watched)
        act = next_act(now.plan, facts, self.clock.now())
        if fresh and (act is None or not act.guards_less(now.guard)):
            watched.doubted_at = None  # a doubt that the next reading did not share
        if act is not None and act.act is PlanAct.RESIZE_STOP and not fresh:  # another way out may have changed the stop since
            watched.read, watched.urgent = False, True
            return False
        if act is None:
            self._look_again(now, facts, watched)
            await self._rings.blind(now, watched)
            return False
        if act.guards_less(now.guard) and not self._is_sure(watched):
            return False
        return await self._do(act, now, watched)

    async def _read(self, now: PlanNow, watched: PlanWatch) -> PlanNow | None:
        """Reads what is open and in no other order, and the plan as it stands after that. BrokerError: it was not read."""
        if now.way_out is None:
            return now
        besides = {now.guard.id} if now.guard is not None else set()
        watched.read = True  # until the next fill, which may come meanwhile
        try:
            row, _ = await self.exits.standing(now.plan.account_id, now.way_out.draft, besides=besides)
        except BrokerError:
            watched.read = False
            raise
        watched.free = row.unguarded
        if not watched.looked and now.plan.taking_since is not None:
            await self.store.transaction(lambda db: end_unsent(db, now.plan.id))
        watched.looked = True
        return await self.store.read(lambda db: plan_now(db, now.plan.id))

    async def _next_slice(self, now: PlanNow) -> bool:
        plan = now.plan
        too_big = next((order for order in now.entries if self.slices.too_big(order)), None)
        act = next_slice(plan, now.entries, self.clock.now(), too_big=too_big)
        if act is None:
            return False
        match act.act:
            case PlanAct.SEND_SLICE:
                return await self.slices.send(plan, next(leg for leg in plan.legs if leg.number == act.quantity), now.name)
            case PlanAct.HALVE if too_big is not None:
                await self.slices.halve(plan, too_big)
            case PlanAct.STRIKE:
                await self.slices.strike(plan, "The part before it is not working.")
            case _:
                await self.store.transaction(lambda db: db.plans.end(plan.id, "all of it was sent or struck off"))
        return True

    def _facts(self, now: PlanNow, watched: PlanWatch) -> PlanFacts:
        at = elapsed()
        touched = watched.touched_at is not None and at - watched.touched_at <= TOUCH_LASTS and at >= watched.calm_until
        if now.plan.taking_since is not None and watched.taking_at is None:
            watched.taking_at = at  # from before a restart
        unfilled = watched.taking_at is not None and at - watched.taking_at >= UNFILLED
        return PlanFacts(
            entries=now.entries,
            base=now.plan.base,
            guard=now.guard,
            free=watched.free,
            touched=touched,
            stopped=watched.is_stopped,
            unfilled=unfilled,
        )

    def _look_again(self, now: PlanNow, facts: PlanFacts, watched: PlanWatch) -> None:
        """What waits for time alone, or for a position book that lags."""
        at = elapsed()
        if now.plan.taking_since is not None and watched.taking_at is not None and not facts.unfilled:
            watched.due = watched.taking_at + UNFILLED
        elif now.guard is not None and now.guard.status is OrderStatus.REFUSED:
            self._rings.bare(now, watched)
            watched.due = None if "bare" in watched.rung else at + RETRY
        elif now.guard is None and facts.opened > 0 and (facts.free or 0) < facts.opened:
            watched.read, watched.due = False, at + RETRY
            self._rings.bare(now, watched)
        elif now.guard is not None and facts.free is not None and now.guard.pending < facts.opened and facts.free < facts.opened:
            watched.read, watched.due = False, at + 5 * RETRY

    def _is_sure(self, watched: PlanWatch) -> bool:
        """Whether a second reading, a while after the first, agrees that less is to be guarded."""
        at = elapsed()
        if watched.doubted_at is not None and at - watched.doubted_at >= DOUBT:
            watched.doubted_at = None
            return True
        watched.doubted_at = watched.doubted_at if watched.doubted_at is not None else at
        watched.read, watched.due = False, watched.doubted_at + DOUBT
        return False

    def _watch(self, plan: Plan, watched: PlanWatch) -> None:
        target = plan.leg(LegKind.TARGET)
        if target is None:
            return
        near = -target.draft.side.sign * NEAR * target.draft.instrument.tick

        def traded(tick: Tick) -> None:
            if tick.stale or tick.last <= 0:
                return
            stopped = watched.stop is not None and is_stopped(watched.stop, tick.last)
            watched.at_target = is_touched(target, tick.last)
            if watched.at_target:
                watched.touched_at = elapsed()
            elif stopped is watched.is_stopped:
                if is_touched(target, tick.last + near):
                    self._look_ahead(plan.account_id, watched)
                return
            watched.is_stopped, watched.urgent = stopped, True
            self._begin(plan.id, watched)  # the loop over all plans would read them first

        watched.watching = self.watcher.watch(plan.account_id, [target.draft.instrument.key], Use.GUARD, traded)

    def _look_ahead(self, account_id: str, watched: PlanWatch) -> None:
        """Has the books looked at: a touch within the next second relies on that look, if nothing changes."""
        waits = watched.ahead is not None and elapsed() - watched.ahead < AHEAD
        if not waits and watched.taking_at is None and self.connections.of(account_id).session is not None:
            watched.ahead = elapsed()
            self.background.start(self._looked(account_id), f"account {account_id}: a target is near")

    async def _looked(self, account_id: str) -> None:
        with suppress(BrokerError, StorageAway):  # a touch looks for itself then
            await self.exits.reconcile.look(account_id)

    async def _do(self, act: Next, now: PlanNow, watched: PlanWatch) -> bool:
        """The act. Whether something changed, so that the next step follows at once."""
        plan, guard = now.plan, now.guard
        log.info("plan %s: %s %d", plan.id, act.act, act.quantity)
        match act.act:
            case PlanAct.PLACE_STOP:
                return await self._place_stop(act.quantity, now, watched)
            case PlanAct.TAKE_TARGET:
                return await self._take_target(act.quantity, now, watched)
            case PlanAct.END:
                await self._end(act, now, told="bare" in watched.rung)
                return True
        if guard is None:  # every other act is about one
            return False
        watched.read = False
        if act.act is PlanAct.CANCEL_GUARD:
            if await self.exits.let_go(guard, by=plan.placed_by):
                return True
            return await self._rings.ask(now, watched, guard, ExitTrouble.LEFT_OVER)
        stop = plan.stop
        terms = replace(guard.draft, quantity=guard.filled + act.quantity)
        trouble = ExitTrouble.NOT_RAISED
        if act.act is not PlanAct.RESIZE_STOP and stop is not None:
            terms = replace(stop.draft, quantity=guard.filled + act.quantity)
            trouble = ExitTrouble.TARGET_RESTS
            if act.act is PlanAct.EXIT_AT_STOP:
                terms = replace(guard.draft, price=stop.draft.price, quantity=guard.filled + act.quantity)
        changed = await self.exits.retarget(guard, terms, by=plan.placed_by)
        if changed is ChangeState.TAKEN and act.act is PlanAct.BACK_TO_STOP:
            watched.taking_at, watched.calm_until = None, elapsed() + CALM
            await self.store.owe(lambda db: db.plans.taking(plan.id, None))
        if changed in (ChangeState.TAKEN, ChangeState.OVER):
            watched.due = elapsed() + RETRY if changed is ChangeState.OVER else None
            return changed is ChangeState.TAKEN
        return await self._rings.ask(now, watched, guard, trouble)

    async def _place_stop(self, quantity: int, now: PlanNow, watched: PlanWatch) -> bool:
        leg = now.plan.stop
        if leg is None:
            return False
        result = await self.exits.guard(self._wanted(now, leg, quantity))
        if result.state is not ExitState.SENT or result.order is None:
            watched.read, watched.due = False, elapsed() + RETRY
            self._rings.bare(now, watched)
            return False
        watched.bare_since = None
        placed = result.order
        if placed.status is OrderStatus.TRIGGER_PENDING:
            await self._rings.tell(now, now.placed(placed), placed.id)
            self.background.start(self._read_back(now, watched, placed), f"reading back stop {placed.id}")
        return True

    async def _read_back(self, now: PlanNow, watched: PlanWatch, placed: Order) -> None:
        """A stop that was placed waits, has its trigger, and is on the side that closes: by the book, not by the answer."""
        await asyncio.sleep(1.0)
        try:
            facts = await self.connections.of(placed.account_id).broker.orders()
        except BrokerError:
            return  # the next sync reads it
        fact = next((each for each in facts if each.broker_id == placed.broker_id), None)
        known = await self.store.transaction(lambda db: db.orders.find(placed.id))
        if fact is None or known is None or fact.status.is_final or fact.filled:
            return
        waits = fact.status is OrderStatus.TRIGGER_PENDING
        if fact.side is not placed.draft.side or not fact.trigger or (waits and not shows(fact, known.draft)):
            await self._rings.ask(now, watched, known, ExitTrouble.WRONG_STOP)

    async def _take_target(self, quantity: int, now: PlanNow, watched: PlanWatch) -> bool:
        leg = now.plan.leg(LegKind.TARGET)
        if leg is None:
            return False
        plan_id, since = now.plan.id, self.clock.now()
        watched.taking_at, watched.touched_at = elapsed(), None
        try:
            wanted = self._wanted(now, leg, quantity)
            result = await self.exits.take(now.guard, wanted, first=lambda db: db.plans.taking(plan_id, since))
        except (BrokerError, StorageAway) as error:
            log.info("plan %s cannot take its target: %s", plan_id, type(error).__name__)
            result = ExitResult(state=ExitState.KEPT)
        if result.state is ExitState.SENT:
            return True
        watched.taking_at, watched.read = None, False
        self._retry(watched)
        await self.store.owe(lambda db: db.plans.taking(plan_id, None))
        if result.state is ExitState.BARE:
            await self._rings.tell(now, Unguarded(draft=replace(leg.draft, quantity=quantity)))
        return False

    async def _end(self, act: Next, now: PlanNow, *, told: bool) -> None:
        """The plan is over. What its guard left bare is told, and an entry that rests on without one."""
        leg, guard = now.way_out, now.guard
        bare = 0
        if act.quantity > 0 and leg is not None and not told and not now.ended_quietly:
            async with self.exits.turn(now.plan.account_id, leg.draft):  # another way out may be under way with it
                row, _ = await self.exits.standing(now.plan.account_id, leg.draft)
            bare = min(act.quantity, max(row.unguarded, 0))

        def over(db: Repositories) -> None:
            db.plans.end(now.plan.id, guard.status if guard is not None else "nothing to guard")
            if bare and leg is not None:
                news = Unguarded(draft=replace(leg.draft, quantity=bare), is_over=guard is not None, target=now.plan.target_price)
                tell_all(db, now.plan.account_id, news, self.clock.now())

        await self.store.transaction(over)
        for entry in () if now.ended_quietly else now.entries:
            if entry.status.is_working and entry.cancelled_by is None:
                await self._rings.tell(now, ExitAsks(order=entry, why=ExitTrouble.ENTRY_LEFT), entry.id)

    def _wanted(self, now: PlanNow, leg: PlanLeg, quantity: int) -> ExitWanted:
        return ExitWanted(
            account_id=now.plan.account_id,
            plan_id=now.plan.id,
            leg=leg,
            draft=replace(leg.draft, quantity=quantity),
            by=now.plan.placed_by,
            name=now.name,
        )
