"""A row of a list whose order the exchange refused for its size goes on in orders of half that size, once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.domain.exits.exit_list import ExitRow, Slice
from bot.domain.orders.order import Order
from bot.domain.plans.plan import LegKind, PlanLeg, cut
from bot.domain.ports.repositories import Repositories
from bot.trading.exits.exit_state import load_alive


def halve(db: Repositories, plan_id: str, too_big: Callable[[Order], bool], now: datetime) -> None:
    """Cuts each such row's unsent rest, and what was refused of it. What a row may close in all stays the same."""
    found = load_alive(db, plan_id)
    if found is None:
        return
    exits, orders, _ = found
    for row in exits.rows:
        refused = [each for each in row.slices if _is_refused(row, each, orders, too_big)]
        plan, lot = db.plans.find(plan_id), row.draft.instrument.lot
        size = min((each.quantity for each in refused), default=0) // 2 // lot * lot
        if not size or plan is None:
            continue
        gone = [*refused, *(each for each in row.unsent if each.quantity > size)]
        for each in gone:
            db.plans.strike(plan_id, each.leg)
        first = max(leg.number for leg in plan.legs) + 1
        sizes = cut(sum(each.quantity for each in gone), size)
        pieces = tuple(Slice(leg=first + place, quantity=quantity, half=True) for place, quantity in enumerate(sizes))
        for each in pieces:
            draft = replace(row.draft, quantity=each.quantity)
            db.plans.extend(plan_id, PlanLeg(number=each.leg, kind=LegKind.EXIT, draft=draft))
        exits = exits.with_row(replace(row, slices=tuple(each for each in row.slices if each not in gone) + pieces))
        numbers = ", ".join(f"#{orders[each.order_id or ''].number}" for each in refused)
        db.audit.add(
            now,
            exits.by,
            "halve",
            exits.account_id,
            before=f"{numbers} refused for size",
            after=f"{len(pieces)} orders",
        )
    if exits != found.exits:
        db.exit_lists.save(exits)


def needs_halving(rows: tuple[ExitRow, ...], orders: dict[str, Order], too_big: Callable[[Order], bool]) -> bool:
    """Whether a row waits to be cut."""
    return any(_is_refused(row, each, orders, too_big) for row in rows for each in row.slices)


def _is_refused(row: ExitRow, piece: Slice, orders: dict[str, Order], too_big: Callable[[Order], bool]) -> bool:
    order = orders.get(piece.order_id or "")
    return order is not None and not piece.half and piece.quantity >= 2 * row.draft.instrument.lot and too_big(order)
