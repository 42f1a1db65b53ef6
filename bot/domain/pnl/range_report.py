"""What a range of days made: the days' own rows and nothing beside them, told apart by symbol, product and who placed the order.

The net of a range is the sum of the days' nets to the paisa. Each way of telling it apart adds up to the same, with a line for
what belongs to no part: the rounding of the contract note, and rows that our fills do not explain.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.charges.day_bill import DayBill
from bot.domain.clock import ist_date
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.money import PAISA, ZERO, to_paise, total
from bot.domain.pnl.fifo import Lot
from bot.domain.pnl.round_trips import Booked, RoundTrip, RowDay
from bot.domain.pnl.trades import FINE, DayMark, LedgerTrade, RowKey
from bot.domain.positions.portfolio import DayReport
from bot.domain.terms import Product, Side
from bot.domain.value import value


class OrderSource(StrEnum):
    """Who placed the order that opened something."""

    BOT = "bot"
    PLAN = "plan"  # a leg of a plan, its entry included
    ELSEWHERE = "elsewhere"  # mStock's app or website, or mStock itself
    BEFORE = "before the bot"  # held since before the bot's first day


@value
class CurvePoint:
    """What the day had made at a moment (UTC), rupees after the charges that were known."""

    at: datetime
    net: Decimal


@value
class Slip:
    """What an order got against the price that stood when it was tapped."""

    number: int  # the order's day number
    day: date
    at: datetime  # of the tap, UTC
    instrument: Instrument
    side: Side
    quantity: int  # filled, shares or units
    touch: Decimal  # the ask of a purchase, the bid of a sale, rupees
    average: Decimal

    @property
    def amount(self) -> Decimal:
        """Rupees gained against the price seen. A loss is negative."""
        gained = self.touch - self.average if self.side is Side.BUY else self.average - self.touch  # no nought with a sign
        return gained * self.quantity


@value
class RangeDay:
    """One day of the range: its row, and what it is made of. marks, trades and bill belong to that day alone."""

    day: date
    report: DayReport
    marks: tuple[DayMark, ...] = ()
    trades: tuple[LedgerTrade, ...] = ()
    bill: DayBill | None = None  # by its fills
    costs: Mapping[str, Decimal] = field(default_factory=dict)  # rupees of its orders by the broker's id
    curve: tuple[CurvePoint, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the row has figures in rupees."""
        return not self.report.records_only

    @property
    def net(self) -> Decimal | None:
        """Rupees after the charges that are known. None: no data."""
        if not self.known:
            return None
        return self.report.gross - (self.report.charges or ZERO)

    @property
    def end(self) -> CurvePoint | None:
        """The row itself, where it was made on its own day."""
        made_at, net = self.report.made_at, self.net
        return CurvePoint(at=made_at, net=net) if net is not None and ist_date(made_at) == self.day else None

    @property
    def course(self) -> tuple[CurvePoint, ...]:
        """The curve up to the row itself. Empty: nobody watched."""
        if not self.curve or self.end is None or self.end.at <= self.curve[-1].at:
            return self.curve
        return (*self.curve, self.end)

    @property
    def lowest(self) -> CurvePoint | None:
        """The worst moment of the day. None where nobody watched."""
        return min(self.course, key=lambda point: point.net, default=None)


@value
class RangeShare:
    """One share of what the range made, rupees."""

    name: str
    gross: Decimal
    charges: Decimal

    @property
    def net(self) -> Decimal:
        return self.gross - self.charges

    @property
    def leaks(self) -> bool:
        """Green before charges, red after them."""
        return self.gross > 0 > self.net


