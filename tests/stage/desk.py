"""The use cases on a stage: built by the front door's own builder, over a store in memory and a hand-made broker."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from bot.charts.album import Album
from bot.config.settings import Settings
from bot.domain.clock import Clock, ist_date
from bot.domain.news.notice import Notice
from bot.domain.orders.order import Order
from bot.domain.people.access import PinHash
from bot.domain.people.account import Account, Actor, Role, Session, User
from bot.domain.people.secret import Secret
from bot.domain.proposals.proposal import Proposal
from bot.reference.load import ReferenceData
from bot.runtime.background import BackgroundTasks
from bot.runtime.redaction import Redactor
from bot.trading.account.prices import Prices
from bot.trading.desk.kill_switch import KillSwitch
from bot.trading.desk.order_desk import IN_WORDS, OrderDesk
from bot.trading.desk.working_orders import WorkingOrders
from bot.trading.proposals.proposals import Proposals
from bot.trading.sync.reconcile import Reconcile
from bot.trading.sync.shared_reads import SharedReads
from bot.trading.ticks.tick_watcher import TickWatcher
from bot.wiring.ground import AttachedConnections
from bot.wiring.use_cases import Core, build_core
from storage.repositories import SqlRepositories
from storage.secrets.pinhash import Argon2Pins
from storage.store import SqlStore
from storage.topics import Topic
from tests.stage.brokers.broker import OneConnection, ScriptedBroker, StillFeed
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.pictures import drawn_in_place
from tests.storage.samples import ACCOUNT, PERSON, a_store

T = TypeVar("T")

QUICK = 8  # KiB: the hash of PINs as it is, without its slowness
SETTINGS = {
    "MODE": "demo",
    "TELEGRAM_BOT_TOKEN": "99:" + "A" * 35,
    "TELEGRAM_URL": "http://127.0.0.1:1",
    "BROKER_URL": "http://127.0.0.1:1",
    "BROKER_WS_URL": "ws://127.0.0.1:1",
    "BROKERAGE_PLAN": "flat-5",
    "MARKET_HOURS": "always",
}


class Crash(BaseException):
    """The process is killed here. Nothing of ours may catch it and go on."""


class KilledStore(SqlStore):
    """A store that dies, once it is told so, at its n-th transaction, just before or just after the commit."""

    at: int | None = None
    after_commit = False
    runs = 0

    def die(self, at: int, *, after_commit: bool) -> None:
        self.at, self.after_commit, self.runs = at, after_commit, 0

    async def transaction(self, work: Callable[[SqlRepositories], T]) -> T:
        if self.at is None:
            return await super().transaction(work)
        self.runs += 1
        if self.runs > self.at or (self.runs == self.at and not self.after_commit):
            raise Crash
        result = await super().transaction(work)
        if self.runs == self.at:
            raise Crash
        return result

    async def owe(self, work: Callable[[SqlRepositories], object]) -> None:
        await self.transaction(work)


def a_core(
    store: SqlStore,
    connections: AttachedConnections,
    clock: Clock,
    *,
    chance: int = 11,
    hashing: PinHash | None = None,
    album: Album | None = None,
    reference: ReferenceData = REFERENCE_DATA,
    **settings: str,
) -> Core:
    """Every use case as the front door builds them. settings: those that the test is about, by name."""
    random_bytes = random.Random(chance).randbytes
    return build_core(
        Settings.read(SETTINGS | settings),
        store=store,
        connections=connections,
        clock=clock,
        random_bytes=random_bytes,
        redactor=Redactor(),
        reference=reference,
        hashing=hashing or Argon2Pins(random_bytes, memory=QUICK),
        album=album or Album(drawn_in_place),
    )


@dataclass
class DeskStage:
    """One process of the bot, all but Telegram, and the owner who acts."""

    clock: Clock
    store: SqlStore
    broker: ScriptedBroker
    feed: StillFeed
    connection: OneConnection
    core: Core
    actor: Actor
    wakes: list[int] = field(default_factory=list)

    @property
    def proposals(self) -> Proposals:
        return self.core.services.proposals

    @property
    def orders(self) -> WorkingOrders:
        return self.core.services.orders

    @property
    def desk(self) -> OrderDesk:
        return self.core.services.desk

    @property
    def reconcile(self) -> Reconcile:
        return self.core.reconcile

    @property
    def switch(self) -> KillSwitch:
        return self.core.services.switch

    @property
    def prices(self) -> Prices:
        return self.core.services.account_views.prices

    @property
    def watcher(self) -> TickWatcher:
        return self.core.settle.watcher

    @property
    def reads(self) -> SharedReads:
        return self.core.services.account_views.reads

    @property
    def background(self) -> BackgroundTasks:
        return self.core.background

    async def order(self) -> Order | None:
        """The one order of the store."""
        orders = await self.store.transaction(lambda db: db.orders.of_day(ACCOUNT.id, ist_date(self.clock.now())))
        assert len(orders) <= 1
        return orders[0] if orders else None

    async def notices(self) -> list[Notice]:
        """Takes out what waits in the person's outbox, oldest first."""
        found = []
        now = self.clock.now()
        while deliveries := await self.store.transaction(lambda db: db.outbox.lease(now, now + timedelta(minutes=1))):
            for delivery in deliveries:
                found.append(delivery.notice)
                await self.store.transaction(lambda db, delivery=delivery: db.outbox.sent(delivery.id, now, 1))  # type: ignore[misc] # bound at once
        return found

    async def card(self, proposal: Proposal, message_id: int = 77) -> str:
        """Binds the question to the message that shows it, and returns its token."""
        await self.proposals.shown(proposal.confirmation.token, message_id)
        return proposal.confirmation.token

    async def becomes(self, role: Role) -> None:
        """Stores another role of the person, as an owner or the host does while the actor's is read already."""
        user = self.actor.user
        await self.store.transaction(lambda db: db.people.add(user, role, None, self.clock.now()))

    async def tap(self, token: str, message_id: int = 77) -> object:
        """A finger on the question's own button, whichever that is."""
        question = await self.store.transaction(lambda db: db.confirmations.find(token))
        in_words = question is not None and question.purpose in IN_WORDS
        return await self.desk.confirm(self.actor, token, chat_id=PERSON, message_id=message_id, in_words=in_words)


async def set_stage(
    clock: Clock,
    *,
    store: SqlStore | None = None,
    path: Path | None = None,
    broker: ScriptedBroker | None = None,
    chance: int = 11,
    role: Role = Role.OWNER,
    reference: ReferenceData = REFERENCE_DATA,
) -> DeskStage:
    """A desk over a fresh store (or a kept one), one linked account with a living session, one owner."""
    store = store or await a_store(path)
    broker = broker or ScriptedBroker(clock)
    feed = StillFeed(clock)
    now = clock.now()
    connection = OneConnection(broker, feed, Session(token=Secret("jwt"), issued=now, expires=now + timedelta(hours=12)))
    core = a_core(store, connection, clock, chance=chance, reference=reference)
    await core.catalogue.refresh(ACCOUNT.id)
    account = Account(id=ACCOUNT.id, label=ACCOUNT.label, client=ACCOUNT.client, created_at=ACCOUNT.created_at)
    actor = Actor(user=User(telegram_id=PERSON, name="Asha"), role=role, account=account)
    stage = DeskStage(clock=clock, store=store, broker=broker, feed=feed, connection=connection, core=core, actor=actor)
    if role is not Role.OWNER:
        await stage.becomes(role)
    store.on_commit(Topic.NOTICES, lambda: stage.wakes.append(1))
    return stage
