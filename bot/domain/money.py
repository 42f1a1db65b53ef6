"""Exact money: Decimal prices and rupees, rounding to a tick, floats refused."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, InvalidOperation

ZERO = Decimal(0)
PAISA = Decimal("0.01")


def exact(value: str | int | Decimal) -> Decimal:
    """An exact, finite Decimal. ValueError for what is no number, TypeError for a float (it is already inexact)."""
    if isinstance(value, float):  # a caller without a type checker can still hand one over
        msg = f"a float is not money: {value!r}"
        raise TypeError(msg)
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        msg = f"not a number: {value!r}"
        raise ValueError(msg) from None
    if not number.is_finite():
        msg = f"not a finite number: {value!r}"
        raise ValueError(msg)
    return number


def to_paise(amount: Decimal) -> Decimal:
    """Rupees rounded half-even to the paisa, for showing. Sums are made before this, never after."""
    return amount.quantize(PAISA, rounding=ROUND_HALF_EVEN)


def grouped(digits: str) -> str:
    """Indian grouping of a run of digits: 123456 -> 1,23,456."""
    head, tail = digits[:-3], digits[-3:]
    if not head:
        return tail
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    return ",".join([*reversed(pairs), tail])


def in_figures(rupees: Decimal) -> str:
    """Rupees to the paisa as they are written in India, without a sign: 1,23,456.50."""
    whole, _, part = f"{abs(to_paise(rupees)):f}".partition(".")
    return f"{grouped(whole)}.{part}"


def in_price(price: Decimal) -> str:
    """A price above zero in rupees as it is written in India: at least two decimals, and all it has: 1,490.05, 0.0025."""
    whole, _, part = f"{price:f}".partition(".")
    return f"{grouped(whole)}.{part.rstrip('0').ljust(2, '0')}"


def on_tick(price: Decimal, tick: Decimal) -> bool:
    """Whether the price stands on the instrument's grid."""
    return price % tick == 0


def tick_up(price: Decimal, tick: Decimal) -> Decimal:
    """The nearest price on the grid at or above."""
    return (price / tick).to_integral_value(ROUND_CEILING) * tick


def tick_down(price: Decimal, tick: Decimal) -> Decimal:
    """The nearest price on the grid at or below."""
    return (price / tick).to_integral_value(ROUND_FLOOR) * tick


def total(amounts: Iterable[Decimal]) -> Decimal:
    """An exact sum that is Decimal even when there is nothing to add."""
    return sum(amounts, ZERO)
