"""The card folder closes a question whose time is over, and the card updater makes one line of its card.

The time of a question about an order is over when that order is.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.orders.confirmation import Confirmation, ConfirmationState
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.signal import Signal

PAUSE = 5.0  # seconds between two looks at most; a card that was just asked is not looked for before them
GRACE = timedelta(seconds=2)  # after its end, in which a last tap is still answered in its own words


class CardFolder:
    """Closes each question once, and none that may still be answered."""

    def __init__(self, *, store: Store, clock: Clock, may_be_open: Callable[[str], bool]) -> None:
        """may_be_open: whether a question's time is not over by the loop's own seconds, however the host's clock is set."""
        self._store = store
        self._clock = clock
        self._may_be_open = may_be_open
        self._wake = Signal()

    def wake(self) -> None:
        """A question was asked. Returns at once."""
        self._wake()

    async def run(self) -> None:
        """Folds for ever."""
        while True:
            await asyncio.sleep(PAUSE)
            wait = await self.fold_over()
            await self._wake.wait(wait)

    async def fold_over(self) -> float | None:
        """Closes every question whose time is over. Returns in how many seconds the next one's is. None: none is open."""
        now = self._clock.now()

        def read(db: Repositories) -> list[tuple[Confirmation, bool]]:
            return [(each, _is_past(db, each)) for each in db.confirmations.asking()]

        ends = []
        for question, past in await self._store.transaction(read):
            if not past and (question.expires_at + GRACE > now or self._may_be_open(question.token)):
                ends.append(max((question.expires_at + GRACE - now).total_seconds(), PAUSE))
            else:
                await self._store.transaction(lambda db, token=question.token: _close(db, token))  # type: ignore[misc] # bound at once
        return min(ends, default=None)


def _is_past(db: Repositories, question: Confirmation) -> bool:
    """Whether nothing can be changed any more in the order that an open question is about."""
    order = db.orders.find(question.order_id) if question.order_id is not None else None
    return order is not None and order.status.is_final


def _close(db: Repositories, token: str) -> None:
    db.confirmations.close(token, ConfirmationState.EXPIRED)
