"""What an order or a position ties up, by rules simple enough to be said in one table.

| product                     | held back                                                        |
|-----------------------------|------------------------------------------------------------------|
| DELIVERY, buying            | the whole value                                                  |
| DELIVERY, selling           | nothing (shares leave the demat account)                         |
| INTRADAY, shares            | 20 % of the value, either side                                   |
| MARGIN (MTF), buying        | 30 % of the value                                                |
| option bought               | the whole premium                                                |
| future, option sold: index  | 10 % (SPAN) + 2 % (exposure) of the underlying's value           |
| future, option sold: share  | 15 % (SPAN) + 5 % (exposure) of the underlying's value           |

No hedge is recognised: two legs cost what they cost alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.simulators.broker.accounts.records import Product, Side
from bot.simulators.broker.market.instruments import Instrument


@dataclass(frozen=True, slots=True)
class Margin:
    """Paise, in the three parts that the margin route names (section 8)."""

    span: int = 0
    exposure: int = 0
    var: int = 0

    @property
    def total(self) -> int:
        return self.span + self.exposure + self.var


def required(instrument: Instrument, *, product: Product, side: Side, quantity: int, price: int, spot: int) -> Margin:
    """For opening `quantity` units at `price`. `spot` is the underlying's price (paise)."""
    value = quantity * price
    if not instrument.is_derivative:
        if product == "DELIVERY":
            return Margin(var=value if side == "BUY" else 0)
        return Margin(var=value * (30 if product == "MARGIN" else 20) // 100)
    if instrument.is_option and side == "BUY":
        return Margin(span=value)
    span, exposure = (10, 2) if instrument.kind.endswith("IDX") else (15, 5)
    notional = quantity * (spot if instrument.is_option else price)
    return Margin(span=notional * span // 100, exposure=notional * exposure // 100)
