"""What a person says beside the order itself: a stop or target attached to it, a part of what is held."""

from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from bot.domain.money import in_figures
from bot.domain.value import value


class Measure(StrEnum):
    """How a stop or a target is said: as a price, as points away from the entry, as per cent of it."""

    PRICE = ""
    AT = "@"  # as a price, and surely not as points: sl @20
    POINTS = "pts"
    PERCENT = "%"


PRICES = frozenset({Measure.PRICE, Measure.AT})


@value
class Leg:
    """A stop or a target attached to an entry, as it was said. Rupees, points or per cent, always above zero."""

    value: Decimal
    measure: Measure = Measure.PRICE
    limit: Decimal | None = None  # of a stop said as a price: the worst price in rupees

    def __post_init__(self) -> None:
        if self.value <= 0 or (self.limit is not None and (self.limit <= 0 or self.measure not in PRICES)):
            msg = f"{self.value}{self.measure} with the limit {self.limit} is no leg"
            raise ValueError(msg)

    def __str__(self) -> str:
        limit = f"/{in_figures(self.limit)}" if self.limit is not None else ""
        match self.measure:
            case Measure.PRICE | Measure.AT:
                return f"{in_figures(self.value)}{limit}"
            case Measure.POINTS:
                return f"{in_figures(self.value)} points away"
            case Measure.PERCENT:
                return f"{self.value:f} % away"

    def away(self, entry: Decimal, sign: int) -> Decimal:
        """The price in rupees, off the tick yet: sign -1 below the entry, +1 above it. A price is itself."""
        match self.measure:
            case Measure.PRICE | Measure.AT:
                return self.value
            case Measure.POINTS:
                return entry + sign * self.value
            case Measure.PERCENT:
                return entry + sign * entry * self.value / 100


@value
class TrailSaid:
    """A trail as a person says it: `15`, `2%`, `15 step 10`. What it becomes is a rule, which refuses what would not follow."""

    every: Decimal  # points, or per cent of the price that it starts from
    measure: Measure = Measure.POINTS
    step: Decimal | None = None  # points that the stop goes for each `every`; None: it follows continuously

    def __str__(self) -> str:
        unit = " %" if self.measure is Measure.PERCENT else ""
        step = f" step {in_figures(self.step)}" if self.step is not None else ""
        return f"{in_figures(self.every)}{unit}{step}"


class Portion(StrEnum):
    """A part of what is held, as a size."""

    ALL = "all"
    HALF = "half"

    def of(self, held: int, lot: int) -> int:
        """Shares or units in whole lots. A half is rounded down, all is what whole lots there are."""
        part = Decimal(held) if self is Portion.ALL else Decimal(held) / 2
        return int((part / lot).to_integral_value(ROUND_FLOOR)) * lot
