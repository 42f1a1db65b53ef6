"""Follows prices with the stops of trails: within their pace, by one change at a time, and out where the price was quicker."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.exits.closing import is_guard
from bot.domain.market.prices import Tick
from bot.domain.news.notice import Notice
from bot.domain.news.plans.exits import Unguarded
from bot.domain.news.plans.trails import TrailNews, TrailTold
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.plans.plan import LegKind, Plan, PlanLeg, PlanState, is_touched
from bot.domain.plans.trail import MoveBudget, Trail, TrailAct, TrailNext, next_move
from bot.domain.plans.trail_card import TrailSeen
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.background import BackgroundTasks
from bot.runtime.signal import Signal
from bot.trading.exits.exit_wanted import ExitResult, ExitState, ExitWanted
from bot.trading.exits.live_exit import ChangeState, LiveExit
from bot.trading.plans.plan_now import PlanNow, plan_now
from bot.trading.safety.announce import tell_all
from bot.trading.ticks.tick_watcher import TickWatcher, Use, Watching

log = logging.getLogger(__name__)

PULSE = 1.0  # seconds between two looks at whether the prices are seen
NOTED = timedelta(seconds=5)  # between two notes that a price is seen
BLIND_FOR = 10.0  # seconds without live prices until it rings
RETRY = 2.0  # seconds until what could not be done is tried again
AFTER = 0.5  # seconds until a stop is looked at again that a way out is at
MOST_REFUSALS = 3  # changes that mStock does not take until it rings


@dataclass(slots=True)
class _Followed:
    """A trail as this process knows it. What matters of it is stored."""

    now: PlanNow
    trail: Trail
    noted: Trail  # as it is stored
    watching: Watching | None = None
    last: tuple[Decimal, datetime] | None = None  # the newest trade that counts, rupees and its own time
    blind_since: datetime | None = None
    blind_at: float = 0.0  # the same in loop time, or when this process began to follow it
    rang: bool = False  # that it is blind
    next: TrailNext | None = None
    refusals: int = 0  # moves without effect, as far as is known, one after the other
    doubt: Decimal | None = None  # where the stop stands as well may be: the answer to that move got lost
    retry_at: float = 0.0  # loop time
    busy: bool = False


@dataclass(slots=True, kw_only=True)
class TrailRunner:
    """One loop for the trails of all accounts. A tick costs one comparison until something is to be done."""

    store: Store
    exits: LiveExit
    connections: BrokerConnections
    watcher: TickWatcher
    background: BackgroundTasks
    clock: Clock
    lessens: Callable[[str], bool]  # whether the stop of a plan may guard too much, and is being looked at
    _wake: Signal = field(default_factory=Signal)
    _followed: dict[str, _Followed] = field(default_factory=dict)
    _budgets: dict[str, MoveBudget] = field(default_factory=dict)  # by account
    _moving: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))  # by account
    _stale: bool = True  # an order or a plan changed since the last look

    def wake(self) -> None:
        """An order changed, or a trail began or ended."""
        self._stale = True
        self._wake()

    def seen(self, plan_id: str) -> TrailSeen | None:
        """The trail of a plan as it stands now. None: it is not followed."""
        followed = self._followed.get(plan_id)
        if followed is None:
            return None
        waits = followed.next if followed.next is not None and followed.next.shared else None
        return TrailSeen(
            trail=followed.trail,
            slowed_until=waits.due if waits is not None else None,
            blind_since=followed.blind_since,
            refused=followed.refusals,
            doubt=followed.doubt,
        )

    async def run(self) -> None:
        """Follows for ever, after a restart what was followed before, as if nothing had been, but for what was not seen."""
        while True:
            try:
                await self.step()
            except (BrokerError, StorageAway) as error:
                log.warning("the trails could not be looked after: %s", type(error).__name__)
            await self._wake.wait(PULSE if self._followed else None)

    async def step(self) -> None:
        """Takes in what changed, looks whether prices are seen, and begins what is due."""
        if self._stale:
            self._stale = False
            await self._take_in()
        for plan_id, followed in list(self._followed.items()):
            await self._look(plan_id, followed)
        await self._note()
        for plan_id, followed in self._followed.items():
            self._decide(followed)
            self._begin(plan_id, followed)

    async def _take_in(self) -> None:
        alive = await self.store.read(_alive)
        for account_id in {each.plan.account_id for each in alive.values()} - self._budgets.keys():
            trails = (each.plan.trail for each in alive.values() if each.plan.account_id == account_id)
            self._budgets[account_id] = MoveBudget(trail.moves for trail in trails if trail is not None)
        for gone in self._followed.keys() - alive.keys():
            self._let_go(gone)
        now = self.clock.now()
        for plan_id, each in alive.items():
            stored = each.plan.trail
            if stored is None:
                continue
            followed = self._followed.get(plan_id)
            if followed is None or followed.trail.rule != stored.rule:
                self._let_go(plan_id)
                followed = self._followed[plan_id] = _Followed(
                    each, stored, stored, blind_since=stored.seen_at, blind_at=asyncio.get_running_loop().time()
                )
                key = _stop(each).draft.instrument.key
                followed.watching = self.watcher.watch(each.plan.account_id, [key], Use.GUARD, self._listener(plan_id, followed))
            followed.now = each
            trail = followed.trail.entered(sum(entry.filled for entry in each.entries), now)
            if _can_follow(each) and each.guard is not None and each.guard.draft.trigger is not None:
                if trail.trigger != each.guard.draft.trigger:
                    followed.refusals, followed.doubt = 0, None
                trail = trail.standing(each.guard.draft.trigger)
            followed.trail = trail
        # A plan whose stop ended is over a moment later, which no order tells of.
        self._stale = any(each.guard is not None and not each.guard.status.is_working for each in alive.values())

    def _let_go(self, plan_id: str) -> None:
        followed = self._followed.pop(plan_id, None)
        if followed is not None and followed.watching is not None:
            followed.watching.end()

    def _listener(self, plan_id: str, followed: _Followed) -> Callable[[Tick], None]:
        def traded(tick: Tick) -> None:
            now = self.clock.now()
            if tick.stale or followed.blind_since is not None or not followed.trail.counts(tick.last, tick.at, now):
                return
            followed.trail = followed.trail.traded(tick.last, tick.at, now)
            followed.last = (tick.last, tick.at)
            self._decide(followed)
            self._begin(plan_id, followed)

        return traded

    def _decide(self, followed: _Followed) -> None:
        """What the newest price asks for. Nothing while the target is there, or no stop waits."""
        followed.next = None
        target = followed.now.plan.leg(LegKind.TARGET)
        if followed.last is None or not _can_follow(followed.now) or followed.blind_since is not None:
            return
        price, at = followed.last
        now = self.clock.now()
        if now >= followed.now.plan.until or (target is not None and is_touched(target, price)):
            return
        budget = self._budgets[followed.now.plan.account_id]
        followed.next = next_move(followed.trail, price, at, now, budget)

    def _begin(self, plan_id: str, followed: _Followed) -> None:
        """Begins what the newest price asks for, if it is due."""
        if followed.busy or followed.next is None or followed.next.act is TrailAct.WAIT:
            return
        if asyncio.get_running_loop().time() >= followed.retry_at:
            followed.busy = True
            self.background.start(self._act(plan_id, followed), f"trail {plan_id}")

    async def _look(self, plan_id: str, followed: _Followed) -> None:
        """Whether the price is seen. What was traded while it was not is never made up for."""
        account_id, now, elapsed = followed.now.plan.account_id, self.clock.now(), asyncio.get_running_loop().time()
        followed.trail = followed.trail.dated(now)
        live = followed.watching is not None and followed.watching.live
        logged_in = self.connections.session_of(account_id, now) is not None
        sees = logged_in and live and self.watcher.connected(account_id)
        since = followed.blind_since
        if not sees:
            if since is None:
                followed.blind_since, followed.blind_at = followed.trail.seen_at or now, elapsed
            followed.last = None
            if elapsed - followed.blind_at >= BLIND_FOR and not followed.rang and _waits(followed.now.guard):
                followed.rang = True
                await self._tell(followed, TrailNews.BLIND, since=followed.blind_since)
            return
        if since is None:
            followed.trail = followed.trail.watched(now)
            return
        followed.trail, followed.blind_since = followed.trail.missed(since, now), None
        log.info("trail %s was not watched from %s", plan_id, since)
        if (followed.rang or (now - since).total_seconds() >= BLIND_FOR) and _waits(followed.now.guard):
            await self._tell(followed, TrailNews.SEES, since=since)
        followed.rang = False

    async def _note(self) -> None:
        """Stores what is new: a best price, a stretch not seen, and every few seconds that all is well."""
        due = {plan_id: each.trail for plan_id, each in self._followed.items() if _is_news(each.trail, each.noted)}
        if not due:
            return

        def note(db: Repositories) -> None:
            for plan_id, trail in due.items():
                _keep(db, plan_id, trail)

        await self.store.lightly(note)
        for plan_id, trail in due.items():
            self._followed[plan_id].noted = trail

    async def _act(self, plan_id: str, followed: _Followed) -> None:
        try:
            if followed.next is not None and followed.next.act is TrailAct.EXIT:
                await self._exit(plan_id, followed, followed.next.trigger)
            elif followed.next is not None:
                await self._move(plan_id, followed)
        except (BrokerError, StorageAway) as error:
            log.info("trail %s waits: %s", plan_id, type(error).__name__)
            followed.retry_at = asyncio.get_running_loop().time() + RETRY
        finally:
            followed.busy = False
            self.wake()

    async def _move(self, plan_id: str, followed: _Followed) -> None:
        """One change of the stop. It is counted before it is sent. The old trigger counts until the new one is known to stand.

        An account's trails move one after the other. Who waits for that holds up no way out, and a way out holds up no trail but
        that of its own stop. A stop that is about to guard less is not moved with what it guarded before.
        """
        plan, account_id, stop = followed.now.plan, followed.now.plan.account_id, _stop(followed.now).draft
        async with self._moving[account_id]:
            if self.exits.turns.taken(account_id, stop.instrument.key) or self.lessens(plan_id):
                followed.retry_at = asyncio.get_running_loop().time() + AFTER
                return
            await self._move_now(plan_id, followed, plan)

    async def _move_now(self, plan_id: str, followed: _Followed, plan: Plan) -> None:
        account_id = plan.account_id
        async with self.exits.turn(account_id, _stop(followed.now).draft):
            self._decide(followed)
            act, guard = followed.next, followed.now.guard
            if act is None or act.act is not TrailAct.MOVE or guard is None:
                return
            now, stop = self.clock.now(), guard
            self._budgets[account_id].spend(now)
            moved = followed.trail.moved(now)
            # A cut of power may undo this note, and harms nothing: where the stop stands is read from the book at the start.
            if not await self.store.lightly(lambda db: _stands(db, plan_id, stop) and _keep(db, plan_id, moved)):
                return
            followed.trail = followed.trail.moved(now)
            log.info("trail %s: the stop goes to %s", plan_id, act.trigger)
            terms = moved.rule.terms(guard.draft, act.trigger)
            state = await self.exits.change(guard, terms, by=plan.placed_by, urgent=False)
        if state is ChangeState.TAKEN:
            followed.refusals, followed.doubt = 0, None
            followed.trail = followed.trail.standing(act.trigger)
        elif state in (ChangeState.REFUSED, ChangeState.UNCLEAR):
            followed.refusals += 1
            followed.doubt = act.trigger if state is ChangeState.UNCLEAR else followed.doubt
            if followed.refusals == MOST_REFUSALS:
                await self._tell(followed, TrailNews.STUCK, price=act.trigger)

    async def _exit(self, plan_id: str, followed: _Followed, trigger: Decimal) -> None:
        """The price is where the stop should be by now: the stop becomes the exit, no worse than that stop would have been."""
        plan, guard = followed.now.plan, followed.now.guard
        leg = plan.leg(LegKind.TRAIL)
        if guard is None or leg is None or not await self.store.read(lambda db: _stands(db, plan_id, guard)):
            return
        log.info("trail %s: the price is at %s already, out", plan_id, trigger)
        result = await self._leave(followed.now, guard, leg, followed.trail, trigger)
        if result.state in (ExitState.SENT, ExitState.BARE):
            over = replace(followed.trail, over=True)
            await self.store.owe(lambda db: _keep(db, plan_id, over))
            if result.state is ExitState.BARE:
                news: Notice = Unguarded(draft=replace(leg.draft, quantity=guard.pending))
                await self._write(plan, news)
            else:
                await self._tell(followed, TrailNews.EXITS, price=trigger)
            return
        followed.retry_at = asyncio.get_running_loop().time() + RETRY

    async def _leave(self, now: PlanNow, guard: Order, leg: PlanLeg, trail: Trail, trigger: Decimal) -> ExitResult:
        out = trail.rule.exit(guard.draft, trigger)
        if guard.pending > leg.draft.quantity:  # somebody raised the stop: it closes all that it guards, or stays
            taken = await self.exits.retarget(guard, out, by=now.plan.placed_by) is ChangeState.TAKEN
            return ExitResult(state=ExitState.SENT if taken else ExitState.KEPT, order=guard)
        wanted = ExitWanted(
            account_id=now.plan.account_id,
            plan_id=now.plan.id,
            leg=leg,
            draft=replace(out, quantity=guard.pending),
            by=now.plan.placed_by,
            name=now.name,
        )
        return await self.exits.take(guard, wanted)

    async def _tell(
        self, followed: _Followed, told: TrailNews, *, since: datetime | None = None, price: Decimal | None = None
    ) -> None:
        stop = followed.now.guard
        if stop is not None:
            plan = followed.now.plan
            doubtful = told is TrailNews.STUCK and followed.doubt is not None
            news = TrailTold(plan_id=plan.id, stop=stop, told=told, since=since, price=price, doubtful=doubtful)
            await self._write(plan, news, stop.id)

    async def _write(self, plan: Plan, news: Notice, order_id: str | None = None) -> None:
        """Tells everybody who watches the account. No stop is told of as standing that does not, or whose plan is over."""
        at = self.clock.now()
        stands = isinstance(news, TrailTold) and news.told in (TrailNews.BLIND, TrailNews.SEES, TrailNews.STUCK)

        def write(db: Repositories) -> None:
            known, stop = db.plans.find(plan.id), db.orders.find(order_id) if order_id is not None else None
            alive = known is not None and known.state is PlanState.ALIVE and known.trails and at < known.until
            if stands and not (alive and _waits(stop)):
                return
            tell_all(db, plan.account_id, news, at, order_id=order_id)

        await self.store.transaction(write)


def _alive(db: Repositories) -> dict[str, PlanNow]:
    """Plans that are alive and whose stop follows the price."""
    found = ((plan.id, plan_now(db, plan.id)) for plan in db.plans.alive() if plan.trails and plan.stop is not None)
    return {plan_id: now for plan_id, now in found if now is not None}


def _stands(db: Repositories, plan_id: str, guard: Order) -> bool:
    """Whether plan and stop are as they were when this was decided: another way out may have had its turn before."""
    plan, known = db.plans.find(plan_id), db.orders.find(guard.id)
    alive = plan is not None and plan.state is PlanState.ALIVE and plan.trails and plan.taking_since is None
    return alive and known is not None and (known.status, known.draft, known.filled, known.cancelled_by) == (
        OrderStatus.TRIGGER_PENDING, guard.draft, guard.filled, None,
    )  # fmt: skip


def _keep(db: Repositories, plan_id: str, trail: Trail) -> bool:
    """Stores a trail, unless a person has ended it meanwhile or set another in its place."""
    plan = db.plans.find(plan_id)
    if plan is None or plan.trail is None or plan.trail.over or plan.trail.rule != trail.rule:
        return False
    return db.plans.note_trail(plan_id, trail)


def _stop(now: PlanNow) -> PlanLeg:
    if now.plan.stop is None:
        msg = f"plan {now.plan.id} has no stop to trail"
        raise ValueError(msg)
    return now.plan.stop


def _waits(guard: Order | None) -> bool:
    """Whether a stop stands at the exchange, as far as is known."""
    return guard is not None and is_guard(guard)


def _can_follow(now: PlanNow) -> bool:
    """Whether a stop waits that may be moved: not a target on its way, nor one that was triggered or is being cancelled."""
    guard = now.guard
    if guard is None or guard.broker_id is None or guard.cancelled_by is not None or now.plan.taking_since is not None:
        return False
    return guard.status is OrderStatus.TRIGGER_PENDING and guard.draft.trigger is not None


def _is_news(trail: Trail, noted: Trail) -> bool:
    if (trail.best, trail.filled, trail.trigger, trail.unseen) != (noted.best, noted.filled, noted.trigger, noted.unseen):
        return True
    return trail.seen_at is not None and (noted.seen_at is None or trail.seen_at - noted.seen_at >= NOTED)
