"""Positions, holdings, funds and profit and loss: arithmetic on what the broker reports."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.money import ZERO, total
from bot.domain.orders.order import OrderDraft
from bot.domain.terms import Product


@dataclass(frozen=True, slots=True, kw_only=True)
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
    multiplier: int = 1

    @property
    def is_sold_holding(self) -> bool:
        """A negative delivery row is stock sold out of the holdings, not a short."""
        return self.product is Product.CNC and self.quantity < 0

    def open_profit(self, last: Decimal) -> Decimal:
        """Rupees on the open quantity since entry."""
        if not self.quantity or self.average is None:
            return ZERO
        return (last - self.average) * self.quantity * self.multiplier

    def booked_profit(self) -> Decimal:
        """Rupees realised: all that came in less all that went out, the open quantity taken at its average."""
        opened = self.average * self.quantity * self.multiplier if self.average is not None else ZERO
        return self.sold_value - self.bought_value + opened


def met_today(draft: OrderDraft, positions: Iterable[Position]) -> int:
    """Shares of an order that meet what the day left open the other way in delivery or MTF: together they are intraday.

    Carried shares are not of the day; those held since yesterday leave the depository.
    """
    left = sum(
        position.quantity - position.carried
        for position in positions
        if position.instrument.key == draft.instrument.key and position.product in (Product.CNC, Product.MTF)
    )
    return min(max(-left * draft.side.sign, 0), draft.quantity)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionLine:
    """A position with the price that values it; unknown figures are None."""

    position: Position
    price: Price | None
    booked: Decimal | None  # None: a sold holding whose cost nobody knows
    open: Decimal | None  # None: no price
    guarded: bool | None = None  # whether a stop waits for it at the exchange; None: the order book was not read yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """All positions of an account at one moment."""

    lines: tuple[PositionLine, ...]
    as_of: datetime
    charges: Decimal | None = None  # of the day's fills, rupees, as far as they are known; None: the fills are not known
    charges_missing: tuple[str, ...] = ()  # what they leave out, in words: "brokerage"

    @property
    def booked(self) -> Decimal:
        return total(line.booked for line in self.lines if line.booked is not None)

    @property
    def open(self) -> Decimal:
        return total(line.open for line in self.lines if line.open is not None)

    @property
    def net(self) -> Decimal | None:
        return None if self.charges is None else self.booked + self.open - self.charges

    @property
    def unknown(self) -> tuple[PositionLine, ...]:
        """Lines that the sums leave out."""
        return tuple(line for line in self.lines if line.booked is None or (line.open is None and line.position.quantity))


@dataclass(frozen=True, slots=True, kw_only=True)
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

    @property
    def total(self) -> int:
        return self.quantity + self.t1

    @property
    def invested(self) -> Decimal | None:
        return None if self.average is None else self.average * self.total

    @property
    def value(self) -> Decimal | None:
        return None if self.last is None else self.last * self.total

    @property
    def profit(self) -> Decimal | None:
        if self.invested is None or self.value is None:
            return None
        return self.value - self.invested


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """All holdings of an account at one moment."""

    lines: tuple[Holding, ...]
    as_of: datetime

    @property
    def value(self) -> Decimal:
        return total(line.value for line in self.lines if line.value is not None)

    @property
    def invested(self) -> Decimal:
        return total(line.invested for line in self.lines if line.invested is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """Money for trading, rupees; None is "the broker has not said", never zero (mstock-type-b.md section 4)."""

    available: Decimal | None
    used: Decimal | None
    start_of_day: Decimal | None
    realised_loss: Decimal | None  # hidden by the broker in OPT_BUY_PRIMIUM_UTILIZE
    collateral: Decimal | None
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """What the broker would block for one order alone; it does not see a hedge. Rupees."""

    required: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PnL:
    """A day's profit and loss of one account, rupees."""

    booked: Decimal
    open: Decimal
    charges: Decimal | None  # as far as they are known; None: the fills are not known
    as_of: datetime
    lines: tuple[PositionLine, ...] = ()
    charges_missing: tuple[str, ...] = ()  # what they leave out, in words: "brokerage"
    holdings_change: Decimal | None = None  # since the previous close; never part of the net

    @property
    def gross(self) -> Decimal:
        return self.booked + self.open

    @property
    def net(self) -> Decimal | None:
        return None if self.charges is None else self.gross - self.charges


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """The summary of one date; there is exactly one final one for an account and a date (invariant I12)."""

    account_id: str
    date: str  # ISO, in India
    booked: Decimal
    open: Decimal
    charges: Decimal | None
    orders: int
    filled_orders: int
    rejected_orders: int
    trades: int  # fills
    carried: tuple[PositionLine, ...]
    cash: Decimal | None
    made_at: datetime
    late: bool = False  # made after its time because the process was down
    complete: bool = True  # False: the broker could not be asked; what is missing is said
    records_only: bool = False  # the broker's books of the day were not read: no figure in rupees means anything
    up_since: datetime | None = None  # when the process that made it was started; None: not noted

    @property
    def net(self) -> Decimal | None:
        return None if self.charges is None else self.booked + self.open - self.charges
