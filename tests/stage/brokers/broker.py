"""A hand-made broker whose truth the bot cannot see, its feed, and the connections that lead to them."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, NotLinked, OrderOver, Unreadable
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey
from bot.domain.market.prices import Level, Quote, Tick
from bot.domain.orders.order import OrderDraft, OrderFact, OrderStatus, TradeFact
from bot.domain.orders.research import Candle, Interval, OrderStep, PastTrade
from bot.domain.people.account import CodeKind, Credentials, LoginStep, Session
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import BrokerConnections, FeedMode, Leaving
from bot.domain.positions.portfolio import Funds, Holding, Margin, Position
from bot.domain.terms import Product
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT


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


def flat_candle(at: datetime) -> Candle:
    """Trading at one price."""
    price = Decimal("1480.30")
    return Candle(start=at, open=price, high=price, low=price, close=price, volume=10)


class ScriptedBroker:
    """A Broker whose every misbehaviour is named by the test."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.true: list[TrueOrder] = []
        self.posts = 0
        self.cancels: list[str] = []
        self.conversions: list[tuple[str, Product, int]] = []  # that were asked for; its positions stay as the test holds them
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
        self.holdings_left_out = 0
        self.scrips: list[Instrument] = [RELIANCE, NIFTY_CALL]
        self.codes: list[str] = []  # of each login that it took
        self.login_refused: BrokerError | None = None
        self.quoted = Decimal("1480.30")  # the last price by a quote, of every instrument
        self.latency: float | None = None
        self.cancels_refused: dict[str, BrokerError] = {}  # by broker id; "" for every other order
        self.deaf_to_cancels = 0  # so many of the next cancels get a yes and change nothing
        self.slow = 0.0  # seconds until it answers an order
        self.at_once = 3  # exits that would leave at this moment
        self.past = [flat_candle(clock.now() - timedelta(minutes=5))]  # of every instrument
        self.candle_stretches: list[tuple[datetime, datetime]] = []  # that were asked for
        self.out_of_order: Exception | None = None  # what reading the order book raises, be it a bug

    async def begin_login(self, credentials: Credentials) -> LoginStep:
        if self.login_refused is not None:
            raise self.login_refused
        return LoginStep(handle=Secret("step"), begun=asyncio.get_running_loop().time())

    async def finish_login(self, credentials: Credentials, step: LoginStep, code: str, kind: CodeKind) -> Session:
        now = self.clock.now()
        self.codes.append(code)
        return Session(token=Secret(f"jwt-{code}"), issued=now, expires=now + timedelta(hours=12))

    async def logout(self) -> None: ...

    @property
    def exits_at_once(self) -> int:
        return self.at_once

    async def place(self, draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        if leaving is not None:
            await leaving()
        self.posts += 1
        self.urgent.append(urgent)
        self.before_place()
        order = TrueOrder(f"1151261120{100 + len(self.true)}", tag, draft, at=self.clock.now())
        self.true.append(order)
        self.after_place()
        if self.slow:
            await asyncio.sleep(self.slow)
        return order.broker_id

    async def modify(self, broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
        self.urgent.append(urgent)
        if self._find(broker_id).status.is_final:
            raise OrderOver("over already", code="RS-0034")
        self._find(broker_id).draft = draft

    async def convert(self, position: Position, to: Product, quantity: int) -> None:
        self.conversions.append((position.instrument.name, to, quantity))

    async def cancel(self, broker_id: str) -> None:
        self.cancels.append(broker_id)
        order = self._find(broker_id)
        if (refusal := self.cancels_refused.get(broker_id, self.cancels_refused.get(""))) is not None:
            raise refusal
        if order.status.is_final:
            raise OrderOver("over already", code="RS-00093")
        if self.deaf_to_cancels:
            self.deaf_to_cancels -= 1
            return
        order.status = OrderStatus.CANCELLED

    def fill(self, quantity: int, at: int = 0) -> None:
        """The exchange fills some of an order."""
        order = self.true[at]
        order.filled += quantity
        order.status = OrderStatus.FILLED if order.filled == order.draft.quantity else OrderStatus.PARTIAL

    def _find(self, broker_id: str) -> TrueOrder:
        return next(order for order in self.true if order.broker_id == broker_id)

    async def orders(self, *, urgent: bool = False) -> Sequence[OrderFact]:
        if (refusal := self.out_of_order or self.books_down) is not None:
            raise refusal
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

    async def trades(self, *, urgent: bool = False) -> Sequence[TradeFact]:
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

    async def order_steps(self, broker_id: str, *, derivative: bool) -> Sequence[OrderStep]:
        return [
            OrderStep(broker_id=each.broker_id, tag=each.tag, status=each.status, words="", filled=each.filled, at=each.at)
            for each in self.true
            if each.broker_id == broker_id
        ]

    async def past_trades(self, first: date, last: date) -> Sequence[PastTrade]:
        if self.books_down is not None or self.history is None:
            raise self.books_down or Unreadable("no history")
        return self.history

    async def positions(self, *, urgent: bool = False) -> Sequence[Position]:
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
        return {key: Quote(last=self.quoted) for key in keys}

    async def margin_of_all(self, drafts: Sequence[OrderDraft]) -> Margin:
        margins = [await self.margin(draft) for draft in drafts]
        known = [each.required for each in margins if each.required is not None]
        return Margin(required=sum(known, Decimal(0)) if len(known) == len(margins) else None)

    async def margin_by_basket(self, drafts: Sequence[OrderDraft]) -> Margin:
        return await self.margin_of_all(drafts)

    async def open_interest(self, market: Exchange, symbol: str, expiry: date) -> Mapping[str, int]:
        return {}

    async def candles(self, instrument: Instrument, interval: Interval, start: datetime, end: datetime) -> Sequence[Candle]:
        self.candle_stretches.append((start, end))
        if self.books_down is not None:
            raise self.books_down
        return [candle for candle in self.past if start <= candle.start < end]

    async def scrip_master(self) -> Sequence[Instrument]:
        return self.scrips

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
        self.previous_close: Decimal | None = None

    connected = True

    def watch(self, keys: Collection[InstrumentKey], mode: FeedMode = FeedMode.DEPTH) -> None: ...

    def unwatch(self, keys: Collection[InstrumentKey]) -> None: ...

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        now = self.clock.now()
        return Tick(
            key=key, last=self.ask, at=now, received=now, previous_close=self.previous_close,
            bids=(Level(price=self.bid, quantity=500),), asks=(Level(price=self.ask, quantity=500),),
        )  # fmt: skip


@dataclass
class NoScrips:
    """No scrip master of an earlier day."""

    async def load(self) -> None:
        return None


@dataclass
class OneConnection(BrokerConnections):
    """A connection, and all the connections there are, until it is closed."""

    broker: ScriptedBroker
    feed: StillFeed
    session: Session | None
    is_open: bool = True
    scrip_cache: NoScrips = field(default_factory=NoScrips)

    def attach(self, **_: object) -> None: ...

    def adopt(self, session: Session | None) -> None:
        self.session = session

    def of(self, account_id: str, credentials: Credentials | None = None) -> "OneConnection":
        self.is_open = self.is_open or credentials is not None
        if not self.is_open:
            raise NotLinked("This account is not linked any more. Nothing was sent.")
        return self

    def opened(self) -> Collection[str]:
        return (ACCOUNT.id,) if self.is_open else ()

    async def close(self, account_id: str) -> None:
        self.is_open = self.is_open and account_id != ACCOUNT.id


@dataclass
class ScriptedConnections(BrokerConnections):
    """The connections of several accounts, each to a broker of its own."""

    connections: dict[str, OneConnection]
    scrip_cache: NoScrips = field(default_factory=NoScrips)

    def attach(self, **_: object) -> None: ...

    def of(self, account_id: str, credentials: Credentials | None = None) -> OneConnection:
        return self.connections[account_id].of(account_id, credentials)

    def opened(self) -> Collection[str]:
        return [account_id for account_id, connection in self.connections.items() if connection.is_open]

    async def close(self, account_id: str) -> None:
        self.connections[account_id].is_open = False
