"""What a set of contracts on one underlying is worth when they end, against what they were entered at.

Charges are not in it.
"""

from collections.abc import Sequence
from decimal import Decimal

from bot.domain.market.instrument import Right
from bot.domain.money import ZERO, total
from bot.domain.value import value


@value
class PayoffLeg:
    """One position. Without a right it is a future or the share itself, whose worth is the underlying's price."""

    name: str  # as lists show it
    right: Right | None
    strike: Decimal | None  # rupees; of an option
    quantity: int  # signed, shares or units
    average: Decimal  # rupees it was entered at

    def worth(self, spot: Decimal) -> Decimal:
        """Rupees for one unit when it ends with the underlying at this price."""
        if self.right is None or self.strike is None:
            return spot
        return max(spot - self.strike if self.right is Right.CE else self.strike - spot, ZERO)


def profit(legs: Sequence[PayoffLeg], spot: Decimal) -> Decimal:
    """Rupees of all legs when they end with the underlying at this price, entry prices taken off."""
    return total((leg.worth(spot) - leg.average) * leg.quantity for leg in legs)


def slope_above(legs: Sequence[PayoffLeg]) -> int:
    """Rupees for each rupee of the underlying beyond the highest strike. Below zero: the loss has no end."""
    return sum(leg.quantity for leg in legs if leg.right is not Right.PE)


def corners(legs: Sequence[PayoffLeg]) -> tuple[Decimal, ...]:
    """Where the line bends: zero and every strike, rising."""
    return tuple(sorted({ZERO, *(leg.strike for leg in legs if leg.strike is not None)}))


def break_evens(legs: Sequence[PayoffLeg]) -> tuple[Decimal, ...]:
    """Prices of the underlying, rupees and rising, at which nothing is won or lost. Where a whole stretch is zero, its ends."""
    bends = corners(legs)
    values = [profit(legs, bend) for bend in bends]
    zeros = {bend for bend, value in zip(bends, values, strict=True) if value == 0}
    for left, right, low, high in zip(bends, bends[1:], values, values[1:], strict=False):
        if low * high < 0:
            zeros.add(left + (right - left) * low / (low - high))
    slope = slope_above(legs)
    if slope and values[-1] / slope < 0:
        zeros.add(bends[-1] - values[-1] / slope)
    return tuple(sorted(zeros))


def extremes(legs: Sequence[PayoffLeg]) -> tuple[Decimal | None, Decimal | None]:
    """(most that can be lost as a figure below zero or the least gain, most that can be won), rupees. None: without end."""
    values = [profit(legs, bend) for bend in corners(legs)]
    slope = slope_above(legs)
    return None if slope < 0 else min(values), None if slope > 0 else max(values)
