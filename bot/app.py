"""The one place that builds everything, in order, and takes it down in reverse."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from bot import __version__
from bot.broker.connections import Connections
from bot.broker.feed import in_hours
from bot.broker.session import code_from_seed
from bot.cards import Cards
from bot.data.shelf import open_shelf
from bot.domain.clock import Clock, at_ist, ist_date
from bot.domain.errors import BrokerError
from bot.domain.ports import RandomBytes
from bot.egress import egress_ipv4
from bot.inspection import report
from bot.keys import Ask, open_vault
from bot.outbox import Notifier
from bot.scheduler import Job, Scheduler
from bot.scrubber import Scrubber
from bot.settings import Settings
from bot.trading.accounts import Accounts
from bot.trading.alarm import Alarm
from bot.trading.book import Book
from bot.trading.books import Books
from bot.trading.catalogue import Catalogue
from bot.trading.confirmations import Confirmations
from bot.trading.desk import TradingDesk
from bot.trading.drafting import Drafting
from bot.trading.entering import Entering
from bot.trading.intake import Intake as FeedIntake
from bot.trading.joining import Joining
from bot.trading.limits import OwnLimits
from bot.trading.market import Market
from bot.trading.pins import Pins
from bot.trading.prices import Prices
from bot.trading.proposing import Proposing
from bot.trading.reconcile import Reconcile
from bot.trading.reports import Reports
from bot.trading.roster import MAX_AGE, Roster
from bot.trading.sentry import POLLER, REPAIR, TAMPERED, WEBHOOK, Sentry
from bot.trading.services import Host, Services
from bot.trading.switch import Switch
from bot.trading.tasks import Errands
from bot.web.door import WebDoor
from handlers.application import build_application, publish_menu, running
from handlers.intake import Intake
from handlers.messenger import TelegramMessenger
from handlers.speaker import Speaker
from handlers.views.message import message
from handlers.views.text import rupees
from handlers.watch import WebhookWatch
from storage.pinhash import Argon2Pins
from storage.store import SqlInbox, SqlStore

log = logging.getLogger(__name__)

BEATS = 4  # looks at the list of people for each heartbeat that is written
DRAIN = 10.0  # seconds for confirmations in flight, and again for notices, when the process is asked to stop
KEEP = timedelta(days=3)  # answered questions and handled updates; orders, fills and the audit are kept for good
SWEEP_AT = time(3, 0)  # IST
MASTER_FROM, MASTER_EVERY = (8, 32), 60.0  # IST, after the broker's own morning work; seconds between two tries


def open_store(settings: Settings, random_bytes: RandomBytes, *, inline: bool = False, ask: Ask | None = None) -> SqlStore:
    """The database behind its vault; StorageError (VaultError for the key) says what is wrong with it.

    ask: how a passphrase is asked for, None where nobody sits at a terminal.
    """
    settings.database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return SqlStore.open(settings.database, open_vault(settings, random_bytes, ask), inline=inline)


def heartbeat_file(settings: Settings) -> Path:
    """Where the running bot writes the time, for `python -m bot health`."""
    return settings.data_dir / "heartbeat"


@asynccontextmanager
async def open_connections(settings: Settings, *, clock: Clock, random_bytes: RandomBytes) -> AsyncIterator[Connections]:
    """The lines to the broker, by address alone."""
    seed = int.from_bytes(random_bytes(8), "big")
    connections = Connections(
        base_url=settings.broker_url,
        ws_url=settings.broker_ws_url,
        clock=clock,
        chance=random.Random(seed),  # jitter only
        data_dir=settings.database.parent / "master",
        hours=in_hours if settings.market_hours == "real" else _always,
        orders_a_second=settings.orders_per_second,
    )
    async with connections:
        yield connections


def _always(_: datetime) -> bool:
    return True


@dataclass(slots=True, kw_only=True)
class Core:
    """The heart, built: everything but Telegram."""

    services: Services
    sentry: Sentry
    alarm: Alarm
    accounts: Accounts
    catalogue: Catalogue
    reconcile: Reconcile
    errands: Errands
    scheduler: Scheduler
    keep_master: Callable[[], Coroutine[None, None, None]]
    wakes: "Wakes"
    explain: Callable[[str], str]  # the broker's words on a rejection -> a plain sentence


class Wakes:
    """Whoever shows changes: the cards and the notifier, known only after the heart is built."""

    def __init__(self) -> None:
        self.cards: Cards | None = None
        self.notifier: Notifier | None = None
        self.teller: Callable[[int, str], None] | None = None

    def tell(self, person: int, words: str) -> None:
        """Says something to one person that no record has to survive."""
        if self.teller is not None:
            self.teller(person, words)

    def __call__(self) -> None:
        """An order or a notice was written."""
        if self.notifier is not None:
            self.notifier.wake()
        if self.cards is not None:
            self.cards.wake()


def build_core(
    settings: Settings,
    *,
    store: SqlStore,
    connections: Connections,
    clock: Clock,
    random_bytes: RandomBytes,
    scrubber: Scrubber,
    egress: str | None = None,
) -> Core:
    """Every use case over this store and these lines."""
    shelf = open_shelf(settings.market_data)
    calendar = shelf.calendar if settings.market_hours == "real" else None
    plan = shelf.tariff.plan(settings.brokerage_plan) if settings.brokerage_plan else None
    mode = "LIVE" if settings.mode == "live" else "PAPER"
    changed, errands = Wakes(), Errands()
    catalogue = Catalogue(store=store, links=connections, kept=connections.shelf.kept, clock=clock)
    book = Book(random=random_bytes, instrument=catalogue.by_key)
    reconcile = Reconcile(store=store, links=connections, book=book, clock=clock, changed=changed, egress=egress)
    prices = Prices(links=connections, clock=clock)

    async def settle_in(account_id: str) -> None:
        await catalogue.refresh(account_id)
        try:
            await reconcile.look(account_id)
        except BrokerError as error:
            log.info("account %s: the books could not be read after login: %s", account_id, type(error).__name__)

    def after_login(account_id: str) -> None:
        catalogue.coming()
        errands.start(settle_in(account_id), f"after login of {account_id}")

    accounts = Accounts(
        store=store,
        links=lambda: connections,
        clock=clock,
        random=random_bytes,
        totp=lambda seed: code_from_seed(seed, clock),
        logged_in=after_login,
        conceal=scrubber.know,
        changed=changed,
    )
    confirmations = Confirmations(clock, random_bytes, timedelta(seconds=settings.confirm_seconds))
    proposing = Proposing(
        store=store,
        links=connections,
        prices=prices,
        instruments=catalogue,
        drafting=Drafting(shelf.rules, clock),
        confirmations=confirmations,
        clock=clock,
        rules=shelf.rules,
        tariff=shelf.tariff,
        calendar=calendar,
        plan=plan,
    )
    desk = TradingDesk(
        store=store,
        links=connections,
        proposing=proposing,
        confirmations=confirmations,
        reconcile=reconcile,
        errands=errands,
        clock=clock,
        random=random_bytes,
        changed=changed,
    )
    books = Books(
        store=store,
        links=connections,
        prices=prices,
        instruments=catalogue,
        reconcile=reconcile,
        tariff=shelf.tariff,
        plan=plan,
        clock=clock,
    )
    reports = Reports(store=store, books=books, clock=clock, changed=changed)
    roster = Roster(store=store, clock=clock)
    sentry = Sentry(store=store, clock=clock, people=roster.people, tell=changed.tell, changed=changed)
    entering = Entering(
        accounts=accounts,
        door=WebDoor(settings.redirect_url, listen=settings.web_listen),
        clock=clock,
        random=random_bytes,
        linked=after_login,
        tell=changed.tell,
    )
    services = Services(
        roster=roster,
        accounts=accounts,
        desk=desk,
        books=books,
        market=Market(instruments=catalogue, prices=prices, clock=clock),
        joining=Joining(store=store, roster=roster, clock=clock, random=random_bytes, changed=changed),
        limits=OwnLimits(store=store, clock=clock, calendar=calendar, changed=changed),
        pins=Pins(store=store, clock=clock, random=random_bytes, hashing=Argon2Pins(random_bytes), changed=changed),
        switch=Switch(store=store, confirmations=confirmations, desk=desk, clock=clock, changed=changed),
        reports=reports,
        entering=entering,
        host=Host(
            store=store,
            accounts=accounts,
            books=books,
            clock=clock,
            mode=mode,
            version=__version__,
            started_at=clock.now(),
            inspect=partial(report, settings, store, clock, heartbeat=heartbeat_file(settings)),
        ),
        mode=mode,
        clock=clock,
    )
    feed = FeedIntake(store=store, reconcile=reconcile, prices=prices, errands=errands, clock=clock, changed=changed)
    connections.attach(listener=feed, renewer=accounts.renew, find=catalogue.by_key)

    async def daily_summary(day: date, late: bool) -> None:  # noqa: FBT001 - the scheduler's own signature
        if calendar is not None and calendar.day(day).trading is False:
            return
        due = at_ist(day, settings.daily_summary.hour, settings.daily_summary.minute)
        for account in await store.run(lambda drawers: drawers.accounts.all()):
            if account.created_at < due:  # an account that was linked after the close has no day to sum up yet
                await reports.close_day(account, day, late=late)

    async def keep_master() -> None:
        """Fetches the day's master once a session can, and again until it is here; not during the BOD window (mstock-type-b.md 1.7)."""
        while True:
            await asyncio.sleep(MASTER_EVERY)
            now = clock.now()
            before_its_time = catalogue.day is not None and now < at_ist(ist_date(now), *MASTER_FROM)
            if catalogue.day == ist_date(now) or before_its_time:
                continue
            for account_id in connections.opened():
                if connections.of(account_id).session is not None:
                    await catalogue.refresh(account_id)
                    break

    async def sweep(_day: date, _late: bool) -> None:  # noqa: FBT001
        before = clock.now() - KEEP
        await store.run(lambda drawers: drawers.confirmations.forget_before(before))
        await store.run(lambda drawers: drawers.invitations.forget_before(before))
        await SqlInbox(store).forget_before(before)

    scheduler = Scheduler(
        store=store,
        clock=clock,
        jobs=[
            Job(name="daily summary", at=settings.daily_summary, work=daily_summary),
            Job(name="sweep", at=SWEEP_AT, work=sweep),
        ],
    )
    return Core(
        services=services,
        sentry=sentry,
        alarm=Alarm(store=store, links=connections, clock=clock),
        accounts=accounts,
        catalogue=catalogue,
        reconcile=reconcile,
        errands=errands,
        scheduler=scheduler,
        keep_master=keep_master,
        wakes=changed,
        explain=lambda words: shelf.rejections.explain(words).words(rupees),
    )


