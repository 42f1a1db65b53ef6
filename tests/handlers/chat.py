"""The real application, poller and services against the demo chat, over a store in memory and hand-made brokers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import select

from bot.domain.clock import Clock, ist_date
from bot.domain.orders.confirmation import Confirmation
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.people.access import Pad, PadEnded, PadUse
from bot.domain.people.account import Account, Role, Session, User
from bot.domain.people.secret import Secret
from bot.domain.ports.inbox import InboxEntry
from bot.domain.ports.repositories import Repositories
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.bot_api.server import Serving, serve
from bot.simulators.telegram.chat.chats import Chats
from bot.trading.people.invitations import MOST_NEWS
from bot.trading.services import Services
from bot.wiring.use_cases import Core
from handlers.application import App, build_application, publish_menu, running
from handlers.poller import UpdatePoller
from storage.db.tables.orders import confirmations
from storage.inbox import SqlInbox
from storage.repositories import SqlRepositories
from storage.store import SqlStore
from tests.handlers.samples import ASHA, RAVI, SHORT_CALL, a_holding, a_position
from tests.stage.brokers.broker import OneConnection, ScriptedBroker, ScriptedConnections, StillFeed, TrueOrder
from tests.stage.desk import a_core
from tests.stage.ports import own_page
from tests.stage.values.market import a_share, an_index
from tests.stage.values.orders import an_order
from tests.storage.samples import ACCOUNT, CREDENTIALS, a_vault

T = TypeVar("T")

PIN = "482913"
_TOKENS = select(confirmations.c.token).order_by(confirmations.c.created_at)
PAPA = Account(id="a2", label="papa", client="MA••••2", created_at=ACCOUNT.created_at + timedelta(seconds=1))


async def later(seconds: float) -> None:
    """Lets virtual time pass."""
    await asyncio.sleep(seconds)


def counting_bytes() -> Callable[[int], bytes]:
    """Ids 0001, 0002, ...: different for each incident, the same in each run."""
    count = 0

    def next_bytes(size: int) -> bytes:
        nonlocal count
        count += 1
        return count.to_bytes(size, "big")

    return next_bytes


class CountedStore(SqlStore):
    """A store that counts what is asked of it, and can hold it all up. The inbox goes past both."""

    runs = 0
    held = False

    async def transaction(self, work: Callable[[SqlRepositories], T]) -> T:
        self.runs += 1
        if self.held:
            await asyncio.Event().wait()
        return await super().transaction(work)


class Uncounted:
    """The same store for the inbox, whose transactions are neither counted nor held up."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def transaction(self, work: Callable[[SqlRepositories], T]) -> T:
        return await SqlStore.transaction(self._store, work)

    async def owe(self, work: Callable[[SqlRepositories], object]) -> None:
        await self._store.owe(work)


class SeenInbox(SqlInbox):
    """The inbox, and what went into it and was marked as handled."""

    def __init__(self, store: SqlStore) -> None:
        super().__init__(cast("SqlStore", Uncounted(store)))
        self.entries: dict[int, InboxEntry] = {}
        self.handled: set[int] = set()

    async def add(self, updates: Sequence[InboxEntry]) -> Sequence[InboxEntry]:
        fresh = await super().add(updates)
        self.entries |= {entry.update_id: entry for entry in fresh}
        return fresh

    async def done(self, update_id: int, at: datetime) -> None:
        await super().done(update_id, at)
        self.handled.add(update_id)


