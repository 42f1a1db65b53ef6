"""What every area is built on, and what the settings choose of it by name."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bot.config.settings import MarketHours, Settings
from bot.domain.charges.charges import Tariff
from bot.domain.charges.tariff import BrokeragePlan
from bot.domain.clock import Clock
from bot.domain.errors import SettingsError
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.ports.broker import BrokerConnections, FeedListener, RandomBytes, Renewer
from bot.domain.ports.repositories import Store
from bot.domain.value import value
from bot.reference.load import ReferenceData
from bot.runtime.background import BackgroundTasks
from bot.trading.account.loss_guard import Results
from bot.trading.account.prices import Prices
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.market_times import MarketTimes
from bot.trading.money.telling import Telling
from bot.trading.orders.confirmations import Confirmations
from bot.trading.sync.reconcile import Reconcile
from bot.trading.sync.shared_reads import SharedReads
from bot.trading.ticks.tick_watcher import TickWatcher
from storage.store import SqlStore


class ScripsOnDisk(Protocol):
    """The scrip master that was fetched last."""

    @property
    def load(self) -> Callable[[], Awaitable[Sequence[Instrument] | None]]:
        """Reads its rows. None when they cannot be read."""
        ...


class AttachedConnections(BrokerConnections, Protocol):
    """The connections of this process, which exist before those who listen to them."""

    @property
    def scrip_cache(self) -> ScripsOnDisk: ...

    def attach(self, *, listener: FeedListener, renewer: Renewer, find: Callable[[InstrumentKey], Instrument | None]) -> None:
        """Names who hears the feeds, who renews sessions and who knows the instruments. Takes effect at once."""
        ...


@value
class Ground:
    """What was built first. An area takes it whole, so that what one more area needs is one more line there."""

    settings: Settings
    reference: ReferenceData
    times: MarketTimes
    mode: str  # LIVE or PAPER, as messages say it
    plan: BrokeragePlan | None
    store: SqlStore
    patient: Store  # for what runs by itself; a person's act is refused at once
    telling: Telling
    connections: AttachedConnections
    clock: Clock
    random_bytes: RandomBytes
    background: BackgroundTasks
    catalogue: Catalogue
    reconcile: Reconcile
    reads: SharedReads
    prices: Prices
    watcher: TickWatcher
    confirmations: Confirmations
    results: Results


def market_times(settings: Settings, reference: ReferenceData) -> MarketTimes:
    """The exchanges' own dated hours, or those of a practice market that never closes, as the settings say."""
    never_closes = settings.market_hours is MarketHours.ALWAYS
    return MarketTimes(calendar=None if never_closes else reference.calendar, summary=settings.daily_summary)


def chosen_plan(settings: Settings, tariff: Tariff) -> BrokeragePlan | None:
    """The brokerage plan that the settings name, if they do. SettingsError names those there are, the host's own included."""
    if settings.brokerage_plan is None:
        return None
    plan = tariff.plan(settings.brokerage_plan)
    if plan is None:
        raise SettingsError(f"Settings: BROKERAGE_PLAN is none of {', '.join(plan.name for plan in tariff.plans)}.")
    return plan
