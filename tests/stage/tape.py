"""A hand-made exchange whose orders fill by a tape of prices, and which notes every moment at which exits exceed what is open."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.domain.clock import Clock
from bot.domain.errors import OrderOver, Refused, Unclear, Unreadable
from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Tick
from bot.domain.orders.order import Order, OrderDraft, OrderFact, OrderRequest, OrderStatus
from bot.domain.plans.plan import Attached
from bot.domain.ports.broker import Leaving
from bot.domain.positions.portfolio import Position
from bot.domain.terms import OrderKind, Product, Side
from bot.reference.load import ReferenceData
from storage.store import SqlStore
from tests.stage.brokers.broker import ScriptedBroker, StillFeed, TrueOrder
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT, PERSON

REFUSED = Refused("mStock would not change it.", code="RS-0034", words="not now")


class TapeBroker(ScriptedBroker):
    """Positions follow from fills. A stop triggers and a limit fills as the last price passes."""

    def __init__(self, clock: Clock, instrument: Instrument = RELIANCE, product: Product = Product.MIS) -> None:
        super().__init__(clock)
        self.instrument, self.product = instrument, product
        self.net = 0
        self.last = Decimal("1480.30")
        self.part: int | None = None  # the most that one pass of the tape fills of an order
        self.changes: list[OrderDraft] = []  # each that arrived
        self.modify_fails: list[Exception | str] = []  # for the next ones: what is raised, or "lost": taken, and unanswered
        self.cancel_fails: list[Exception | str] = []
        self.place_fails: list[Exception | str] = []
        self.told: Callable[[], None] = lambda: None  # an order event of the feed
        self.over: list[str] = []  # moments at which the exits exceeded what was open, or a fill crossed zero
        self.hides_after_cancel = False  # positions cannot be read once an order was cancelled
        self.stuck = False  # a limit fills no more
        self.freeze: int | None = None  # an order of more is refused by the exchange

    def open_with(self, quantity: int) -> None:
        self.net = quantity

    async def place(self, draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        if leaving is not None:
            await leaving()
        self.posts += 1
        self.urgent.append(urgent)
        failing = self.place_fails.pop(0) if self.place_fails else None
        if isinstance(failing, Exception):
            raise failing
        status = OrderStatus.TRIGGER_PENDING if draft.trigger is not None else OrderStatus.OPEN
        order = TrueOrder(f"1151261120{100 + len(self.true)}", tag, draft, status=status, at=self.clock.now())
        if self.freeze is not None and draft.quantity > self.freeze:
            order.status, order.reason = OrderStatus.REJECTED, "RMS:1:QUANTITY FREEZE"
        self.true.append(order)
        self.moved(order)
        if failing is not None:
            raise Unclear("lost")
        return order.broker_id

    async def modify(self, broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
        self.urgent.append(urgent)
        failing = self.modify_fails.pop(0) if self.modify_fails else None
        if isinstance(failing, Exception):
            raise failing
        order = self._find(broker_id)
        if order.status.is_final:
            raise OrderOver("over already", code="RS-0034")
        self.changes.append(draft)
        order.draft = draft
        if not order.filled:
            order.status = OrderStatus.TRIGGER_PENDING if draft.trigger is not None else OrderStatus.OPEN
        self.moved(order)
        if failing is not None:
            raise Unclear("lost")

    async def cancel(self, broker_id: str) -> None:
        self.cancels.append(broker_id)
        failing = self.cancel_fails.pop(0) if self.cancel_fails else None
        if isinstance(failing, Exception):
            raise failing
        order = self._find(broker_id)
        if order.status.is_final:
            raise OrderOver("over already", code="RS-00093")
        if failing != "ignored":
            order.status = OrderStatus.CANCELLED
        self.moved()

    def app_order(self, draft: OrderDraft) -> TrueOrder:
        """An order of the broker's own app."""
        status = OrderStatus.TRIGGER_PENDING if draft.trigger is not None else OrderStatus.OPEN
        order = TrueOrder(f"2151261120{100 + len(self.true)}", "", draft, status=status, at=self.clock.now())
        self.true.append(order)
        self.moved(order)
        return order

    def trade(self, last: str | Decimal) -> None:
        """Sets the last price, which triggers and fills what it passes."""
        self.last = Decimal(last)
        self.moved(*self.true)

    def moved(self, *orders: TrueOrder) -> None:
        """Triggers and fills what the last price allows of these orders, then judges what is on its way."""
        for order in orders:
            if not order.status.is_final:
                self._pass(order)
        self.judge()
        self.told()

    def _pass(self, order: TrueOrder) -> None:
        draft = order.draft
        buys = draft.side is Side.BUY
        if order.status is OrderStatus.TRIGGER_PENDING and draft.trigger is not None:
            if not (self.last >= draft.trigger if buys else self.last <= draft.trigger):
                return
            order.status = OrderStatus.OPEN
        passes = draft.price is None or (self.last <= draft.price if buys else self.last >= draft.price)
        if passes and not self.stuck:
            self._fill(order)

    def _fill(self, order: TrueOrder) -> None:
        left = order.draft.quantity - order.filled
        size = min(left, self.part or left)
        before = self.net
        self.fill(size, self.true.index(order))
        self.net += order.draft.side.sign * size
        if before and before * self.net < 0:
            self.over.append(f"{order.broker_id} crossed zero: {before} became {self.net}")

    def judge(self) -> None:
        exits = [order for order in self.true if not order.status.is_final and order.draft.side.sign * self.net < 0]
        going = sum(order.draft.quantity - order.filled for order in exits)
        if going > abs(self.net):
            self.over.append(f"exits of {going} for {abs(self.net)} open")

    def working(self) -> list[TrueOrder]:
        return [order for order in self.true if not order.status.is_final]

    async def orders(self, *, urgent: bool = False) -> Sequence[OrderFact]:
        tags = {order.broker_id: order.tag for order in self.true}
        return [replace(fact, tag=tags[fact.broker_id] or None) for fact in await super().orders()]

    async def positions(self, *, urgent: bool = False) -> Sequence[Position]:
        if self.hides_after_cancel and self.cancels:
            raise Unreadable("no positions now")
        if not self.net and not self.true:
            return []
        return [
            Position(
                instrument=self.instrument, product=self.product, quantity=self.net, bought=max(self.net, 0),
                sold=max(-self.net, 0), bought_value=self.last * max(self.net, 0), sold_value=self.last * max(-self.net, 0),
                average=self.last if self.net else None,
            )
        ]  # fmt: skip