@value
class RangeReport:
    """A range of days of one account, both ends included, dates of India, in rupees."""

    account_id: str
    first: date
    last: date
    days: tuple[RangeDay, ...]  # those that have a row, oldest first
    symbols: tuple[RangeShare, ...] = ()
    products: tuple[RangeShare, ...] = ()
    sources: tuple[RangeShare, ...] = ()
    booked_by: tuple[Booked, ...] = ()  # per exit, oldest first
    trips: tuple[RoundTrip, ...] = ()
    slips: tuple[Slip, ...] = ()
    row_days: tuple[RowDay, ...] = ()  # each row on each day on which something was done or held
    closed: tuple[date, ...] = ()  # weekdays of it on which nothing is traded
    as_of: datetime | None = None  # when today's figures were read, UTC; None: they are final, or today is not in the range
    unread: str | None = None  # why today, though it is in the range, is not among the days

    @property
    def booked(self) -> Decimal:
        return total(each.report.booked for each in self.days if each.known)

    @property
    def open(self) -> Decimal:
        return total(each.report.open for each in self.days if each.known)

    @property
    def adjustment(self) -> Decimal:
        return total(each.report.adjustment for each in self.days if each.known)

    @property
    def gross(self) -> Decimal:
        """The result before charges."""
        return self.booked + self.open + self.adjustment

    @property
    def charges(self) -> Decimal:
        """The charges as far as they are known."""
        return total(each.report.charges or ZERO for each in self.days if each.known)

    @property
    def charges_missing(self) -> tuple[str, ...]:
        """What the charges leave out, in words."""
        names = [name for each in self.days if each.known for name in each.report.charges_missing]
        unread = ["charges"] if any(each.known and each.report.charges is None for each in self.days) else []
        return tuple(dict.fromkeys([*names, *unread]))

    @property
    def net(self) -> Decimal:
        """The sum of the days' nets."""
        return total(each.net for each in self.days if each.net is not None)

    @property
    def trades(self) -> int:
        """Rows of the trade book."""
        return sum(each.report.trades for each in self.days)

    @property
    def no_data(self) -> tuple[date, ...]:
        """Days that have a row without figures."""
        return tuple(each.day for each in self.days if not each.known)

    @property
    def counted(self) -> tuple[RoundTrip, ...]:
        """Round trips whose result is known."""
        return tuple(trip for trip in self.trips if trip.net is not None)

    @property
    def won(self) -> int:
        """Round trips that made something after charges."""
        return sum(trip.net > 0 for trip in self.counted if trip.net is not None)

    @property
    def best(self) -> RoundTrip | None:
        return max(self.counted, key=_net, default=None)

    @property
    def worst(self) -> RoundTrip | None:
        return min(self.counted, key=_net, default=None)

    @property
    def slippage(self) -> Decimal:
        """Rupees against the prices seen at the taps. A loss is negative."""
        return total(slip.amount for slip in self.slips)

    @property
    def lowest(self) -> CurvePoint | None:
        """The worst moment of any of the days, each counted from its own beginning. None where none of them was watched."""
        watched = [each.lowest for each in self.days if each.lowest is not None]
        ends = [each.end for each in self.days if each.end is not None and not each.curve] if watched else []
        return min((*watched, *ends), key=lambda point: point.net, default=None)


def _net(trip: RoundTrip) -> Decimal:
    return trip.net if trip.net is not None else ZERO


def by_symbol(days: Iterable[RangeDay]) -> tuple[RangeShare, ...]:
    """What each underlying or share made, the most telling first."""
    sums = _Sums()
    for each in days:
        if each.known:
            for mark in each.marks:
                sums.add(mark.instrument.symbol, _made(mark), ZERO)
            for (instrument, _), amount in _charged(each).items():
                sums.add(instrument.symbol, ZERO, amount)
            sums.rest(each)
    return sums.parts()


def by_product(days: Iterable[RangeDay]) -> tuple[RangeShare, ...]:
    """What each product made: CNC, MIS, NRML, MTF."""
    sums = _Sums()
    for each in days:
        if each.known:
            for mark in each.marks:
                sums.add(mark.product, _made(mark), ZERO)
            for (_, product), amount in _charged(each).items():
                sums.add(product, ZERO, amount)
            sums.rest(each)
    return sums.parts()


def by_source(
    days: Sequence[RangeDay],
    rows: Mapping[RowKey, Sequence[RowDay]],
    sources: Mapping[str, OrderSource],
    before: Mapping[RowKey, DayMark],
) -> tuple[RangeShare, ...]:
    """What the orders of the bot made and those from elsewhere: by who opened it, and charges by who placed the order.

    rows: each row of the range, day by day. sources: of each order by the broker's id. before: how rows stood when the range
    began. A row whose fills do not make what the day says of it belongs to no source.
    """
    sums, marks_before = _Sums(), before
    row_days = {(key, row.day): row for key, of_row in rows.items() for row in of_row}
    for each in days:
        if each.known:
            for mark in each.marks:
                row = row_days.get((mark.row, each.day))
                for source, amount in _made_by(mark, row, marks_before.get(mark.row), sources).items():
                    sums.add(source, amount, ZERO)
            of_day = [row for mark in each.marks if (row := row_days.get((mark.row, each.day))) is not None]
            for order, amount in charges_of_orders(each, of_day).items():
                sums.add(sources.get(order, OrderSource.ELSEWHERE), ZERO, amount)
            sums.rest(each)
        marks_before = {mark.row: mark for mark in each.marks}
    return sums.parts()


