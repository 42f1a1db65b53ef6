"""Builds every use case, in order, over the store and the connections to the broker."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot import __version__
from bot.broker.session import code_from_seed
from bot.charts.album import Album
from bot.charts.process import DrawingProcess
from bot.config.settings import Consent, Settings
from bot.database import state_of
from bot.delivery.direct import DirectMessages
from bot.diagnostics.facts import inspect
from bot.diagnostics.renderings import on_a_phone, redacted
from bot.domain.clock import Clock
from bot.domain.latency import Latency
from bot.domain.people.access import PinHash
from bot.domain.pnl.booked_charges import booked_charges
from bot.domain.ports.broker import RandomBytes
from bot.reference.load import ReferenceData, load_reference
from bot.runtime.background import BackgroundTasks
from bot.runtime.heartbeat import heartbeat_beside
from bot.runtime.redaction import Redactor
from bot.runtime.scheduler import Scheduler
from bot.trading.account.account_views import AccountViews
from bot.trading.account.accounts import Accounts
from bot.trading.account.day_curve import DayCurve
from bot.trading.account.day_events import DayEvents
from bot.trading.account.lines import Lines
from bot.trading.account.loss_guard import LossGuard, Results
from bot.trading.account.margin_loans import MarginLoans
from bot.trading.account.new_bases import NewBases
from bot.trading.account.prices import Prices
from bot.trading.account.quotes import Quotes
from bot.trading.desk.after_market_orders import AfterMarketOrders
from bot.trading.exit_runs.exit_runner import ExitRunner
from bot.trading.exits.unfilled_orders import UnfilledOrders
from bot.trading.feed_events import FeedEvents
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.ledger.day_book import DayBook
from bot.trading.money.exports import Exports
from bot.trading.money.mornings import Mornings
from bot.trading.money.telling import Telling
from bot.trading.orders.confirmations import Confirmations
from bot.trading.people.allowlist import Allowlist
from bot.trading.people.invitations import Invitations
from bot.trading.people.news_choices import NewsChoices
from bot.trading.plans.plan_cards import PlanCards
from bot.trading.plans.plan_runner import PlanRunner
from bot.trading.plans.trail_runner import TrailRunner
from bot.trading.pnl_exits.pnl_watch import PnlWatch
from bot.trading.proposals.answers import Answers
from bot.trading.proposals.prompts import Prompts
from bot.trading.rings.silent_lines import SilentLines
from bot.trading.safety.limits import OwnLimits
from bot.trading.safety.lockdown import Lockdown
from bot.trading.safety.outage import Outage, PatientStore
from bot.trading.safety.pins import Pins
from bot.trading.safety.token_guard import TokenGuard
from bot.trading.safety.uncovered_year import UncoveredYear
from bot.trading.services import Host, Services
from bot.trading.sessions.logins import Logins
from bot.trading.sessions.secret_entry import SecretEntry
from bot.trading.settling import Settling
from bot.trading.sync.fact_applier import FactApplier
from bot.trading.sync.reconcile import Reconcile
from bot.trading.sync.shared_reads import SharedReads
from bot.trading.ticks.tick_watcher import TickWatcher
from bot.trading.unlinking import Unlinking
from bot.trading.watch.alert_watch import AlertWatch
from bot.web.secret_page import SecretPage
from bot.wiring.alerts import build_alerts
from bot.wiring.charts import build_charts
from bot.wiring.exits import build_exits
from bot.wiring.ground import AttachedConnections, Ground, chosen_plan, market_times
from bot.wiring.jobs import Sweep, table
from bot.wiring.laid_beside import LaidBeside
from bot.wiring.money import build_money
from bot.wiring.orders import build_orders
from bot.wiring.rings import build_rings
from bot.wiring.trails import build_trails
from handlers.views.format import rupees
from storage.inbox import SqlInbox
from storage.secrets.pinhash import Argon2Pins
from storage.store import SqlStore
from storage.topics import Topic


async def _status(settings: Settings, store: SqlStore, clock: Clock) -> list[str]:
    """The facts about the bot as `/status full` shows them."""
    facts = inspect(settings, await state_of(store), clock.now(), heartbeat=heartbeat_beside(settings.database))
    return redacted(on_a_phone(facts, settings.warnings), Redactor(settings.secrets()))


@dataclass(slots=True, kw_only=True)
class Core:
    """Everything that is built, but for Telegram."""

    services: Services
    token_guard: TokenGuard
    lockdown: Lockdown
    logins: Logins
    catalogue: Catalogue
    reconcile: Reconcile
    watcher: TickWatcher
    background: BackgroundTasks
    scheduler: Scheduler
    losses: LossGuard
    curve: DayCurve
    alerts: AlertWatch
    silent_lines: SilentLines
    plans: PlanRunner
    plan_cards: PlanCards
    trails: TrailRunner
    pnl_watch: PnlWatch
    unfilled: UnfilledOrders
    exit_runner: ExitRunner
    settle: Settling
    album: Album
    direct: DirectMessages
    patient: PatientStore
    laid_beside: LaidBeside
    explain: Callable[[str], str]  # the broker's words on a rejection -> a plain sentence


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
    album: Album | None = None,
) -> Core:
    """Builds every use case over this store and these connections.

    reference: what the settings name, where it was read already. hashing: None is the slow hash of PINs.
    album: where pictures come from. None: from a process of their own, started with the first.
    """
    reference = reference or load_reference(settings.market_data)
    times = market_times(settings, reference)
    plan = chosen_plan(settings, reference.tariff)
    mode = "LIVE" if settings.mode == "live" else "PAPER"
    background = BackgroundTasks()
    direct = DirectMessages(background)
    elapsed = asyncio.get_running_loop().time
    allowlist = Allowlist(store=store)
    outage = Outage(store=store, background=background, clock=clock, people=allowlist.people, tell=direct.tell)
    store.away = outage.began
    patient = PatientStore(store, outage)  # for what runs by itself; a person's act is refused at once
    telling = Telling(store=patient, clock=clock)
    catalogue = Catalogue(store=store, connections=connections, on_disk=connections.scrip_cache.load, clock=clock)
    applier = FactApplier(
        random=random_bytes,
        instrument=catalogue.by_key,
        charges_of=partial(booked_charges, tariff=reference.tariff, plan=plan),
        square_off_fee=partial(times.square_off_fee, reference.tariff),
        holding=lambda account_id, key: reads.holding(account_id, key),  # noqa: PLW0108  # it is built below
    )
    reconcile = Reconcile(store=store, connections=connections, applier=applier, clock=clock, elapsed=elapsed, egress=egress)
    reads = SharedReads(connections=connections, clock=clock, changed_at=reconcile.changed_at, last_look=reconcile.last_look)
    watcher = TickWatcher(connections=connections)
    prices = Prices(connections=connections, reads=reads, watcher=watcher)

    settle = Settling(
        store=patient, clock=clock, catalogue=catalogue, reconcile=reconcile, watcher=watcher, background=background
    )

    accounts = Accounts(store=store, clock=clock)
    logins = Logins(
        store=store,
        connections=lambda: connections,
        clock=clock,
        random=random_bytes,
        totp=lambda seed: code_from_seed(seed, clock),
        logged_in=settle.after_login,
        renewed=settle.fetch_master,
        conceal=redactor.know,
    )
    confirmations = Confirmations(clock, elapsed, random_bytes, timedelta(seconds=settings.confirm_seconds))
    day_book = DayBook(store=store, clock=clock, day_before=times.day_before, has_begun=times.has_begun)
    events = DayEvents(
        store=store,
        prices=prices,
        instruments=catalogue,
        loans=MarginLoans(store=store, connections=connections, day_before=times.day_before, clock=clock),
        clock=clock,
        ended=times.ended,
        closes_at=times.squares_off_at,
    )
    results = Results(
        prices=prices,
        instruments=catalogue,
        tariff=reference.tariff,
        plan=plan,
        day_book=day_book,
        events=events,
        clock=clock,
    )
    ground = Ground(
        settings=settings,
        reference=reference,
        times=times,
        mode=mode,
        plan=plan,
        store=store,
        patient=patient,
        telling=telling,
        connections=connections,
        clock=clock,
        random_bytes=random_bytes,
        background=background,
        catalogue=catalogue,
        reconcile=reconcile,
        reads=reads,
        prices=prices,
        watcher=watcher,
        confirmations=confirmations,
        results=results,
    )
    orders = build_orders(ground)
    quotes = Quotes(instruments=catalogue, prices=prices, clock=clock)
    alerts = build_alerts(ground, quotes)
    drawing = DrawingProcess()
    album = album or Album(drawing.draw, drawing.close)
    views = AccountViews(
        store=store,
        connections=connections,
        prices=prices,
        instruments=catalogue,
        reconcile=reconcile,
        reads=reads,
        tariff=reference.tariff,
        plan=plan,
        day_book=day_book,
        events=events,
        bases=NewBases(store=store, trading=times.trading),
        clock=clock,
    )
    charts = build_charts(ground, quotes, views)
    exits = build_exits(ground, orders, views)
    rings = build_rings(ground, views)
    curve = DayCurve(
        store=patient,
        connections=connections,
        results=results,
        clock=clock,
        in_session=times.in_session,
        day_before=times.day_before,
        read=rings.positions.heard,
    )
    losses = LossGuard(store=patient, connections=connections, results=results, clock=clock, read=curve.heard)
    store.on_commit(Topic.RESULTS, losses.wake)
    money = build_money(ground, views)
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
        proposals=orders.proposals,
        repairs=orders.repairs,
        later=orders.later,
        answers=Answers(store),
        prompts=Prompts(store=store, clock=clock),
        desk=orders.desk,
        orders=orders.working,
        exits=exits.lists,
        pnl_exits=exits.pnl,
        trails=build_trails(ground, orders, views),
        baskets=exits.baskets,
        conversions=exits.conversions,
        reversals=exits.reversals,
        standing=exits.standing,
        account_views=views,
        market=quotes,
        alerts=alerts.own,
        watch_lists=alerts.lists,
        news=NewsChoices(store=store),
        chains=alerts.chains,
        charts=charts.candles,
        payoffs=charts.payoffs,
        pictures=album,
        invitations=Invitations(store=store, allowlist=allowlist, clock=clock, random=random_bytes),
        limits=OwnLimits(store=store, clock=clock, calendar=times.calendar),
        pins=Pins(store=store, clock=clock, random=random_bytes, hashing=hashing or Argon2Pins(random_bytes)),
        switch=orders.switch,
        unlinking=Unlinking(
            store=store,
            connections=connections,
            accounts=accounts,
            logins=logins,
            reconcile=reconcile,
            confirmations=confirmations,
            clock=clock,
        ),
        summaries=money.summaries,
        range_pnl=money.range_pnl,
        exports=Exports(range_pnl=money.range_pnl),
        secret_entry=secret_entry,
        host=Host(
            store=store,
            logins=logins,
            views=views,
            clock=clock,
            mode=mode,
            version=__version__,
            started_at=clock.now(),
            lines=Lines(connections=connections, watcher=watcher, reconcile=reconcile, clock=clock),
            telegram=Latency(),
            inspect=partial(_status, settings, store, clock),
        ),
        mode=mode,
        clock=clock,
    )
    feed = FeedEvents(store=patient, reconcile=reconcile, watcher=watcher, background=background, clock=clock)
    connections.attach(listener=feed, renewer=logins.renew, find=catalogue.by_key)

    jobs = table(
        times=times,
        summaries=money.summaries,
        notes=money.notes,
        mornings=Mornings(
            telling=telling,
            views=views,
            notes=money.notes,
            calendar=times.calendar,
            families=(alerts.findings, exits.morning_stops),
            ddpi=settings.ddpi is Consent.YES,
            clock=clock,
        ),
        expiring=money.expiring,
        sweep=Sweep(store=patient, inbox=SqlInbox(store), clock=clock),
        year=UncoveredYear(store=patient, calendar=times.calendar, clock=clock),
        later=orders.later,
        evenings=AfterMarketOrders(store=patient, reconcile=reconcile, telling=telling, clock=clock),
        stops=exits.morning_stops,
    )
    return Core(
        services=services,
        token_guard=token_guard,
        lockdown=Lockdown(store=patient, connections=connections),
        logins=logins,
        catalogue=catalogue,
        reconcile=reconcile,
        watcher=watcher,
        background=background,
        scheduler=Scheduler(store=patient, clock=clock, jobs=jobs + rings.jobs, random=random_bytes),
        losses=losses,
        curve=curve,
        alerts=alerts.watch,
        silent_lines=rings.silent_lines,
        plans=orders.plans,
        plan_cards=orders.plan_cards,
        trails=orders.trails,
        pnl_watch=exits.pnl_watch,
        unfilled=orders.unfilled,
        exit_runner=exits.runner,
        settle=settle,
        album=album,
        direct=direct,
        patient=patient,
        laid_beside=LaidBeside(settings=settings, reference=reference, plan=plan, store=patient, clock=clock),
        explain=lambda words: redactor.redact(reference.rejections.explain(words).words(rupees)),
    )
