"""What every area is built on, and what the settings choose of it by name."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol

from bot.config.settings import Settings
from bot.domain.charges.charges import Tariff
from bot.domain.charges.tariff import Plan
from bot.domain.clock import Clock, at_ist, ist, ist_date
from bot.domain.errors import SettingsError
from bot.domain.market.calendar import Calendar
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey
from bot.domain.market.sessions import PhaseKind, SessionClass
from bot.domain.orders.order import Order
from bot.domain.ports.broker import BrokerConnections, FeedListener, RandomBytes, Renewer
from bot.domain.ports.repositories import Store
from bot.domain.terms import Product
from bot.reference.load import ReferenceData
from bot.runtime.background import BackgroundTasks
from bot.trading.account.loss_guard import Results
from bot.trading.account.prices import Prices
from bot.trading.instruments.catalogue import Catalogue
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What was built first. An area takes it whole, so that what one more area needs is one more line there."""

    settings: Settings
    reference: ReferenceData
    calendar: Calendar | None  # None: this market never closes
    plan: Plan | None
    store: SqlStore
    patient: Store  # for what runs by itself; a person's act is refused at once
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


def chosen_plan(settings: Settings, tariff: Tariff) -> Plan | None:
    """The brokerage plan that the settings name, if they do. SettingsError names those there are, the host's own included."""
    if settings.brokerage_plan is None:
        return None
    plan = tariff.plan(settings.brokerage_plan)
    if plan is None:
        raise SettingsError(f"Settings: BROKERAGE_PLAN is none of {', '.join(plan.name for plan in tariff.plans)}.")
    return plan


def in_hours(calendar: Calendar | None, exchange: Exchange, at: datetime) -> bool:
    """Whether an exchange trades at a moment (UTC): always on a practice market, by the clock where no calendar reaches."""
    known = calendar.is_continuous(exchange, at) if calendar is not None else True
    local = ist(at)
    return local.weekday() < 5 and time(9, 15) <= local.time() < time(15, 30) if known is None else known


def in_session(calendar: Calendar | None, at: datetime) -> bool:
    """The same of shares."""
    return in_hours(calendar, Exchange.NSE, at)


def has_begun(calendar: Calendar | None, at: datetime) -> bool:
    """Whether there has been continuous trading on the date in India of a moment (UTC): before it prices are of an earlier one.

    By the usual hours on weekdays where the calendar does not reach.
    """
    if calendar is None:
        return True
    day = ist_date(at)
    session = calendar.has_session(day)
    if session is False or (session is None and day.weekday() > 4):
        return False
    starts = (each.start for each in calendar.phases_of(SessionClass.CASH, day) if each.kind is PhaseKind.CONTINUOUS)
    return at >= min(starts, default=at_ist(day, 9, 15))


def trades_now(calendar: Calendar | None, catalogue: Catalogue, clock: Clock, instrument: Instrument) -> bool:
    """Whether an instrument is in continuous trading now. Where the calendar does not know, it is taken to be."""
    if calendar is None:
        return True
    phase = next(calendar.from_moment(instrument, clock.now(), in_auction=catalogue.has_contracts(instrument)))
    return phase.kind in (PhaseKind.CONTINUOUS, PhaseKind.UNKNOWN)


def in_auction(calendar: Calendar | None, underlying: Instrument, at: datetime) -> bool:
    """Whether a share with contracts, or the shares that an index is made of, are in their closing auction (UTC)."""
    if calendar is None or underlying.is_derivative:
        return False
    phase = next(calendar.from_moment(underlying, at, in_auction=True))
    return phase.kind in (PhaseKind.REFERENCE, PhaseKind.AUCTION, PhaseKind.AUCTION_LIMIT, PhaseKind.AUCTION_MATCH)


def ended(calendar: Calendar | None, instrument: Instrument, at: datetime) -> bool:
    """Whether a contract is traded no more at a moment (UTC). By the usual hours where the calendar does not reach."""
    if instrument.expiry is None or ist_date(at) < instrument.expiry:
        return False
    day = instrument.expiry
    phases = calendar.phases(instrument, day, in_auction=False) if calendar is not None else ()
    return at >= max((phase.end for phase in phases if phase.kind is PhaseKind.CONTINUOUS), default=at_ist(day, 15, 30))


def squares_off_at(calendar: Calendar | None, instrument: Instrument, product: Product, at: datetime) -> datetime | None:
    """When mStock closes such a position itself on the day of that moment (UTC). None: never, or not known."""
    found = calendar.square_off(instrument, product, ist_date(at)) if calendar is not None else None
    return found.at if found is not None else None


def squares_off_now(calendar: Calendar | None, clock: Clock, instrument: Instrument, product: Product) -> bool:
    """Whether mStock closes such a position itself by now. Where no calendar is kept it may at any time."""
    if product is not Product.MIS:
        return False
    at = squares_off_at(calendar, instrument, product, clock.now())
    return calendar is None or (at is not None and at <= clock.now())


def square_off_fee(calendar: Calendar | None, tariff: Tariff, order: Order) -> Decimal | None:
    """Rupees, about, that mStock takes for an order with which it closed a position itself. None: it is no such order."""
    if order.is_ours:
        return None
    at = order.sent_at or order.created_at
    closes = squares_off_at(calendar, order.draft.instrument, order.draft.product, at)
    return tariff.square_off_fee(ist_date(at)).total if closes is not None and at >= closes else None


def day_before(calendar: Calendar | None, day: date) -> date:
    """The last date in India before it that had a session, a muhurat hour included: it has marks and a close of its own.

    The day before where no calendar is kept, or where it does not reach.
    """
    before = day - timedelta(days=1)
    while calendar is not None and (session := calendar.has_session(before)) is not True:
        if session is None:
            return day - timedelta(days=1)
        before -= timedelta(days=1)
    return before
