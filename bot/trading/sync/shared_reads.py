"""Reads of an account that many people ask for at once: one read at the broker serves all of them."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Coroutine, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, NotLinked, SessionExpired
from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Quote
from bot.domain.orders.order import TradeFact
from bot.domain.ports.broker import Broker, BrokerConnections
from bot.domain.positions.portfolio import Funds, Holding, Position
from bot.domain.value import value
from bot.trading.sync.books import Look

T = TypeVar("T")

NEVER = -math.inf  # before any moment of the loop
YOUNG = 1.0  # seconds since a read began, within which its answer serves whoever asks


@value
class ReadResult(Generic[T]):
    """What a read brought. Whatever happened before it began is in it. What happened during it may be missing."""

    value: T
    as_of: datetime  # when the read began
    began: float  # the same in loop time
    stale: str | None = None  # why it is no newer, in words; None: it is as new as was asked for


class SharedRead(Generic[T]):
    """One read that is repeated. At most one is under way, and those who ask meanwhile share the next.

    A failure is told to those who waited for that very read, and to nobody after them.
    """

    def __init__(self, read: Callable[[], Awaitable[T]], clock: Clock, name: str) -> None:
        self._read = read
        self._clock = clock
        self._name = name
        self._running: asyncio.Task[ReadResult[T]] | None = None
        self._next: asyncio.Task[ReadResult[T]] | None = None
        self._newest: ReadResult[T] | None = None

    async def ask(self, *, after: float) -> ReadResult[T]:
        """A young reading that began later than `after`, in loop time, else that of the next read to begin."""
        if (newest := self.newest(after)) is not None:
            return newest
        return await asyncio.shield(self.begin())  # whoever gives up leaves the read to the others

    def newest(self, after: float) -> ReadResult[T] | None:
        """The newest reading, if it is young and began later than `after`."""
        newest, now = self._newest, asyncio.get_running_loop().time()
        return newest if newest is not None and newest.began > after and now - newest.began < YOUNG else None

    def begin(self) -> "asyncio.Task[ReadResult[T]]":
        """The next read to begin: at once, or when the one that is under way has ended."""
        if self._next is not None and not self._next.done():
            return self._next
        if self._running is not None and not self._running.done():
            self._next = self._task(self._follow(self._running))
            return self._next
        self._running = self._task(self._once())
        return self._running

    @property
    def last(self) -> ReadResult[T] | None:
        """The newest reading, however old. None before the first."""
        return self._newest

    @property
    def under_way(self) -> "Sequence[asyncio.Task[ReadResult[T]]]":
        """The tasks that have not ended."""
        return [task for task in (self._running, self._next) if task is not None and not task.done()]

    def _task(self, work: Coroutine[Any, Any, ReadResult[T]]) -> "asyncio.Task[ReadResult[T]]":
        task = asyncio.create_task(work, name=self._name)
        task.add_done_callback(_seen)
        return task

    async def _follow(self, running: "asyncio.Task[ReadResult[T]]") -> ReadResult[T]:
        await asyncio.wait([running])
        self._running, self._next = self._next, None
        return await self._once()

    async def _once(self) -> ReadResult[T]:
        as_of, began = self._clock.now(), asyncio.get_running_loop().time()
        self._newest = ReadResult(value=await self._read(), as_of=as_of, began=began)
        return self._newest


def _seen(task: "asyncio.Task[Any]") -> None:
    """A failure belongs to those who wait. Where all of them gave up nobody is left to be told."""
    if not task.cancelled():
        task.exception()


class SharedReads:
    """The reads of all accounts, shared by those who look.

    Acts hang on what is true now: they ask anew, and share only a read that begins after they asked.
    known: where the broker does not answer, today's last reading serves, which says why it is no newer. For the eye alone.
    """

    def __init__(
        self,
        *,
        connections: BrokerConnections,
        clock: Clock,
        changed_at: Callable[[str], float],
        last_look: Callable[[str], Look | None] = lambda _account_id: None,
    ) -> None:
        self._connections = connections
        self._clock = clock
        self._changed_at = changed_at  # the loop's time of the last act on an account, or news of it
        self._last_look = last_look  # what reconcile last read of the same books, for an account that nobody looked at
        self._reads: dict[tuple[str, Hashable], tuple[Broker, SharedRead[Any]]] = {}

    async def positions(self, account_id: str, *, anew: bool = False, known: bool = False) -> ReadResult[Sequence[Position]]:
        """The position book. Anew: before whatever else of the books waits for its turn."""
        what = "positions of now" if anew else "positions"  # an act waits for no list's read
        return await self._ask(
            account_id,
            what,
            lambda broker: broker.positions(urgent=anew),
            anew=anew,
            known=known,
            of_look=lambda look: look.positions,
        )

    async def trades(self, account_id: str, *, known: bool = False) -> ReadResult[Sequence[TradeFact]]:
        """The trade book of the day."""
        return await self._ask(
            account_id, "trades", lambda broker: broker.trades(), known=known, of_look=lambda look: look.trades
        )

    async def holdings(self, account_id: str, *, anew: bool = False, known: bool = False) -> ReadResult[Sequence[Holding]]:
        """Shares in the demat account."""
        return await self._ask(account_id, "holdings", lambda broker: broker.holdings(), anew=anew, known=known)

    def holding(self, account_id: str, key: InstrumentKey) -> Holding | None:
        """One share of the demat account as it was last read today, without a read. From any thread."""
        _, shared = self._reads.get((account_id, "holdings"), (None, None))
        last: ReadResult[Sequence[Holding]] | None = shared.last if shared is not None else None
        if last is None or ist_date(last.as_of) != ist_date(self._clock.now()):
            return None
        return next((each for each in last.value if each.instrument.key == key), None)

    async def funds(self, account_id: str, *, known: bool = False) -> ReadResult[Funds]:
        """Money for trading."""
        return await self._ask(account_id, "funds", lambda broker: broker.funds(), known=known)

    async def quotes(self, account_id: str, keys: Collection[InstrumentKey]) -> ReadResult[Mapping[InstrumentKey, Quote]]:
        """Prices of exactly these instruments."""
        return await self._ask(account_id, frozenset(keys), lambda broker: broker.quotes(keys))

    async def _ask(
        self,
        account_id: str,
        what: Hashable,
        read: Callable[[Broker], Awaitable[T]],
        *,
        anew: bool = False,
        known: bool = False,
        of_look: Callable[[Look], T] | None = None,
    ) -> ReadResult[T]:
        after = math.inf if anew else self._changed_at(account_id)
        broker = self._connections.of(account_id).broker
        owner, shared = self._reads.get((account_id, what), (None, None))
        if shared is None or owner is not broker:  # a new connection shares nothing with the one before it
            self._forget_old()
            shared = SharedRead(partial(read, broker), self._clock, f"shared read of {account_id}")
            self._reads[account_id, what] = (broker, shared)
        try:
            reading: ReadResult[T] = await shared.ask(after=after)
        except (SessionExpired, NotLinked):  # looking helps nobody: the way on is a login
            raise
        except BrokerError as error:
            last = self._newer(shared.last, account_id, of_look)
            if not known or last is None or ist_date(last.as_of) != ist_date(self._clock.now()):
                raise
            return replace(last, stale=error.say)
        return reading

    def _newer(self, last: ReadResult[T] | None, account_id: str, of_look: Callable[[Look], T] | None) -> ReadResult[T] | None:
        """The last reading, or what reconcile read after it."""
        look = self._last_look(account_id) if of_look is not None else None
        if of_look is None or look is None or (last is not None and last.as_of >= look.as_of):
            return last
        return ReadResult(value=of_look(look), as_of=look.as_of, began=NEVER)

    def _forget_old(self) -> None:
        """Drops sets of instruments, which come in any number, that are neither under way nor can serve anybody."""
        used = {
            name: (broker, read)
            for name, (broker, read) in self._reads.items()
            if isinstance(name[1], str) or read.under_way or read.newest(NEVER)
        }
        self._reads = used
