"""Cancels and changes whose answer was lost: each is answered by the first look that can tell, and told once."""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from bot.domain.clock import Clock
from bot.domain.news.orders.orders import ActSeen
from bot.domain.orders.doubt import Doubt
from bot.domain.ports.repositories import Repositories
from bot.trading.safety.announce import tell_all

FOLLOWS = 3.0  # seconds in which the book may still show an order as it was before the act


@dataclass(slots=True, kw_only=True)
class Doubts:
    """What is in doubt stands in the records. It is known here too, so that a look without doubts asks nothing."""

    clock: Clock
    elapsed: Callable[[], float]
    _open: dict[str, tuple[Doubt, float]] = field(default_factory=dict)  # by order, with the moment in loop time

    def load(self, db: Repositories) -> None:
        """At start: what the process before did not come to tell."""
        self._open = {doubt.order_id: (doubt, -math.inf) for doubt in db.flags.doubts()}

    def note(self, db: Repositories, doubt: Doubt) -> None:
        """The newest act on an order is the one that counts."""
        db.flags.doubt(doubt)
        self._open[doubt.order_id] = (doubt, self.elapsed())

    def answer(self, db: Repositories, account_id: str, shown: Collection[str], began: float) -> None:
        """Tells of each order that this look shows working. An end has news of its own.

        shown: the broker's ids of the rows. began: when the look did, in loop time.
        """
        for doubt, since in [each for each in self._open.values() if each[0].account_id == account_id]:
            order = db.orders.find(doubt.order_id)
            if order is not None and order.status.is_working:
                if began < since + FOLLOWS or order.broker_id not in shown:
                    continue
                notice = ActSeen(order=order, act=doubt.act, done=doubt.is_met_by(order))
                tell_all(db, account_id, notice, self.clock.now(), order_id=order.id)
            db.flags.settle_doubt(doubt.order_id)
            self._open.pop(doubt.order_id, None)
