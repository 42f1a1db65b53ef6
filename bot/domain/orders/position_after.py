"""What is held of an order's instrument after a step of the order, as news and buttons tell it."""

from collections.abc import Sequence
from decimal import Decimal

from bot.domain.orders.order import Order
from bot.domain.value import value


@value
class PositionAfter:
    """One instrument in one product after a step of an order. Amounts are rupees, quantities shares or units."""

    quantity: int | None  # net; None: the books do not agree, or were not read
    average: Decimal | None = None  # of the open side
    open: Decimal | None = None  # since entry, at the last price; None: no price
    booked: Decimal | None = None  # what the order has booked in all, before charges; None: it opened, or it is not known
    charges: Decimal | None = None  # of both sides of what was booked; None: not known
    closes: bool = False  # the order worked against what was open
    guarded: bool = False  # another order works on its side
    sold_holding: bool = False  # shares out of the demat account, whose cost no position shows

    def left_by(self, order: Order) -> int:
        """Shares or units that the order was to close and that are still open. 0 where that is not known."""
        return abs(self.quantity) if self.quantity and self.quantity * order.draft.side.sign < 0 else 0


def not_closed(order: Order, others: Sequence[Order]) -> PositionAfter:
    """What a refused exit leaves: all that it was to close, and whether another order works on its side."""
    mine = (order.draft.instrument.key, order.draft.product, order.draft.side)
    guarded = any(
        (other.draft.instrument.key, other.draft.product, other.draft.side) == mine for other in others if other.status.is_working
    )
    return PositionAfter(quantity=None, closes=True, guarded=guarded)
