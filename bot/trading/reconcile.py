"""Ask the broker's books what is true, for whatever reason, by one door, and hand the facts to the book."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.clock import Clock, ist_date
from bot.domain.drawers import Drawers, Store
from bot.domain.errors import AddressRefused, BrokerError, SessionExpired, StorageAway
from bot.domain.notice import AddressNotRegistered, Notice, OrderNotSeen, SessionLost
from bot.domain.order import LOOKED_FOR, Order, OrderFact, OrderStatus, TradeFact
from bot.domain.ports import Links
from bot.trading.book import Book, Change
from bot.trading.wakes import Wake

log = logging.getLogger(__name__)

LOOK_OUT = (1, 2, 4, 8, 15, 30, 60, 90, 120, 180)  # seconds after sending (failure-modes.md 3.2, step 4)
LOOK_OUT_ENDS = timedelta(seconds=180)
BUSY, IDLE = 10.0, 60.0  # seconds between looks with and without working orders (failure-modes.md F9)
STEPS = 0.06  # seconds within which an order's steps follow one another when it fills at once
FRESH_LOOKS = (0.7, 2.0, 5.0)  # seconds after sending: a fill whose bell got lost is still told of soon


@dataclass(slots=True)
class _Line:
    """What is known of one account's line to the books."""

    looking: asyncio.Task[Change] | None = None
    following: asyncio.Task[Change] | None = None
    soon: asyncio.TimerHandle | None = None  # a look for a bell that was not urgent
    seen_at: datetime | None = None  # the beginning of the last look that read the books whole
    tried_at: datetime | None = None
    down_since: datetime | None = None
    last_change: Change = field(default_factory=Change)


