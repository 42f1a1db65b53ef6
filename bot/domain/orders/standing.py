"""Orders that work or may work: which of them are ways out, which guard a position alone, and what became of a cancel."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.errors import BrokerError, Unclear
from bot.domain.market.instrument import InstrumentKey
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.terms import Product, Side
from bot.domain.value import value

RowKey = tuple[InstrumentKey, Product]


@value
class OpenRows:
    """What the position book showed at the last look."""

    units: Mapping[RowKey, int]  # shares or units, negative for a short
    as_of: datetime  # before the look began


@value
class Cancelled:
    """One order after its cancel was asked for, as the order book has it after a look."""

    order: Order
    error: BrokerError | None = None  # why the broker did not take it; the order works on as far as the book shows
    shown: bool = True  # whether the look found the order in the book

    @property
    def is_open_question(self) -> bool:
        """Whether nobody knows if it was cancelled: the answer was a yes or none, and no look has told since."""
        return isinstance(self.error, Unclear | None) and not self.shown


def is_exit(order: Order, rows: OpenRows | None) -> bool:
    """Whether a working order can only make a position or holding smaller. rows None: positions were never read.

    A stop that is younger than the last look counts as one: the position that it guards may be younger still.
    """
    draft = order.draft
    if order.closes or (draft.side is Side.SELL and draft.product in (Product.CNC, Product.MTF)):
        return True
    held = rows.units.get((draft.instrument.key, draft.product), 0) if rows is not None else 0
    if held * draft.side.sign < 0 and order.pending <= abs(held):
        return True
    is_younger = rows is None or (order.sent_at or order.created_at) >= rows.as_of
    return is_younger and order.status is OrderStatus.TRIGGER_PENDING


def guards_alone(order: Order, working: Sequence[Order], rows: OpenRows | None) -> bool:
    """Whether a waiting stop guards something that no other stop would guard without it."""
    if order.status is not OrderStatus.TRIGGER_PENDING or not is_exit(order, rows):
        return False
    draft, others = order.draft, 0
    for other in working:
        terms = other.draft
        same = (terms.instrument.key, terms.product, terms.side) == (draft.instrument.key, draft.product, draft.side)
        if other.id != order.id and same and other.status is OrderStatus.TRIGGER_PENDING:
            others += other.pending
    held = rows.units.get((draft.instrument.key, draft.product), 0) if rows is not None else 0
    return others < max(abs(held), order.pending)
