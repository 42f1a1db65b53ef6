"""Builds every use case, in order, over the store and the connections to the broker."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from bot import __version__
from bot.broker.session import code_from_seed
from bot.config.settings import Settings
from bot.database import state_of
from bot.delivery.direct import DirectMessages
from bot.diagnostics.facts import inspect
from bot.diagnostics.renderings import on_a_phone, redacted
from bot.domain.clock import Clock, at_ist
from bot.domain.errors import BrokerError, SettingsError, StorageAway
from bot.domain.market.calendar import Calendar
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.orders.charges import Tariff
from bot.domain.orders.tariff import Plan
from bot.domain.people.access import PinHash
from bot.domain.ports.broker import BrokerConnections, FeedListener, RandomBytes, Renewer
from bot.domain.ports.repositories import Store
from bot.reference.load import ReferenceData, load_reference
from bot.runtime.background import BackgroundTasks
from bot.runtime.heartbeat import heartbeat_beside
from bot.runtime.redaction import Redactor
from bot.runtime.scheduler import Job, Scheduler
from bot.trading.account.account_views import AccountViews
from bot.trading.account.accounts import Accounts
from bot.trading.account.logins import Logins
from bot.trading.account.loss_guard import LossGuard, Results
from bot.trading.account.prices import Prices
from bot.trading.account.quotes import Quotes
from bot.trading.account.reports import Reports
from bot.trading.account.secret_entry import SecretEntry
from bot.trading.feed_events import FeedEvents
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.orders.confirmations import Confirmations
from bot.trading.orders.drafting import Drafting
from bot.trading.orders.interpreter import Interpreter
from bot.trading.orders.kill_switch import KillSwitch
from bot.trading.orders.order_desk import OrderDesk
from bot.trading.orders.prompts import Prompts
from bot.trading.orders.proposal_builder import ProposalBuilder
from bot.trading.orders.proposals import Proposals
from bot.trading.orders.working_orders import WorkingOrders
from bot.trading.people.allowlist import Allowlist
from bot.trading.people.invitations import Invitations
from bot.trading.safety.limits import OwnLimits
from bot.trading.safety.lockdown import Lockdown
from bot.trading.safety.outage import Outage, PatientStore
from bot.trading.safety.pins import Pins
from bot.trading.safety.token_guard import TokenGuard
from bot.trading.services import Host, Services
from bot.trading.sync.fact_applier import FactApplier
from bot.trading.sync.reconcile import Reconcile
from bot.trading.sync.shared_reads import SharedReads
from bot.trading.unlinking import Unlinking
from bot.web.secret_page import SecretPage
from handlers.views.format import rupees
from storage.inbox import SqlInbox
from storage.secrets.pinhash import Argon2Pins
from storage.store import SqlStore, Topic

log = logging.getLogger(__name__)

KEEP = timedelta(days=3)  # answered questions and handled updates; orders, fills and the audit are kept for good
SWEEP_AT = time(3, 0)  # IST


def heartbeat_file(settings: Settings) -> Path:
    """Where the running bot writes the time, for `python -m bot health`."""
    return heartbeat_beside(settings.database)


async def _status(settings: Settings, store: SqlStore, clock: Clock) -> list[str]:
    """The facts about the bot as `/status full` shows them."""
    facts = inspect(settings, await state_of(store), clock.now(), heartbeat=heartbeat_file(settings))
    return redacted(on_a_phone(facts), Redactor(settings.secrets()))


def chosen_plan(settings: Settings, tariff: Tariff) -> Plan | None:
    """The brokerage plan that the settings name, if they do; SettingsError names those there are, the host's own included."""
    if settings.brokerage_plan is None:
        return None
    plan = tariff.plan(settings.brokerage_plan)
    if plan is None:
        raise SettingsError(f"Settings: BROKERAGE_PLAN is none of {', '.join(plan.name for plan in tariff.plans)}.")
    return plan


@dataclass(slots=True, kw_only=True)
class Core:
    """Everything that is built, but for Telegram."""

    services: Services
    token_guard: TokenGuard
    lockdown: Lockdown
    logins: Logins
    catalogue: Catalogue
    reconcile: Reconcile
    background: BackgroundTasks
    scheduler: Scheduler
    losses: LossGuard
    settle: "Settling"
    direct: DirectMessages
    patient: PatientStore
    explain: Callable[[str], str]  # the broker's words on a rejection -> a plain sentence


class ScripsOnDisk(Protocol):
    """The scrip master that was fetched last."""

    @property
    def load(self) -> Callable[[], Awaitable[Sequence[Instrument] | None]]:
        """Reads its rows; None when they cannot be read."""
        ...


