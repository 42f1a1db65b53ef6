"""A hand-made exchange with many positions: each instrument fills, rests, rejects or loses the answer, as the test says."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, NotSent, OrderOver, Refused, Unclear
from bot.domain.exits.exit_list import ExitCard, ExitsShown
from bot.domain.market.instrument import Instrument, InstrumentKey, Right
from bot.domain.market.prices import Level, Quote, Tick
from bot.domain.news.plans.exits import ExitsTold
from bot.domain.orders.order import OrderDraft, OrderFact, OrderStatus
from bot.domain.people.account import Role
from bot.domain.ports.broker import Leaving
from bot.domain.positions.portfolio import Position
from bot.domain.terms import OrderKind, Product, Side
from storage.store import SqlStore
from tests.stage.brokers.broker import ScriptedBroker, StillFeed, TrueOrder
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.market import a_share, an_option
from tests.storage.samples import ACCOUNT, PERSON

PRICE = Decimal("100.00")
CALL, SHORT_CALL, PUT = an_option(strike="24800"), an_option(strike="24500"), an_option(strike="24000", right=Right.PE)
BANK = an_option("BANKNIFTY", "52000", lot=30)
ITC, TCS, INFY = a_share("ITC"), a_share("TCS"), a_share("INFY")

OPTIONS = {CALL: 65, SHORT_CALL: -65, PUT: 130, BANK: 60}  # a covered short call, a put, another underlying

Place = tuple[InstrumentKey, Product]


class FloorBroker(ScriptedBroker):
    """Positions follow from fills. What a fill crosses, and exits beyond what is open, are noted in `wrong`."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.net: dict[Place, int] = {}
        self.instruments: dict[InstrumentKey, Instrument] = {}
        self.ways: dict[InstrumentKey, str] = {}  # of its orders: fill (unless said), rest, reject, lost, arrives
        self.wrong: list[str] = []
        self.changes: list[tuple[str, OrderDraft]] = []
        self.stubborn: set[str] = set()  # broker ids that no cancel ends
        self.firm: set[InstrumentKey] = set()  # whose orders are never changed
        self.sent: list[tuple[float, OrderDraft]] = []
        self.looks: list[float] = []  # loop times at which the order book was read
        self.turns: int | None = None  # orders that leave yet before the rest stand in the queue; None: all leave
        self.gone = asyncio.Event()  # the process whose orders stand in the queue is gone
        self.down: BrokerError | None = None
        self.scrips = [CALL, SHORT_CALL, PUT, BANK, ITC, TCS, INFY]

    @property
    def exits_at_once(self) -> int:
        return self.at_once if self.turns is None else self.turns

    def opens(self, instrument: Instrument, quantity: int, product: Product = Product.NRML) -> None:
        self.instruments[instrument.key] = instrument
        self.net[instrument.key, product] = quantity

    def opens_all(self, quantities: Mapping[Instrument, int], product: Product = Product.NRML) -> None:
        for instrument, quantity in quantities.items():
            self.opens(instrument, quantity, product)

    def clings(self, instrument: Instrument) -> TrueOrder:
        """From now on the stop of that instrument neither changes nor ends, whatever is asked. Returns it."""
        stop = next(order for order in self.true if order.draft.instrument == instrument)
        self.firm.add(instrument.key)
        self.stubborn.add(stop.broker_id)
        return stop

    async def place(self, draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        if self.down is not None:
            raise self.down
        if self.turns == 0:
            await self.gone.wait()
            raise NotSent("Nothing was sent.")
        self.turns = None if self.turns is None else self.turns - 1
        if leaving is not None:
            await leaving()
        self.posts += 1
        self.urgent.append(urgent)
        self.sent.append((asyncio.get_running_loop().time(), draft))
        if self.slow:
            await asyncio.sleep(self.slow)
        way = self.ways.get(draft.instrument.key, "fill")
        if way == "reject":
            raise Refused("no", code="RMS", words="market protection", final=True)
        if way == "lost":
            raise Unclear("lost")
        status = OrderStatus.TRIGGER_PENDING if draft.trigger is not None else OrderStatus.OPEN
        order = TrueOrder(f"1151261120{100 + len(self.true)}", tag, draft, status=status, at=self.clock.now())
        self.true.append(order)
        self.judge(draft)
        if way in ("fill", "arrives") and draft.trigger is None:
            self.passes(order)
        if way == "arrives":
            raise Unclear("lost")
        return order.broker_id

    def app_order(self, draft: OrderDraft, *, status: OrderStatus = OrderStatus.OPEN) -> TrueOrder:
        order = TrueOrder(f"2151261120{100 + len(self.true)}", "", draft, status=status, at=self.clock.now())
        self.true.append(order)
        return order

    def guards(self, instrument: Instrument, product: Product = Product.NRML) -> TrueOrder:
        """A stop of the broker's own app against all that is open of it."""
        net = self.net[instrument.key, product]
        stop = OrderDraft(
            instrument=instrument, side=Side.SELL if net > 0 else Side.BUY, quantity=abs(net), kind=OrderKind.SL,
            product=product, trigger=PRICE, price=PRICE,
        )  # fmt: skip
        return self.app_order(stop, status=OrderStatus.TRIGGER_PENDING)

    def passes(self, order: TrueOrder, quantity: int | None = None) -> None:
        """The order fills, whole or so much."""
        size = min(order.draft.quantity - order.filled, quantity or order.draft.quantity)
        place = (order.draft.instrument.key, order.draft.product)
        before = self.net.get(place, 0)
        after = before + order.draft.side.sign * size
        if before and before * after < 0:
            self.wrong.append(f"{order.draft.instrument.name} crossed zero: {before} became {after}")
        self.net[place] = after
        order.filled += size
        order.status = OrderStatus.FILLED if order.filled == order.draft.quantity else OrderStatus.PARTIAL

    def working(self) -> list[TrueOrder]:
        return [order for order in self.true if not order.status.is_final]

    def judge(self, draft: OrderDraft) -> None:
        place, side = (draft.instrument.key, draft.product), draft.side
        mine = [each for each in self.true if (each.draft.instrument.key, each.draft.product, each.draft.side) == (*place, side)]
        going = sum(each.draft.quantity - each.filled for each in mine if not each.status.is_final)
        held = -self.net.get(place, 0) * side.sign
        if held > 0 and going > held:
            self.wrong.append(f"exits of {going} for {held} of {draft.instrument.name}")

    async def modify(self, broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
        order = self._find(broker_id)
        if order.status.is_final:
            raise OrderOver("over already", code="RS-0034")
        if draft.instrument.key in self.firm:
            raise Refused("mStock would not change it.", code="RS-0034", words="not now")
        self.changes.append((broker_id, draft))
        order.draft = draft
        order.status = OrderStatus.TRIGGER_PENDING if draft.trigger is not None else OrderStatus.OPEN
        self.judge(draft)
        if self.ways.get(draft.instrument.key, "fill") == "fill" and draft.trigger is None:
            self.passes(order)

    async def cancel(self, broker_id: str) -> None:
        if broker_id in self.stubborn:
            self.cancels.append(broker_id)
            return
        await super().cancel(broker_id)

    async def orders(self, *, urgent: bool = False) -> Sequence[OrderFact]:
        self.looks.append(asyncio.get_running_loop().time())
        facts = await super().orders()
        tags = {order.broker_id: order.tag for order in self.true}
        return [replace(fact, tag=tags[fact.broker_id] or None, average=PRICE if fact.filled else None) for fact in facts]

    async def positions(self, *, urgent: bool = False) -> Sequence[Position]:
        if self.down is not None:
            raise self.down
        return [
            Position(
                instrument=self.instruments[key], product=product, quantity=net, bought=max(net, 0), sold=max(-net, 0),
                bought_value=PRICE * max(net, 0), sold_value=PRICE * max(-net, 0), average=PRICE if net else None,
            )
            for (key, product), net in self.net.items()
        ]  # fmt: skip

    async def quotes(self, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Quote]:
        return {key: Quote(last=PRICE) for key in keys}

    def quantity(self, instrument: Instrument, product: Product = Product.NRML) -> int:
        return self.net.get((instrument.key, product), 0)


class FloorFeed(StillFeed):
    """Bid and ask of every instrument at one price, unless the test moves one, or has it say nothing."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.at: dict[InstrumentKey, Decimal] = {}
        self.mute: set[InstrumentKey] = set()
        self.untraded: set[InstrumentKey] = set()  # whose last trade is two minutes old

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        if key in self.mute:
            return None
        price, now = self.at.get(key, PRICE), self.clock.now()
        level, at = Level(price=price, quantity=5000), now - (timedelta(minutes=2) if key in self.untraded else timedelta(0))
        return Tick(key=key, last=price, at=at, received=now, bids=(level,), asks=(level,))


@dataclass
class FloorStage:
    """A desk at that exchange."""

    desk: DeskStage
    broker: FloorBroker
    told: list[ExitsTold] = field(default_factory=list)

    @property
    def feed(self) -> FloorFeed:
        feed = self.desk.connection.feed
        assert isinstance(feed, FloorFeed)
        return feed

    def trade(self, instrument: Instrument, rupees: str) -> None:
        """A trade at this price, as the feed tells of it."""
        self.feed.at[instrument.key] = Decimal(rupees)
        tick = self.feed.last(instrument.key)
        assert tick is not None
        self.desk.core.watcher.tick(ACCOUNT.id, tick)

    async def again(self) -> "FloorStage":
        """The next process over the same store and exchange, with what a start settles behind it."""
        stage = await set_floor(self.desk.clock, store=self.desk.store, broker=self.broker)
        await stage.desk.reconcile.settle_start()
        return stage

    async def ask(self, words: str) -> ExitCard:
        card = await self.desk.core.services.exits.ask(self.desk.actor, words, chat_id=PERSON)
        assert isinstance(card, ExitCard)
        return card

    async def ask_panic(self) -> ExitCard:
        card = await self.desk.core.services.exits.ask_panic(self.desk.actor, chat_id=PERSON)
        assert isinstance(card, ExitCard)
        return card

    async def tap(self, card: ExitCard, message: int = 77) -> ExitsShown:
        await self.desk.proposals.shown(card.confirmation.token, message)
        return await self.desk.core.services.exits.confirm(
            self.desk.actor, card.confirmation.token, chat_id=PERSON, message_id=message
        )

    async def shown(self, card: ExitCard) -> ExitsShown:
        return await self.desk.core.services.exits.shown(self.desk.actor, card.confirmation.token)

    async def states(self, card: ExitCard) -> list[str]:
        way = await self.shown(card)
        return [way.exits.state(row, way.orders).value for row in way.exits.rows]

    async def news(self) -> list[ExitsTold]:
        """What the lists told so far."""
        now, store = self.desk.clock.now(), self.desk.store
        while deliveries := await store.transaction(lambda db: db.outbox.lease(now, now + timedelta(minutes=1), alone=True)):
            for delivery in deliveries:
                self.told += [delivery.notice] if isinstance(delivery.notice, ExitsTold) else []
                await store.transaction(lambda db, delivery=delivery: db.outbox.sent(delivery.id, now, 1))  # type: ignore[misc] # bound at once
        return self.told

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Lists, P&L exits and looks at the books go on by themselves meanwhile."""
        core = self.desk.core
        loops = [asyncio.create_task(loop) for loop in (core.exit_runner.run(), core.pnl_watch.run(), core.reconcile.run())]
        try:
            yield
        finally:
            for each in loops:
                each.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await self.desk.background.finish(0)


async def set_floor(
    clock: Clock, *, store: SqlStore | None = None, broker: FloorBroker | None = None, role: Role = Role.OWNER
) -> FloorStage:
    """A desk at that exchange, over a fresh store, or over a kept one as after a restart."""
    broker = broker or FloorBroker(clock)
    desk = await set_stage(
        clock, broker=broker, store=store, chance=11 if store is None else int(clock.now().timestamp()), role=role
    )
    desk.connection.feed = desk.feed = FloorFeed(clock)
    return FloorStage(desk, broker)
