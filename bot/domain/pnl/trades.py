"""What the ledger keeps: every fill of an account once, what was brought forward into it, and the marks of each day.

The trade book gives one row per fill. Its trade numbers may be empty or come twice, and the order book leaves `fillid` empty
even when traded, so no number of the broker's names a fill for good. What does is the order (the broker's order id, which
carries its date) and how much of the order is filled after it: the rows of one order, oldest first, are its steps.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.money import total
from bot.domain.orders.order import TradeFact
from bot.domain.terms import Product, Side
from bot.domain.value import value

FINE = Decimal("0.0001")  # rupees: finer than any tick

RowKey = tuple[InstrumentKey, Product]  # one row of the position book


@value
class LedgerTrade:
    """One fill of the account, whoever placed its order. It is unique by account, broker id and step."""

    account_id: str
    day: date  # the trading day, in India
    broker_id: str  # of its order
    step: int  # shares or units of the order that are filled after it
    trade_id: str  # as the trade book has it; may be empty
    order_id: str | None  # of our record of the order; None: the order book has not shown it yet
    instrument: Instrument  # as it was told then: an expired contract is in no master
    product: Product
    side: Side
    quantity: int  # shares or units, above nought
    price: Decimal | None  # rupees; None: nobody has said it yet
    at: datetime  # UTC
    missing: bool = False  # not in the trade book: the order book says that so much was filled

    @property
    def row(self) -> RowKey:
        """The row of the position book that it belongs to."""
        return self.instrument.key, self.product

    @property
    def signed(self) -> int:
        """The quantity, negative for a sale."""
        return self.side.sign * self.quantity

    @property
    def place(self) -> tuple[datetime, str, int]:
        """Where it stands among an account's fills, whatever the order in which they were read."""
        return self.at, self.broker_id, self.step


@value
class BroughtForward:
    """What the broker says was carried into a day, where our own fills do not say the same.

    From that day on it is what the row began with: earlier fills of ours count no more. The holding period is not known.
    """

    account_id: str
    day: date
    key: InstrumentKey
    product: Product
    quantity: int  # signed
    price: Decimal | None  # the broker's average, rupees; None: it does not say


@value
class DayMark:
    """How a row stood when its day was closed, in rupees. The next day calls it our previous close."""

    account_id: str
    day: date
    instrument: Instrument
    product: Product
    quantity: int  # signed, shares or units carried into the night
    mark: Decimal | None  # the price that the day was valued at; None: nothing was open
    booked: Decimal | None  # None: not known
    open: Decimal | None
    adjustment: Decimal
    since_entry: Decimal | None

    @property
    def row(self) -> RowKey:
        """The row of the position book that it belongs to."""
        return self.instrument.key, self.product


def distinct(rows: Sequence[TradeFact], filled: int = 0) -> list[TradeFact]:
    """The rows of one order in the trade book, oldest first, each fill once.

    A trade number that comes twice is one fill listed twice, unless only both together make what the order book says is filled
    (shares or units). Rows without a number are each a fill.
    """
    named = {row.trade_id: row for row in rows if row.trade_id}
    once = [*named.values(), *(row for row in rows if not row.trade_id)]
    found = once if sum(row.quantity for row in once) >= filled or sum(row.quantity for row in rows) > filled else rows
    return sorted(found, key=lambda row: (row.at is None, row.at, row.trade_id, row.quantity, row.price))


def rest_price(trades: Sequence[LedgerTrade], filled: int, average: Decimal | None) -> Decimal | None:
    """Rupees at which an order filled what its rows in the trade book leave out. None where nobody says.

    filled: of the order in all, shares or units. The average is rounded, so this is good to some paise, until the rows come.
    """
    done = filled_by(trades)
    if average is None or not done or any(trade.price is None for trade in trades):
        return average
    paid = total(trade.price * trade.quantity for trade in trades if trade.price is not None)
    price = ((average * filled - paid) / (filled - done)).quantize(FINE)
    return price if price > 0 else average


def filled_by(trades: Iterable[LedgerTrade]) -> int:
    """Shares or units of these fills together, whichever side."""
    return sum(trade.quantity for trade in trades)


def of_order(
    account_id: str, rows: Sequence[TradeFact], *, instrument: Instrument, order_id: str | None, now: datetime
) -> list[LedgerTrade]:
    """The distinct rows of one order, oldest first, as the ledger keeps them. now: UTC, of rows without a time."""
    trades, step = [], 0
    for row in rows:
        step += row.quantity
        at = row.at or now
        trade = LedgerTrade(
            account_id=account_id,
            day=ist_date(at),
            broker_id=row.broker_id,
            step=step,
            trade_id=row.trade_id,
            order_id=order_id,
            instrument=instrument,
            product=row.product,
            side=row.side,
            quantity=row.quantity,
            price=row.price,
            at=at,
        )
        trades.append(trade)
    return trades
