"""The card folder: a question whose time is over becomes one line that says so, and that nothing was sent.

The time of a question about an order is over when that order is.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from bot.domain.clock import Clock
from bot.domain.errors import DeliveryError
from bot.domain.orders.confirmation import Confirmation, ConfirmationState
from bot.domain.orders.order import Order
from bot.domain.people.account import Account
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.signal import Signal

log = logging.getLogger(__name__)

PAUSE = 5.0  # seconds between two looks at most; a card that was just asked is not looked for before them
GRACE = timedelta(seconds=2)  # after its end, in which a last tap is still answered in its own words
OLDEST = timedelta(hours=1)  # a card that ended before that is left as it stands: nobody looks at it


class Folder(Protocol):
    """Draws what a question has become."""

    async def fold(self, confirmation: Confirmation, account: Account, ended: Order | None = None) -> None:
        """In its own message alone. ended: the order that it was about ended first. DeliveryError when Telegram would not."""
        ...


class CardFolder:
    """Folds each card once, and none that may still be answered."""

    def __init__(self, *, store: Store, folder: Folder, clock: Clock, may_be_open: Callable[[str], bool]) -> None:
        """may_be_open: whether a question's time is not over by the loop's own seconds, however the host's clock is set."""
        self._store = store
        self._folder = folder
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
        """Folds every card whose time is over. Returns in how many seconds the next one's is. None: none is open."""
        now = self._clock.now()

        def read(db: Repositories) -> list[tuple[Confirmation, Account, Order | None]]:
            found = db.confirmations.open_since(now - OLDEST)
            accounts = {question.account_id: db.accounts.find(question.account_id) for question in found}
            over = {each.token: order for each in found if (order := _ended(db, each)) is not None}
            return [(each, account, over.get(each.token)) for each in found if (account := accounts[each.account_id]) is not None]

        ends = []
        for question, account, ended in await self._store.transaction(read):
            if ended is None and (question.expires_at + GRACE > now or self._may_be_open(question.token)):
                ends.append(max((question.expires_at + GRACE - now).total_seconds(), PAUSE))
            elif await self._store.transaction(lambda db, token=question.token: _closed(db, token)):  # type: ignore[misc] # bound at once
                await self._fold(question, account, ended)
        return min(ends, default=None)

    async def _fold(self, question: Confirmation, account: Account, ended: Order | None) -> None:
        try:
            await self._folder.fold(question, account, ended)
        except DeliveryError as error:  # its buttons answer that it is over
            log.info("the card %s could not be folded: %s", question.token[:4], error.say)


def _ended(db: Repositories, question: Confirmation) -> Order | None:
    """The order that an open question is about, once nothing can be changed in it any more."""
    order = db.orders.find(question.order_id) if question.order_id is not None else None
    return order if order is not None and order.status.is_final else None


def _closed(db: Repositories, token: str) -> bool:
    return db.confirmations.close(token, ConfirmationState.EXPIRED)
