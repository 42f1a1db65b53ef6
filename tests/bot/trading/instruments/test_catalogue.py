"""The day's instruments: fetched once when the broker is ready, over whichever line works, yesterday's in use until then."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta

import pytest

from bot.domain.errors import BotError, PersonError, Unreadable
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.scrip_columns import Columns, columns_of
from bot.domain.people.account import Credentials, Session
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import BrokerConnections
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.trading.instruments.catalogue import Catalogue
from storage.store import SqlStore
from tests.stage.brokers.broker import OneConnection, ScriptedBroker, StillFeed
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import a_store

TODAY = date(2026, 11, 20)


class CountedBroker(ScriptedBroker):
    """A broker with a scrip master that may be broken."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__(clock)
        self.asked = 0
        self.broken: BotError | None = None
        self.rows: list[Instrument] = [RELIANCE]

    async def scrip_master(self) -> Sequence[Instrument]:
        self.asked += 1
        await asyncio.sleep(15)
        if self.broken is not None:
            raise self.broken
        return list(self.rows)


class Two(BrokerConnections):
    """Two accounts, each with a line of its own."""

    def __init__(self, clock: LoopClock) -> None:
        alive = Session(token=Secret("t"), issued=clock.now(), expires=clock.now() + timedelta(days=9))
        self.all = {name: OneConnection(CountedBroker(clock), StillFeed(clock), alive) for name in ("mine", "papa")}

    def of(self, account_id: str, credentials: Credentials | None = None) -> OneConnection:
        del credentials
        return self.all[account_id]

    def opened(self) -> Collection[str]:
        return tuple(self.all)

    async def close(self, account_id: str) -> None: ...

    def broker(self, name: str) -> CountedBroker:
        broker = self.all[name].broker
        assert isinstance(broker, CountedBroker)
        return broker

    @property
    def asked(self) -> int:
        return sum(self.broker(name).asked for name in self.all)


def a_catalogue(store: SqlStore, connections: Two, clock: LoopClock, kept: Sequence[Instrument] | None = None) -> Catalogue:
    async def on_disk() -> Sequence[Instrument] | None:
        return kept

    return Catalogue(store=store, connections=connections, on_disk=on_disk, clock=clock)


