"""The one place that builds everything, in order, and takes it down in reverse."""

import asyncio
import logging
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from bot.broker.connections import Connections
from bot.broker.transport import tls_context
from bot.charts.album import Album
from bot.config.settings import Consent, Settings
from bot.database import Prompt, open_store
from bot.delivery.card_folder import CardFolder
from bot.delivery.card_updater import CardUpdater
from bot.delivery.list_cards import ListCards
from bot.delivery.notifier import Notifier
from bot.domain.clock import Clock
from bot.domain.errors import SettingsError
from bot.domain.ports.broker import RandomBytes
from bot.reference.load import ReferenceData, load_reference
from bot.runtime.heartbeat import heartbeat_beside, written_in
from bot.runtime.network import public_ipv4
from bot.runtime.redaction import Redactor
from bot.trading.people.allowlist import MAX_AGE
from bot.trading.safety.pins import begin_mode
from bot.trading.safety.token_guard import REPAIR, TAMPERED, WEBHOOK
from bot.wiring.ground import market_times
from bot.wiring.use_cases import Core, build_core
from handlers.application import TelegramLine, build_application, line_of, publish_menu
from handlers.messenger import TelegramMessenger
from handlers.poller import UpdatePoller
from handlers.telegram.sender import Sender
from handlers.telegram.webhook_watch import WebhookWatch
from handlers.views.message import message
from storage.inbox import SqlInbox
from storage.store import SqlStore
from storage.topics import Topic

log = logging.getLogger(__name__)

BEATS = 4  # looks at the list of people for each heartbeat that is written
PATIENCE = 5.0  # seconds that a start waits for Telegram; then it goes on without
DRAIN = 10.0  # seconds for confirmations in flight, and again for notices, when the process is asked to stop


@asynccontextmanager
async def open_connections(
    settings: Settings,
    *,
    clock: Clock,
    random_bytes: RandomBytes,
    reference: ReferenceData | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Connections]:
    """Opens the connections to the broker, which is met by its address alone."""
    seed = int.from_bytes(random_bytes(8), "big")
    connections = Connections(
        base_url=settings.broker_url,
        ws_url=settings.broker_ws_url,
        clock=clock,
        chance=random.Random(seed),  # jitter only
        data_dir=settings.database.parent / "master",
        hours=market_times(settings, reference or load_reference(settings.market_data)).in_hours,
        orders_a_second=settings.orders_per_second,
        address=await public_ipv4(settings.broker_url),
        tls=tls,
    )
    async with connections:
        yield connections


