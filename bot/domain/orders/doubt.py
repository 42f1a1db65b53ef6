"""A cancel or a change of an order whose answer was lost: what was asked for, until the order book tells what became of it."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.orders.order import Order, OrderDraft
from bot.domain.value import value


class DoubtedAct(StrEnum):
    """What was asked of the broker."""

    CANCEL = "cancel"
    CHANGE = "change"


@value
class Doubt:
    """What was asked of one order, and nobody knows whether it happened."""

    order_id: str
    account_id: str
    act: DoubtedAct
    at: datetime
    quantity: int = 0  # what a change asked for
    price: Decimal | None = None
    trigger: Decimal | None = None

    def is_met_by(self, order: Order) -> bool:
        """Whether the order, as the book has it, stands as the change wished."""
        terms = order.draft
        wished = (self.quantity, self.price, self.trigger)
        return self.act is DoubtedAct.CHANGE and (terms.quantity, terms.price, terms.trigger) == wished


def of_cancel(order: Order, at: datetime) -> Doubt:
    """A cancel of which nobody knows."""
    return Doubt(order_id=order.id, account_id=order.account_id, act=DoubtedAct.CANCEL, at=at)


def of_change(order: Order, wished: OrderDraft, at: datetime) -> Doubt:
    """A change of which nobody knows."""
    return Doubt(
        order_id=order.id,
        account_id=order.account_id,
        act=DoubtedAct.CHANGE,
        at=at,
        quantity=wished.quantity,
        price=wished.price,
        trigger=wished.trigger,
    )
