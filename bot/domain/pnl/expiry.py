"""The end of a contract: what it is worth by its underlying's close, and what that costs.

The exchange settles an index at the mean of its last half hour. The last value seen is close to it and no more.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from bot.domain.charges.day_bill import Event, at_expiry
from bot.domain.market.instrument import Instrument, Right
from bot.domain.money import ZERO
from bot.domain.pnl.trades import DayMark


def worth_at_end(instrument: Instrument, spot: Decimal) -> Decimal:
    """Rupees a unit of a contract at its end. spot: the index or the share's price in rupees."""
    if instrument.strike is None:
        return spot
    reach = spot - instrument.strike if instrument.right is Right.CE else instrument.strike - spot
    return max(reach, ZERO)


def end_of(instrument: Instrument, quantity: int, worth: Decimal) -> Event | None:
    """What the day's charges are told of a contract that was held to its end. None: it costs nothing.

    quantity: signed, in units. worth: rupees a unit at its end.
    """
    spot = worth
    if instrument.strike is not None:
        spot = instrument.strike + worth if instrument.right is Right.CE else instrument.strike - worth
    return at_expiry(instrument, quantity, spot)


def ends_of(marks: Iterable[DayMark], day: date) -> Iterator[Event]:
    """The same of all contracts that ended on a day that is over, by the prices that the day was valued at."""
    for mark in marks:
        if mark.instrument.expiry == day and mark.quantity and mark.mark is not None:
            event = end_of(mark.instrument, mark.quantity, mark.mark)
            if event is not None:
                yield event
