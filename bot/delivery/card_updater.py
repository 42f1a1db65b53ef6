"""The only writer of living cards: draws the newest version of an order where an older one is shown."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from bot.domain.errors import DeliveryError
from bot.domain.orders.order import CardRef, Order
from bot.domain.ports.broker import Messenger
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.signal import Signal

log = logging.getLogger(__name__)

TOGETHER = 0.1  # seconds in which changes that follow one another become one drawing, and news goes first
SLOW = 0.3  # seconds without the broker's answer after which the card shows that the order is being sent
CLOSED = 600.0  # seconds after which a chat that its person has closed is tried again
RETRY = 5.0  # seconds after a failed drawing; a card is a picture of the present, so it is simply drawn again


class CardUpdater:
    """Versions that come quickly are drawn as one: only the newest is worth a call to Telegram.

    Each chat has a worker of its own while a card in it is old, so that one that is slow or flooded delays nobody.
    """

    def __init__(self, *, store: Store, messenger: Messenger) -> None:
        self._store = store
        self._messenger = messenger
        self._wake = Signal()
        self._workers: dict[int, asyncio.Task[None]] = {}  # by chat
        self._paused: dict[int, float] = {}  # chats whose last drawing failed: until when, in loop time
        self._broken: BaseException | None = None  # what ended a worker

    def wake(self) -> None:
        """Some order changed. Returns at once."""
        self._wake()

    def wake_if_slow(self) -> None:
        """An order is being sent. Returns at once.

        The tap itself said "Sending…". The card says it too only when the answer takes long enough to wonder.
        """
        asyncio.get_running_loop().call_later(SLOW, self._wake)

    async def run(self) -> None:
        """Draws for ever. Raises what a worker met that is none of Telegram's failures."""
        again: float | None = 0.0
        try:
            while True:
                await self._wake.wait(again)
                await asyncio.sleep(TOGETHER)
                if self._broken is not None:
                    raise self._broken
                await self._begin()
                again = self._pause()
        finally:
            for worker in self._workers.values():
                worker.cancel()
            await asyncio.gather(*self._workers.values(), return_exceptions=True)

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
        await self._begin()
        await asyncio.gather(*self._workers.values())
        return self._pause()

    def _pause(self) -> float | None:
        now = asyncio.get_running_loop().time()
        self._paused = {chat: until for chat, until in self._paused.items() if until > now}
        return min((until - now for until in self._paused.values()), default=None)

    async def _begin(self) -> None:
        """Gives each chat with an old card a worker, unless it has one or has to wait."""
        self._pause()
        for chat in await self._store.read(lambda db: db.cards.stale_chats()):
            if chat not in self._workers and chat not in self._paused:
                self._workers[chat] = asyncio.create_task(self._work(chat), name=f"cards in {chat}")
                self._workers[chat].add_done_callback(partial(self._ended, chat))

    def _ended(self, chat_id: int, task: "asyncio.Task[None]") -> None:
        self._workers.pop(chat_id, None)
        if task.cancelled():
            return
        self._wake()  # what grew old meanwhile, or when to try again
        if (error := task.exception()) is not None:
            self._broken = error

    async def _work(self, chat_id: int) -> None:
        """Draws the old cards of a chat one by one, those that have waited longest first, until none is old or one fails."""
        old = await self._store.read(lambda db: db.cards.stale(1, chat_id=chat_id))
        while old:
            (card, order, label) = old[0]
            note = await self._draw(card, order, label)
            if note is None:
                return
            old = await self._store.transaction(partial(_noted, note=note, chat_id=chat_id))

    async def _draw(self, card: CardRef, order: Order, label: str) -> Callable[[Repositories], None] | None:
        """What to note of it. None when it has to be drawn again later."""
        try:
            message_id = await self._messenger.draw(card, order, label)
        except DeliveryError as error:
            if error.closed or not error.permanent:
                wait = CLOSED if error.closed else error.retry_after or RETRY
                self._paused[card.chat_id] = asyncio.get_running_loop().time() + wait
                return None
            log.warning("the card of order %s cannot be drawn any more: %s", order.id, error.say)
            return lambda db: db.cards.bury(card.chat_id, card.message_id)
        except Exception:  # the last resort: one card that cannot be drawn must not stop the others
            log.exception("the card of order %s cannot be drawn", order.id)
            message_id = card.message_id
        moved = message_id if message_id != card.message_id else None
        return lambda db: db.cards.drawn(card.chat_id, card.message_id, order.version, moved_to=moved)


def _noted(db: Repositories, *, note: Callable[[Repositories], None], chat_id: int) -> Sequence[tuple[CardRef, Order, str]]:
    """Notes a drawing, and takes the chat's next old card in the same transaction."""
    note(db)
    return db.cards.stale(1, chat_id=chat_id)
