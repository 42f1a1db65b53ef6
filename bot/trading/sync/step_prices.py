"""At which price an order filled from one look to the next, where the trade book's rows say so."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from bot.domain.money import ZERO
from bot.domain.orders.order import TradeFact
from bot.domain.pnl.trades import FINE, distinct


def _rows(trades: Sequence[TradeFact], broker_id: str) -> list[TradeFact]:
    """One order's rows, oldest first, each fill once."""
    return distinct([row for row in trades if row.broker_id == broker_id])


def last_trade(trades: Sequence[TradeFact], broker_id: str) -> datetime | None:
    """When an order last filled, by the trade book. None where it has no row of it, or no time."""
    rows = _rows(trades, broker_id)
    return rows[-1].at if rows else None


def step_price(
    trades: Sequence[TradeFact], broker_id: str, filled_before: int, filled_after: int
) -> tuple[Decimal | None, Decimal | None]:
    """(price of the step, average of all) in rupees from the trade book's rows. None where the rows do not agree.

    A step's price is never derived from two rounded averages: 7,400 at 100.03 and then 100 at 100.05 would read 100.78.
    It is known only when rows end exactly at both edges of the step.
    """
    done, value = 0, ZERO
    value_at = {0: ZERO}
    for row in _rows(trades, broker_id):
        done += row.quantity
        value += row.price * row.quantity
        value_at[done] = value
    after, before = value_at.get(filled_after), value_at.get(filled_before)
    if after is None:
        return None, None
    average = (after / filled_after).quantize(FINE)
    if before is None:
        return None, average
    return ((after - before) / (filled_after - filled_before)).quantize(FINE), average
