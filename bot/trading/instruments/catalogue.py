"""The instruments of the day: loaded from the store at start, fetched anew once a trading day, swapped whole or not at all."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

from bot.domain.clock import Clock, at_ist, ist_date
from bot.domain.errors import BotError, NotLinked, PersonError
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Store
from bot.runtime.memory import give_back
from bot.trading.instruments.finder import Found, Instruments, OptionChain

log = logging.getLogger(__name__)

READY_AT, EVERY = (8, 32), 60.0  # IST, after BOD (mstock-type-b.md 1.7); seconds between two tries

OnDisk = Callable[[], Awaitable[Sequence[Instrument] | None]]  # the rows on disk, or None when they cannot be read


class Catalogue:
    """Answers from the master at hand. A broken new one leaves yesterday's in place."""

    def __init__(self, *, store: Store, connections: BrokerConnections, on_disk: OnDisk, clock: Clock) -> None:
        self._store = store
        self._connections = connections
        self._on_disk = on_disk
        self._clock = clock
        self._present: Instruments | None = None
        self._fetched: datetime | None = None  # when the one in use came from the broker
        self._fetching = asyncio.Lock()
        self._indexing = asyncio.Lock()
        self._ready: Instruments | None = None  # the one whose index of words is made
        self._settled = asyncio.Event()  # not set while the first master is on its way
        self._settled.set()

    def __len__(self) -> int:
        return len(self._present) if self._present is not None else 0

    @property
    def day(self) -> date | None:
        """The IST date of the master in use. None before the first."""
        return self._present.day if self._present is not None else None

    def coming(self) -> None:
        """A master is about to be fetched. Who asks before the first one is here waits for it."""
        if self._present is None:
            self._settled.clear()

    async def settled(self) -> None:
        """Returns when no first master is on its way any more, whether it came or not, and words can be looked up in it."""
        await self._settled.wait()
        await self._index()

    def find(self, words: str, *, today: date, exchange: Exchange | None = None, tradable: bool = False) -> Found:
        """What the words mean (Instruments.find). PersonError before the first master."""
        return self._need().find(words, exchange=exchange, today=today, tradable=tradable)

    def read(self, words: str, *, today: date, exchange: Exchange | None = None) -> Found:
        """What the words name as they stand (Instruments.read). PersonError before the first master."""
        return self._need().read(words, exchange=exchange, today=today)

    def around(self, symbol: str, strike: Decimal | None, *, today: date) -> tuple[Instrument, ...]:
        """A CE, a PE and a future on it (Instruments.around). PersonError before the first master."""
        return self._need().around(symbol, strike, today=today)

    def chain(self, words: str, *, today: date) -> OptionChain | None:
        """The options that the words name (Instruments.chain). PersonError before the first master."""
        return self._need().chain(words, today=today)

    def alike(self, words: str, *, limit: int, today: date) -> tuple[Instrument, ...]:
        """What looks like the words (Instruments.alike). PersonError before the first master."""
        return self._need().alike(words, limit=limit, today=today)

    def search(self, words: str, *, limit: int, today: date) -> tuple[Instrument, ...]:
        """The best matches first (Instruments.search). PersonError before the first master."""
        return self._need().search(words, limit=limit, today=today)

    def by_key(self, key: InstrumentKey) -> Instrument | None:
        """The instrument of a key, if the master has it."""
        return self._present.by_key(key) if self._present is not None else None

    def share(self, symbol: str) -> Instrument | None:
        """NSE's share behind the contracts on that symbol."""
        return self._present.named(Exchange.NSE, f"{symbol}-EQ") if self._present is not None else None

    def has_contracts(self, instrument: Instrument) -> bool:
        """Whether futures or options are traded on it: such shares take part in the closing auction."""
        return self._present is not None and self._present.has_derivatives(instrument.symbol)

    def is_monthly(self, instrument: Instrument) -> bool | None:
        """Whether a contract's expiry is the last of its month. None: not known."""
        return self._present.is_monthly(instrument) if self._present is not None else None

    def _need(self) -> Instruments:
        if self._present is None:
            raise PersonError("The list of instruments is not here yet: it comes with the first /login of the day.")
        return self._present

    async def restore(self) -> None:
        """At start: the master kept on disk, whatever its date. Its index of words waits until run() or somebody who asks."""
        noted = await self._store.transaction(lambda db: db.scrip_master.last())
        rows = await self._on_disk() if noted is not None else None
        if noted is not None and rows is not None:
            self._present, self._fetched = Instruments(rows, day=noted.date), noted.loaded_at
            log.info("scrip master of %s: %d rows from disk", noted.date, len(rows))

    async def refresh(self, account_id: str) -> bool:
        """Fetches today's master over this account's connection unless it is here already. Whether a new one came.

        The log says why none could be had.
        """
        try:
            return await self._fetch(account_id)
        finally:
            self._settled.set()

    async def run(self) -> None:
        """Fetches the day's master once a session can, until it is here, and not before the broker's morning work is done."""
        await self._index()
        while True:
            await asyncio.sleep(EVERY)
            now = self._clock.now()
            if self.day is not None and now < at_ist(ist_date(now), *READY_AT):
                continue
            for account_id in self._connections.opened():
                if self._is_current():
                    break
                with suppress(NotLinked):  # it was unlinked while the master was fetched over another one's connection
                    if self._connections.of(account_id).session is not None:
                        await self.refresh(account_id)

    def _is_current(self) -> bool:
        """Whether the master is today's. One that came before the broker's morning work was done is not, once it is done."""
        now = self._clock.now()
        ready = at_ist(ist_date(now), *READY_AT)
        if self.day != ist_date(now) or self._fetched is None:
            return False
        return self._fetched >= ready or now < ready

    async def _fetch(self, account_id: str) -> bool:
        async with self._fetching:
            today = ist_date(self._clock.now())
            if self._is_current():
                return False
            try:
                rows = await self._connections.of(account_id).broker.scrip_master()
            except BotError as error:
                log.warning("the scrip master could not be fetched, keeping that of %s: %s", self.day, type(error).__name__)
                return False
            fresh = Instruments(rows, day=today)
            await self._worked_out(fresh)
            now = self._clock.now()
            await self._store.owe(lambda db: db.scrip_master.note(today, len(rows), now))
            self._present, self._fetched, self._ready = fresh, now, fresh
            log.info("scrip master of %s: %d rows", today, len(rows))
            return True

    async def _index(self) -> None:
        """Makes the index of the master in use, unless it is made."""
        async with self._indexing:
            if self._present is not None and self._present is not self._ready:
                present = self._present
                await self._worked_out(present)
                self._ready = present

    async def _worked_out(self, instruments: Instruments) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, instruments.index)
        await loop.run_in_executor(None, give_back)  # what reading and sorting took
