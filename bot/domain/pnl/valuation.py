"""The result of open rows at the prices of now, kept up tick by tick: a new price costs one multiplication."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from bot.domain.market.instrument import InstrumentKey
from bot.domain.money import ZERO
from bot.domain.plans.pnl_exit import Mark, ScopeResult
from bot.domain.value import value


@value
class OpenUnits:
    """One open row: each rupee of its price is worth so many rupees."""

    name: str
    key: InstrumentKey
    units: int  # signed, times the multiplier
    price: Decimal  # rupees, at which the rows' result was worked out


class Valuation:
    """What rows made at their prices of then, and what the prices of now make of that."""

    def __init__(
        self, made: Decimal | None, rows: Iterable[OpenUnits] = (), *, missing: tuple[str, ...] = (), flat: bool = False
    ) -> None:
        """made: rupees at the rows' own prices. None: not known. missing: what is not known of it, named."""
        self._fixed, self._missing, self._flat = made, missing, flat
        self._units: dict[InstrumentKey, int] = {}
        self._names: dict[InstrumentKey, str] = {}
        for row in rows:
            self._units[row.key] = self._units.get(row.key, 0) + row.units
            self._names[row.key] = row.name
            if self._fixed is not None:
                self._fixed -= row.units * row.price
        self._marks: dict[InstrumentKey, Mark] = {}
        self._worth, self._at_mid = ZERO, 0

    @property
    def keys(self) -> frozenset[InstrumentKey]:
        return frozenset(self._units)

    @property
    def marks(self) -> Mapping[InstrumentKey, Mark]:
        """The prices of now that are known."""
        return self._marks

    def price(self, key: InstrumentKey, mark: Mark | None) -> bool:
        """The price of now of one instrument. None: not known. Whether that changed anything."""
        before, units = self._marks.get(key), self._units.get(key)
        if units is None or before == mark:
            return False
        if before is not None:
            self._worth -= units * before.price
            self._at_mid -= before.at_mid
            del self._marks[key]
        if mark is not None:
            self._worth += units * mark.price
            self._at_mid += mark.at_mid
            self._marks[key] = mark
        return True

    @property
    def value(self) -> Decimal | None:
        """Rupees at the prices of now. None while one of them is not known."""
        if self._fixed is None or self._missing or len(self._marks) < len(self._units):
            return None
        return self._fixed + self._worth

    @property
    def figure(self) -> ScopeResult:
        """The same with what is missing by name."""
        blind = [self._names[key] for key in self._units if key not in self._marks]
        missing = tuple(dict.fromkeys((*self._missing, *blind)))
        return ScopeResult(value=self.value, missing=missing, at_mid=bool(self._at_mid), flat=self._flat)
