"""What is true at the broker now: orders, trades, positions, holdings, funds, and the day's profit and loss."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Literal, TypeVar

from bot.domain.charges.charges import Tariff
from bot.domain.charges.day_bill import DayBill, Event
from bot.domain.charges.tariff import BrokeragePlan
from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.money import ZERO, total
from bot.domain.orders.order import Order, OrderStatus, TradeFact
from bot.domain.people.account import Account, Actor
from bot.domain.ports.broker import BrokerConnection, BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import Funds, Holding, Holdings, PnL, Position, PositionLine, Positions
from bot.domain.proposals.proposal import OrderDetail, OrderList, TradeLine, TradeList
from bot.trading.account.day_charges import day_charges
from bot.trading.account.day_events import DayEvents
from bot.trading.account.held_plans import covers_of, held_plans
from bot.trading.account.new_bases import NewBases
from bot.trading.account.prices import Prices
from bot.trading.actor import account_of
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.ledger.day_book import DayBook
from bot.trading.orders.lookup import ahead, order_by_number, own_order
from bot.trading.sync.reconcile import Reconcile
from bot.trading.sync.shared_reads import SharedReads

T = TypeVar("T")
PROCEEDS = timedelta(seconds=60)  # what a sale brings is in the available cash after tens of seconds (mstock-type-b.md section 4)
Which = Literal["open", "all", "rejected"]


@dataclass(slots=True, kw_only=True)
class AccountViews:
    """Reads only. Every list is of a moment, and says which.

    known: for the eye alone. Where the broker does not answer, it is as last known today, and says so.
    """

    store: Store
    connections: BrokerConnections
    prices: Prices
    instruments: Catalogue
    reconcile: Reconcile
    reads: SharedReads
    tariff: Tariff
    plan: BrokeragePlan | None
    day_book: DayBook
    events: DayEvents
    bases: NewBases
    clock: Clock
    _billed: dict[str, tuple[object, DayBill]] = field(default_factory=dict, init=False)  # the fills and their charges

    def connection(self, actor: Actor) -> tuple[Account, BrokerConnection]:
        """The account and its connection. PersonError without an account."""
        account = account_of(actor)
        return account, self.connections.of(account.id)

    async def orders(self, actor: Actor, which: Which = "all") -> OrderList:
        """Today's orders after a look in the book. As last known, and why, when the book cannot be read."""
        account, _ = self.connection(actor)
        stale = None
        try:
            await self.reconcile.sync_for_reader(account.id)
        except (BrokerError, StorageAway) as error:
            stale = error.say
        day = ist_date(self.clock.now())

        def read(db: Repositories) -> tuple[tuple[Order, ...], tuple[str, ...]]:
            orders = [*db.orders.of_day(account.id, day), *ahead(db, account.id, day)]
            wanted = tuple(order for order in orders if _wanted(order, which))
            return wanted, covers_of(db, account.id, wanted)

        wanted, covers = await self.store.read(read)
        seen = self.reconcile.seen_at(account.id)
        return OrderList(account=account, orders=wanted, as_of=seen or self.clock.now(), stale=stale, plans=covers)

    async def order(self, actor: Actor, number: int) -> OrderDetail:
        """One of today's orders by its day number."""
        account, _ = self.connection(actor)
        day = ist_date(self.clock.now())
        order = await self.store.read(lambda db: order_by_number(db, account.id, day, number))
        return await self._detail(account, order)

    async def order_by_id(self, actor: Actor, order_id: str) -> OrderDetail:
        """One order of this account, whatever its day."""
        account, _ = self.connection(actor)
        return await self._detail(account, await self.store.read(lambda db: own_order(db, actor, order_id)))

    async def _detail(self, account: Account, order: Order) -> OrderDetail:
        fills = await self.store.read(lambda db: db.orders.fills_of(order.id))
        price = self.prices.known(account.id, order.draft.instrument.key)
        return OrderDetail(account=account, order=order, fills=tuple(fills), price=price)

    async def trades(self, actor: Actor) -> TradeList:
        """Today's trades by the broker's trade book, newest last."""
        account, _ = self.connection(actor)
        reading = await self.reads.trades(account.id)
        day = ist_date(self.clock.now())
        orders = await self.store.read(lambda db: db.orders.of_day(account.id, day))
        by_id = {order.broker_id: order for order in orders}
        lines = [line for fact in reading.value if (line := self._trade(fact, by_id.get(fact.broker_id)))]
        lines.sort(key=lambda line: (line.at is not None, line.at))  # the book comes in any order
        return TradeList(account=account, trades=tuple(lines), as_of=reading.as_of)

    def _trade(self, fact: TradeFact, order: Order | None) -> TradeLine | None:
        instrument = order.draft.instrument if order else self.instruments.by_key(fact.key)
        if instrument is None:
            return None
        return TradeLine(
            instrument=instrument,
            side=fact.side,
            quantity=fact.quantity,
            price=fact.price,
            at=fact.at,
            number=order.number if order else None,
        )

    async def positions(self, actor: Actor, *, known: bool = False) -> Positions:
        """All positions with their day. What has no price or no cost is left out of the sums and says so."""
        account, _ = self.connection(actor)
        book, trades, stops = await asyncio.gather(
            self.reads.positions(account.id, known=known),
            or_none(partial(self.reads.trades, account.id, known=known)),
            self._stops(account),
        )
        positions = book.value
        sold = any(position.is_sold_holding for position in positions)
        demat = await self.reads.holdings(account.id, known=known) if sold else None
        prices = await self.prices.of_all(account.id, wants_price(positions))
        prices, settled, ends = await self.events.settled(account.id, positions, prices)
        lines = await self.day_book.lines(
            account.id,
            positions,
            prices=prices,
            holdings=demat.value if demat is not None else (),
            trades=trades.value if trades is not None else (),
        )
        lines = tuple(replace(guarded(line, stops), settled=line.position.instrument.key in settled) for line in lines)
        lines = tuple(sorted(lines, key=_urgency))
        bill = None
        if trades is not None:
            squared_off = await self.events.squared_off(account.id, trades.value)
            events: list[Event] = [*squared_off, *ends, *await self.events.loans.of(account.id, positions)]
            bill = self.bill(account.id, trades.value, events)
        readings = [reading for reading in (book, trades, demat) if reading is not None]
        plans = await self.store.read(lambda db: held_plans(db, account.id))
        return Positions(
            lines=lines,
            as_of=min(reading.as_of for reading in readings),
            stale=next((reading.stale for reading in readings if reading.stale), None),
            charges=bill.total if bill is not None else None,
            charges_missing=bill.missing if bill is not None else (),
            bill=bill,
            plans=plans,
        )

    async def _stops(self, account: Account) -> Sequence[Order] | None:
        """Stops that wait at the exchange, those of the broker's app included. None before the order book was first read."""
        if self.reconcile.seen_at(account.id) is None:
            return None
        working = await self.store.read(lambda db: db.orders.unsettled(account.id))
        return [order for order in working if order.status is OrderStatus.TRIGGER_PENDING]

    async def holdings(self, actor: Actor, *, known: bool = False) -> Holdings:
        """The demat account less what was sold today. A price that the broker leaves out is asked for."""
        account, connection = self.connection(actor)
        reading, book = await asyncio.gather(
            self.reads.holdings(account.id, known=known), self.reads.positions(account.id, known=known)
        )
        left_out = connection.broker.holdings_left_out
        prices = await self.prices.of_all(account.id, [holding.instrument.key for holding in reading.value])
        sold = {each.instrument.key: -each.quantity for each in book.value if each.is_sold_holding}
        lines = (replace(holding, sold=sold.get(holding.instrument.key, 0)) for holding in reading.value)
        priced = [_priced(line, prices) for line in lines]
        marked = await self.bases.marked(account.id, ist_date(self.clock.now()), priced)
        as_of, stale = min(reading.as_of, book.as_of), reading.stale or book.stale
        return Holdings(lines=marked, as_of=as_of, left_out=left_out, stale=stale)

    async def funds(self, actor: Actor, *, known: bool = False) -> Funds:
        """Money for trading. A sale so young that mStock may not have added it yet is named."""
        account, _ = self.connection(actor)
        reading = await self.reads.funds(account.id, known=known)
        day = ist_date(reading.as_of)
        sold_at = await self.store.read(lambda db: db.ledger.last_sale(account.id, day))
        young = sold_at is not None and reading.as_of - sold_at < PROCEEDS
        return replace(reading.value, as_of=reading.as_of, stale=reading.stale, sold_at=sold_at if young else None)

    async def pnl(self, actor: Actor, *, known: bool = False) -> PnL:
        """Today's profit and loss before and after charges. Holdings' change stands apart."""
        positions = await self.positions(actor, known=known)
        holdings = await or_none(partial(self.holdings, actor, known=known))  # a line of its own, which may stay open
        held = [line for line in holdings.lines if line.total] if holdings is not None else []
        changes = [
            (line.last - line.previous_close) * line.total
            for line in held
            if line.last is not None and line.previous_close is not None and line.base is None
        ]
        return PnL(
            booked=positions.booked,
            open=positions.open,
            charges=positions.charges,
            charges_missing=positions.charges_missing,
            bill=positions.bill,
            as_of=positions.as_of,
            stale=positions.stale or (holdings.stale if holdings is not None else None),
            adjustment=positions.adjustment,
            lines=positions.lines,
            holdings_change=self._change_today(changes, len(held)) if holdings is not None else None,
            plans=positions.plans,
            bases=tuple(line.base for line in held if line.base is not None),
        )

    def _change_today(self, changes: Sequence[Decimal], held: int) -> Decimal | None:
        """Rupees. Before the bell, and where there is none, the broker's prices are still those of the day before."""
        if not self.day_book.has_begun(self.clock.now()):
            return ZERO
        return total(changes) if len(changes) == held else None

    def bill(self, account_id: str, facts: Sequence[TradeFact], events: Sequence[Event] = ()) -> DayBill:
        """Charges of the day's fills and events. What is not known is named in the bill and left out of its total.

        They are worked out once for the same fills: on a busy day that takes longer than all the rest of a list.
        """
        today = ist_date(self.clock.now())
        basis = (today, self.instruments.day, tuple(facts), tuple(events))
        billed, bill = self._billed.get(account_id, (None, None))
        if bill is None or billed != basis:
            bill = day_charges(
                facts, instruments=self.instruments, tariff=self.tariff, plan=self.plan, today=today, events=events
            )
            self._billed[account_id] = (basis, bill)
        return bill