class AttachedConnections(BrokerConnections, Protocol):
    """The connections of this process, which exist before those who listen to them."""

    @property
    def scrip_cache(self) -> ScripsOnDisk: ...

    def attach(self, *, listener: FeedListener, renewer: Renewer, find: Callable[[InstrumentKey], Instrument | None]) -> None:
        """Names who hears the feeds, who renews sessions and who knows the instruments; takes effect at once."""
        ...


def build_core(
    settings: Settings,
    *,
    store: SqlStore,
    connections: AttachedConnections,
    clock: Clock,
    random_bytes: RandomBytes,
    redactor: Redactor,
    egress: str | None = None,
    reference: ReferenceData | None = None,
    hashing: PinHash | None = None,
) -> Core:
    """Builds every use case over this store and these connections.

    reference: what the settings name, where it was read already. hashing: None is the slow hash of PINs.
    """
    reference = reference or load_reference(settings.market_data)
    calendar = reference.calendar if settings.market_hours == "real" else None
    plan = chosen_plan(settings, reference.tariff)
    mode = "LIVE" if settings.mode == "live" else "PAPER"
    background = BackgroundTasks()
    direct = DirectMessages(background)
    elapsed = asyncio.get_running_loop().time
    allowlist = Allowlist(store=store)
    outage = Outage(store=store, background=background, clock=clock, people=allowlist.people, tell=direct.tell)
    store.away = outage.began
    patient = PatientStore(store, outage)  # for what runs by itself; a person's act is refused at once
    catalogue = Catalogue(store=store, connections=connections, on_disk=connections.scrip_cache.load, clock=clock)
    applier = FactApplier(random=random_bytes, instrument=catalogue.by_key)
    reconcile = Reconcile(store=store, connections=connections, applier=applier, clock=clock, elapsed=elapsed, egress=egress)
    reads = SharedReads(connections=connections, clock=clock, changed_at=reconcile.changed_at)
    prices = Prices(connections=connections, reads=reads)

    settle = Settling(catalogue=catalogue, reconcile=reconcile, background=background)

    accounts = Accounts(store=store, clock=clock)
    logins = Logins(
        store=store,
        connections=lambda: connections,
        clock=clock,
        random=random_bytes,
        totp=lambda seed: code_from_seed(seed, clock),
        logged_in=settle.after_login,
        conceal=redactor.know,
    )
    confirmations = Confirmations(clock, elapsed, random_bytes, timedelta(seconds=settings.confirm_seconds))
    proposing = ProposalBuilder(
        store=store,
        connections=connections,
        prices=prices,
        instruments=catalogue,
        drafting=Drafting(reference.rules, clock),
        interpreter=Interpreter(instruments=catalogue, prices=prices, clock=clock),
        confirmations=confirmations,
        clock=clock,
        rules=reference.rules,
        tariff=reference.tariff,
        calendar=calendar,
        plan=plan,
    )
    proposals = Proposals(store=store, proposing=proposing, confirmations=confirmations, clock=clock)
    orders = WorkingOrders(
        store=store,
        proposing=proposing,
        confirmations=confirmations,
        reconcile=reconcile,
        background=background,
        clock=clock,
    )
    switch = KillSwitch(store=store, confirmations=confirmations, orders=orders, clock=clock)
    desk = OrderDesk(
        store=store,
        connections=connections,
        proposals=proposals,
        proposing=proposing,
        orders=orders,
        switch=switch,
        confirmations=confirmations,
        reconcile=reconcile,
        background=background,
        clock=clock,
        random=random_bytes,
    )
    views = AccountViews(
        store=store,
        connections=connections,
        prices=prices,
        instruments=catalogue,
        reconcile=reconcile,
        reads=reads,
        tariff=reference.tariff,
        plan=plan,
        clock=clock,
    )
    results = Results(prices=prices, instruments=catalogue, tariff=reference.tariff, plan=plan, clock=clock)
    losses = LossGuard(store=patient, connections=connections, results=results, clock=clock)
    store.on_commit(Topic.RESULTS, losses.wake)
    reports = Reports(store=store, books=views, clock=clock)
    token_guard = TokenGuard(store=patient, clock=clock, people=allowlist.people, tell=direct.tell)
    secret_entry = SecretEntry(
        accounts=accounts,
        logins=logins,
        page=SecretPage(settings.redirect_url, listen=settings.web_listen),
        clock=clock,
        random=random_bytes,
        linked=settle.after_login,
        tell=direct.tell,
    )
    services = Services(
        allowlist=allowlist,
        accounts=accounts,
        logins=logins,
        proposals=proposals,
        prompts=Prompts(store=store, clock=clock),
        desk=desk,
        orders=orders,
        books=views,
        market=Quotes(instruments=catalogue, prices=prices, clock=clock),
        invitations=Invitations(store=store, allowlist=allowlist, clock=clock, random=random_bytes),
        limits=OwnLimits(store=store, clock=clock, calendar=calendar),
        pins=Pins(store=store, clock=clock, random=random_bytes, hashing=hashing or Argon2Pins(random_bytes)),
        switch=switch,
        unlinking=Unlinking(
            store=store,
            connections=connections,
            accounts=accounts,
            logins=logins,
            reconcile=reconcile,
            confirmations=confirmations,
            clock=clock,
        ),
        reports=reports,
        secret_entry=secret_entry,
        host=Host(
            store=store,
            logins=logins,
            books=views,
            clock=clock,
            mode=mode,
            version=__version__,
            started_at=clock.now(),
            inspect=partial(_status, settings, store, clock),
        ),
        mode=mode,
        clock=clock,
    )
    feed = FeedEvents(store=patient, reconcile=reconcile, prices=prices, background=background, clock=clock)
    connections.attach(listener=feed, renewer=logins.renew, find=catalogue.by_key)

    chores = Chores(
        store=patient, inbox=SqlInbox(store), reports=reports, calendar=calendar, clock=clock, summary_at=settings.daily_summary
    )
    scheduler = Scheduler(
        store=patient,
        clock=clock,
        jobs=[
            Job(name="daily summary", at=settings.daily_summary, work=chores.daily_summary),
            Job(name="sweep", at=SWEEP_AT, work=chores.sweep),
        ],
    )
    return Core(
        services=services,
        token_guard=token_guard,
        lockdown=Lockdown(store=patient, connections=connections),
        logins=logins,
        catalogue=catalogue,
        reconcile=reconcile,
        background=background,
        scheduler=scheduler,
        losses=losses,
        settle=settle,
        direct=direct,
        patient=patient,
        explain=lambda words: reference.rejections.explain(words).words(rupees),
    )


