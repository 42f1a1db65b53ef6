"""The wish that an order be cancelled: it stands on record until the order ends, or the broker did not take it."""

from datetime import datetime

from bot.domain.ports.repositories import Repositories


def take_back(db: Repositories, order_id: str, now: datetime) -> None:
    """A cancel that did not come true is no wish any more: whoever ends the order later, that is news."""
    order = db.orders.find(order_id)
    if order is not None and order.status.is_working and order.cancelled_by is not None:
        db.orders.save(order.cancel_not_taken(now))