def _urgency(line: PositionLine) -> tuple[bool, Decimal]:
    """Open rows first, the biggest loss of the day on top. What is closed or sold out of the holdings stands behind them."""
    is_open = line.position.is_open
    return not is_open, (line.open if is_open else line.booked) or ZERO


def wants_price(positions: Sequence[Position]) -> list[InstrumentKey]:
    """What a day's result needs the price of: what is open, and what was carried and closed today, for its previous close."""
    return [position.instrument.key for position in positions if position.quantity or position.carried]


def guarded(line: PositionLine, stops: Sequence[Order] | None) -> PositionLine:
    """The line with whether a stop stands against its open quantity."""
    position = line.position
    if stops is None or not position.quantity:
        return line
    against = any(
        stop.draft.instrument.key == position.instrument.key
        and stop.draft.product is position.product
        and stop.draft.side.sign * position.quantity < 0
        for stop in stops
    )
    return replace(line, guarded=against)


def _priced(holding: Holding, prices: Mapping[InstrumentKey, Price]) -> Holding:
    price = prices.get(holding.instrument.key)
    if price is None:
        return holding
    return replace(holding, last=price.last, previous_close=price.previous_close or holding.previous_close)


def _wanted(order: Order, which: Which) -> bool:
    match which:
        case "open":
            return not order.status.is_final
        case "rejected":
            return order.status in (OrderStatus.REJECTED, OrderStatus.REFUSED)
        case "all":
            return True


async def or_none(reading: Callable[[], Awaitable[T]]) -> T | None:
    """A reading that other figures can do without. None when the broker does not give it now."""
    try:
        return await reading()
    except BrokerError:
        return None
