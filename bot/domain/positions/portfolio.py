"""Positions, holdings, funds and profit and loss: arithmetic on what the broker reports."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.charges.day_bill import DayBill
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.money import PAISA, ZERO, total
from bot.domain.orders.order import OrderDraft
from bot.domain.positions.day_facts import DayFacts
from bot.domain.positions.held import NewBase
from bot.domain.terms import Product
from bot.domain.value import value


@value
class Position:
    """One row of the position book: one instrument in one product (mstock-type-b.md 7.1)."""

    instrument: Instrument
    product: Product
    quantity: int  # net, signed, shares or units
    bought: int  # today and carried, shares or units
    sold: int
    bought_value: Decimal  # rupees
    sold_value: Decimal
    average: Decimal | None  # of the open side; None when flat
    carried: int = 0  # signed, from the day before
    carried_average: Decimal | None = None  # rupees; None: nothing was carried, or the broker does not say
    multiplier: int = 1

    @property
    def is_sold_holding(self) -> bool:
        """A negative delivery row is stock sold out of the holdings, not a short."""
        return self.product is Product.CNC and self.quantity < 0

    @property
    def is_open(self) -> bool:
        """Whether something of it can be closed: shares sold today out of the holdings are never bought back."""
        return bool(self.quantity) and not self.is_sold_holding

    def open_profit(self, last: Decimal) -> Decimal:
        """Rupees on the open quantity since entry."""
        if not self.quantity or self.average is None:
            return ZERO
        return (last - self.average) * self.quantity * self.multiplier

    def booked_profit(self) -> Decimal:
        """Rupees realised: all that came in less all that went out, the open quantity taken at its average."""
        opened = self.average * self.quantity * self.multiplier if self.average is not None else ZERO
        return self.sold_value - self.bought_value + opened


class Missing(StrEnum):
    """What a figure would need and nobody says."""

    PRICE = "price"
    COST = "cost"
    PREVIOUS_CLOSE = "previous close"
    SPLIT = "bonus or split?"  # quantity and price do not tell alike of it


class Reason(StrEnum):
    """Why our own reckoning of a row differs from the broker's."""

    BROUGHT_FORWARD = "brought forward"  # carried from before our first day, at the broker's average
    ROUNDING = "rounding"  # the broker's averages are rounded
    MISSING_TRADE = "missing trade"  # a fill is in the order book or the position and not in the trade book
    CLOSE_ADJUSTMENT = "close adjustment"  # the official close is not the price that yesterday was valued at
    OLDEST_FIRST = "oldest shares first"  # a holding was sold at the cost of its first lots, the broker counts its average
    NOT_FOUND = "no reason found"  # more than roundings make, and nothing of the above


@value
class Off:
    """A part of what our own reckoning differs by from the broker's, signed rupees, and why."""

    reason: Reason
    rupees: Decimal


def open_row(positions: Iterable[Position], key: InstrumentKey, product: Product) -> Position | None:
    """What is open of an instrument in a product. None: nothing is."""
    return next((row for row in positions if row.is_open and (row.instrument.key, row.product) == (key, product)), None)


def met_today(draft: OrderDraft, positions: Iterable[Position]) -> int:
    """Shares of an order that meet what the day left open the other way in delivery or MTF: together they are intraday.

    Carried shares are not of the day. Those held since yesterday leave the depository.
    """
    left = sum(
        position.quantity - position.carried
        for position in positions
        if position.instrument.key == draft.instrument.key and position.product in (Product.CNC, Product.MTF)
    )
    return min(max(-left * draft.side.sign, 0), draft.quantity)


