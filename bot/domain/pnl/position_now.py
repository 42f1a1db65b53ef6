"""The position in an order's instrument from the three books of one look, where position book and trade book agree."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.market.instrument import Instrument
from bot.domain.money import total
from bot.domain.orders.order import Order, OrderFact, TradeFact
from bot.domain.orders.position_after import PositionAfter
from bot.domain.pnl.booked_charges import ChargesOf, unknown_charges
from bot.domain.pnl.fifo import Exit, Lot, cost_of, lots_of, match_day, quantity_of
from bot.domain.pnl.trades import distinct, of_order
from bot.domain.positions.portfolio import Holding, Position
from bot.domain.terms import Product


def position_after(
    order: Order,
    facts: Sequence[OrderFact],
    trades: Sequence[TradeFact],
    positions: Sequence[Position] | None,
    *,
    last: Decimal | None,
    carried: Callable[[int], Sequence[Lot] | None],
    now: datetime,
    holding: Holding | None = None,
    charges_of: ChargesOf = unknown_charges,
) -> PositionAfter:
    """The position in the order's instrument and product.

    last: rupees, the newest price known, if any. carried: the lots that make this quantity, open when the day began. None: not
    known. holding: the demat shares of the instrument, for what is sold out of them. charges_of: what both sides of that which
    the order closed cost.
    """
    key, product, side = order.draft.instrument.key, order.draft.product, order.draft.side
    guarded = any(
        fact.key == key and fact.product is product and fact.side is side and fact.status.is_working
        for fact in facts
        if fact.broker_id != order.broker_id
    )
    mine = [trade for trade in trades if trade.broker_id == order.broker_id]
    done = [trade for trade in trades if trade.key == key and trade.product is product]
    row = next((row for row in positions or () if row.instrument.key == key and row.product is product), None)
    start = row.carried if row is not None else 0
    net = start + sum(trade.quantity * trade.side.sign for trade in done)
    held = row.quantity if row is not None else 0
    agree = positions is not None and held == net and sum(trade.quantity for trade in mine) == order.filled
    before = held - order.filled * side.sign
    if not agree:
        return PositionAfter(quantity=None, guarded=guarded)
    multiplier = row.multiplier if row is not None else 1
    sold_holding = row is not None and row.is_sold_holding
    lots: Sequence[Lot] | None = ()
    if sold_holding:
        lots = _held(holding, carried) if holding is not None else None
    elif start:
        lots = carried(start)
    closed: Sequence[Exit] = ()
    left: Sequence[Lot] = ()
    if lots is not None and order.broker_id is not None:
        closed, left = closed_by(order.broker_id, done, lots, instrument=order.draft.instrument, product=product, now=now)
    whole = not sold_holding or sum(part.quantity for part in closed) == order.filled  # else more was sold than is listed
    booked = booked_of(closed) if whole else None
    charges = charges_of(closed, order.draft.instrument, product, ist_date(now)) if booked is not None else None
    booked = booked * multiplier if booked is not None else None
    if sold_holding:
        return PositionAfter(quantity=0, booked=booked, charges=charges, closes=True, guarded=guarded, sold_holding=True)
    average = row.average if row is not None else None
    if quantity_of(left) == held and (cost := cost_of(left)) is not None and held:
        average = cost / held  # of what is left, where the broker takes all that was bought
    value = last if last is not None else mine[-1].price if mine else None
    return PositionAfter(
        quantity=held,
        average=average,
        open=(value - average) * held * multiplier if value is not None and average is not None else None,
        booked=booked,
        charges=charges,
        closes=before * side.sign < 0,
        guarded=guarded,
    )


def _held(holding: Holding, carried: Callable[[int], Sequence[Lot] | None]) -> Sequence[Lot]:
    """Shares in the demat account: by our own fills where these make all of them, else at the broker's average."""
    return carried(holding.listed) or (Lot(holding.listed, holding.average),)


def closed_by(
    broker_id: str,
    trades: Sequence[TradeFact],
    carried: Sequence[Lot],
    *,
    instrument: Instrument,
    product: Product,
    now: datetime,
) -> tuple[Sequence[Exit], Sequence[Lot]]:
    """What one order's own fills closed, first in first out, and what is open after all of them.

    trades: all of the day in its instrument and product. carried: what was open when the day began.
    """
    rows: defaultdict[str, list[TradeFact]] = defaultdict(list)
    for trade in trades:
        rows[trade.broker_id].append(trade)
    fills = [fill for row in rows.values() for fill in of_order("", distinct(row), instrument=instrument, order_id=None, now=now)]
    exits, left = match_day(carried, lots_of(fills), product)
    return [part for part in exits if part.order == broker_id], left


def booked_of(exits: Sequence[Exit]) -> Decimal | None:
    """Rupees that they booked, for a multiplier of one. None where nothing was closed, or a price is not known."""
    amounts = [part.amount for part in exits]
    known = [amount for amount in amounts if amount is not None]
    return total(known) if known and len(known) == len(amounts) else None