@dataclass
class Bot:
    """A bot without Telegram: the services as the front door builds them, and what they stand on."""

    clock: Clock
    store: CountedStore
    inbox: SeenInbox
    connections: ScriptedConnections
    core: Core = field(init=False)
    starts: int = 0

    async def start(self) -> None:
        """A new process over the same database and the same brokers."""
        self.starts += 1
        self.core = a_core(self.store, self.connections, self.clock, chance=self.starts, REDIRECT_URL=own_page())
        await self.core.catalogue.refresh(ACCOUNT.id)

    @property
    def services(self) -> Services:
        return self.core.services

    @property
    def connection(self) -> OneConnection:
        """The line of the account in use, main."""
        return self.connections.connections[ACCOUNT.id]

    @property
    def broker(self) -> ScriptedBroker:
        return self.connection.broker

    @property
    def papas(self) -> ScriptedBroker:
        return self.connections.connections[PAPA.id].broker

    def cancelled(self) -> list[int]:
        """Numbers of the orders whose cancel reached the broker."""
        numbers = {order.broker_id: at for at, order in enumerate(self.broker.true, 1)}
        return [numbers[broker_id] for broker_id in self.broker.cancels]

    async def done(self, what: str) -> list[str]:
        """What is on record of each act of that kind, oldest first."""
        rows = await self.store.transaction(lambda db: db.audit.page(None, 1000, None))
        return [detail for _, _, _, kind, detail in reversed(rows) if kind == what]

    async def stops(self) -> list[str]:
        """Labels of the accounts on which trading is stopped."""
        stopped = await self.store.transaction(lambda db: [a.label for a in db.accounts.all() if db.stops.stopped(a.id)])
        return list(stopped)

    async def questions(self) -> list[Confirmation]:
        """Every question that was ever asked, oldest first."""

        def read(db: SqlRepositories) -> list[Confirmation]:
            tokens = db.confirmations._tx.rows(_TOKENS).scalars()
            return [question for token in tokens.all() if (question := db.confirmations.find(token)) is not None]

        return await self.store.transaction(read)

    async def question(self) -> Confirmation:
        """The newest one."""
        return (await self.questions())[-1]

    async def stand(self, account: Account = ACCOUNT, **changes: Any) -> Order:
        """An order of today that stands open at the broker, or as the changes say."""
        now, broker = self.clock.now(), self.connections.connections[account.id].broker

        def add(db: Repositories) -> Order:
            number = db.orders.next_number(account.id, ist_date(now))
            order = an_order(
                id=f"o{number}", account_id=account.id, number=number, tag=f"TAG{account.id}{number:014}",
                broker_id=f"1151261120{99 + number}", status=OrderStatus.OPEN, placed_by=ASHA, created_at=now, sent_at=now,
                updated_at=now,
            )  # fmt: skip
            order = replace(order, **changes)
            db.orders.add(order, ist_date(now))
            return order

        order = await self.store.transaction(add)
        if order.broker_id is not None:
            broker.true.append(TrueOrder(order.broker_id, str(order.tag), order.draft, status=order.status, at=now))
        return order

    async def set_pin(self) -> None:
        """Asha's PIN, as if she had set it the day before."""
        actor = await self.services.accounts.actor(ASHA)
        assert actor is not None
        pad: Pad | PadEnded = await self.services.pins.open(actor, PadUse.SET)
        for digit in PIN * 2:
            assert isinstance(pad, Pad)
            pad = await self.services.pins.press(actor, pad.id, pad.digits.index(int(digit)))

        def age(db: Repositories) -> None:
            pin = db.pins.find(ASHA)
            assert pin is not None
            db.pins.put(replace(pin, proven_at=self.clock.now() - timedelta(days=1)))

        await self.store.transaction(age)


async def a_bot(
    clock: Clock,
    role: Role = Role.OWNER,
    *,
    papa: Role | None = None,
    ravi: Role | None = None,
    logged_in: bool = True,
    seeds: bool = True,
    orders: int = 0,
) -> Bot:
    """Asha on one account, main, or two. She holds shares and a short call, and some orders stand open, the last filled in part.

    papa, ravi: Asha's role on papa's account, Ravi's role on main, None when not linked or not listed.
    seeds: no codes are asked for.
    """
    store = CountedStore.open(None, a_vault(), inline=True)
    now = clock.now()
    credentials = CREDENTIALS if seeds else replace(CREDENTIALS, totp_seed=None)

    def seed(db: Repositories) -> None:
        db.accounts.add(ACCOUNT, credentials)
        db.people.add(User(telegram_id=ASHA, name="Asha"), role, None, now)
        if papa is not None:
            db.accounts.add(PAPA, credentials)
            db.people.add(User(telegram_id=ASHA, name="Asha"), papa, PAPA.id, now)
        if ravi is not None:
            db.people.add(User(telegram_id=RAVI, name="Ravi"), ravi, ACCOUNT.id, now)

    await store.transaction(seed)
    session = Session(token=Secret("jwt"), issued=now, expires=now + timedelta(hours=12)) if logged_in else None
    connections = {account.id: OneConnection(ScriptedBroker(clock), StillFeed(clock), session) for account in (ACCOUNT, PAPA)}
    for connection in connections.values():
        connection.broker.scrips += [an_index("NIFTY"), a_share("INFY"), a_share("TATAMOTORS")]
        connection.broker.held, connection.broker.demat = [a_position(), SHORT_CALL], [a_holding()]
    bot = Bot(clock=clock, store=store, inbox=SeenInbox(store), connections=ScriptedConnections(connections))
    await bot.start()
    for _ in range(orders):
        await bot.stand()
    if orders:
        bot.broker.fill(4, at=orders - 1)
        await bot.core.reconcile.sync(ACCOUNT.id)
    return bot