@value
class PositionLine:
    """A position with the price that values it, and what its day made, in rupees. Unknown figures are None.

    What was carried counts from the previous close, what was opened today from its entry.
    """

    position: Position
    price: Price | None
    booked: Decimal | None  # realised today; None: what closed has no cost or no previous close
    open: Decimal | None  # today's change of what is open; None: no price, no cost, or no previous close
    guarded: bool | None = None  # whether a stop waits for it at the exchange; None: the order book was not read yet
    since_entry: Decimal | None = None  # of what is open; None: not known
    average: Decimal | None = None  # of what is open, by our own fills where we have them all, else the broker's
    adjustment: Decimal = ZERO  # official close less the price that our own yesterday was valued at, times what was carried
    missing: tuple[Missing, ...] = ()
    broker: Decimal | None = None  # booked and open of today by the broker's row alone
    reasons: tuple[Reason, ...] = ()  # why ours differs from the broker's
    off: tuple[Off, ...] = ()  # the difference in its parts, which add up to it
    settled: bool = False  # a contract that has ended: its price is what it is worth by its underlying's close, about

    def listed(self, find: Callable[[InstrumentKey], Instrument | None]) -> "PositionLine":
        """The line with its instrument as the scrip master names it: by that name and lot it is ordered."""
        instrument = find(self.position.instrument.key)
        return self if instrument is None else replace(self, position=replace(self.position, instrument=instrument))

    @property
    def today(self) -> Decimal | None:
        """Booked and open of the day, before charges and without the close adjustment. None: not known."""
        return None if self.booked is None or self.open is None else self.booked + self.open

    @property
    def difference(self) -> Decimal | None:
        """Ours less the broker's, the close adjustment included. None where one of them is not known."""
        return None if self.today is None or self.broker is None else self.today + self.adjustment - self.broker

    @property
    def differs(self) -> bool:
        """Whether ours and the broker's differ by a paisa or more, or our own fills do not make the row at all."""
        off = self.difference
        return off is not None and (abs(off) >= PAISA or Reason.MISSING_TRADE in self.reasons)


@value
class Positions:
    """All positions of an account at one moment."""

    lines: tuple[PositionLine, ...]
    as_of: datetime
    charges: Decimal | None = None  # of the day's fills, rupees, as far as they are known; None: the fills are not known
    charges_missing: tuple[str, ...] = ()  # what they leave out, in words: "brokerage"
    bill: DayBill | None = None  # what the charges are made of
    plans: tuple[str, ...] = ()  # what the bot holds on them, in words: P&L exits and trails
    stale: str | None = None  # why it is no newer, in words

    @property
    def booked(self) -> Decimal:
        return total(line.booked for line in self.lines if line.booked is not None)

    @property
    def open(self) -> Decimal:
        return total(line.open for line in self.lines if line.open is not None)

    @property
    def adjustment(self) -> Decimal:
        """The official closes of yesterday against the prices that we valued it at."""
        return total(line.adjustment for line in self.lines)

    @property
    def gross(self) -> Decimal:
        """What the day made before charges."""
        return self.booked + self.open + self.adjustment

    @property
    def net(self) -> Decimal | None:
        return None if self.charges is None else self.gross - self.charges

    @property
    def unknown(self) -> tuple[PositionLine, ...]:
        """Lines that the sums leave out."""
        return tuple(line for line in self.lines if line.booked is None or (line.open is None and line.position.quantity))


@value
class Holding:
    """Shares in the demat account (mstock-type-b.md 7.3)."""

    instrument: Instrument
    isin: str
    quantity: int  # settled, shares
    t1: int  # bought, not yet delivered
    authorised: int
    collateral: int
    average: Decimal | None  # rupees; None: the broker does not say
    last: Decimal | None
    previous_close: Decimal | None
    sold: int = 0  # today, out of these: the broker lists them until the night
    base: NewBase | None = None  # a bonus or a split, it seems: then the change since the previous close says nothing

    @property
    def listed(self) -> int:
        """All shares as the broker lists them, those pledged and those sold today included."""
        return self.quantity + self.t1

    @property
    def total(self) -> int:
        """All shares that are left, those pledged included."""
        return max(self.listed - self.sold, 0)

    @property
    def sellable(self) -> int:
        """Shares that can be sold: what is left, less what is pledged."""
        return max(self.total - self.collateral, 0)

    @property
    def in_delivery(self) -> "Position":
        """What can be sold of it, as a position in delivery would stand."""
        return Position(
            instrument=self.instrument, product=Product.CNC, quantity=self.sellable, bought=0, sold=0, bought_value=ZERO,
            sold_value=ZERO, average=self.average,
        )  # fmt: skip

    @property
    def invested(self) -> Decimal | None:
        return None if self.average is None else self.average * self.total

    @property
    def value(self) -> Decimal | None:
        return None if self.last is None else self.last * self.total

    @property
    def profit(self) -> Decimal | None:
        """Rupees since entry. On the day of a new base quantity, average and price need not be of one kind."""
        if self.invested is None or self.value is None or self.base is not None:
            return None
        return self.value - self.invested


