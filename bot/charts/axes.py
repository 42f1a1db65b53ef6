"""Scales: which figures and times stand along an axis, and where a value lies on it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from bot.charts.canvas import FAINT, GRID, SMALL, Canvas, width_of
from bot.domain.clock import ist
from bot.domain.money import ZERO, grouped

MINUS = "−"


def figure(value: Decimal, places: int = 2, *, signed: bool = False) -> str:
    """A number in Indian grouping: 1,23,456.50, or with its sign always: +222.50, −135. Zero has no sign."""
    rounded = round(value, places)
    whole, _, part = f"{abs(rounded):.{places}f}".partition(".")
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return sign + grouped(whole) + (f".{part}" if part else "")


UNITS = ((10_000_000, "Cr"), (100_000, "L"), (1_000, "k"))
LONG = 10_000  # from here on a figure is shortened where room is short


def short_figure(value: Decimal, *, signed: bool = False, beside: Decimal = ZERO) -> str:
    """A large number in few characters: +1.25L, −12.5k, 3.4Cr. Below ten thousand it is whole.

    beside: the largest figure of the same axis, whose unit all of them take.
    """
    measure = max(abs(value), abs(beside))
    if measure < LONG or not value:
        return figure(value, 0, signed=signed)
    unit, name = next((unit, name) for unit, name in UNITS if measure >= unit)
    part = value / unit
    text = figure(part, 1 if abs(part) >= 10 else 2, signed=signed)
    return (text.rstrip("0").rstrip(".") if "." in text else text) + name


def day_words(day: date) -> str:
    """24 Nov."""
    return f"{day.day} {day:%b}"


def time_words(moment: datetime) -> str:
    """14:05 on India's clock."""
    return ist(moment).strftime("%H:%M")


def as_of_words(moment: datetime) -> str:
    """28 Nov 14:05 IST."""
    return f"{day_words(ist(moment).date())} {time_words(moment)} IST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Values from low to high between two edges in pixels. `start` is where low lies."""

    low: Decimal
    high: Decimal
    start: float
    end: float

    def at(self, value: Decimal) -> float:
        """The pixel of a value. A scale of one value has it in the middle."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (self.end - self.start) * float((value - self.low) / (self.high - self.low))


def spread(values: Sequence[Decimal], *, start: float, end: float, air: str = "0.06") -> Scale:
    """A scale that holds the values with some air above and below. A flat line gets a hundredth of itself, at least one."""
    low, high = min(values), max(values)
    gap = (high - low) * Decimal(air) or max(abs(high) / 100, Decimal(1))
    return Scale(low=low - gap, high=high + gap, start=start, end=end)


def ticks(scale: Scale, most: int) -> tuple[Sequence[Decimal], int]:
    """Round values on the scale, at most so many, and the places that tell them apart."""
    reach = scale.high - scale.low
    if reach <= 0:
        return [scale.low], 2
    exponent = math.floor(math.log10(reach / most))
    for power in (exponent, exponent + 1):
        for base in (1, 2, 5):
            step = Decimal(base).scaleb(power)
            first = math.ceil(scale.low / step)
            last = math.floor(scale.high / step)
            if last - first + 1 <= most:
                return [step * count for count in range(first, last + 1)], max(0, -power)
    return [], 0


def lay_ticks(
    canvas: Canvas,
    scale: Scale,
    left: float,
    right: float,
    *,
    most: int = 6,
    signed: bool = False,
    taken: Sequence[float] = (),
) -> None:
    """Level lines at round values, their figures right of them but where the heights are taken by something else."""
    for value, words in _figures(scale, most, signed=signed):
        y = scale.at(value)
        canvas.across(y, left, right, colour=GRID)
        if all(abs(y - other) > SMALL + 6 for other in taken):
            canvas.text((right + 12, y), words, size=SMALL, colour=FAINT, anchor="lm")


def axis_width(scale: Scale, *, most: int = 6, signed: bool = False) -> float:
    """Pixels that the figures of the axis need, the gap before them included."""
    return max((width_of(words, SMALL) for _, words in _figures(scale, most, signed=signed)), default=0) + 16


def _figures(scale: Scale, most: int, *, signed: bool) -> Sequence[tuple[Decimal, str]]:
    """Prices stand whole. Money, which has a sign, is shortened."""
    values, places = ticks(scale, most)
    largest = max((abs(value) for value in values), default=ZERO)
    if signed and largest >= LONG:
        return [(value, short_figure(value, signed=True, beside=largest)) for value in values]
    return [(value, figure(value, places, signed=signed)) for value in values]
