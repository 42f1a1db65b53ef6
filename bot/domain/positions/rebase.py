"""The factor by which a bonus or a split seems to have changed a share's price, and what becomes of a level and a quantity."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Self

from bot.domain.positions.held import NewBase
from bot.domain.value import value

APART = Fraction(3, 100)  # of the factor: so far may two prices be from it, for a day's trade lies between them
_SMALL = {Fraction(old, new) for new in range(2, 7) for old in range(1, new)}  # a bonus of 1:1 is 1/2, of 1:2 is 2/3
_SPLITS = _SMALL | {Fraction(1, parts) for parts in (7, 8, 9, 10, 20, 100)}
_FACTORS = sorted(_SPLITS | {1 / factor for factor in _SPLITS if factor.numerator == 1})  # shares are put together as well


@value
class Rebase:
    """One factor of a share's price: 1/2 where a price of 100 became 50."""

    factor: Fraction

    @classmethod
    def suspected(cls, base: NewBase) -> Self | None:
        """The usual factor that explains a new base best. None where none comes near, as after a demerger."""
        if base.before <= 0 or base.now <= 0:
            return None
        seen = Fraction(base.now) / Fraction(base.before)
        nearest = min(_FACTORS, key=lambda factor: abs(seen / factor - 1))
        return cls(factor=nearest) if abs(seen / nearest - 1) <= APART else None

    def price(self, before: Decimal, tick: Decimal) -> Decimal:
        """A price of before the change, in rupees, as it would read after it: on the tick, and one tick at least."""
        exact = Fraction(before) * self.factor / Fraction(tick)
        steps = (Decimal(exact.numerator) / exact.denominator).quantize(Decimal(1), ROUND_HALF_UP)
        return max(steps, Decimal(1)) * tick

    def quantity(self, before: int) -> int:
        """So many shares of before as shares of after. A part of a share is paid out in money."""
        return int(before / self.factor)

    def __str__(self) -> str:
        """Writes it as a person reads it: ×0.5, ×2/3."""
        hundredths = Decimal(round(self.factor * 100)) / 100
        return f"×{hundredths.normalize():f}" if Fraction(hundredths) == self.factor else f"×{self.factor}"
