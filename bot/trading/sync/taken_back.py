"""Trades that mStock or the exchange takes back: all three books of a look show less of an order filled than they did."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from bot.domain.orders.order import OrderFact, TradeFact
from bot.domain.pnl.trades import distinct
from bot.domain.positions.portfolio import Position

LASTS = timedelta(seconds=60)  # for so long the books show less, or a look was only older than the one before it


def is_in_all_books(fact: OrderFact, trades: Sequence[TradeFact], positions: Sequence[Position] | None) -> bool:
    """Whether trade book and positions show what the order's row does.

    The products of an instrument count together, for a conversion moves what is held from one to another.
    """
    fills: defaultdict[str, list[TradeFact]] = defaultdict(list)
    for trade in trades:
        if trade.key == fact.key:
            fills[trade.broker_id].append(trade)
    net = sum(trade.quantity * trade.side.sign for rows in fills.values() for trade in distinct(rows))
    held = [position for position in positions or () if position.instrument.key == fact.key]
    agree = sum(row.quantity for row in held) == sum(row.carried for row in held) + net
    return positions is not None and agree and sum(trade.quantity for trade in distinct(fills[fact.broker_id])) == fact.filled