@asynccontextmanager
async def running(catalogue: Catalogue) -> AsyncIterator[None]:
    task = asyncio.create_task(catalogue.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_is_fetched_once_a_day_over_one_line(clock: LoopClock, loop: VirtualLoop) -> None:
    connections = Two(clock)
    catalogue = a_catalogue(await a_store(), connections, clock)
    with pytest.raises(PersonError, match="not here yet"):
        catalogue.find("reliance", today=TODAY)
    async with running(catalogue):
        await asyncio.sleep(1800)
        assert (connections.asked, catalogue.day, len(catalogue)) == (1, TODAY, 1)
        loop.shift(24 * 3600)
        await asyncio.sleep(200)
        assert (connections.asked, catalogue.day) == (2, TODAY + timedelta(days=1))


async def test_a_line_that_cannot_bring_it_is_followed_by_the_next(clock: LoopClock) -> None:
    connections = Two(clock)
    connections.broker("mine").broken = Unreadable("half a file")
    catalogue = a_catalogue(await a_store(), connections, clock)
    async with running(catalogue):
        await asyncio.sleep(100)
    assert catalogue.day == TODAY
    assert (connections.broker("mine").asked, connections.broker("papa").asked) == (1, 1)


async def test_todays_broken_one_leaves_yesterdays_with_its_date(clock: LoopClock) -> None:
    connections, store = Two(clock), await a_store()
    yesterday = TODAY - timedelta(days=1)
    await store.transaction(lambda db: db.scrip_master.note(yesterday, 2, clock.now() - timedelta(days=1)))
    catalogue = a_catalogue(store, connections, clock, kept=[RELIANCE, NIFTY_CALL])
    await catalogue.restore()
    for name in connections.all:
        connections.broker(name).broken = Unreadable("half a file")
    async with running(catalogue):
        await asyncio.sleep(600)
        assert (catalogue.day, len(catalogue)) == (yesterday, 2)
        connections.broker("papa").broken = None
        await asyncio.sleep(120)
        assert (catalogue.day, len(catalogue)) == (TODAY, 1)


async def test_what_came_before_the_broker_was_ready_is_fetched_again_when_it_is(clock: LoopClock, loop: VirtualLoop) -> None:
    loop.shift(21.5 * 3600)  # 06:30 on the next day
    connections, store = Two(clock), await a_store()
    catalogue = a_catalogue(store, connections, clock)
    await catalogue.refresh("mine")
    assert catalogue.day == TODAY + timedelta(days=1)
    connections.broker("mine").rows = [RELIANCE, NIFTY_CALL]
    async with running(catalogue):
        await asyncio.sleep(2 * 3600)
        assert (connections.asked, len(catalogue)) == (1, 1), "08:30: not ready yet"
        await asyncio.sleep(600)
        assert (connections.asked, len(catalogue)) == (2, 2)
    after_restart = a_catalogue(store, connections, clock, kept=[RELIANCE, NIFTY_CALL])
    await after_restart.restore()
    async with running(after_restart):
        await asyncio.sleep(600)
    assert connections.asked == 2, "today's is on disk"


async def test_who_asks_while_the_first_is_on_its_way_waits_for_it(clock: LoopClock) -> None:
    connections = Two(clock)
    catalogue = a_catalogue(await a_store(), connections, clock)
    catalogue.coming()
    fetching = asyncio.create_task(catalogue.refresh("mine"))
    await catalogue.settled()
    assert catalogue.find("reliance", today=TODAY).instrument == RELIANCE
    await fetching


async def test_it_knows_which_shares_have_contracts_and_instruments_by_their_key(clock: LoopClock) -> None:
    connections = Two(clock)
    connections.broker("mine").rows = [RELIANCE, NIFTY_CALL]
    catalogue = a_catalogue(await a_store(), connections, clock)
    assert (catalogue.by_key(RELIANCE.key), catalogue.has_contracts(RELIANCE), catalogue.is_monthly(NIFTY_CALL)) == (
        None,
        False,
        None,
    )
    await catalogue.refresh("mine")
    assert catalogue.by_key(NIFTY_CALL.key) == NIFTY_CALL
    assert not catalogue.has_contracts(RELIANCE)
    assert catalogue.has_contracts(NIFTY_CALL)


class Unsorted(Sequence[Instrument]):
    """Rows that note when their columns are read, which is the beginning of the index of words."""

    def __init__(self, *rows: Instrument) -> None:
        self._rows = rows
        self.read = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Instrument:  # type: ignore[override]  # slices are not needed here
        return self._rows[row]

    def columns(self) -> Columns:
        self.read += 1
        return columns_of(self._rows)

    def find(self, key: InstrumentKey) -> Instrument | None:
        return next((row for row in self._rows if row.key == key), None)

    def rows_named(self, name: str) -> Sequence[int]:
        return [at for at, row in enumerate(self._rows) if row.name == name]


async def restored(rows: Sequence[Instrument], clock: LoopClock) -> Catalogue:
    store = await a_store()
    await store.transaction(lambda db: db.scrip_master.note(TODAY, len(rows), clock.now()))
    catalogue = a_catalogue(store, Two(clock), clock, kept=rows)
    await catalogue.restore()
    return catalogue


async def test_after_a_start_instruments_are_known_by_their_keys_before_words_can_be_looked_up(clock: LoopClock) -> None:
    rows = Unsorted(RELIANCE, NIFTY_CALL)
    catalogue = await restored(rows, clock)
    assert (catalogue.by_key(RELIANCE.key), catalogue.by_key(NIFTY_CALL.key)) == (RELIANCE, NIFTY_CALL)
    assert rows.read == 0
    async with running(catalogue):
        await asyncio.sleep(1)
        assert rows.read == 1, "behind the first poll, whether somebody asks or not"
        await catalogue.settled()
        assert catalogue.find("reliance", today=TODAY).instrument == RELIANCE
    assert rows.read == 1


async def test_who_asks_by_words_before_they_can_be_looked_up_waits_for_it_once(clock: LoopClock) -> None:
    rows = Unsorted(RELIANCE, NIFTY_CALL)
    catalogue = await restored(rows, clock)
    await asyncio.gather(*(catalogue.settled() for _ in range(5)))
    assert rows.read == 1
    assert catalogue.search("reliance", limit=8, today=TODAY) == (RELIANCE,)
    assert catalogue.has_contracts(NIFTY_CALL)


async def test_what_a_card_asks_at_that_moment_is_answered_rightly_all_the_same(clock: LoopClock) -> None:
    catalogue = await restored(Unsorted(RELIANCE, NIFTY_CALL), clock)
    assert catalogue.is_monthly(NIFTY_CALL) is not None
    assert catalogue.has_contracts(NIFTY_CALL)
