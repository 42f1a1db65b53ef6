"""A list of exits as the store has it: with the orders of its legs, and as news tells it."""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from bot.domain.errors import ConfirmationGone, NotFound
from bot.domain.exits.exit_list import ExitList, ExitRow, ExitsShown, ListKind, RowState, Slice
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.people.account import Account
from bot.domain.plans.plan import LegState, Plan, PlanState
from bot.domain.ports.repositories import Repositories


class StoredList(NamedTuple):
    """A list with the orders that its legs were claimed by, those orders as stored, and whether it is alive."""

    exits: ExitList
    orders: dict[str, Order]
    alive: bool


def load_alive(db: Repositories, plan_id: str) -> StoredList | None:
    """A list that is under way. None where it is over, or gone."""
    found = load(db, plan_id)
    return found if found is not None and found.alive else None


def load(db: Repositories, plan_id: str) -> StoredList | None:
    """A list as the store has it, alive or over. None where it is gone."""
    exits, plan = db.exit_lists.find(plan_id), db.plans.find(plan_id)
    if exits is None or plan is None:
        return None
    claimed = {leg.number: leg.order_id for leg in plan.legs if leg.order_id is not None}
    struck = {leg.number for leg in plan.legs if leg.state is LegState.STRUCK}
    for row in exits.rows:
        for piece in row.slices:
            if piece.order_id is None and piece.leg in claimed:
                row = row.with_slice(replace(piece, order_id=claimed[piece.leg], ended=None))  # noqa: PLW2901 - grown piece by piece
            elif piece.leg not in claimed and (order := db.orders.find(piece.order_id or "")) is not None and order.never_left:
                row = row.with_slice(replace(piece, order_id=None))  # noqa: PLW2901 - its leg was given back
            elif piece.order_id is None and piece.leg in struck:
                row = row.with_slice(replace(piece, ended=RowState.LEFT))  # noqa: PLW2901
        exits = exits.with_row(row)
    if exits.then is not None:
        pieces = tuple(replace(each, order_id=claimed.get(each.leg, each.order_id)) for each in exits.then.slices)
        exits = replace(exits, then=replace(exits.then, slices=pieces))
    opening = exits.then.slices if exits.then is not None else ()
    ids = {piece.order_id for row in exits.rows for piece in row.slices if piece.order_id is not None} | set(exits.entries)
    ids |= {piece.order_id for piece in opening if piece.order_id is not None}
    orders = {order.id: order for each in ids if (order := db.orders.find(each)) is not None}
    return StoredList(exits, orders, plan.state is PlanState.ALIVE)


def of_panics(db: Repositories) -> frozenset[str]:
    """The ids of the exits that panics which are under way carry, in whichever account."""
    found = (load(db, exits.plan_id) for exits in db.exit_lists.alive() if exits.proves_flat)
    lists = [each.exits for each in found if each is not None]
    return frozenset(piece.order_id for exits in lists for row in exits.rows for piece in row.slices if piece.order_id)


def on_side(order: Order, row: ExitRow) -> bool:
    """Whether an order closes this row."""
    return (order.draft.instrument.key, order.draft.product, order.draft.side) == (*row.place, row.draft.side)


def begin_row(db: Repositories, plan: Plan, draft: OrderDraft, name: str, now: datetime) -> ExitList:
    """Begins an exit that goes in parts, each a leg of its plan, as a list with one row. ConfirmationGone: it was begun."""
    if not db.plans.begin(plan.id):
        raise ConfirmationGone("This plan was begun already.")
    slices = tuple(Slice(leg=leg.number, quantity=leg.draft.quantity) for leg in plan.legs)
    exits = ExitList(
        plan_id=plan.id,
        account_id=plan.account_id,
        kind=ListKind.EXITS,
        by=plan.placed_by,
        name=name,
        began_at=now,
        rows=(ExitRow(number=0, draft=draft, slices=slices),),
    )
    db.exit_lists.add(exits)
    db.audit.add(now, exits.by, "exits", exits.account_id, before="asked", after=f"{len(slices)} orders {draft.digest()}")
    return exits


def shown(db: Repositories, account: Account, plan_id: str, now: datetime) -> ExitsShown:
    """A list as it stands now, with its orders. NotFound where it is gone, and for one of another account."""
    found = load(db, plan_id)
    if found is None or found.exits.account_id != account.id:
        raise NotFound("That list is gone.")
    exits, orders, alive = found
    logged_in = not exits.asked_login
    return ExitsShown(account=account, exits=exits, orders=orders, as_of=now, over=not alive, logged_in=logged_in)