@dataclass
class Stage:
    """One running bot and the people around it."""

    chats: Chats
    telegram: Serving
    bot: Bot
    application: App
    poller: UpdatePoller
    me: ScriptedPerson

    @property
    def inbox(self) -> SeenInbox:
        return self.bot.inbox

    @property
    def broker(self) -> ScriptedBroker:
        return self.bot.broker


@asynccontextmanager
async def a_world(clock: Clock) -> AsyncIterator[tuple[Chats, Serving]]:
    """Telegram alone, as it is while the bot is away."""
    chats = Chats(clock)
    async with serve(chats) as telegram:
        yield chats, telegram


@asynccontextmanager
async def run_bot(
    chats: Chats,
    telegram: Serving,
    bot: Bot,
    *,
    me: ScriptedPerson | None = None,
    clean: bool = True,
    conflict: Callable[[str], Awaitable[None]] | None = None,
    protect_content: bool = False,
) -> AsyncIterator[Stage]:
    """Starts the bot. It leaves by close and drain, or, when not clean, as a kill would: tasks cut off where they are."""
    application = build_application(
        telegram.token,
        telegram_url=telegram.url,
        services=bot.services,
        random_bytes=counting_bytes(),
        explain=bot.core.explain,
        protect_content=protect_content,
    )
    await bot.services.allowlist.refresh()
    poller = UpdatePoller(application, inbox=bot.inbox, allowlist=bot.services.allowlist, clock=bot.clock, conflict=conflict)
    async with running(application):
        await publish_menu(application)
        polling = asyncio.create_task(poller.run(), name="telegram")
        person = me or ScriptedPerson(chats, ASHA, name="Asha")
        try:
            yield Stage(chats, telegram, bot, application, poller, person)
        finally:
            if clean:
                poller.close()
            else:
                polling.cancel()
            await asyncio.wait({polling})
            await poller.drain(5 if clean else 0)
            await bot.core.background.finish(5 if clean else 0)
            await bot.services.secret_entry.close()
        if not polling.cancelled() and (error := polling.exception()) is not None:
            raise error


@asynccontextmanager
async def a_stage(clock: Clock, role: Role = Role.OWNER, **more: Any) -> AsyncIterator[Stage]:
    """Telegram, the bot, and Asha, who owns it unless she has another role."""
    bot = await a_bot(clock, role, **more)
    async with a_world(clock) as (chats, telegram), run_bot(chats, telegram, bot) as stage:
        yield stage


def token_of(card: dict[str, Any]) -> str:
    """The token of the question that a message shows, as its buttons carry it."""
    data = [str(item["data"]) for row in card["buttons"] for item in row if "data" in item]
    return next(each.split(":")[1] for each in data if each.startswith("c:"))


async def owners_hear(stage: Stage) -> int:
    """How many refusals were put on record for the owners since the last time. The bound of one an hour begins anew."""
    now = stage.bot.clock.now()

    def take(db: Repositories) -> int:
        heard = not db.flags.claim_tried_notice(ASHA, now, MOST_NEWS)
        db.flags.claim_tried_notice(0, now + timedelta(hours=1), MOST_NEWS)  # what stands of this hour is forgotten by it
        return int(heard)

    return await stage.bot.store.transaction(take)
