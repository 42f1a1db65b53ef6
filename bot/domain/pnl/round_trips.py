"""What was opened and closed: the exits of each order, and the round trips from flat to flat.

A trip counts on the day on which it closed, with all that it made since its entry. In delivery each sale is a trip of its own,
for the shares that are left in the demat account keep the row from ever being flat.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.domain.market.instrument import Instrument
from bot.domain.money import ZERO
from bot.domain.pnl.fifo import Exit, Lot, cost_of, lots_of, match, match_day, quantity_of
from bot.domain.pnl.trades import FINE, DayMark, LedgerTrade, RowKey
from bot.domain.terms import Product
from bot.domain.value import value


@value
class Booked:
    """What one order closed of a row, rupees before charges."""

    instrument: Instrument
    product: Product
    day: date  # in India
    at: datetime | None  # UTC; None: it was settled at its expiry
    order: str  # the broker's id; empty: no order, the contract ended
    quantity: int  # signed as what was held: positive when a long was sold
    entry: Decimal | None  # average, rupees; None: not known
    price: Decimal | None
    amount: Decimal | None  # None: not known


@value
class RoundTrip:
    """One row of the position book from flat to flat, or one sale of delivered shares."""

    instrument: Instrument
    product: Product
    day: date  # on which it closed, in India
    quantity: int  # shares or units that were closed
    opened: datetime | None  # UTC; None: before the bot's first day
    closed: datetime | None  # UTC; None: at its expiry
    gross: Decimal | None  # rupees; None: a cost or a price is not known
    charges: Decimal = ZERO  # of its fills, as far as they are known
    opener: str = ""  # the broker's id of the order that opened it

    @property
    def net(self) -> Decimal | None:
        """Rupees after the charges that are known."""
        return None if self.gross is None else self.gross - self.charges

    @property
    def held(self) -> timedelta | None:
        """How long it was held. None where its beginning or its end is not known."""
        return None if self.opened is None or self.closed is None else self.closed - self.opened


@value
class RowDay:
    """One row through one day: what it began with, what was closed, what was left."""

    day: date
    instrument: Instrument
    product: Product
    begun: tuple[Lot, ...]
    fills: tuple[Lot, ...]  # oldest first; what a contract's end closed is the last of them, without an order
    exits: tuple[Exit, ...]
    left: tuple[Lot, ...]

    @property
    def key(self) -> RowKey:
        """The row of the position book that it is."""
        return self.instrument.key, self.product


def walk(
    trades: Sequence[LedgerTrade],
    begun: Sequence[Lot] = (),
    *,
    restarts: Mapping[date, Sequence[Lot]] | None = None,
    marks: Mapping[date, DayMark] | None = None,
    over: date = date.min,
) -> list[RowDay]:
    """One row day by day, oldest first. trades: all of one row, in any order. begun: what was open before the first of them.

    restarts: what the row began a day with by the broker's word. marks: how the row stood on days of the range. What is held of
    a contract on its last day is closed at that day's mark. over: the last date whose contracts have ended.
    """
    restarts, marks = restarts or {}, marks or {}
    of_days: dict[date, list[LedgerTrade]] = {}
    for trade in trades:
        of_days.setdefault(trade.day, []).append(trade)
    lots: Sequence[Lot] = begun
    days = []
    for day in sorted({*of_days, *marks, *restarts}):
        lots = restarts.get(day, lots)
        mark = marks.get(day)
        what = of_days[day][0] if day in of_days else mark
        if what is None:
            continue
        start, fills = tuple(lots), lots_of(of_days.get(day, ()))
        exits, left = match_day(lots, fills, what.product)
        held = quantity_of(left)
        if what.product is Product.CNC and held < 0:
            lot = _from_before(exits, left, mark)
            sold, left = match([lot], left)
            start, exits = (*start, lot), [*exits, *sold]
        if mark is not None and held and what.instrument.expiry == day <= over:
            end = Lot(-held, mark.mark, day)
            settled, left = match(left, [end])
            fills, exits = [*fills, end], [*exits, *settled]
        lots = left
        row = RowDay(
            day=day, instrument=what.instrument, product=what.product,
            begun=start, fills=tuple(fills), exits=tuple(exits), left=tuple(left),
        )  # fmt: skip
        days.append(row)
    return days


def _from_before(exits: Sequence[Exit], sold: Sequence[Lot], mark: DayMark | None) -> Lot:
    """Shares that were sold out of holdings from before our first fill, at the cost that makes what the day has booked."""
    quantity, proceeds = -quantity_of(sold), cost_of(sold)
    known = _sum(each.amount for each in exits)
    cost = None
    if mark is not None and mark.booked is not None and known is not None and proceeds is not None:
        cost = (-proceeds - (mark.booked - known)) / quantity
    return Lot(quantity, cost)


def booked(days: Iterable[RowDay]) -> list[Booked]:
    """What each order closed, oldest first."""
    found = []
    for row in days:
        of_orders: dict[str, list[Exit]] = {}
        for each in row.exits:
            of_orders.setdefault(each.order, []).append(each)
        for order, exits in of_orders.items():
            made = Booked(
                instrument=row.instrument, product=row.product, day=row.day, at=exits[-1].at, order=order,
                quantity=sum(each.quantity for each in exits),
                entry=_mean((each.quantity, each.entry) for each in exits),
                price=_mean((each.quantity, each.price) for each in exits),
                amount=_sum(each.amount for each in exits),
            )  # fmt: skip
            found.append(made)
    return found


def round_trips(days: Sequence[RowDay], charges: Mapping[str, Decimal]) -> list[RoundTrip]:
    """The trips that closed, oldest first. days: of one row, as `walk` made them. charges: rupees of each order in that row.

    What an order cost falls on the first trip that it belongs to, and what a purchase for delivery cost on each of its sales by
    the shares that they sell.
    """
    delivery = bool(days) and days[0].product in (Product.CNC, Product.MTF)
    trips = _sales(days) if delivery else _from_flat_to_flat(days)
    left, made = dict(charges), []
    for trip, shares in trips:
        spent = ZERO
        for order, share in shares.items():
            part = min((charges.get(order, ZERO) * share).quantize(FINE), left.get(order, ZERO))
            left[order] = left.get(order, ZERO) - part
            spent += part
        made.append(replace(trip, charges=spent))
    return made


_Shares = Mapping[str, Decimal]  # the part of what each order cost that falls on a trip


def _sales(days: Sequence[RowDay]) -> Iterator[tuple[RoundTrip, _Shares]]:
    """Each order that closed something is a trip, whatever stays in the row."""
    opened: dict[str, datetime] = {}
    bought: dict[str, int] = {}
    for place, row in enumerate(days):
        for lot in (*row.begun, *row.fills):
            if lot.order and lot.at is not None:
                opened.setdefault(lot.order, lot.at)
        for lot in row.fills if place else (*row.begun, *row.fills):
            bought[lot.order] = bought.get(lot.order, 0) + abs(lot.quantity)
        entries: dict[str, list[str]] = {}
        parts: dict[str, dict[str, int]] = {}
        for each in row.exits:
            entries.setdefault(each.order, []).append(each.entry_order)
            of_order = parts.setdefault(each.order, {})
            of_order[each.entry_order] = of_order.get(each.entry_order, 0) + abs(each.quantity)
        for made in booked([row]):
            openers = entries[made.order]
            trip = RoundTrip(
                instrument=row.instrument, product=row.product, day=row.day, quantity=abs(made.quantity),
                opened=opened.get(openers[0]), closed=made.at, gross=made.amount, opener=openers[0],
            )  # fmt: skip
            shares = {order: Decimal(sold) / max(bought.get(order, 0), sold) for order, sold in parts[made.order].items()}
            yield trip, {**shares, made.order: Decimal(1)}


class _Open:
    """A trip that is under way: from flat to flat what came in less what went out is what it made."""

    def __init__(self, first: Lot, held: int, flow: Decimal | None) -> None:
        self.opened, self.opener = first.at, first.order
        self.held, self.flow = held, flow
        self.quantity, self.orders = 0, set[str]()

    def take(self, signed: int, price: Decimal | None, order: str) -> None:
        if signed * self.held < 0:
            self.quantity += abs(signed)
        self.held += signed
        self.flow = None if self.flow is None or price is None else self.flow - price * signed
        self.orders.add(order)


def _from_flat_to_flat(days: Sequence[RowDay]) -> Iterator[tuple[RoundTrip, _Shares]]:
    trip: _Open | None = None
    for row in days:
        carried = quantity_of(row.begun)
        if carried and (trip is None or trip.held != carried):  # open before the first day, or as the broker says anew
            cost, first = cost_of(row.begun), row.begun[0]
            trip = _Open(first, carried, None if cost is None else -cost)
            trip.orders |= {lot.order for lot in row.begun if lot.order}
        for fill in row.fills:
            left = fill.quantity
            if trip is None or not trip.held:
                trip = _Open(fill, 0, ZERO)
            if trip.held * left < 0 and abs(left) >= abs(trip.held):
                closing = -trip.held
                trip.take(closing, fill.price, fill.order)
                ended = RoundTrip(
                    instrument=row.instrument, product=row.product, day=row.day, quantity=trip.quantity,
                    opened=trip.opened, closed=fill.at, gross=trip.flow, opener=trip.opener,
                )  # fmt: skip
                yield ended, dict.fromkeys(trip.orders, Decimal(1))
                left, trip = left - closing, _Open(fill, 0, ZERO)
            if left:
                trip.take(left, fill.price, fill.order)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    summed = ZERO
    for amount in amounts:
        if amount is None:
            return None
        summed += amount
    return summed


def _mean(parts: Iterable[tuple[int, Decimal | None]]) -> Decimal | None:
    counted = list(parts)
    quantity = sum(count for count, _ in counted)
    worth = _sum(None if price is None else price * count for count, price in counted)
    return (worth / quantity).quantize(FINE) if worth is not None and quantity else None
