"""Apply what the broker's books say to the stored orders, each with its fill and its notice in one transaction."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from bot.domain.clock import ist_date
from bot.domain.errors import IllegalMove
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey, InstrumentKind
from bot.domain.money import total
from bot.domain.news.notice import Notice
from bot.domain.news.orders.orders import (
    Filled,
    OrderElsewhere,
    OrderEnded,
    OrderFound,
    OrderRejected,
    OrdersElsewhere,
    TradeTakenBack,
)
from bot.domain.orders.order import LOOKED_FOR, Fill, Order, OrderDraft, OrderFact, OrderStatus, TradeFact
from bot.domain.orders.position_after import PositionAfter
from bot.domain.plans.plan import LegKind, PlanState
from bot.domain.pnl.booked_charges import ChargesOf, unknown_charges
from bot.domain.pnl.position_now import position_after
from bot.domain.ports.broker import RandomBytes
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import Holding, Position
from bot.domain.terms import OrderKind
from bot.trading.ledger.day_book import lots_carried
from bot.trading.ledger.ledger import Ledger, Seen
from bot.trading.safety.announce import tell_all
from bot.trading.sync.step_prices import last_trade, step_price
from bot.trading.sync.taken_back import LASTS, is_in_all_books
from bot.trading.sync.untagged import is_alike

log = logging.getLogger(__name__)

HoldingOf = Callable[[str, InstrumentKey], Holding | None]
_REFUSED = frozenset({OrderStatus.REFUSED, OrderStatus.REJECTED})
NEWS_AGE = timedelta(minutes=15)  # an order from elsewhere that is older at the day's first look is stored, and nobody is told


@dataclass(slots=True)
class SyncOutcome:
    """What one sync changed, for those who wait for it."""

    fills: int = 0
    rejections: int = 0
    ends: int = 0  # orders that were cancelled or expired, and told so
    elsewhere: int = 0  # orders that this bot did not place, and told so
    touched: list[str] = field(default_factory=list)  # order ids
    booked: bool = False  # whether it stored a fill, told or not: the positions of the same look may miss it
    # Broker id -> a row that changed nothing, on which version.
    same: dict[str, tuple[OrderFact, int]] = field(default_factory=dict)
    less: dict[tuple[str, int], datetime] = field(default_factory=dict)  # order, what is left of its fills -> since when
    fills_from: Mapping[str, Seen] = field(default_factory=dict)  # broker id -> what the ledger's fills of it were stored from


class FactApplier:
    """Turns facts into orders, fills and notices. The same facts again change nothing (invariant I7)."""

    def __init__(
        self,
        *,
        random: RandomBytes,
        instrument: Callable[[InstrumentKey], Instrument | None],
        charges_of: ChargesOf = unknown_charges,
        square_off_fee: Callable[[Order], Decimal | None] = lambda _: None,
        holding: HoldingOf = lambda _account_id, _key: None,
    ) -> None:
        """square_off_fee: rupees that the broker takes for an order of its own. None: it is none of those.

        holding: the demat shares of an account as they were last read today. Asked from the store's thread.
        """
        self._holding = holding
        self._charges_of = charges_of
        self._random = random
        self._fee = square_off_fee
        self._instrument = instrument
        self._less: dict[str, Mapping[tuple[str, int], datetime]] = {}  # account -> as its last sync left it
        self._ledger = Ledger(instrument=instrument, unlisted=_unlisted)
        # Account -> the rows of its last sync that changed nothing.
        self._same: dict[str, Mapping[str, tuple[OrderFact, int]]] = {}

    def apply(
        self,
        db: Repositories,
        account_id: str,
        facts: Sequence[OrderFact],
        trades: Sequence[TradeFact],
        now: datetime,
        *,
        positions: Sequence[Position] | None = None,
        last: Mapping[InstrumentKey, Decimal] = MappingProxyType({}),
    ) -> SyncOutcome:
        """One transaction's work: every row that differs from what is stored.

        positions: of the same look, None when not read. last: prices in rupees, to value what is held after a step.

        A row that changed nothing changes nothing again while its order is of the same version, so it is not compared anew: the
        sync of a full day costs hardly more than that of its first order.
        """
        reading = _Reading(
            db=db,
            account_id=account_id,
            facts=facts,
            trades=trades,
            positions=positions,
            last=last,
            now=now,
            charges_of=self._charges_of,
            fee=self._fee,
            holding=self._holding,
            less=self._less.get(account_id, {}),
        )
        same, versions = self._same.get(account_id, {}), db.orders.versions(account_id, ist_date(now))
        for fact in facts:
            settled = same.get(fact.broker_id)
            if settled is not None and settled == (fact, versions.get(fact.broker_id)):
                reading.change.same[fact.broker_id] = settled
                continue
            before = reading.known(fact)
            if before is None and reading.is_being_sent(fact):
                continue  # the answer to the sending says whose it is; the next look comes after it
            if before is None:
                reading.adopt(fact, self._random(10).hex(), self._draft(fact))
            elif before.draft.instrument == _unlisted(fact.key, fact.symbol):
                reading.advance(reading.relist(before, self._draft(fact).instrument), fact)
                reading.change.same.pop(fact.broker_id, None)  # a later master may list it
            else:
                reading.advance(before, fact)
        reading.tell_adopted()
        reading.complete()
        reading.change.fills_from = self._ledger.record(db, account_id, facts, trades, now)
        return reading.change

    def applied(self, account_id: str, change: SyncOutcome) -> None:
        """The transaction of that change is committed."""
        self._same[account_id] = change.same
        self._less[account_id] = change.less
        self._ledger.recorded(account_id, change.fills_from)

    def _draft(self, fact: OrderFact) -> OrderDraft:
        instrument = self._instrument(fact.key) or _unlisted(fact.key, fact.symbol)
        kind, price, trigger = _terms(fact)

        def draft(on: Instrument) -> OrderDraft:
            return OrderDraft(
                instrument=on,
                side=fact.side,
                quantity=fact.quantity,
                kind=kind,
                product=fact.product,
                price=price,
                trigger=trigger,
            )

        try:
            return draft(instrument)
        except ValueError:  # off our grid: the exchange took it, so the book is right and the master is not
            return draft(replace(instrument, lot=1, tick=Decimal("0.01")))


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One reading of the books, inside one transaction."""

    db: Repositories
    account_id: str
    facts: Sequence[OrderFact]
    trades: Sequence[TradeFact]
    positions: Sequence[Position] | None
    last: Mapping[InstrumentKey, Decimal]
    now: datetime
    fee: Callable[[Order], Decimal | None]
    charges_of: ChargesOf
    holding: HoldingOf
    less: Mapping[tuple[str, int], datetime]
    change: SyncOutcome = field(default_factory=SyncOutcome)
    adopted: list[Order] = field(default_factory=list)  # from elsewhere, and young enough to be news
    maybe: dict[str, tuple[int, ...]] = field(default_factory=dict)  # by their ids: numbers of our orders that they may be

    def known(self, fact: OrderFact) -> Order | None:
        order = self.db.orders.by_broker_id(self.account_id, fact.broker_id)
        if order is None and fact.tag is not None:
            order = self.db.orders.by_tag(self.account_id, fact.tag)
        return order

    def is_being_sent(self, fact: OrderFact) -> bool:
        """Whether a row without a tag may be the order whose POST is under way."""
        return any(order.status is OrderStatus.SUBMITTING for order in self.alike(fact))

    def alike(self, fact: OrderFact) -> Sequence[Order]:
        """Our orders of unknown outcome that a row without a tag may be: of its terms but for kind and price, sent before it."""
        if fact.tag is not None:
            return ()
        return [
            order
            for order in self.db.orders.unsettled(self.account_id)
            if order.status in LOOKED_FOR and order.broker_id is None and is_alike(order, fact)
        ]

    def adopt(self, fact: OrderFact, order_id: str, draft: OrderDraft) -> None:
        """An order that this bot did not place: the broker's app, the website, the broker's own square-off."""
        day = ist_date(self.now)
        order = Order(
            id=order_id,
            account_id=self.account_id,
            number=self.db.orders.next_number(self.account_id, day),
            tag=None,
            broker_id=fact.broker_id,
            draft=draft,
            status=fact.status if fact.status.is_final else OrderStatus.OPEN,
            created_at=fact.at or self.now,
            sent_at=fact.at,
            updated_at=self.now,
            reason=fact.reason,
        )
        self.db.orders.add(order, day)
        after = order.after(fact, self.now)
        if after is not order:
            self.db.orders.save(after)
        self.book_fill(order, after)
        self.change.touched.append(order.id)
        self.maybe[order.id] = tuple(other.number for other in self.alike(fact))
        if fact.at is None or self.now - fact.at <= NEWS_AGE or self.was_watched(fact.at):
            self.adopted.append(after)

    def was_watched(self, moment: datetime) -> bool:
        """Whether orders of the day were known before then: what came later was missed, by whatever was away meanwhile."""
        return any(order.updated_at < moment for order in self.db.orders.of_day(self.account_id, ist_date(self.now)))

    def tell_adopted(self) -> None:
        """One order from elsewhere rings by itself. Several of one look are one counted message."""
        self.change.elsewhere = len(self.adopted)
        maybe = tuple(dict.fromkeys(number for order in self.adopted for number in self.maybe[order.id]))
        if len(self.adopted) == 1:
            self.tell(self.adopted[0], OrderElsewhere(order=self.adopted[0], fee=self.fee(self.adopted[0]), maybe=maybe))
        elif self.adopted:
            fees = [fee for order in self.adopted if (fee := self.fee(order)) is not None]
            fee = total(fees) if fees else None
            self.tell(None, OrdersElsewhere(orders=tuple(self.adopted), fee=fee, maybe=maybe))

    def relist(self, before: Order, listed: Instrument) -> Order:
        """An order of an instrument that was in no master when its row was first seen, and that may be listed by now."""
        if listed == before.draft.instrument:
            return before
        after = before.amended(replace(before.draft, instrument=listed), self.now)
        self.db.orders.save(after)
        self.change.touched.append(after.id)
        return after

    def advance(self, before: Order, fact: OrderFact) -> None:
        try:
            after = before.after(fact, self.now)
        except IllegalMove:
            # A row that cannot follow what is stored must not hide the other rows of the same sync.
            log.exception("order %s: the book's row does not follow what is stored", before.id)
            return
        if after is before:
            if fact.filled >= before.filled or self.tell_taken_back(before, fact):
                self.change.same[fact.broker_id] = (fact, before.version)
            return
        self.db.orders.save(after)
        self.change.touched.append(after.id)
        fill = self.book_fill(before, after)
        was_told = before.status in LOOKED_FOR - {OrderStatus.SUBMITTING} or before.was_refused_unproved
        if before.status in _REFUSED and after.status is OrderStatus.REJECTED and fill is None:
            return  # as it was told
        if was_told:
            self.tell(after, OrderFound(order=after, told=before.status))
        if fill is not None:
            self.change.fills += 1
            self.tell(after, self.filled(after, fill))
        if after.status is not before.status:
            notice = self.ending(after)
            self.change.rejections += isinstance(notice, OrderRejected)
            self.change.ends += isinstance(notice, OrderEnded)
            if notice is not None:
                self.tell(after, notice)

    def tell_taken_back(self, order: Order, fact: OrderFact) -> bool:
        """Tells once that the books took back some of what the order had filled. False as long as that is not certain."""
        if not is_in_all_books(fact, self.trades, self.positions):
            return False
        mark = order.id, fact.filled
        since = self.change.less[mark] = self.less.get(mark, self.now)
        if self.now - since < LASTS:
            return False
        row = (order.draft.instrument.key, order.draft.product)
        held = sum(each.quantity for each in self.positions or () if (each.instrument.key, each.product) == row)
        card = f"taken back {order.id} {fact.filled}"
        if self.db.flags.claim_card(card, self.account_id, ist_date(self.now), self.now):
            self.tell(order, TradeTakenBack(order=order, filled=fact.filled, held=held))
        return True

    def book_fill(self, before: Order, after: Order) -> Fill | None:
        broker_id = after.broker_id
        if after.filled <= before.filled or broker_id is None:
            return None
        price, average = step_price(self.trades, broker_id, before.filled, after.filled)
        fill = Fill(
            broker_id=broker_id,
            filled_after=after.filled,
            quantity=after.filled - before.filled,
            price=price,
            average=average or after.average,
            at=last_trade(self.trades, broker_id) or self.now,
        )
        self.change.booked = True
        return fill if self.db.orders.add_fill(after, fill) else None

    def complete(self) -> None:
        """Fills of today whose price was not known yet, where the trade book has their rows by now. What was told is mended."""
        if not self.trades:
            return
        for order, fill in self.db.orders.priceless(self.account_id, ist_date(self.now)):
            price, average = step_price(self.trades, fill.broker_id, fill.filled_after - fill.quantity, fill.filled_after)
            if price is None:
                continue
            priced = replace(fill, price=price, average=average or fill.average)
            self.db.orders.complete_fill(order, priced)
            self.db.outbox.correct(self.filled(order, priced), self.now)
            self.change.touched.append(order.id)

    def filled(self, order: Order, fill: Fill) -> Filled:
        """The news of a fill, with what is held then and whether its stop comes by itself."""
        follows = (
            (plan := self.db.plans.of_order(order.id)) is not None
            and plan.state is PlanState.ALIVE
            and plan.leg(LegKind.STOP) is not None
            and any(leg.order_id == order.id for leg in plan.entries)
        )
        return Filled(order=order, fill=fill, fee=self.fee(order), after=self.position(order), stop_follows=follows)

    def ending(self, order: Order) -> Notice | None:
        """The news of an order's end, with what is held then. None where our own cancel ended one of which nothing filled."""
        if order.status is OrderStatus.REJECTED:
            return OrderRejected(order=order, after=self.position(order))
        ours = order.status is OrderStatus.CANCELLED and order.cancelled_by is not None and not order.filled
        if order.status in (OrderStatus.CANCELLED, OrderStatus.EXPIRED) and not ours:
            return OrderEnded(order=order, after=self.position(order))
        return None

    def position(self, order: Order) -> PositionAfter:
        """What this look shows of the order's instrument."""
        row = (order.draft.instrument.key, order.draft.product)
        return position_after(
            order,
            self.facts,
            self.trades,
            self.positions,
            last=self.last.get(order.draft.instrument.key),
            carried=lambda quantity: lots_carried(self.db, self.account_id, row, quantity, ist_date(self.now)),
            now=self.now,
            holding=self.holding(self.account_id, order.draft.instrument.key),
            charges_of=self.charges_of,
        )

    def tell(self, order: Order | None, notice: Notice) -> None:
        tell_all(self.db, self.account_id, notice, self.now, order_id=order.id if order is not None else None)


def _terms(fact: OrderFact) -> tuple[OrderKind, Decimal | None, Decimal | None]:
    """Kind, price and trigger of a foreign row, mended where the book leaves a price out."""
    price, trigger = fact.price or None, fact.trigger or None
    if fact.kind in (OrderKind.SL, OrderKind.SL_M) and trigger is not None:
        return (OrderKind.SL, price, trigger) if price and fact.kind is OrderKind.SL else (OrderKind.SL_M, None, trigger)
    if fact.kind in (OrderKind.LIMIT, OrderKind.SL) and price is not None:
        return OrderKind.LIMIT, price, None
    return OrderKind.MARKET, None, None


def _unlisted(key: InstrumentKey, symbol: str) -> Instrument:
    """An instrument that is not in our master, so that its order can still be shown."""
    derivative = key.exchange in (Exchange.NFO, Exchange.BFO)
    return Instrument(
        exchange=key.exchange,
        token=key.token,
        symbol=symbol,
        name=symbol,
        kind=InstrumentKind.STOCK_FUTURE if derivative else InstrumentKind.EQUITY,
        lot=1,
        tick=Decimal("0.01"),
    )
