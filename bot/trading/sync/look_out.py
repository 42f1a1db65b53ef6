"""How long an order that the books do not show is looked for, by passing time alone, and what follows when they never do."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.domain.clock import Clock, ist_date
from bot.domain.news.notice import Notice
from bot.domain.news.orders.orders import OrderEnded, OrderNotSeen
from bot.domain.orders.order import LOOKED_FOR, Order, OrderStatus

log = logging.getLogger(__name__)

LOOK_OUT = (1, 2, 4, 6, 8, *range(10, 181, 10))  # seconds after sending (F1); an exit may be sent anew after ten
LOOK_OUT_ENDS = timedelta(seconds=180)
QUICK, BUSY, IDLE = 2.0, 10.0, 60.0  # seconds between syncs: an order is young, orders work, none works (F9)
YOUNG = 20.0  # seconds after sending; most orders end within them
A_DAY = 86_400.0  # seconds for which the age of an order is remembered
A_BIT = 0.001  # seconds; a step of the look-out that is nearer was this sync


class LookOut:
    """When this process met each order, which of them are being sent, and when the books are to be read for them again."""

    def __init__(self, clock: Clock, elapsed: Callable[[], float]) -> None:
        self._clock = clock
        self._elapsed = elapsed  # the loop's own seconds, which nobody sets; asked from the store's thread too
        self._sending: set[str] = set()  # ids of orders whose POST is under way in this process
        self._met: dict[str, tuple[float, timedelta]] = {}  # orders: when this process met each, in loop time, and how old it was

    def begin(self, order_id: str) -> None:
        """An order's POST begins: its age counts from now."""
        self._sending.add(order_id)
        now = self._elapsed()
        for other in [known_id for known_id, (at, _) in list(self._met.items()) if now - at > A_DAY]:
            self._met.pop(other, None)
        self._met[order_id] = (now, timedelta(0))

    def end(self, order_id: str) -> None:
        """The POST ended, in whatever way, or will not begin."""
        self._sending.discard(order_id)

    def age(self, order: Order, at: float | None = None) -> timedelta:
        """How long ago an order was sent. at: a moment of loop time, None for now.

        The host's clock is asked once, when this process meets an order of before. From then on only passing time counts, so
        that the look-out is neither cut short nor drawn out by a clock that is set.
        """
        now = self._elapsed()
        if order.id not in self._met:
            sent = order.sent_at or order.created_at
            self._met[order.id] = (now, max(self._clock.now() - sent, timedelta(0)))
        met, was = self._met[order.id]
        return was + timedelta(seconds=(now if at is None else at) - met)

    def next_sync(self, unsettled: Sequence[Order], tried: float | None, *, failed: bool = False) -> float | None:
        """When to sync again after the last try, in loop time, by the most urgent order. None: now.

        failed: the last try could not read the books. What moved meanwhile is not known, so nothing counts as idle.
        """
        if tried is None:
            return None
        ages = [self.age(order, tried).total_seconds() for order in unsettled if order.status.is_working]
        idle = BUSY if failed else IDLE
        due = tried + (idle if not ages else BUSY if min(ages) >= YOUNG else QUICK)
        for order in unsettled:
            if order.status in LOOKED_FOR and order.status is not OrderStatus.NOT_SEEN:
                age = self.age(order, tried).total_seconds()
                due = min(due, next((tried + step - age for step in LOOK_OUT if step - age > A_BIT), due))
        return due

    def absent(self, order: Order, present: set[str], started: float, now: datetime, seen: str) -> tuple[Order, Notice | None]:
        """What follows for an order that this sync did not show. It is never that the order does not exist (invariant I4)."""
        if order.id in self._sending or (order.broker_id in present and order.status.is_working):
            return order, None
        sent = order.sent_at or order.created_at
        age = self.age(order, started)  # as this sync began
        if order.status is OrderStatus.REFUSED:
            return (order.settled(now), None) if age > LOOK_OUT_ENDS else (order.looked(sent + age), None)
        if order.status is OrderStatus.SUBMITTING:
            return order.unclear(now), None
        if order.status is OrderStatus.UNKNOWN:
            if not seen and order.day < ist_date(now):
                return order, None  # this book is another day's, so it was not looked for
            looked = order.looked(sent + age, seen)  # on the order's own time: a clock that was set says nothing about a look-out
            was_out = order.looked_at is not None and order.looked_at - sent > LOOK_OUT_ENDS
            return looked, OrderNotSeen(order=looked) if age > LOOK_OUT_ENDS and not was_out else None
        if order.status.is_working and order.day < ist_date(now):
            # Not absence but the rule of a day order: it cannot outlive its day, and that day's book is gone.
            over = order.expired(now)
            return over, OrderEnded(order=over)
        if order.status.is_working and order.updated_at < now - timedelta(seconds=self._elapsed() - started):
            log.warning("order %s (%s) is missing from the book; holding its state", order.id, order.broker_id)
        return order, None