def _made_by(
    mark: DayMark, row: RowDay | None, before: DayMark | None, sources: Mapping[str, OrderSource]
) -> Mapping[OrderSource, Decimal]:
    """What a row's day made, by who opened it. Empty where several did and our fills do not make it."""
    if row is None:
        return {}
    base = before.mark if before is not None else None
    carried = {lot.order for lot in row.begun}
    steps = [(out.entry_order, out.entry, out.price, out.quantity) for out in row.exits]
    steps += [(lot.order, lot.price, mark.mark, lot.quantity) for lot in row.left]
    made: dict[OrderSource, Decimal] = {}
    for order, entry, price, quantity in steps:
        start = base if order in carried and base is not None else entry
        source = sources.get(order, OrderSource.ELSEWHERE) if order else OrderSource.BEFORE
        made[source] = made.get(source, ZERO) + ((price or ZERO) - (start or ZERO)) * quantity
    if len(made) == 1:
        return dict.fromkeys(made, _made(mark))
    return made if abs(total(made.values()) - _made(mark)) < PAISA else {}


def charges_of_orders(day: RangeDay, rows: Iterable[RowDay] = ()) -> Mapping[str, Decimal]:
    """Rupees of each order by the broker's id, to a hundredth of a paisa.

    rows: the day's rows. What an instrument cost without a trade, a loan's interest or its end, falls on the orders that had
    opened it, by quantity.
    """
    if day.bill is None:
        return {}
    found = dict(day.costs)
    traded = {trade.instrument.key for trade in day.trades}
    costs = {row.instrument.key: row.bill.total for row in day.bill.rows if row.instrument is not None}
    opened: dict[InstrumentKey, list[Lot]] = {}
    for row in rows:
        if row.instrument.key in costs and row.instrument.key not in traded:
            opened.setdefault(row.instrument.key, []).extend(lot for lot in row.begun if lot.order)
    for key, lots in opened.items():
        held = sum(abs(lot.quantity) for lot in lots)
        for lot in lots:
            found[lot.order] = found.get(lot.order, ZERO) + costs[key] * abs(lot.quantity) / held
    return {order: amount.quantize(FINE) for order, amount in found.items()}


def _charged(day: RangeDay) -> Mapping[tuple[Instrument, Product], Decimal]:
    """Rupees of each instrument and product, to a hundredth of a paisa."""
    if day.bill is None:
        return {}
    found: dict[tuple[Instrument, Product], Decimal] = {}
    for row in day.bill.rows:
        if row.instrument is None:
            continue
        of_products: dict[Product, Decimal] = {}
        orders = {trade.broker_id: trade.product for trade in day.trades if trade.instrument.key == row.instrument.key}
        for order, product in orders.items():
            of_products[product] = of_products.get(product, ZERO) + day.costs.get(order, ZERO)
        if not any(of_products.values()):  # charged without a trade: it ended
            ended = [mark.product for mark in day.marks if mark.instrument.key == row.instrument.key]
            of_products = {product: row.bill.total / len(ended) for product in ended}
        for product, amount in of_products.items():
            found[row.instrument, product] = amount.quantize(FINE)
    return found


def _made(mark: DayMark) -> Decimal:
    """What a row's day made before charges, as far as it is known."""
    return (mark.booked or ZERO) + (mark.open or ZERO) + mark.adjustment


REST = "rounding, other"


class _Sums:
    """Parts under their names, and what the days have beyond them."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Decimal, Decimal]] = {}
        self._gross = self._charges = ZERO

    def add(self, name: str, gross: Decimal, charges: Decimal) -> None:
        before = self._made.get(name, (ZERO, ZERO))
        self._made[name] = before[0] + gross, before[1] + charges

    def rest(self, day: RangeDay) -> None:
        """Takes in the day's own sums, against which the parts are held."""
        self._gross += day.report.gross
        self._charges += day.report.charges or ZERO

    def parts(self) -> tuple[RangeShare, ...]:
        """The largest first, the rest last and only where there is one. To the paisa: the figures that are read add up."""
        sums = {name: tuple(map(to_paise, each)) for name, each in self._made.items()}
        made = [RangeShare(name=name, gross=gross, charges=charges) for name, (gross, charges) in sums.items()]
        made.sort(key=lambda part: (-abs(part.net), part.name))
        rest = RangeShare(
            name=REST,
            gross=self._gross - total(part.gross for part in made),
            charges=self._charges - total(part.charges for part in made),
        )
        return (*made, rest) if rest.gross or rest.charges else tuple(made)