@value
class Holdings:
    """All holdings of an account at one moment."""

    lines: tuple[Holding, ...]
    as_of: datetime
    left_out: int = 0  # rows that could not be read
    stale: str | None = None  # why it is no newer, in words

    @property
    def value(self) -> Decimal:
        return total(line.value for line in self.lines if line.value is not None)

    @property
    def invested(self) -> Decimal | None:
        """Rupees paid for what has a known cost. None where no line has one."""
        known = [line.invested for line in self.lines if line.invested is not None]
        return total(known) if known or not self.lines else None


@value
class Funds:
    """Money for trading, rupees. None is "the broker has not said", never zero (mstock-type-b.md section 4)."""

    available: Decimal | None
    used: Decimal | None  # negative: delivery sales of today brought more than everything else blocks
    start_of_day: Decimal | None
    realised_loss: Decimal | None  # hidden by the broker in OPT_BUY_PRIMIUM_UTILIZE
    collateral: Decimal | None
    as_of: datetime
    sold_at: datetime | None = None  # UTC, of a sale so young that what it brought may not be in yet
    stale: str | None = None  # why it is no newer, in words


@value
class Margin:
    """What the broker would block for one order alone. It does not see a hedge. Rupees."""

    required: Decimal | None


@value
class PnL:
    """A day's profit and loss of one account, rupees."""

    booked: Decimal
    open: Decimal
    charges: Decimal | None  # as far as they are known; None: the fills are not known
    as_of: datetime
    lines: tuple[PositionLine, ...] = ()
    charges_missing: tuple[str, ...] = ()  # what they leave out, in words: "brokerage"
    holdings_change: Decimal | None = None  # since the previous close; never part of the net
    adjustment: Decimal = ZERO  # official closes of yesterday against the prices that we valued it at
    bill: DayBill | None = None  # what the charges are made of
    bases: tuple[NewBase, ...] = ()  # shares whose day change is not known for it
    plans: tuple[str, ...] = ()  # what the bot holds on the rows, in words
    stale: str | None = None  # why it is no newer, in words

    @property
    def gross(self) -> Decimal:
        return self.booked + self.open + self.adjustment

    @property
    def net(self) -> Decimal | None:
        return None if self.charges is None else self.gross - self.charges


@value
class DayReport:
    """The summary of one date. There is exactly one final one for an account and a date (invariant I12)."""

    account_id: str
    date: str  # ISO, in India
    booked: Decimal
    open: Decimal
    charges: Decimal | None
    orders: int
    filled_orders: int
    rejected_orders: int
    trades: int  # rows of the trade book
    carried: tuple[PositionLine, ...]
    cash: Decimal | None
    made_at: datetime
    late: bool = False  # made after its time because the process was down
    complete: bool = True  # False: the broker could not be asked; what is missing is said
    records_only: bool = False  # the broker's books of the day were not read: no figure in rupees means anything
    up_since: datetime | None = None  # when the process that made it was started; None: not noted
    adjustment: Decimal = ZERO  # official closes of the day before against the prices that it was valued at
    charges_missing: tuple[str, ...] = ()  # what the charges leave out, in words: "brokerage"
    facts: DayFacts | None = None  # what is told beside the sums; None: a row of an earlier version
    after: int = 0  # rows of the trade book that came after it was first made, and for which it was made again

    @property
    def gross(self) -> Decimal:
        return self.booked + self.open + self.adjustment

    @property
    def net(self) -> Decimal | None:
        """Rupees after the charges that are known. None: the fills were not known."""
        return None if self.charges is None else self.gross - self.charges
