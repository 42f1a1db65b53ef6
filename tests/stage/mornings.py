"""A process on the exchanges' calendar before the market opens, over a broker whose every read may fail or hang."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bot.domain.clock import Clock
from bot.domain.errors import SessionExpired
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Quote
from bot.domain.news.notice import Notice
from bot.domain.people.account import Role, Session, User
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.held import HeldNote, HeldRow
from bot.domain.positions.portfolio import Funds, Holding, Position
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock
from storage.store import SqlStore
from tests.stage.brokers.broker import OneConnection, ScriptedBroker, StillFeed
from tests.stage.desk import DeskStage, a_core, set_stage
from tests.stage.values.orders import NIFTY_CALL
from tests.storage.samples import ACCOUNT, CREDENTIALS, PERSON, a_vault

LINKED = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Failing:
    """How a read fails: at once, or by never coming."""

    error: Exception | None = None
    hangs: bool = False
    over: asyncio.Event | None = None  # set: it comes after all


class MorningBroker(ScriptedBroker):
    """A broker each of whose reads can be made to fail by its name."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.failing: dict[str, Failing] = {}
        self.prices: dict[InstrumentKey, Decimal] = {}

    def dead(self) -> None:
        """Nobody is logged in."""
        for name in ("positions", "holdings", "funds"):
            self.failing[name] = Failing(SessionExpired("Log in."))

    async def _fail(self, name: str) -> None:
        failing = self.failing.get(name)
        if failing is None:
            return
        if failing.hangs:
            await (failing.over or asyncio.Event()).wait()
            return
        assert failing.error is not None
        raise failing.error

    async def positions(self, *, urgent: bool = False) -> Sequence[Position]:
        await self._fail("positions")
        return await super().positions()

    async def holdings(self) -> Sequence[Holding]:
        await self._fail("holdings")
        return await super().holdings()

    async def funds(self) -> Funds:
        await self._fail("funds")
        return await super().funds()

    async def clock_skew(self) -> float | None:
        await self._fail("clock")
        return await super().clock_skew()

    async def quotes(self, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Quote]:
        return {key: Quote(last=self.prices.get(key, Decimal("1480.30"))) for key in keys}


class SilentFeed(StillFeed):
    """A feed without a tick: before the market opens prices come by quotes."""

    def last(self, key: InstrumentKey, *, within: float | None = None) -> None:
        return None


@dataclass
class Morning:
    """The stage, and the broker that can fail."""

    stage: DeskStage
    broker: MorningBroker
    clock: LoopClock
    heard: list[Notice] = field(default_factory=list)

    async def until(self, moment: datetime) -> list[Notice]:
        """Runs the clock's jobs until then, and returns what people were told meanwhile."""
        running = asyncio.create_task(self.stage.core.scheduler.run())
        await asyncio.sleep((moment - self.clock.now()).total_seconds())
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return await self.stage.notices()

    async def note(self, day: date, *rows: HeldRow) -> None:
        """What was held on the evening of that date."""
        note = HeldNote(account_id=ACCOUNT.id, day=day, rows=rows, noted_at=self.clock.now())
        await self.stage.store.transaction(lambda db: db.held.note(note))

    def log_out(self) -> None:
        self.broker.dead()
        self.stage.connection.adopt(None)


def seed_long_ago(db: Repositories) -> None:
    """An owner, and an account that was linked before any of these mornings."""
    db.accounts.add(replace(ACCOUNT, created_at=LINKED), CREDENTIALS)
    db.people.add(User(telegram_id=PERSON, name="Asha"), Role.OWNER, None, LINKED)


async def a_morning(
    clock: LoopClock, *scrips: Instrument, store: SqlStore | None = None, hours: str = "real", ddpi: str = "no"
) -> Morning:
    """A process with a living session on the exchanges' calendar, whose master lists these instruments as well."""
    broker = MorningBroker(clock)
    broker.scrips = [*broker.scrips, *scrips]
    if store is None:
        store = SqlStore.open(None, a_vault(), inline=True)
        await store.transaction(seed_long_ago)
    stage = await set_stage(clock, store=store, broker=broker)
    feed = SilentFeed(clock)
    session = Session(token=Secret("jwt"), issued=clock.now(), expires=clock.now() + timedelta(hours=12))
    stage.feed, stage.connection = feed, OneConnection(broker, feed, session)
    stage.core = a_core(stage.store, stage.connection, clock, chance=3, MARKET_HOURS=hours, DDPI=ddpi)
    await stage.core.catalogue.refresh(ACCOUNT.id)
    return Morning(stage, broker, clock)


def a_held(
    instrument: Instrument = NIFTY_CALL, quantity: int = -65, product: Product = Product.NRML, close: str = "98.40"
) -> HeldRow:
    return HeldRow(instrument=instrument, product=product, quantity=quantity, close=Decimal(close), previous_close=None)
