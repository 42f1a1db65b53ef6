"""The notifier: takes due notices from the outbox, one at a time for each chat, delivers them and notes what became of each."""

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial

from bot.domain.clock import Clock
from bot.domain.errors import DeliveryError
from bot.domain.news.delivery import Delivery
from bot.domain.ports.broker import Messenger
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.signal import Signal

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # longer than any delivery of this process waits for its turn; after it another try may begin
# Seconds before the next try; the last one repeats, for as long as it takes: so long may a fill be late once Telegram is back.
WAITS = (1, 2, 5, 10)
AT_ONCE = 1000  # chats that are begun in one round


class Notifier:
    """At least once, in order for each chat: a crash between sending and marking sends again, with the same event number.

    Each chat has a worker of its own while something is due for it, so that one that is slow, flooded or closed delays nobody.
    """

    def __init__(self, *, store: Store, messenger: Messenger, clock: Clock, together: bool = True) -> None:
        """together: whether many pieces of news that wait for a chat leave as one message."""
        self._together = together
        self._store = store
        self._messenger = messenger
        self._clock = clock
        self._wake = Signal()
        self._last: tuple[datetime, float] | None = None  # the newest present, and its loop time
        self._workers: dict[int, asyncio.Task[None]] = {}  # by chat
        self._cut: set[int] = set()  # chats whose news waits because Telegram could not be reached
        self._down = False  # no delivery has arrived since one could not
        self._hurry = False  # what was cut off is due now
        self._closed: set[int] = set()  # chats that are parked
        self._open: set[int] = set()  # those of them whose person has written since
        self._alone: set[int] = set()  # chats that would not take several in one message
        self._broken: BaseException | None = None  # what ended a worker

    def wake(self) -> None:
        """Something was written to the outbox. Returns at once."""
        self._wake()

    def back(self) -> None:
        """Telegram answers again: what waited for it is tried now. Returns at once."""
        self._down = False
        if self._cut:
            self._hurry = True
            self._wake()

    def heard(self, chat_id: int) -> None:
        """The person has written: a chat that was closed is open again, and hears what it missed. Returns at once."""
        if chat_id in self._closed:
            self._open.add(chat_id)
            self._wake()

    async def run(self) -> None:
        """Delivers for ever. What a process of before was delivering or had put off is due at once.

        Raises what a worker met that is none of Telegram's failures: the database, or a bug.
        """

        def release(db: Repositories) -> Collection[int]:
            db.outbox.release(self._clock.now())
            return db.outbox.parked()

        self._closed.update(await self._store.transaction(release))
        try:
            while True:
                if self._broken is not None:  # what was sent could not be noted: only a new start makes that safe
                    raise self._broken
                await self._begin()
                due = await self._store.read(lambda db: db.outbox.next_due())
                await self._wake.wait(self._pause(due))
        finally:
            for worker in self._workers.values():
                worker.cancel()
            await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def deliver_due(self) -> bool:
        """Delivers whatever is due now, all chats side by side. False when nothing was."""
        await self._begin()
        workers = list(self._workers.values())
        await asyncio.gather(*workers)
        return bool(workers)

    async def drain(self, seconds: float) -> None:
        """Delivers what is due now, in bounded time. What is left waits in the store.

        A delivery on its way is waited for: cut off, it would be sent again.
        """
        try:
            async with asyncio.timeout(seconds):
                while await self.deliver_due():
                    pass
        except TimeoutError:
            log.warning("some notices are left for the next start")

    async def _begin(self) -> None:
        """Gives each chat for which something is due, and nothing on its way, a worker."""
        now = self._present()
        hurried, opened = self._cut if self._hurry else set(), self._open
        if self._hurry:
            self._cut, self._hurry = set(), False
        self._open = set()

        def lease(db: Repositories) -> list[Delivery]:
            db.outbox.hasten(hurried, now)
            if self._closed:
                db.outbox.unpark(now, opened)
            return list(db.outbox.lease(now, now + LEASE, AT_ONCE, alone=not self._together))

        for delivery in await self._store.lightly(lease):  # a start gives back every lease of before
            chat = delivery.chat_id
            worker = asyncio.create_task(self._work(delivery, after=self._workers.get(chat)), name=f"news for {chat}")
            self._workers[chat] = worker
            worker.add_done_callback(partial(self._ended, chat))

    def _ended(self, chat_id: int, task: "asyncio.Task[None]") -> None:
        if self._workers.get(chat_id) is task:
            del self._workers[chat_id]
        self._wake()  # what came for this chat meanwhile, or when to try it again
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken = error

    async def _work(self, first: Delivery, after: "asyncio.Task[None] | None") -> None:
        """Delivers to one chat until nothing is due for it, or it has to wait.

        after: the worker before, where it has noted what became of its last one and has not ended yet.
        """
        if after is not None:
            await asyncio.wait((after,))
        delivery: Delivery | None = first
        while delivery is not None:
            delivery = await self._deliver(delivery)

    async def _deliver(self, delivery: Delivery) -> Delivery | None:
        """Sends one and marks it. What comes next for the chat is taken in the same transaction."""
        try:
            message_id = await self._messenger.deliver(delivery)
        except DeliveryError as error:
            return await self._failed(delivery, error)
        except Exception:  # the last resort: one notice that cannot be put into words must not silence all the others
            log.exception("notice %d cannot be put into words", delivery.id)
            return await self._failed(delivery, DeliveryError("a bug of ours: see the log", permanent=True))
        self._cut.discard(delivery.chat_id)
        self._closed.discard(delivery.chat_id)
        if self._down:
            self.back()
        sent_at, now = self._clock.now(), self._present()
        chat, alone = delivery.chat_id, self._is_alone(delivery.chat_id)

        def mark(db: Repositories) -> Delivery | None:
            for each in delivery.ids:
                db.outbox.sent(each, sent_at, message_id)
            return db.outbox.next_for(chat, now, now + LEASE, alone=alone)

        return await self._store.transaction(mark)

    async def _failed(self, delivery: Delivery, error: DeliveryError) -> Delivery | None:
        now, chat = self._present(), delivery.chat_id
        if error.closed:
            log.warning("chat %s is closed: its news waits until it is open again", chat)
            self._closed.add(chat)
            await self._store.transaction(lambda db: db.outbox.park(chat, error.say))
            return None
        if error.permanent and delivery.more:  # which of them it is shows when each is sent by itself
            self._alone.add(chat)
            log.error("notices %s cannot leave in one message: %s", delivery.ids, error.say)
            return await self._store.transaction(lambda db: self._split(db, delivery, now))
        if error.permanent:
            log.error("notice %d cannot be delivered: %s", delivery.id, error.say)
            return await self._store.transaction(lambda db: self._bury(db, delivery, now, error.say))
        if error.retry_after is None:
            self._cut.add(chat)
            self._down = True
        wait = error.retry_after or WAITS[min(delivery.attempts, len(WAITS) - 1)]
        if delivery.attempts < len(WAITS):  # an outage of hours is no news after its first tries
            log.info("notice %d waits %s s: %s", delivery.id, wait, error.say)
        until = now + timedelta(seconds=wait)
        await self._store.transaction(lambda db: db.outbox.postpone(delivery.id, until, error.say))
        return None

    def _split(self, db: Repositories, delivery: Delivery, now: datetime) -> Delivery | None:
        for each in delivery.ids:
            db.outbox.postpone(each, now, "")
        return db.outbox.next_for(delivery.chat_id, now, now + LEASE, alone=True)

    def _bury(self, db: Repositories, delivery: Delivery, now: datetime, why: str) -> Delivery | None:
        db.outbox.bury(delivery.id, now, why)
        return db.outbox.next_for(delivery.chat_id, now, now + LEASE, alone=self._is_alone(delivery.chat_id))

    def _is_alone(self, chat_id: int) -> bool:
        return not self._together or chat_id in self._alone

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
