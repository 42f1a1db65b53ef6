"""The heart on a stage: the real use cases and store, a hand-made broker whose truth the heart cannot see."""

import asyncio
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, NotLinked, OrderOver, Unreadable
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Level, Quote, Tick
from bot.domain.orders.notice import Notice
from bot.domain.orders.order import Order, OrderDraft, OrderFact, OrderStatus, TradeFact
from bot.domain.orders.portfolio import Funds, Holding, Margin, Position
from bot.domain.orders.proposal import Proposal
from bot.domain.orders.research import PastTrade
from bot.domain.people.account import Account, Actor, CodeKind, Credentials, LoginStep, Role, Session, User
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import FeedMode
from bot.domain.ports.repositories import Repositories
from bot.reference.load import load_reference
from bot.runtime.background import BackgroundTasks
from bot.trading.account.prices import Prices
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.orders.confirmations import Confirmations
from bot.trading.orders.drafting import Drafting
from bot.trading.orders.kill_switch import KillSwitch
from bot.trading.orders.order_desk import IN_WORDS, OrderDesk
from bot.trading.orders.proposal_builder import ProposalBuilder
from bot.trading.orders.proposals import Proposals
from bot.trading.orders.working_orders import WorkingOrders
from bot.trading.sync.fact_applier import FactApplier
from bot.trading.sync.reconcile import Reconcile
from storage.store import SqlStore, Topic
from tests.stage.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT, PERSON, a_store

T = TypeVar("T")

SHELF = load_reference()


class Crash(BaseException):
    """The process is killed here; nothing of ours may catch it and go on."""


@dataclass
class TrueOrder:
    """One order as the exchange has it."""

    broker_id: str
    tag: str
    draft: OrderDraft
    filled: int = 0
    status: OrderStatus = OrderStatus.OPEN
    reason: str = ""
    at: datetime | None = None


