"""How a way out is made of what guards a quantity already: arithmetic on one row's open quantity and its orders.

One quantity has one live exit order: whatever is done in whichever order, the exits of a row never exceed what is open.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from bot.domain.orders.order import Order, OrderDraft, OrderStatus
from bot.domain.value import value

POSSIBLY_WORKING = frozenset({OrderStatus.SUBMITTING, OrderStatus.UNKNOWN, OrderStatus.REFUSED})

DOUBLED_AFTER = timedelta(seconds=10)
FRESH_LOOKS = 2


def closes_same(order: Order, draft: OrderDraft) -> bool:
    """Whether an order is of the same instrument and product as this draft, and on its side."""
    terms = order.draft
    return (terms.instrument.key, terms.product, terms.side) == (draft.instrument.key, draft.product, draft.side)


def is_guard(order: Order) -> bool:
    """Whether it is a stop that waits at the exchange, whoever placed it."""
    return order.status is OrderStatus.TRIGGER_PENDING and order.broker_id is not None


def is_closing(order: Order) -> bool:
    """Whether it fills at a price of now: a limit, or a stop that was triggered."""
    return order.status in (OrderStatus.OPEN, OrderStatus.PARTIAL)


def was_triggered(order: Order) -> bool:
    """Whether it is a stop of ours that was triggered and rests: an exit is made of it as of one that waits."""
    return order.is_ours and order.draft.trigger is not None and order.draft.session is None and is_closing(order)


def may_be_doubled(order: Order) -> bool:
    """Whether an exit of unknown outcome was looked for at least twice and ten seconds long: the person may send another."""
    if order.status is not OrderStatus.UNKNOWN or order.looks < FRESH_LOOKS or order.looked_at is None:
        return False
    return order.looked_at - (order.sent_at or order.created_at) >= DOUBLED_AFTER


class StepKind(StrEnum):
    """What is done next on the way out."""

    PLACE = "PLACE"  # an order of its own
    TURN = "TURN"  # the stop becomes the exit
    LOWER = "LOWER"  # the stop guards less, so that the rest may go
    CANCEL = "CANCEL"
    NOTHING = "NOTHING"


@value
class Step:
    """One step of the way out. After each of them everything is read again."""

    kind: StepKind
    quantity: int = 0  # PLACE, TURN: shares or units to close. LOWER: what is left to be guarded
    order: Order | None = None  # the guard that it is about


@value
class ClosingRow:
    """One row of positions on the side of an exit, as the books have it now."""

    open: int  # shares or units that an order of this side could close at most
    guards: tuple[Order, ...]  # stops that wait
    others: tuple[Order, ...]  # other orders of that side that work, or possibly work

    @property
    def held_by_others(self) -> int:
        """Shares or units that other orders are closing, or possibly are."""
        return sum(order.pending for order in self.others)

    @property
    def guarded(self) -> int:
        return sum(order.pending for order in self.guards)

    @property
    def unguarded(self) -> int:
        """Shares or units in no order of that side. Negative when there is more on its way than is open."""
        return self.open - self.held_by_others - self.guarded

    def taken_over(self, besides: Collection[str] = (), *, exits: bool = False) -> "ClosingRow":
        """The row for a way out that turns our triggered stops as those that wait. besides: ids of those to be left alone.

        exits: it turns all our working exits so.
        """
        own = [order for order in self.others if order.is_ours and order.status.is_working and order.broker_id is not None]
        taken = tuple(order for order in own if order.id not in besides and (exits or was_triggered(order)))
        rest = tuple(order for order in self.others if order not in taken)
        return replace(self, guards=(*self.guards, *taken), others=rest)

    def unknown(self) -> Order | None:
        """An order whose outcome is not known. It counts as possibly working."""
        return next((order for order in self.others if order.status in POSSIBLY_WORKING), None)


def closing_row(draft: OrderDraft, open_: int, orders: Sequence[Order], *, besides: Collection[str] = ()) -> ClosingRow:
    """The row that this draft would close.

    open_: its open shares or units. orders: those of the account that are not over. besides: ids that do not count.
    An order that a person closed as not there counts no more.
    """
    mine = [order for order in orders if closes_same(order, draft) and order.id not in besides]
    guards = tuple(order for order in mine if is_guard(order))
    others = tuple(
        order for order in mine if not is_guard(order) and (order.status.is_working or order.status in POSSIBLY_WORKING)
    )
    return ClosingRow(open=max(0, open_), guards=guards, others=others)


def next_step(row: ClosingRow, wanted: int) -> Step:
    """The next step towards closing so many shares or units, or what of them is there.

    What leaves all open quantity to one order turns the largest stop into it, the others are cancelled first. A part goes in
    an order of its own once the stop guards that much less.
    """
    left = row.open - row.held_by_others
    can = min(wanted, left)
    if can <= 0:
        return Step(kind=StepKind.NOTHING)
    free = row.unguarded
    if can <= free:
        return Step(kind=StepKind.PLACE, quantity=can)
    largest, *rest = sorted(row.guards, key=lambda order: (-order.pending, order.id))
    if can == left:
        return Step(kind=StepKind.CANCEL, order=rest[-1]) if rest else Step(kind=StepKind.TURN, quantity=can, order=largest)
    need = can - free  # so that what stays guarded is what stays open
    if largest.pending > need:
        return Step(kind=StepKind.LOWER, quantity=largest.pending - need, order=largest)
    if largest.pending == can and need == can:
        return Step(kind=StepKind.TURN, quantity=can, order=largest)
    return Step(kind=StepKind.CANCEL, order=largest)
