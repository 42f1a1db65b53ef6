"""The only writer of living cards: draws the newest version of an order where an older one is shown."""

import asyncio
import logging

from bot.domain.errors import DeliveryError
from bot.domain.orders.order import CardRef, Order
from bot.domain.ports.broker import Messenger
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.signal import Signal

log = logging.getLogger(__name__)

TOGETHER = 0.1  # seconds in which changes that follow one another become one drawing, and news goes first
SLOW = 0.3  # seconds without the broker's answer after which the card shows that the order is being sent
RETRY = 5.0  # seconds after a failed drawing; a card is a picture of the present, so it is simply drawn again


class CardUpdater:
    """Versions that come quickly are drawn as one: only the newest is worth a call to Telegram."""

    def __init__(self, *, store: Store, messenger: Messenger) -> None:
        self._store = store
        self._messenger = messenger
        self._wake = Signal()

    def wake(self) -> None:
        """Some order changed. Returns at once."""
        self._wake()

    def wake_if_slow(self) -> None:
        """An order is being sent. Returns at once.

        The tap itself said "Sending…". The card says it too only when the answer takes long enough to wonder.
        """
        asyncio.get_running_loop().call_later(SLOW, self._wake)

    async def run(self) -> None:
        """Draws for ever."""
        again: float | None = 0.0
        while True:
            await self._wake.wait(again)
            await asyncio.sleep(TOGETHER)
            again = await self.draw_stale()

    async def drain(self, seconds: float) -> None:
        """Draws what is old now, in bounded time. What is left is drawn at the next start."""
        try:
            async with asyncio.timeout(seconds):
                await self.draw_stale()
        except TimeoutError:
            log.warning("some cards are left for the next start")

    async def draw_stale(self) -> float | None:
        """Draws every card that is older than its order.

        Returns in how many seconds to try again what failed, None when nothing did.
        """
        stale = await self._store.transaction(lambda db: db.cards.stale())
        waits = await asyncio.gather(*(self._draw(card, order, label) for card, order, label in stale))
        return min((wait for wait in waits if wait is not None), default=None)

    async def _draw(self, card: CardRef, order: Order, label: str) -> float | None:
        try:
            message_id = await self._messenger.draw(card, order, label)
        except DeliveryError as error:
            if not error.permanent:
                return error.retry_after or RETRY
            log.warning("the card of order %s cannot be drawn any more: %s", order.id, error.say)
            await self._store.transaction(lambda db: db.cards.bury(card.chat_id, card.message_id))
            return None

        except Exception:  # the last resort: one card that cannot be drawn must not stop the others
            log.exception("the card of order %s cannot be drawn", order.id)
            message_id = card.message_id

        def note(db: Repositories) -> None:
            moved = message_id if message_id != card.message_id else None
            db.cards.drawn(card.chat_id, card.message_id, order.version, moved_to=moved)

        await self._store.transaction(note)
        return None
