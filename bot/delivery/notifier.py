"""The notifier: takes due notices from the outbox, delivers them in order for each chat, marks, postpones or buries them."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.errors import DeliveryError
from bot.domain.orders.notice import Delivery
from bot.domain.ports.broker import Messenger
from bot.domain.ports.repositories import Store
from bot.runtime.signal import Signal

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # longer than one delivery with its time-outs; after it another try may begin
# Seconds before the next try; the last one repeats, for as long as it takes: so long may a fill be late once Telegram is back.
WAITS = (1, 2, 5, 10)


class Notifier:
    """At least once, in order for each chat: a crash between sending and marking sends again, with the same event number."""

    def __init__(self, *, store: Store, messenger: Messenger, clock: Clock) -> None:
        self._store = store
        self._messenger = messenger
        self._clock = clock
        self._wake = Signal()
        self._last: tuple[datetime, float] | None = None  # the newest present, and its loop time
        self._round = asyncio.Lock()  # a drain waits for what the loop has on its way: cut off, it would be sent again

    def wake(self) -> None:
        """Something was written to the outbox. Returns at once."""
        self._wake()

    async def run(self) -> None:
        """Delivers for ever. What a process of before was delivering or had put off is due at once."""
        await self._store.transaction(lambda db: db.outbox.release(self._clock.now()))
        while True:
            if not await self.deliver_due():
                due = await self._store.transaction(lambda db: db.outbox.next_due())
                await self._wake.wait(self._pause(due))

    async def deliver_due(self) -> bool:
        """One round: at most one notice for each chat, all chats side by side. False when nothing was due."""
        async with self._round:
            now = self._present()
            deliveries: Sequence[Delivery] = await self._store.transaction(lambda db: db.outbox.lease(now, now + LEASE))
            await asyncio.gather(*(self._deliver(delivery) for delivery in deliveries))
            return bool(deliveries)

    async def drain(self, seconds: float) -> None:
        """Delivers what is due now, in bounded time. What is left waits in the store."""
        try:
            async with asyncio.timeout(seconds):
                while await self.deliver_due():
                    pass
        except TimeoutError:
            log.warning("some notices are left for the next start")

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            message_id = await self._messenger.deliver(delivery)
        except DeliveryError as error:
            await self._failed(delivery, error)
            return
        except Exception:  # the last resort: one notice that cannot be put into words must not silence all the others
            log.exception("notice %d cannot be put into words", delivery.id)
            await self._failed(delivery, DeliveryError("a bug of ours: see the log", permanent=True))
            return
        sent_at = self._clock.now()
        await self._store.transaction(lambda db: db.outbox.sent(delivery.id, sent_at, message_id))

    async def _failed(self, delivery: Delivery, error: DeliveryError) -> None:
        now = self._present()
        if error.permanent:
            log.error("notice %d cannot be delivered: %s", delivery.id, error.say)
            await self._store.transaction(lambda db: db.outbox.bury(delivery.id, now, error.say))
            return
        wait = error.retry_after or WAITS[min(delivery.attempts, len(WAITS) - 1)]
        if delivery.attempts < len(WAITS):  # an outage of hours is no news after its first tries
            log.info("notice %d waits %s s: %s", delivery.id, wait, error.say)
        until = now + timedelta(seconds=wait)
        await self._store.transaction(lambda db: db.outbox.postpone(delivery.id, until, error.say))

    def _pause(self, due: datetime | None) -> float | None:
        return None if due is None else max((due - self._present()).total_seconds(), 0.02)

    def _present(self) -> datetime:
        """The present moment, which never goes back: what was put off waits for time to pass, however the clock is set."""
        now, at = self._clock.now(), asyncio.get_running_loop().time()
        if self._last is not None:
            before, then = self._last
            now = max(now, before + timedelta(seconds=at - then))
        self._last = now, at
        return now