class ScriptedBroker:
    """A Broker whose every misbehaviour is named by the test."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.true: list[TrueOrder] = []
        self.posts = 0
        self.cancels: list[str] = []
        self.urgent: list[bool] = []  # of each order and each change that arrived: whether it was to overtake
        self.before_place: Callable[[], None] = lambda: None
        self.after_place: Callable[[], None] = lambda: None
        self.book_lag = 0.0  # seconds until an order shows in the book
        self.books_down: BrokerError | None = None
        self.stop_words = "joined"
        self.history: Sequence[PastTrade] | None = ()  # of earlier days; None: it cannot be read
        self.off: float | None = 0.0  # seconds that its clock is ahead of the host's
        self.held: list[Position] = []
        self.demat: list[Holding] = []

    async def begin_login(self, credentials: Credentials) -> LoginStep:
        return LoginStep(handle=Secret("step"), begun=asyncio.get_running_loop().time())

    async def finish_login(self, credentials: Credentials, step: LoginStep, code: str, kind: CodeKind) -> Session:
        now = self.clock.now()
        return Session(token=Secret(f"jwt-{code}"), issued=now, expires=now + timedelta(hours=12))

    async def logout(self) -> None: ...

    async def place(self, draft: OrderDraft, tag: str, *, urgent: bool = False) -> str:
        self.posts += 1
        self.urgent.append(urgent)
        self.before_place()
        order = TrueOrder(f"1151261120{100 + len(self.true)}", tag, draft, at=self.clock.now())
        self.true.append(order)
        self.after_place()
        return order.broker_id

    async def modify(self, broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
        self.urgent.append(urgent)
        if self._find(broker_id).status.is_final:
            raise OrderOver("over already", code="RS-0034")
        self._find(broker_id).draft = draft

    async def cancel(self, broker_id: str) -> None:
        self.cancels.append(broker_id)
        order = self._find(broker_id)
        if order.status.is_final:
            raise OrderOver("over already", code="RS-00093")
        order.status = OrderStatus.CANCELLED

    def fill(self, quantity: int, at: int = 0) -> None:
        """The exchange fills some of an order."""
        order = self.true[at]
        order.filled += quantity
        order.status = OrderStatus.FILLED if order.filled == order.draft.quantity else OrderStatus.PARTIAL

    def _find(self, broker_id: str) -> TrueOrder:
        return next(order for order in self.true if order.broker_id == broker_id)

    async def orders(self) -> Sequence[OrderFact]:
        if self.books_down is not None:
            raise self.books_down
        now = self.clock.now()
        return [
            OrderFact(
                broker_id=order.broker_id,
                tag=order.tag,
                key=order.draft.instrument.key,
                symbol=order.draft.instrument.symbol,
                side=order.draft.side,
                product=order.draft.product,
                kind=order.draft.kind,
                quantity=order.draft.quantity,
                filled=order.filled,
                status=order.status,
                price=order.draft.price,
                trigger=order.draft.trigger,
                average=Decimal("1480.30") if order.filled else None,
                reason=order.reason,
                at=order.at,
            )
            for order in self.true
            if order.at is None or now - order.at >= timedelta(seconds=self.book_lag)
        ]

    async def trades(self) -> Sequence[TradeFact]:
        return [
            TradeFact(
                broker_id=order.broker_id,
                trade_id=f"T{order.broker_id}",
                key=order.draft.instrument.key,
                side=order.draft.side,
                product=order.draft.product,
                quantity=order.filled,
                price=Decimal("1480.30"),
                at=order.at,
            )
            for order in self.true
            if order.filled
        ]

    async def past_trades(self, first: date, last: date) -> Sequence[PastTrade]:
        if self.books_down is not None or self.history is None:
            raise self.books_down or Unreadable("no history")
        return self.history

    async def positions(self) -> Sequence[Position]:
        return self.held

    async def holdings(self) -> Sequence[Holding]:
        return self.demat

    async def funds(self) -> Funds:
        return Funds(
            available=Decimal(250_000), used=Decimal(0), start_of_day=Decimal(250_000), realised_loss=Decimal(0), collateral=None,
            as_of=self.clock.now(),
        )  # fmt: skip

    async def margin(self, draft: OrderDraft) -> Margin:
        return Margin(required=(draft.price or Decimal("1480.30")) * draft.quantity)

    async def quotes(self, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Quote]:
        return {key: Quote(last=Decimal("1480.30")) for key in keys}

    async def scrip_master(self) -> Sequence[Instrument]:
        return [RELIANCE, NIFTY_CALL]

    def use_other_stop_words(self) -> str:
        self.stop_words = "split" if self.stop_words == "joined" else "joined"
        return self.stop_words

    def spell_stops(self, words: str) -> None:
        self.stop_words = words

    async def clock_skew(self) -> float | None:
        return self.off

    @property
    def clock_off(self) -> float | None:
        return self.off


class StillFeed:
    """A Feed whose prices stand where the test puts them."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.bid, self.ask = Decimal("1480.20"), Decimal("1480.30")

    connected = True

    def watch(self, keys: Collection[InstrumentKey], mode: FeedMode = FeedMode.DEPTH) -> None: ...

    def unwatch(self, keys: Collection[InstrumentKey]) -> None: ...

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        now = self.clock.now()
        return Tick(
            key=key, last=self.ask, at=now, received=now,
            bids=(Level(price=self.bid, quantity=500),), asks=(Level(price=self.ask, quantity=500),),
        )  # fmt: skip


@dataclass
class OneLink:
    """A Link, and Links with only this one in it, until it is closed."""

    broker: ScriptedBroker
    feed: StillFeed
    session: Session | None
    is_open: bool = True

    def adopt(self, session: Session | None) -> None:
        self.session = session

    def of(self, account_id: str, credentials: Credentials | None = None) -> "OneLink":
        self.is_open = self.is_open or credentials is not None
        if not self.is_open:
            raise NotLinked("This account is not linked any more. Nothing was sent.")
        return self

    def opened(self) -> Collection[str]:
        return (ACCOUNT.id,) if self.is_open else ()

    async def close(self, account_id: str) -> None:
        self.is_open = self.is_open and account_id != ACCOUNT.id


class KilledStore:
    """A store that dies at its n-th transaction, just before or just after the commit."""

    def __init__(self, store: SqlStore, at: int, *, after_commit: bool) -> None:
        self.store = store
        self.at = at
        self.after_commit = after_commit
        self.runs = 0

    async def transaction(self, work: Callable[[Repositories], T]) -> T:
        self.runs += 1
        if self.runs > self.at or (self.runs == self.at and not self.after_commit):
            raise Crash
        result = await self.store.transaction(work)
        if self.runs == self.at:
            raise Crash
        return result

    async def owe(self, work: Callable[[Repositories], object]) -> None:
        await self.transaction(work)


