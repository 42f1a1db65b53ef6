"""Reconcile reads the broker's books, whatever the reason, and hands the facts to the fact applier."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import AddressRefused, BrokerError, NotLinked, SessionExpired, StorageAway
from bot.domain.market.instrument import InstrumentKey
from bot.domain.news.connections import AddressNotRegistered, Source
from bot.domain.news.orders.orders import OrderEnded
from bot.domain.orders.order import LOOKED_FOR, Order, OrderFact, OrderStatus, TradeFact
from bot.domain.orders.standing import OpenRows
from bot.domain.ports.broker import Broker, BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import Position
from bot.runtime.signal import Signal
from bot.trading.safety.announce import tell_all
from bot.trading.sync.account_books import Books
from bot.trading.sync.books import Look, of_earlier_day, read_books
from bot.trading.sync.doubts import Doubts
from bot.trading.sync.fact_applier import FactApplier, SyncOutcome
from bot.trading.sync.gaps import NOTICED, at_stake, tell_back
from bot.trading.sync.look_out import IDLE, LookOut
from bot.trading.sync.session_end import session_lost
from bot.trading.sync.shared_reads import ReadResult, SharedRead
from bot.trading.sync.untagged import with_tags

log = logging.getLogger(__name__)

FRESH = 5.0  # seconds; a tick of within them values what is held after a fill
STEPS = 0.1  # seconds within which an order's steps follow one another when it fills at once
FRESH_SYNC = 0.7  # seconds after sending: a fill whose event got lost is told of before the first look by the clock


def never_left(order: Order, at: datetime) -> Order:
    """The order as cut off while it waited for its turn to leave."""
    return order.refused("I was stopped before its turn came. Nothing was sent.", at, broker_id=None, final=True)


class Reconcile:
    """One sync at a time for each account. Events during a sync cause exactly one more."""

    def __init__(
        self,
        *,
        store: Store,
        connections: BrokerConnections,
        applier: FactApplier,
        clock: Clock,
        elapsed: Callable[[], float],
        egress: str | None = None,
    ) -> None:
        self._store = store
        self._connections = connections
        self._applier = applier
        self._clock = clock
        self._elapsed = elapsed  # the loop's own seconds, which nobody sets; asked from the store's thread too
        self._accounts: dict[str, Books] = {}
        self._timers: set[asyncio.Task[None]] = set()
        self._egress = egress
        self._wake = Signal()
        self._look_out = LookOut(clock, elapsed)
        self.doubts = Doubts(clock=clock, elapsed=elapsed)

    def seen_at(self, account_id: str) -> datetime | None:
        """When the order book was last read whole."""
        return self._of(account_id).seen_at

    def last_look(self, account_id: str) -> Look | None:
        """What the last look at the books brought, however old. None where it left positions or trades open."""
        return self._of(account_id).look()

    def open_rows(self, account_id: str) -> OpenRows | None:
        """What was open when the positions were last read. None: they never were."""
        return self._of(account_id).open_rows

    def changed_at(self, account_id: str) -> float:
        """When the account last changed as far as we know, by an act of ours or by news of it, in loop time."""
        return self._of(account_id).changed_at

    def told_back_at(self, account_id: str) -> float:
        """When people were last told that the books can be read again, in loop time."""
        return self._of(account_id).back_at

    def down_since(self, account_id: str) -> datetime | None:
        """Since when the books cannot be read. None while they can."""
        return self._of(account_id).down_since

    def told_down(self, account_id: str) -> None:
        """People were told that the books cannot be read. Their return is told too, whatever happened meanwhile."""
        self._of(account_id).down_told = True

    def sending(self, order_id: str) -> None:
        """An order's POST begins: its absence from the book means nothing yet."""
        self._look_out.begin(order_id)

    def unsent(self, order_id: str) -> None:
        """The order did not come to be, or its POST will not begin."""
        self._look_out.end(order_id)

    def sent(self, account_id: str, order_id: str) -> None:
        """An order's POST ended, in whatever way: a sync follows soon, that of its fill where this comes within the moment."""
        self._look_out.end(order_id)
        self.notify(account_id, urgent=False)
        self._wake()
        self._later(FRESH_SYNC, account_id)

    def age(self, order: Order) -> timedelta:
        """How long ago an order was sent, by passing time alone."""
        return self._look_out.age(order)

    def forget(self, account_id: str) -> None:
        """The account is unlinked. What was known of its books is true no more, and no event of it causes a sync later."""
        books = self._accounts.pop(account_id, None)
        if books is not None and books.soon is not None:
            books.soon.cancel()

    def notify(self, account_id: str, *, urgent: bool = True) -> None:
        """Begins a sync for an event: now, or in a moment if it is not urgent.

        So the steps of an order share the sync of its fill.
        """
        books = self._of(account_id)
        books.changed_at = books.moved_at = self._elapsed()
        if urgent:
            if books.soon is not None:
                books.soon.cancel()
                books.soon = None
            books.reading.begin().add_done_callback(_quietly)
        elif books.soon is None:  # step upon step puts it off no further
            books.soon = asyncio.get_running_loop().call_later(STEPS, self.notify, account_id)

    async def sync(self, account_id: str) -> SyncOutcome:
        """Returns what a sync that began after this call changed. BrokerError when the books cannot be read."""
        return (await asyncio.shield(self._of(account_id).reading.begin())).value

    async def look(self, account_id: str, *, anew: bool = False) -> Look:
        """A look at all books that is younger than a second, with nothing known to have changed since. BrokerError as sync.

        anew: one that begins after this call.
        """
        books = self._of(account_id)
        if anew:
            await self.sync(account_id)
        else:
            await books.reading.ask(after=books.moved_at)
        broker, trades, positions = self._connections.of(account_id).broker, books.trades, books.positions
        return Look(
            positions=positions if positions is not None else await broker.positions(urgent=True),  # it was slow with them
            trades=trades if trades is not None else await broker.trades(urgent=True),
            as_of=self._as_of(books),
        )

    def stands(self, account_id: str, as_of: datetime) -> bool:
        """Whether the look of that moment is what look() gives now."""
        books = self._of(account_id)
        return books.reading.newest(books.moved_at) is not None and self._as_of(books) == as_of

    def _as_of(self, books: Books) -> datetime:
        return (books.seen_at or self._clock.now()) + timedelta.resolution

    async def sync_for_reader(self, account_id: str) -> None:
        """Syncs, unless the last sync is younger than a second and nothing has changed since. BrokerError as sync."""
        books = self._of(account_id)
        await books.reading.ask(after=books.changed_at)

    async def address_refused(self, account_id: str, words: str) -> None:
        """The broker does not take orders from this host: people are told once a day, with the address to register."""
        now = self._clock.now()
        notice = AddressNotRegistered(at=now, words=words, address=self._egress)

        def tell(db: Repositories) -> None:
            if db.flags.claim_address_notice(account_id, ist_date(now), now):
                tell_all(db, account_id, notice, now)

        await self._store.transaction(tell)

    async def settle_start(self) -> None:
        """At start, before anything is listened to: what was being sent when the process ended is unknown (invariant I1)."""
        now = self._clock.now()

        def unsettle(db: Repositories) -> list[Order]:
            self.doubts.load(db)
            orders = db.orders.unsettled()
            cut_off = [order for order in orders if order.status is OrderStatus.SUBMITTING]
            for order in cut_off:
                db.orders.save(order.unclear(now) if order.sent_at is not None else never_left(order, now))
                if order.sent_at is None:
                    db.plans.give_back(order.id)
            for order in orders:
                if order.status.is_working and order.cancelled_by is not None:  # nobody was told what became of that wish
                    db.orders.save(order.cancel_not_taken(now))
            return cut_off

        for order in await self._store.transaction(unsettle):
            log.warning("order %s was being sent when the process ended; looking for it", order.id)

    async def run(self) -> None:
        """Syncs every account with a session by the clock, for ever."""
        try:
            while True:
                due = self._elapsed() + IDLE
                for account_id in list(self._connections.opened()):
                    with suppress(NotLinked):  # it was unlinked while another one's books were read, or its own
                        due = min(due, await self._sync_when_due(account_id))
                await self._wake.wait(max(due - self._elapsed(), 0.05))
        finally:
            await self._end()

    async def _end(self) -> None:
        """No sync outlives the connections that it would read from."""
        for books in self._accounts.values():
            if books.soon is not None:
                books.soon.cancel()
        running = [*self._timers, *(task for books in self._accounts.values() for task in books.reading.under_way)]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _sync_when_due(self, account_id: str) -> float:
        """Syncs if it is time. The moment of the next sync, in loop time."""
        for _ in range(2):
            unsettled = await self._unsettled(account_id)
            if self._connections.of(account_id).session is None and not unsettled:
                break  # nothing is at stake, and a sync would only ask for a login
            books = self._of(account_id)
            if books.soon is not None:  # it comes in a moment, and what is due then counts from it
                return books.soon.when()
            due = self._look_out.next_sync(unsettled, books.tried, failed=books.down_since is not None)
            if due is not None and due > self._elapsed():
                return due
            await self._quiet_sync(account_id)
        return self._elapsed() + (IDLE if self._connections.of(account_id).session is None else 1)

    async def _unsettled(self, account_id: str) -> Sequence[Order]:
        """The orders that are not over. None while the records cannot even be read."""
        try:
            return await self._store.read(lambda db: db.orders.unsettled(account_id))
        except StorageAway:
            return ()

    async def _quiet_sync(self, account_id: str) -> None:
        try:
            await self.sync(account_id)
        except (BrokerError, StorageAway) as error:
            log.info("account %s: the books could not be read: %s", account_id, type(error).__name__)

    def _of(self, account_id: str) -> Books:
        if account_id not in self._accounts:
            reading = SharedRead(partial(self._sync, account_id), self._clock, f"sync {account_id}")
            self._accounts[account_id] = Books(reading=reading)
        return self._accounts[account_id]

    def _later(self, delay: float, account_id: str) -> None:
        async def wait() -> None:
            await asyncio.sleep(delay)
            unsettled = await self._unsettled(account_id)
            if unsettled:
                await self._quiet_sync(account_id)

        timer = asyncio.create_task(wait(), name=f"sync again in {delay} s")
        self._timers.add(timer)
        timer.add_done_callback(self._timers.discard)

    async def _sync(self, account_id: str) -> SyncOutcome:
        broker = self._connections.of(account_id).broker
        books = self._of(account_id)
        began, started = self._clock.now(), self._elapsed()
        books.tried = started
        try:
            facts, trades, positions = await read_books(broker)
        except SessionExpired:
            await session_lost(self._store, self._connections.of(account_id), account_id, self._clock.now())
            raise
        except AddressRefused as error:
            await self.address_refused(account_id, error.words)
            raise
        except BrokerError:
            if books.down_since is None:
                books.down_since, books.down_at = began, started
            raise
        away = timedelta(0)
        if books.down_since is not None:
            away = timedelta(seconds=started - books.down_at)
            log.info("account %s: the books can be read again, after %s", account_id, away)
            books.down_since = None
        if any(fact.tag is None for fact in facts):
            facts = await self._with_tags(account_id, broker, facts)
        feed = self._connections.of(account_id).feed
        ticks = (feed.last(row.instrument.key, within=FRESH) for row in positions or () if row.quantity)
        apply = partial(
            self._apply,
            account_id=account_id,
            facts=facts,
            trades=trades or (),
            positions=positions,
            last={tick.key: tick.last for tick in ticks if tick is not None},
            started=started,
            away=away,
        )
        change = await self._store.transaction(lambda db: None if self._unknown_of_before(db, account_id) else apply(db, seen={}))
        if change is None:
            seen = await self._earlier(account_id, broker)
            change = await self._store.transaction(lambda db: apply(db, seen=seen))
        self._applier.applied(account_id, change)
        books.down_told = False
        books.seen_at, books.trades, books.positions = began, trades, positions
        if positions is not None:
            units = {(row.instrument.key, row.product): row.quantity for row in positions}
            books.open_rows = OpenRows(units=units, as_of=began)
        if change.touched:
            books.changed_at = self._elapsed()
        if change.booked:
            books.moved_at = books.changed_at
        return change

    async def _with_tags(self, account_id: str, broker: Broker, facts: Sequence[OrderFact]) -> Sequence[OrderFact]:
        """The rows, each with the tag that the order book left out, where one may be an order whose outcome is unknown."""

        def read(db: Repositories) -> tuple[list[Order], Collection[str]]:
            lost = [
                order
                for order in db.orders.unsettled(account_id)
                if order.status in LOOKED_FOR - {OrderStatus.SUBMITTING} and order.broker_id is None
            ]
            return lost, db.orders.versions(account_id, ist_date(self._clock.now())) if lost else ()

        lost, known = await self._store.read(read)
        return await with_tags(broker, facts, lost, known) if lost else facts

    def _unknown_of_before(self, db: Repositories, account_id: str) -> Sequence[Order]:
        """Orders of an earlier day whose outcome is unknown: the book of today says nothing about them."""
        today = ist_date(self._clock.now())
        return [order for order in db.orders.unsettled(account_id) if order.status is OrderStatus.UNKNOWN and order.day < today]

    async def _earlier(self, account_id: str, broker: Broker) -> Mapping[str, str]:
        """What trade history and positions say of each order of an earlier day whose outcome is unknown, if they can be read."""
        orders = await self._store.transaction(lambda db: self._unknown_of_before(db, account_id))
        try:
            positions = await broker.positions()
            days = {day: await broker.past_trades(day, day) for day in {order.day for order in orders}}
        except BrokerError as error:
            log.info("account %s: the trade history could not be read: %s", account_id, type(error).__name__)
            return {}
        return {order.id: of_earlier_day(order, days[order.day], positions) for order in orders}

    def _apply(
        self,
        db: Repositories,
        *,
        account_id: str,
        facts: Sequence[OrderFact],
        trades: Sequence[TradeFact],
        positions: Sequence[Position] | None,
        last: Mapping[InstrumentKey, Decimal],
        started: float,
        away: timedelta,
        seen: Mapping[str, str],
    ) -> SyncOutcome:
        now = self._clock.now()
        # Before this look ends an order.
        moving = away >= NOTICED and (self._of(account_id).down_told or at_stake(db, account_id))
        change = self._applier.apply(db, account_id, facts, trades, now, positions=positions, last=last)
        present = {fact.broker_id for fact in facts}
        self.doubts.answer(db, account_id, present, started)
        for order in db.orders.unsettled(account_id):
            after, notice = self._look_out.absent(order, present, started, now, seen.get(order.id, ""))
            if after is not order:
                db.orders.save(after)
                change.touched.append(order.id)
            if notice is not None:
                tell_all(db, account_id, notice, now, order_id=order.id)
                change.ends += isinstance(notice, OrderEnded)
        if away >= NOTICED and (moving or change.touched):
            tell_back(db, account_id, Source.BOOKS, since=now - away, until=now, read=True, now=now)
            self._of(account_id).back_at = self._elapsed()
        return change


def _quietly(task: "asyncio.Task[ReadResult[SyncOutcome]]") -> None:
    """Nobody waits for a sync that an event caused. The state of the books says that they could not be read."""
    if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, BrokerError | StorageAway):
        log.error("a sync failed", exc_info=error)