class App:
    """The running bot: begins by asking the books, then listens; ends by finishing what is under way."""

    def __init__(
        self,
        core: Core,
        *,
        store: SqlStore,
        connections: Connections,
        notifier: Notifier,
        cards: Cards,
        intake: Intake,
        heartbeat: Path,
        watch: WebhookWatch,
    ) -> None:
        self.core = core
        self.store = store
        self._heartbeat = heartbeat
        self._connections = connections
        self._notifier = notifier
        self._cards = cards
        self._intake = intake
        self._watch = watch

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until asked to stop; raises what ended one of its tasks, so that a supervisor can start the process anew."""
        await self._begin()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(work, name=name)
                    for name, work in (
                        ("telegram", self._intake.run()),
                        ("feeds", self._connections.run()),
                        ("reconcile", self.core.reconcile.run()),
                        ("notifier", self._notifier.run()),
                        ("cards", self._cards.run()),
                        ("scheduler", self.core.scheduler.run()),
                        ("master", self.core.keep_master()),
                        ("heartbeat", self._beat()),
                        ("webhook", self._watch.run()),
                    )
                ]
                await stop.wait()
                await self._end()
                for task in tasks:
                    task.cancel()
        finally:
            await self.core.errands.finish(DRAIN)

    async def _begin(self) -> None:
        """The books first, the phone afterwards: nobody is shown a state that the start could have mended."""
        await self.core.services.roster.refresh()
        broken = await self.store.run_sql(lambda drawers: drawers.audit.verify())
        if broken is not None:
            await self.core.sentry.seal(TAMPERED.format(row=broken), drill=REPAIR)
        await self.core.catalogue.restore()
        alive = await self.core.accounts.restore()
        await self.core.reconcile.settle_start()
        for account_id in alive:
            await self.core.catalogue.refresh(account_id)
            try:
                await self.core.reconcile.look(account_id)
            except BrokerError as error:
                log.warning("account %s: the books cannot be read yet: %s", account_id, type(error).__name__)

    async def _beat(self) -> None:
        """Shows that the loop moves, and notices whom the command line added to the list."""
        beats = 0
        while True:
            await self.core.services.roster.refresh()
            await self.core.alarm.heed()
            if beats % BEATS == 0:
                self._heartbeat.write_text(self.core.services.clock.now().isoformat())
            beats += 1
            await asyncio.sleep(MAX_AGE.total_seconds())

    async def _end(self) -> None:
        """No new commands; what is under way ends in bounded time; what is left waits in the store."""
        self._intake.close()
        await self._intake.drain(seconds=DRAIN)
        await self.core.errands.finish(DRAIN)
        await self._cards.draw_stale()
        await self._notifier.drain(DRAIN)


def _telling(errands: Errands, speaker: Speaker) -> Callable[[int, str], None]:
    """Says something on the way; that it could not be said is logged by the errand."""

    def say(person: int, words: str) -> None:
        errands.start(speaker.send(person, message(words)), "a word to a person")

    return say


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    clock: Clock,
    random_bytes: RandomBytes,
    scrubber: Scrubber,
    inline: bool = False,
    ask: Ask | None = None,
    new_bot: bool = False,
) -> AsyncIterator[App]:
    """Everything built and connected to Telegram; SettingsError, StorageError or Telegram's own errors say why it cannot be.

    inline keeps the store on the loop's own thread (for the virtual-time loop). new_bot: the database may change hands to
    the bot of this token.
    """
    async with AsyncExitStack() as stack:
        store = open_store(settings, random_bytes, inline=inline, ask=ask)
        stack.push_async_callback(store.close)
        store.lock()
        connections = await stack.enter_async_context(open_connections(settings, clock=clock, random_bytes=random_bytes))
        core = build_core(
            settings,
            store=store,
            connections=connections,
            clock=clock,
            random_bytes=random_bytes,
            scrubber=scrubber,
            egress=await egress_ipv4(settings.broker_url),
        )
        explain = core.explain

        application = build_application(
            settings.telegram_bot_token.reveal(),
            telegram_url=settings.telegram_url,
            services=core.services,
            random_bytes=random_bytes,
            explain=explain,
        )
        messenger = TelegramMessenger(application.bot, mode=core.services.mode, clock=clock, explain=explain)
        notifier = core.wakes.notifier = Notifier(store=store, messenger=messenger, clock=clock)
        cards = core.wakes.cards = Cards(store=store, messenger=messenger, clock=clock)
        intake = Intake(
            application,
            inbox=SqlInbox(store),
            roster=core.services.roster,
            clock=clock,
            conflict=lambda words: core.sentry.seal(WEBHOOK if "webhook" in words else POLLER),
        )
        watch = WebhookWatch(application.bot, foreign=lambda: core.sentry.seal(WEBHOOK))
        core.wakes.teller = _telling(core.errands, Speaker(application.bot))
        stack.push_async_callback(core.services.entering.close)
        await core.services.roster.refresh()
        await stack.enter_async_context(running(application))
        await core.sentry.pin(application.bot.id, forget_updates=SqlInbox(store).clear, take_new=new_bot)
        await publish_menu(application)
        yield App(
            core,
            store=store,
            heartbeat=heartbeat_file(settings),
            connections=connections,
            notifier=notifier,
            cards=cards,
            intake=intake,
            watch=watch,
        )
