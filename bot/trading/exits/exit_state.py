"""A list of exits as the store has it: with the orders of its legs, and as news tells it."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.orders.exit_list import ExitList, ExitRow, RowTold
from bot.domain.orders.order import Order
from bot.domain.orders.plan import PlanState
from bot.domain.ports.repositories import Repositories


def load(db: Repositories, plan_id: str) -> tuple[ExitList, dict[str, Order], bool] | None:
    """A list with the orders that its legs were claimed by, those orders as stored, and whether it is alive."""
    exits, plan = db.exit_lists.find(plan_id), db.plans.find(plan_id)
    if exits is None or plan is None:
        return None
    claimed = {leg.number: leg.order_id for leg in plan.legs if leg.order_id is not None}
    for row in exits.rows:
        for piece in row.slices:
            if piece.order_id is None and piece.leg in claimed:
                row = row.with_slice(replace(piece, order_id=claimed[piece.leg], ended=None))  # noqa: PLW2901 - grown piece by piece
        exits = exits.with_row(row)
    if exits.then is not None:
        pieces = tuple(replace(each, order_id=claimed.get(each.leg, each.order_id)) for each in exits.then.slices)
        exits = replace(exits, then=replace(exits.then, slices=pieces))
    opening = exits.then.slices if exits.then is not None else ()
    ids = {piece.order_id for row in exits.rows for piece in row.slices if piece.order_id is not None} | set(exits.entries)
    ids |= {piece.order_id for piece in opening if piece.order_id is not None}
    orders = {order.id: order for each in ids if (order := db.orders.find(each)) is not None}
    return exits, orders, plan.state is PlanState.ALIVE


def on_side(order: Order, row: ExitRow) -> bool:
    """Whether an order closes this row."""
    return (order.draft.instrument.key, order.draft.product, order.draft.side) == (*row.place, row.draft.side)


def told_row(exits: ExitList, row: ExitRow, orders: dict[str, Order], alive: Sequence[Order] = ()) -> RowTold:
    """A row as news tells it, with the order that it hangs on."""
    order = row.hangs_on(orders) or next((each for each in alive if on_side(each, row)), None)
    state = exits.state(row, orders)
    return RowTold(draft=row.draft, state=state, order=order, said=row.said)