@dataclass
class DeskStage:
    """The desk with all that stands around it."""

    clock: Clock
    store: SqlStore
    broker: ScriptedBroker
    feed: StillFeed
    link: OneLink
    proposing: ProposalBuilder
    proposals: Proposals
    desk: OrderDesk
    orders: WorkingOrders
    reconcile: Reconcile
    switch: KillSwitch
    background: BackgroundTasks
    actor: Actor
    wakes: list[int] = field(default_factory=list)

    async def order(self) -> Order | None:
        """The one order of the store."""
        orders = await self.store.transaction(lambda db: db.orders.of_day(ACCOUNT.id, _today(self.clock)))
        assert len(orders) <= 1
        return orders[0] if orders else None

    async def notices(self) -> list[Notice]:
        """What waits in the outbox of the person, oldest first; takes it out."""
        found = []
        now = self.clock.now()
        while parcels := await self.store.transaction(lambda db: db.outbox.lease(now, now + timedelta(minutes=1))):
            for parcel in parcels:
                found.append(parcel.notice)
                await self.store.transaction(lambda db, parcel=parcel: db.outbox.sent(parcel.id, now, 1))  # type: ignore[misc] # bound at once
        return found

    async def card(self, proposal: Proposal, message_id: int = 77) -> str:
        """The question as shown in a message; its token."""
        await self.proposals.shown(proposal.confirmation.token, message_id)
        return proposal.confirmation.token

    async def tap(self, token: str, message_id: int = 77) -> object:
        """A finger on the question's own button, whichever that is."""
        question = await self.store.transaction(lambda db: db.confirmations.find(token))
        in_words = question is not None and question.purpose in IN_WORDS
        return await self.desk.confirm(self.actor, token, chat_id=PERSON, message_id=message_id, in_words=in_words)


def _today(clock: Clock) -> date:
    return (clock.now() + timedelta(hours=5, minutes=30)).date()


async def set_stage(
    clock: Clock,
    *,
    store: SqlStore | None = None,
    path: Path | None = None,
    killed: KilledStore | None = None,
    broker: ScriptedBroker | None = None,
    chance: int = 11,
    role: Role = Role.OWNER,
) -> DeskStage:
    """A desk over a fresh store (or a kept one), one linked account with a living session, one owner."""
    store = store or await a_store(path)
    seen = killed or store
    random_bytes, elapsed = random.Random(chance).randbytes, asyncio.get_running_loop().time
    broker = broker or ScriptedBroker(clock)
    feed = StillFeed(clock)
    now = clock.now()
    link = OneLink(broker, feed, Session(token=Secret("jwt"), issued=now, expires=now + timedelta(hours=12)))
    wakes: list[int] = []
    store.on_commit(Topic.NOTICES, lambda: wakes.append(1))
    catalogue = Catalogue(store=store, connections=link, kept=broker.scrip_master, clock=clock)
    await catalogue.refresh(ACCOUNT.id)
    book = FactApplier(random=random_bytes, instrument=catalogue.by_key)
    reconcile = Reconcile(store=seen, connections=link, book=book, clock=clock, elapsed=elapsed)
    prices = Prices(connections=link)
    confirmations = Confirmations(clock, elapsed, random_bytes)
    proposing = ProposalBuilder(
        store=seen,
        connections=link,
        prices=prices,
        instruments=catalogue,
        drafting=Drafting(SHELF.rules, clock),
        confirmations=confirmations,
        clock=clock,
        rules=SHELF.rules,
        tariff=SHELF.tariff,
        calendar=None,
        plan=SHELF.tariff.plan("flat-5"),
    )
    background = BackgroundTasks()
    proposals = Proposals(store=seen, proposing=proposing, confirmations=confirmations, clock=clock)
    orders = WorkingOrders(
        store=seen,
        proposing=proposing,
        confirmations=confirmations,
        reconcile=reconcile,
        background=background,
        clock=clock,
    )
    switch = KillSwitch(store=seen, confirmations=confirmations, orders=orders, clock=clock)
    desk = OrderDesk(
        store=seen,
        connections=link,
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
    account = Account(id=ACCOUNT.id, label=ACCOUNT.label, client=ACCOUNT.client, created_at=ACCOUNT.created_at)
    actor = Actor(user=User(telegram_id=PERSON, name="Asha"), role=role, account=account)
    return DeskStage(
        clock=clock, store=store, broker=broker, feed=feed, link=link, proposing=proposing, proposals=proposals,
        desk=desk, orders=orders, reconcile=reconcile, switch=switch,
        background=background, actor=actor, wakes=wakes,
    )  # fmt: skip
