"""What is held of an order's instrument after a look at the books, where position book and trade book agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.money import ZERO
from bot.domain.orders.order import Order, OrderFact, TradeFact
from bot.domain.orders.portfolio import Position
from bot.domain.terms import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionAfter:
    """One instrument in one product after a step of an order; amounts are rupees, quantities shares or units."""

    quantity: int | None  # net; None: the books do not agree, or were not read
    average: Decimal | None = None  # of the open side
    open: Decimal | None = None  # since entry, at the last price; None: no price
    booked: Decimal | None = None  # what the order has booked in all, before charges; None: it opened, or it is not known
    closes: bool = False  # the order worked against what was open
    guarded: bool = False  # another order works on its side

    def left_by(self, order: Order) -> int:
        """Shares or units that the order was to close and that are still open; 0 where that is not known."""
        return abs(self.quantity) if self.quantity and self.quantity * order.draft.side.sign < 0 else 0


def position_after(
    order: Order,
    facts: Sequence[OrderFact],
    trades: Sequence[TradeFact],
    positions: Sequence[Position] | None,
    last: Decimal | None,
) -> PositionAfter:
    """The position in the order's instrument and product; last: rupees, the newest price known, if any."""
    key, product, side = order.draft.instrument.key, order.draft.product, order.draft.side
    guarded = any(
        fact.key == key and fact.product is product and fact.side is side and fact.status.is_working
        for fact in facts
        if fact.broker_id != order.broker_id
    )
    mine = [trade for trade in trades if trade.broker_id == order.broker_id]
    done = [trade for trade in trades if trade.key == key and trade.product is product]
    row = next((row for row in positions or () if row.instrument.key == key and row.product is product), None)
    carried = row.carried if row is not None else 0
    net = carried + sum(trade.quantity * trade.side.sign for trade in done)
    held = row.quantity if row is not None else 0
    agree = positions is not None and held == net and sum(trade.quantity for trade in mine) == order.filled
    before = held - order.filled * side.sign
    if not agree:
        return PositionAfter(quantity=None, guarded=guarded)
    average = row.average if row is not None else None
    value = last if last is not None else mine[-1].price if mine else None
    return PositionAfter(
        quantity=held,
        average=average,
        open=row.open_profit(value) if row is not None and value is not None and average is not None else None,
        booked=None if carried else booked_by(order, done, row.multiplier if row is not None else 1),
        closes=before * side.sign < 0,
        guarded=guarded,
    )


def not_closed(order: Order, others: Sequence[Order]) -> PositionAfter:
    """What a refused exit leaves: all that it was to close, and whether another order works on its side."""
    mine = (order.draft.instrument.key, order.draft.product, order.draft.side)
    guarded = any(
        (other.draft.instrument.key, other.draft.product, other.draft.side) == mine for other in others if other.status.is_working
    )
    return PositionAfter(quantity=None, closes=True, guarded=guarded)


def booked_by(order: Order, trades: Sequence[TradeFact], multiplier: int) -> Decimal | None:
    """Rupees that the order's own trades booked, against the average of what was open; None where they closed nothing.

    trades: all of the day in its instrument and product, with nothing carried before them.
    """
    held, cost, booked, closed = 0, ZERO, ZERO, False
    for trade in sorted(trades, key=lambda row: (row.at is None, row.at, row.trade_id)):
        sign = 1 if trade.side is Side.BUY else -1
        closing = min(abs(held), trade.quantity) if held * sign < 0 else 0
        if closing:
            average = cost / abs(held)
            if trade.broker_id == order.broker_id:
                booked += (average - trade.price) * sign * closing * multiplier
                closed = True
            cost -= average * closing
        cost += trade.price * (trade.quantity - closing)
        held += sign * trade.quantity
    return booked if closed else None