@dataclass(slots=True, kw_only=True)
class Settling:
    """What a living session is used for first: the books, and then the file of instruments, which may take minutes."""

    catalogue: Catalogue
    reconcile: Reconcile
    background: BackgroundTasks

    def after_login(self, account_id: str) -> None:
        """Reads the books and fetches the scrip master; returns at once."""
        self.background.start(self.sync(account_id), f"the books after login of {account_id}")
        self.fetch_master(account_id)

    def fetch_master(self, account_id: str) -> None:
        """Fetches the scrip master unless today's is here; returns at once."""
        self.catalogue.coming()
        self.background.start(self._master(account_id), f"scrip master for {account_id}")

    async def sync(self, account_id: str) -> None:
        """Reads the books; that they could not be read is told by the log, and the next sync comes by the clock."""
        try:
            await self.reconcile.sync(account_id)
        except (BrokerError, StorageAway) as error:
            log.warning("account %s: the books cannot be read yet: %s", account_id, type(error).__name__)

    async def _master(self, account_id: str) -> None:
        if await self.catalogue.refresh(account_id):
            await self.sync(account_id)  # an order of an instrument that was not listed before takes its name and its lot


@dataclass(slots=True, kw_only=True)
class Chores:
    """What the scheduler does by the clock."""

    store: Store
    inbox: SqlInbox
    reports: Reports
    calendar: Calendar | None
    clock: Clock
    summary_at: time  # IST

    async def daily_summary(self, day: date, late: bool) -> None:  # noqa: FBT001 - the scheduler's own signature
        """One final report of every account for a trading day."""
        if self.calendar is not None and self.calendar.day(day).trading is False:
            return
        due = at_ist(day, self.summary_at.hour, self.summary_at.minute)
        for account in await self.store.transaction(lambda db: db.accounts.all()):
            if account.created_at < due:  # an account that was linked after the close has no day to sum up yet
                await self.reports.close_day(account, day, late=late)

    async def sweep(self, _day: date, _late: bool) -> None:  # noqa: FBT001
        """Forgets what was answered and handled days ago."""
        before = self.clock.now() - KEEP
        await self.store.transaction(lambda db: db.confirmations.forget_before(before))
        await self.store.transaction(lambda db: db.invitations.forget_before(before))
        await self.inbox.forget_before(before)
