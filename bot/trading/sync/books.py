"""What one look reads at the broker: the three books of the day, and for an order of an earlier day what its history says."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from bot.domain.errors import BrokerError
from bot.domain.orders.order import Order, OrderFact, TradeFact
from bot.domain.orders.research import PastTrade
from bot.domain.ports.broker import Broker
from bot.domain.positions.portfolio import Position
from bot.domain.value import value

T = TypeVar("T")
U = TypeVar("U")

PATIENCE = 2.0  # seconds that trades and positions may come later than the orders
MOST_LIKE = 3  # trades of an earlier day that are shown


@value
class Look:
    """What one look at all books brought beside the orders."""

    positions: Sequence[Position]
    trades: Sequence[TradeFact]
    as_of: datetime  # what was known before this moment is in it, what filled since may be missing


async def read_books(broker: Broker) -> tuple[Sequence[OrderFact], Sequence[TradeFact] | None, Sequence[Position] | None]:
    """Orders, trades and positions, side by side, before whatever else of the books waits for its turn.

    What cannot be read of the last two, or not soon, leaves figures open and hides no fill. BrokerError for the orders alone.
    """
    trades, positions = asyncio.ensure_future(broker.trades(urgent=True)), asyncio.ensure_future(broker.positions(urgent=True))
    others: tuple[asyncio.Future[Any], ...] = (trades, positions)
    try:
        facts = await broker.orders(urgent=True)
        await asyncio.wait(others, timeout=PATIENCE)
        return facts, _or(trades, None), _or(positions, None)
    finally:
        for reading in others:
            reading.cancel()
        await asyncio.wait(others)


def _or(reading: "asyncio.Future[T]", otherwise: U) -> T | U:
    """What was read, or the other thing where the broker did not say it in time."""
    if not reading.done() or reading.cancelled():
        return otherwise
    error = reading.exception()
    if error is not None and not isinstance(error, BrokerError):
        raise error
    return otherwise if error is not None else reading.result()


def of_earlier_day(order: Order, trades: Sequence[PastTrade], positions: Sequence[Position]) -> str:
    """What could be an order of an earlier day, in words: the history names companies alone, so that the person judges."""
    draft = order.draft
    like = [
        f"{trade.side} {trade.quantity} {trade.name} at {trade.price} ({trade.time})"
        for trade in trades
        if (trade.side, trade.exchange) == (draft.side, draft.instrument.exchange) and trade.quantity <= draft.quantity
        if trade.product in (None, draft.product)
    ]
    more = f" and {len(like) - MOST_LIKE} more" if len(like) > MOST_LIKE else ""
    history = "; ".join(like[:MOST_LIKE]) + more if like else f"no {draft.side} that could be it"
    keys = [position for position in positions if position.instrument.key == draft.instrument.key and position.quantity]
    held = ", ".join(f"{position.quantity} {position.product}" for position in keys) or "none"
    return f"Trade history of {order.day:%d %b}: {history}. Open position in it now: {held}."
