"""Which stop that rests already an entry joins: the same row, the other side, and room under the freeze quantity."""

from collections.abc import Sequence

from bot.domain.exits.closing import is_guard
from bot.domain.money import grouped
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.plans.plan import Attached, LegKind, LegState, Plan, PlanState
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import Position
from bot.domain.proposals.proposal import Raising, Remark
from bot.domain.terms import Product, Side
from bot.domain.value import value
from bot.trading.drafts.drafting import open_units
from bot.trading.drafts.held import Held


@value
class Joining:
    """A stop that guards what an entry adds to."""

    guard: Order
    attached: Attached
    fits: bool  # one order may guard both: together they are not over the freeze quantity


def joining(db: Repositories, account_id: str, draft: OrderDraft, held: Held, *, freeze: int | None) -> Joining | None:
    """The largest stop that waits against what the draft adds to, with its target where a plan holds one.

    None where the draft is itself a stop, closes something, or adds to nothing that is guarded.
    """
    if draft.trigger is not None or open_units(draft, held.positions, held.holdings, ()) > 0:
        return None
    guards = [order for order in db.orders.unsettled(account_id) if guards_row(order, draft, held.positions)]
    if not guards:
        return None
    guard = max(guards, key=lambda order: (order.pending, order.id))
    owner = db.plans.of_order(guard.id)
    target = owner.leg(LegKind.TARGET) if owner is not None and owner.state is PlanState.ALIVE else None
    waits = target is not None and target.state is LegState.WAITING
    attached = Attached(
        stop=guard.draft.trigger,
        stop_limit=guard.draft.price,
        target=target.draft.price if target is not None and waits else None,
        joins=guard.id,
        guarded=guard.pending,
    )
    return Joining(guard=guard, attached=attached, fits=freeze is None or guard.pending + draft.quantity <= freeze)


def guards_row(order: Order, draft: OrderDraft, positions: Sequence[Position]) -> bool:
    """Whether an order is a stop that waits to close the row that a draft adds to, whoever placed it."""
    terms = order.draft
    same = (terms.instrument.key, terms.product, terms.side) == (draft.instrument.key, draft.product, draft.side.opposite)
    if not same or not is_guard(order) or order.cancelled_by is not None:
        return False
    if order.closes or (terms.side is Side.SELL and terms.product in (Product.CNC, Product.MTF)):
        return True
    open_ = sum(one.quantity for one in positions if (one.instrument.key, one.product) == (draft.instrument.key, draft.product))
    return open_ * draft.side.sign >= order.pending


def raising(joins: Joining, draft: OrderDraft, plan: Plan | None) -> Raising:
    """What the card asks about the stop."""
    guard = joins.guard
    return Raising(
        number=guard.number,
        is_ours=guard.is_ours,
        before=guard.pending,
        after=guard.pending + draft.quantity,
        raised=plan is not None and plan.joins is not None,
    )


def unjoined(joins: Joining | None, draft: OrderDraft) -> tuple[Remark, ...]:
    """Says of what goes without a stop that it does: together they are over the freeze quantity."""
    if joins is None or joins.fits:
        return ()
    size, guarded = grouped(str(draft.quantity)), grouped(str(joins.guard.pending))
    return (Remark(name="unjoined", say=f"#{joins.guard.number} goes on guarding {guarded}: these {size} have no stop"),)