class App:
    """The running bot: begins by asking the books, then listens. Ends by finishing what is under way."""

    def __init__(
        self,
        core: Core,
        *,
        store: SqlStore,
        connections: Connections,
        notifier: Notifier,
        cards: CardUpdater,
        folder: CardFolder,
        lists: ListCards,
        poller: UpdatePoller,
        heartbeat: Path,
        watch: WebhookWatch,
        line: TelegramLine,
        join: Callable[[], Awaitable[None]],
        publish_menu: Callable[[], Awaitable[None]],
    ) -> None:
        """line, join: to Telegram, and what is done once it is open. Both done already where Telegram could be reached.

        publish_menu: what can wait until the phone is heard.
        """
        self.core = core
        self._line = line
        self._join = join
        self._publish_menu = publish_menu
        self.store = store
        self._heartbeat = heartbeat
        self._connections = connections
        self._notifier = notifier
        self._cards = cards
        self._folder = folder
        self._lists = lists
        self._poller = poller
        self._watch = watch
        self._joined = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until asked to stop. Raises what ended one of its tasks, so that a supervisor can start the process anew.

        While Telegram is away the books, the sockets, stops and exits are looked after all the same, and news waits.
        """
        await self._begin()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(work, name=name)
                    for name, work in (
                        ("telegram", self._talk()),
                        ("feeds", self._connections.run()),
                        ("reconcile", self.core.reconcile.run()),
                        ("notifier", self._once_joined(self._notifier.run)),
                        ("cards", self._once_joined(self._cards.run)),
                        ("folder", self._folder.run()),
                        ("lists", self._once_joined(self._lists.run)),
                        ("scheduler", self.core.scheduler.run()),
                        ("losses", self.core.losses.run()),
                        ("curve", self.core.curve.run()),
                        ("alerts", self.core.alerts.run()),
                        ("silent lines", self.core.silent_lines.run()),
                        ("plans", self.core.plans.run()),
                        ("plans' cards", self.core.plan_cards.run()),
                        ("trails", self.core.trails.run()),
                        ("P&L exits", self.core.pnl_watch.run()),
                        ("unfilled orders", self.core.unfilled.run()),
                        ("exits", self.core.exit_runner.run()),
                        ("master", self.core.catalogue.run()),
                        ("heartbeat", self._beat()),
                        ("laid beside", self.core.laid_beside.run()),
                        ("webhook", self._once_joined(self._watch.run)),
                        ("menus", self._once_joined(self._publish_menu)),
                        ("watch lists", self._once_joined(self.core.services.watch_lists.resume)),
                    )
                ]
                await stop.wait()
                await self._end()
                for task in tasks:
                    task.cancel()
        except BaseExceptionGroup as faults:
            if refusals := faults.subgroup(SettingsError):  # Telegram came later and will never do: nothing to start anew for
                raise SettingsError("; ".join(str(refusal) for refusal in _all_of(refusals))) from faults
            raise
        finally:
            await self.core.background.finish(DRAIN)

    async def _begin(self) -> None:
        """The books first, the phone afterwards: nobody is shown a state that the start could have mended."""
        await self.core.services.allowlist.refresh()
        if not await self.store.transaction(lambda db: db.people.all()):
            log.warning("nobody is on the list, so nobody is answered: python -m bot people add ID --role owner")
        broken = await self.store.transaction(lambda db: db.audit.verify())
        if broken is not None:
            await self.core.token_guard.halt(TAMPERED.format(row=broken), drill=REPAIR)
        await self.core.catalogue.restore()
        alive = await self.core.logins.restore()
        await self.core.reconcile.settle_start()
        since = written_in(self._heartbeat)
        for account_id in alive:
            await self.core.settle.after_absence(account_id, since)
        for account_id in alive:
            self.core.settle.fetch_master(account_id)
        await self.core.services.conversions.run()

    async def _talk(self) -> None:
        """Opens the line where it is not, does what is due then, and polls."""
        if not self._line.is_open:
            await self._line.open()
            await self._join()
            self._poller.was_away(self._line.away_for())
        self._joined.set()
        await self._poller.run()

    async def _once_joined(self, work: Callable[[], Awaitable[None]]) -> None:
        await self._joined.wait()
        await work()

    async def _beat(self) -> None:
        """Shows that the loop moves, notices whom the command line added to the list, and keeps a second bot out."""
        beats = 0
        while True:
            self.store.keep_lock()
            await self.core.services.allowlist.refresh()
            await self.core.lockdown.heed()
            if beats % BEATS == 0:
                self._write_heartbeat()
                await self.store.settle_log()
            beats += 1
            await asyncio.sleep(MAX_AGE)

    def _write_heartbeat(self) -> None:
        try:
            self._heartbeat.write_text(self.core.services.clock.now().isoformat())
        except OSError as error:  # a full disk: the bot lives all the same
            log.warning("the heartbeat cannot be written: %s", error.strerror)

    async def _end(self) -> None:
        """No new commands. What is under way ends in bounded time. What is left waits in the store."""
        self._poller.close()
        await self._poller.drain(seconds=DRAIN)
        await self.core.background.finish(DRAIN)
        if self._joined.is_set():
            await self._notifier.drain(DRAIN)  # before the cards: what is left of those is drawn at the next start
            await self._cards.drain(DRAIN)
        self._write_heartbeat()  # from here on this process sees nothing


def _all_of(faults: BaseException) -> list[BaseException]:
    if not isinstance(faults, BaseExceptionGroup):
        return [faults]
    return [each for fault in faults.exceptions for each in _all_of(fault)]


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    clock: Clock,
    random_bytes: RandomBytes,
    redactor: Redactor,
    inline: bool = False,
    ask: Prompt | None = None,
    new_bot: bool = False,
    album: Album | None = None,
) -> AsyncIterator[App]:
    """Everything built, and connected to Telegram where it can be reached. SettingsError or StorageError say why it cannot be.

    inline keeps the store on the loop's own thread (for the virtual-time loop). new_bot: the database may change hands to
    the bot of this token. album: where pictures come from. None: from a process of their own.
    """
    async with AsyncExitStack() as stack:
        store = open_store(settings, random_bytes, inline=inline, ask=ask)
        stack.push_async_callback(store.close)
        store.lock()
        reference, tls = await asyncio.gather(  # at once: OpenSSL reads its roots without Python
            asyncio.to_thread(load_reference, settings.market_data), asyncio.to_thread(tls_context)
        )
        connections = await stack.enter_async_context(
            open_connections(settings, clock=clock, random_bytes=random_bytes, reference=reference, tls=tls)
        )
        core = build_core(
            settings,
            store=store,
            connections=connections,
            clock=clock,
            random_bytes=random_bytes,
            redactor=redactor,
            egress=connections.address,
            reference=reference,
            album=album,
        )
        stack.push_async_callback(core.album.close)
        explain = core.explain

        application = build_application(
            settings.telegram_bot_token.reveal(),
            telegram_url=settings.telegram_url,
            services=core.services,
            random_bytes=random_bytes,
            explain=explain,
            tls=connections.tls,
            protect_content=settings.protect_content == Consent.YES,
        )
        messenger = TelegramMessenger(
            application.bot,
            mode=core.services.mode,
            clock=clock,
            pictures=core.services.pictures,
            explain=explain,
            repairs=core.services.repairs.of,
            guarding=core.plan_cards.of,
            role_on=core.services.allowlist.role_on,
        )
        notifier = Notifier(store=core.patient, messenger=messenger, clock=clock)
        cards = CardUpdater(store=core.patient, messenger=messenger, is_in_hand=core.services.answers.is_in_hand)
        folder = CardFolder(store=core.patient, clock=clock, may_be_open=core.services.proposals.may_be_open)
        store.on_commit(Topic.NOTICES, notifier.wake)
        lists = ListCards(store=core.patient, drawer=messenger, clock=clock)
        store.on_commit(Topic.ORDERS, cards.wake)
        store.on_commit(Topic.ANSWERS, cards.wake)
        core.plan_cards.attach(cards.wake)
        store.on_commit(Topic.ORDERS, lists.wake)
        store.on_commit(Topic.PLANS, lists.plans_changed)
        store.on_commit(Topic.QUESTIONS, folder.wake)
        store.on_commit(Topic.ORDERS, folder.wake)  # a question about an order ends with it
        store.on_commit(Topic.SENDING, cards.wake_if_slow)

        def back(seconds: float) -> None:
            notifier.back()
            core.background.start(core.settle.after_silence(seconds), "what came late")

        poller = UpdatePoller(
            application,
            inbox=SqlInbox(store),
            allowlist=core.services.allowlist,
            clock=clock,
            conflict=core.token_guard.turned_away,
            heard=notifier.heard,
            back=back,
        )
        watch = WebhookWatch(application.bot, foreign=lambda: core.token_guard.halt(WEBHOOK))
        sender = Sender(application.bot)
        core.direct.attach(lambda person, words: sender.send(person, message(words)))
        core.services.watch_lists.attach(messenger.draw_watch)
        stack.push_async_callback(core.services.watch_lists.close)
        stack.push_async_callback(core.services.secret_entry.close)
        await core.services.allowlist.refresh()
        line = await stack.enter_async_context(line_of(application))

        async def join() -> None:
            await core.token_guard.pin(application.bot.id, forget_updates=SqlInbox(store).clear, take_new=new_bot)

        if await line.open(within=PATIENCE):
            await join()
        await store.transaction(lambda db: begin_mode(db, core.services.mode, clock.now()))
        yield App(
            core,
            store=store,
            heartbeat=heartbeat_beside(settings.database),
            connections=connections,
            notifier=notifier,
            cards=cards,
            folder=folder,
            lists=lists,
            poller=poller,
            watch=watch,
            line=line,
            join=join,
            publish_menu=partial(publish_menu, application),
        )