class Reconcile:
    """One look at a time for each account; bells during a look cause exactly one more."""

    def __init__(
        self,
        *,
        store: Store,
        links: Links,
        book: Book,
        clock: Clock,
        changed: Callable[[], None],
        egress: str | None = None,
    ) -> None:
        self._store = store
        self._links = links
        self._book = book
        self._clock = clock
        self._changed = changed  # wakes the cards and the notifier
        self._lines: dict[str, _Line] = {}
        self._timers: set[asyncio.Task[None]] = set()
        self._egress = egress
        self._wake = Wake()
        self._sending: set[str] = set()  # ids of orders whose POST is under way in this process

    def seen_at(self, account_id: str) -> datetime | None:
        """When the order book was last read whole."""
        return self._line(account_id).seen_at

    def down_since(self, account_id: str) -> datetime | None:
        """Since when the books cannot be read; None while they can."""
        return self._line(account_id).down_since

    def sending(self, order_id: str) -> None:
        """An order's POST begins: its absence from the book means nothing yet."""
        self._sending.add(order_id)

    def unsent(self, order_id: str) -> None:
        """The order did not come to be, or its POST will not begin."""
        self._sending.discard(order_id)

    def sent(self, account_id: str, order_id: str) -> None:
        """An order's POST ended, in whatever way: look soon, bell or no bell."""
        self._sending.discard(order_id)
        self._wake()
        for delay in FRESH_LOOKS:
            self._later(delay, account_id)

    def ring(self, account_id: str, *, urgent: bool = True) -> None:
        """A bell: look now, or in a moment if it is not urgent, so that an order's steps share the look of its fill."""
        line = self._line(account_id)
        if line.soon is not None:
            line.soon.cancel()
            line.soon = None
        if urgent:
            self._begin(account_id).add_done_callback(_quietly)
        else:
            line.soon = asyncio.get_running_loop().call_later(STEPS, self.ring, account_id)

    async def look(self, account_id: str) -> Change:
        """Looks, and returns what a look that began after this call changed. BrokerError when the books cannot be read."""
        return await asyncio.shield(self._begin(account_id))

    async def address_refused(self, account_id: str, words: str) -> None:
        """The broker does not take orders from this host: told once a day, with the address to register."""
        notice = AddressNotRegistered(at=self._clock.now(), words=words, address=self._egress)
        await self._once(account_id, "address", notice)

    async def settle_start(self) -> None:
        """At start, before anything is listened to: what was being sent when the process ended is unknown (invariant I1)."""
        now = self._clock.now()

        def unsettle(drawers: Drawers) -> list[Order]:
            cut_off = [order for order in drawers.orders.unsettled() if order.status is OrderStatus.SUBMITTING]
            for order in cut_off:
                drawers.orders.save(order.unclear(now))
            return cut_off

        for order in await self._store.run(unsettle):
            log.warning("order %s was being sent when the process ended; looking for it", order.id)
        self._changed()

    async def run(self) -> None:
        """Looks by the clock at every account with a session, for ever."""
        try:
            while True:
                due = self._clock.now() + timedelta(seconds=IDLE)
                for account_id in list(self._links.opened()):
                    due = min(due, await self._look_when_due(account_id))
                await self._wake.wait(max((due - self._clock.now()).total_seconds(), 0.05))
        finally:
            await self._end()

    async def _end(self) -> None:
        """No look outlives the lines that it would read from."""
        for line in self._lines.values():
            if line.soon is not None:
                line.soon.cancel()
        looks = (task for line in self._lines.values() for task in (line.looking, line.following))
        running = [task for task in (*self._timers, *looks) if task is not None and not task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _look_when_due(self, account_id: str) -> datetime:
        """Looks if it is time; the moment of the next look."""
        for _ in range(2):
            unsettled = await self._unsettled(account_id)
            if self._links.of(account_id).session is None and not unsettled:
                break  # nothing is at stake, and a look would only ask for a login
            due = next_look(unsettled, self._line(account_id).tried_at)
            if due is not None and due > self._clock.now():
                return due
            await self._quiet_look(account_id)
        return self._clock.now() + timedelta(seconds=IDLE if self._links.of(account_id).session is None else 1)

    async def _unsettled(self, account_id: str) -> Sequence[Order]:
        """The orders that are not over; none while the records cannot even be read."""
        try:
            return await self._store.run(lambda drawers: drawers.orders.unsettled(account_id))
        except StorageAway:
            return ()

    async def _quiet_look(self, account_id: str) -> None:
        try:
            await self.look(account_id)
        except (BrokerError, StorageAway) as error:
            log.info("account %s: the books could not be read: %s", account_id, type(error).__name__)

    def _line(self, account_id: str) -> _Line:
        return self._lines.setdefault(account_id, _Line())

    def _later(self, delay: float, account_id: str) -> None:
        async def wait() -> None:
            await asyncio.sleep(delay)
            unsettled = await self._unsettled(account_id)
            if unsettled:
                await self._quiet_look(account_id)

        timer = asyncio.create_task(wait(), name=f"look again in {delay} s")
        self._timers.add(timer)
        timer.add_done_callback(self._timers.discard)

    def _begin(self, account_id: str) -> asyncio.Task[Change]:
        line = self._line(account_id)
        if line.looking is None or line.looking.done():
            line.looking = asyncio.create_task(self._look(account_id), name=f"look {account_id}")
            return line.looking
        if line.following is None or line.following.done():
            line.following = asyncio.create_task(self._follow(account_id, line.looking), name=f"look again {account_id}")
        return line.following

    async def _follow(self, account_id: str, first: asyncio.Task[Change]) -> Change:
        await asyncio.wait([first])
        line = self._line(account_id)
        line.looking, line.following = line.following, None
        return await self._look(account_id)

    async def _look(self, account_id: str) -> Change:
        line = self._line(account_id)
        broker = self._links.of(account_id).broker
        began = line.tried_at = self._clock.now()
        try:
            facts, trades = await _both(broker.orders(), broker.trades())
        except SessionExpired:
            await self._session_lost(account_id)
            raise
        except AddressRefused as error:
            await self.address_refused(account_id, error.words)
            raise
        except BrokerError:
            line.down_since = line.down_since or began
            raise
        if line.down_since is not None:
            log.info("account %s: the books can be read again, after %s", account_id, began - line.down_since)
            line.down_since = None
        change = await self._store.run(lambda drawers: self._apply(drawers, account_id, facts, trades, began))
        self._book.applied(account_id, change)
        line.seen_at, line.last_change = began, change
        if change.touched:
            self._changed()
        return change

    def _apply(
        self, drawers: Drawers, account_id: str, facts: Sequence[OrderFact], trades: Sequence[TradeFact], began: datetime
    ) -> Change:
        now = self._clock.now()
        change = self._book.apply(drawers, account_id, facts, trades, now)
        present = {fact.broker_id for fact in facts}
        for order in drawers.orders.unsettled(account_id):
            after, notice = self._absent(order, present, began, now)
            if after is not order:
                drawers.orders.save(after)
                change.touched.append(order.id)
            if notice is not None:
                people = drawers.people.watching(account_id)
                drawers.outbox.add(account_id, people, notice, now, order_id=order.id)
        return change

    def _absent(self, order: Order, present: set[str], began: datetime, now: datetime) -> tuple[Order, Notice | None]:
        """What follows for an order that this look did not show; never that it does not exist (invariant I4)."""
        if order.id in self._sending or (order.broker_id in present and order.status.is_working):
            return order, None
        sent = order.sent_at or order.created_at
        if order.status is OrderStatus.REFUSED:
            return (order.settled(now), None) if began - sent > LOOK_OUT_ENDS else (order.looked(now), None)
        if order.status is OrderStatus.SUBMITTING:
            return order.unclear(now), None
        if order.status is OrderStatus.UNKNOWN:
            looked = order.looked(now)
            was_out = order.looked_at is not None and order.looked_at - sent > LOOK_OUT_ENDS
            return looked, OrderNotSeen(order=looked) if began - sent > LOOK_OUT_ENDS and not was_out else None
        if order.status.is_working and ist_date(sent) < ist_date(now):
            # Not absence but the rule of a day order: it cannot outlive its day, and that day's book is gone.
            return order.expired(now), None
        if order.status.is_working and order.updated_at < began:
            log.warning("order %s (%s) is missing from the book; holding its state", order.id, order.broker_id)
        return order, None

    async def _session_lost(self, account_id: str) -> None:
        session = await self._store.run(lambda drawers: drawers.accounts.session(account_id))
        self._links.of(account_id).adopt(None)
        if session is None:
            return
        now = self._clock.now()

        def forget(drawers: Drawers) -> None:
            drawers.accounts.keep_session(account_id, None)
            notice = SessionLost(at=now, why="mStock ended the session")
            drawers.outbox.add(account_id, drawers.people.watching(account_id), notice, now, order_id=None)

        await self._store.run(forget)
        self._changed()

    async def _once(self, account_id: str, what: str, notice: Notice) -> None:
        """Tells of a standing fault once a day, not at every look."""
        now = self._clock.now()

        def tell(drawers: Drawers) -> None:
            if drawers.jobs.claim(f"told:{what}:{account_id}", ist_date(now).isoformat(), now):
                drawers.outbox.add(account_id, drawers.people.watching(account_id), notice, now, order_id=None)

        await self._store.run(tell)
        self._changed()


def next_look(unsettled: Sequence[Order], tried: datetime | None) -> datetime | None:
    """When to look again after the last try, by the most urgent order; None: now."""
    if tried is None:
        return None
    due = tried + timedelta(seconds=BUSY if any(order.status.is_working for order in unsettled) else IDLE)
    for order in unsettled:
        if order.status in LOOKED_FOR and order.status is not OrderStatus.NOT_SEEN:
            sent = order.sent_at or order.created_at
            steps = (sent + timedelta(seconds=step) for step in LOOK_OUT)
            due = min(due, next((moment for moment in steps if moment > tried), due))
    return due


async def _both(
    orders: Awaitable[Sequence[OrderFact]], trades: Awaitable[Sequence[TradeFact]]
) -> tuple[Sequence[OrderFact], Sequence[TradeFact]]:
    """Both books side by side; a trade book that cannot be read leaves prices unknown and hides no fill."""
    reading = asyncio.ensure_future(trades)
    try:
        facts = await orders
    except BaseException:
        reading.cancel()
        await asyncio.wait([reading])
        raise
    try:
        return facts, await reading
    except BrokerError:
        return facts, ()


def _quietly(task: "asyncio.Task[Change]") -> None:
    """A bell has nobody to tell: the line's state already says that the books could not be read."""
    if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, BrokerError | StorageAway):
        log.error("a look failed", exc_info=error)
