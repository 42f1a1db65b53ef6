"""The second half of a reversal: the other side is opened once the fill of the exit was read and the position book is flat."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.domain.clock import Clock
from bot.domain.exits.exit_list import CLOSED, ExitList, RowState
from bot.domain.news.plans.exits import ExitsTold, Told
from bot.domain.orders.order import Order
from bot.domain.plans.plan import Plan, PlanAct, PlanLeg, next_slice
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.value import value
from bot.trading.exits.exit_state import load_alive
from bot.trading.exits.live_exit import LiveExit
from bot.trading.safety.announce import tell_all
from bot.trading.safety.striking import strike

SendEntry = Callable[[Plan, PlanLeg, str], Awaitable[bool]]

NOT_CLOSED = {
    RowState.GONE: "Nothing of the position was open any more.",
    RowState.REFUSED: "The exit before it ended unfilled.",
    RowState.KEPT: "The stop before it would not change, and nothing was sent.",
    RowState.BARE: "Its stop is cancelled, and the exit could not be sent.",
    RowState.LEFT: "You said: stop here.",
}


@value
class TurningOver:
    """What a reversal does beyond its exit. What it did stands in its list and its plan, so that another process can go on."""

    store: Store
    exits: LiveExit
    send: SendEntry
    clock: Clock

    async def step(self, exits: ExitList, orders: dict[str, Order]) -> str | None:
        """The next entry, or nothing yet. Says why the reversal is over when it is."""
        row, then = exits.rows[0], exits.then
        plan = await self.store.transaction(lambda db: db.plans.find(exits.plan_id))
        if then is None or plan is None:
            return "nothing to open"
        state = exits.state(row, orders)
        closed_here = any(order.filled for order in row.orders(orders))
        if state in NOT_CLOSED and not (state is RowState.GONE and closed_here):
            await self._strike(plan, NOT_CLOSED[state])
            return "not closed"
        if state not in CLOSED:
            await self._ring(exits, orders)
            return None
        began = [order for each in then.slices if (order := orders.get(each.order_id or "")) is not None]
        if not began and not await self._is_flat(exits):
            return None  # a position book may lag behind the fill
        act = next_slice(plan, tuple(began), self.clock.now())
        if act is None:
            return None
        match act.act:
            case PlanAct.SEND_SLICE:
                leg = next(each for each in plan.legs if each.number == act.quantity)
                await self.send(plan, leg, exits.name)
                return None
            case PlanAct.STRIKE:
                await self._strike(plan, "The part before it is not working.")
        return "all was sent or struck off"

    async def _is_flat(self, exits: ExitList) -> bool:
        row = exits.rows[0]
        positions = await self.exits.connections.of(exits.account_id).broker.positions(urgent=True)
        return not any(each.quantity for each in positions if (each.instrument.key, each.product) == row.place)

    async def _strike(self, plan: Plan, why: str) -> None:
        await self.store.transaction(lambda db: strike(db, plan.id, why, self.clock.now()))

    async def _ring(self, exits: ExitList, orders: dict[str, Order]) -> None:
        """Rings once, when the exit does not fill within the time of a cover."""
        row, now = exits.rows[0], self.clock.now()
        if exits.then is None or exits.then.rung or not exits.is_late(row, orders, now):
            return

        def ring(db: Repositories) -> None:
            found = load_alive(db, exits.plan_id)
            if found is None or found.exits.then is None:
                return
            db.exit_lists.save(replace(found.exits, then=replace(found.exits.then, rung=True)))
            rows = (found.exits.row_told(found.exits.rows[0], found.orders),)
            news = ExitsTold(plan_id=exits.plan_id, kind=exits.kind, told=Told.TURN_WAITS, at=now, rows=rows, waiting=1)
            tell_all(db, exits.account_id, news, now)

        await self.store.transaction(ring)
