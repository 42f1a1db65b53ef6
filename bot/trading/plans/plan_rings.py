"""What rings about a plan: a stop that is missing, a target that sees no prices, an exit that needs a person."""

import math
from dataclasses import replace

from bot.domain.clock import Clock
from bot.domain.news.notice import Notice
from bot.domain.news.plans.exits import ExitAsks, ExitTrouble, TargetBlind, Unguarded
from bot.domain.orders.order import Order
from bot.domain.plans.plan import LegKind
from bot.domain.ports.repositories import Store
from bot.domain.value import value
from bot.runtime.background import BackgroundTasks
from bot.trading.plans.plan_now import PlanNow
from bot.trading.plans.watched import PlanWatch, elapsed
from bot.trading.safety.announce import tell_all
from bot.trading.ticks.tick_watcher import TickWatcher

RETRY = 2.0  # seconds until what could not be done is tried again
BLIND_FOR = 10.0  # seconds without live prices until a target rings
BARE_FOR = 10.0  # seconds that a stop may fail to be placed before it rings


@value
class PlanRings:
    """Rings once for each trouble of a plan, to everybody who watches the account."""

    store: Store
    watcher: TickWatcher
    background: BackgroundTasks
    clock: Clock

    def bare(self, now: PlanNow, watched: PlanWatch) -> None:
        """Rings when the stop could not be placed for a while."""
        at = elapsed()
        watched.bare_since = watched.bare_since if watched.bare_since is not None else at
        leg = now.way_out
        if at - watched.bare_since >= BARE_FOR and "bare" not in watched.rung and leg is not None:
            watched.rung.add("bare")
            opened = sum(entry.filled for entry in now.entries) or now.plan.base
            news = Unguarded(draft=replace(leg.draft, quantity=opened))
            self.background.start(self.tell(now, news), f"plan {now.plan.id} is bare")

    async def blind(self, now: PlanNow, watched: PlanWatch) -> None:
        """Rings when the target has not been watched for a while, and when it is again."""
        target = now.plan.leg(LegKind.TARGET)
        if watched.watching is None or target is None:
            return
        at, since = elapsed(), watched.blind_since
        sees = self.watcher.connected(now.plan.account_id) and watched.watching.live
        if since is None:
            watched.blind_at = at
        watched.blind_since = None if sees else (since or self.clock.now())
        if not sees and since is not None and at - watched.blind_at >= BLIND_FOR and "blind" not in watched.rung:
            watched.rung.add("blind")
            await self.tell(now, TargetBlind(draft=target.draft, since=since))
        elif sees and since is not None and "blind" in watched.rung:
            watched.rung.discard("blind")
            await self.tell(now, TargetBlind(draft=target.draft, since=since, sees=True))
        watched.due = min(watched.due or math.inf, elapsed() + BLIND_FOR / 2)

    async def ask(self, now: PlanNow, watched: PlanWatch, order: Order, why: ExitTrouble) -> bool:
        """Rings once for each trouble, and tries again later."""
        watched.due = elapsed() + 5 * RETRY
        if why not in watched.rung:
            watched.rung.add(why)
            await self.tell(now, ExitAsks(order=order, why=why), order.id)
        return False

    async def tell(self, now: PlanNow, news: Notice, order_id: str | None = None) -> None:
        """Tells everybody who watches the account."""
        account_id, at = now.plan.account_id, self.clock.now()
        await self.store.transaction(lambda db: tell_all(db, account_id, news, at, order_id=order_id))