class TapeFeed(StillFeed):
    """The feed of that exchange: bid and ask stand at its last price."""

    def __init__(self, broker: TapeBroker) -> None:
        super().__init__(broker.clock)
        self.broker = broker

    def last(self, key: object, *, within: float | None = None) -> Tick | None:
        self.bid = self.ask = self.broker.last
        return super().last(self.broker.instrument.key, within=within)


@dataclass
class TapeStage:
    """A desk at that exchange."""

    desk: DeskStage
    broker: TapeBroker

    def trade(self, last: str | Decimal) -> None:
        """A trade at this price: the exchange fills what it may, and the feed tells of it."""
        self.broker.trade(last)
        tick = self.desk.feed.last(self.broker.instrument.key)
        assert tick is not None
        self.desk.core.watcher.tick(ACCOUNT.id, tick)

    async def plan(self, request: OrderRequest, attached: Attached, message: int = 77) -> Order:
        """An entry with what is attached to it, confirmed."""
        desk = self.desk
        card = await desk.proposals.propose(desk.actor, request, chat_id=PERSON, attached=attached)
        order = await desk.tap(await desk.card(card, message), message)
        assert isinstance(order, Order)
        return order

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Plans and looks at the books go on by themselves meanwhile."""
        loops = [
            asyncio.create_task(loop)
            for loop in (
                self.desk.core.plans.run(),
                self.desk.core.trails.run(),
                self.desk.core.exit_runner.run(),
                self.desk.core.pnl_watch.run(),
                self.desk.core.unfilled.run(),
                self.desk.reconcile.run(),
            )
        ]
        try:
            yield
        finally:
            for each in loops:
                each.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

    def standing(self) -> list[tuple[OrderKind, int]]:
        """Kind and open quantity of every order that works at the exchange."""
        return [(order.draft.kind, order.draft.quantity - order.filled) for order in self.broker.working()]


async def set_tape(
    clock: Clock,
    *,
    store: SqlStore | None = None,
    broker: TapeBroker | None = None,
    reference: ReferenceData = REFERENCE_DATA,
) -> TapeStage:
    """A desk at a tape exchange, over a fresh store, or over a kept one as after a restart."""
    broker = broker or TapeBroker(clock)
    chance = 11 if store is None else int(clock.now().timestamp())
    desk = await set_stage(clock, broker=broker, store=store, chance=chance, reference=reference)
    desk.connection.feed = desk.feed = TapeFeed(broker)
    broker.told = lambda: desk.reconcile.notify(ACCOUNT.id)
    return TapeStage(desk, broker)


def a_stop(quantity: int, trigger: str = "1450.00", price: str = "1440.00") -> OrderDraft:
    return OrderDraft(
        instrument=RELIANCE, side=Side.SELL, quantity=quantity, kind=OrderKind.SL, product=Product.MIS,
        price=Decimal(price), trigger=Decimal(trigger),
    )  # fmt: skip
