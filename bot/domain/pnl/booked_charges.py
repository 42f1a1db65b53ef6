"""What an order that closed something cost, together with the entries that it closed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from bot.domain.charges.charges import Tariff, Trade
from bot.domain.charges.tariff import BrokeragePlan
from bot.domain.market.instrument import Instrument
from bot.domain.pnl.fifo import Exit
from bot.domain.terms import Product, Side

ChargesOf = Callable[[Sequence[Exit], Instrument, Product, date], Decimal | None]


def unknown_charges(_exits: Sequence[Exit], _instrument: Instrument, _product: Product, _today: date) -> Decimal | None:
    """Costs that nobody has told."""
    return None


def booked_charges(
    exits: Sequence[Exit], instrument: Instrument, product: Product, today: date, *, tariff: Tariff, plan: BrokeragePlan | None
) -> Decimal | None:
    """Rupees for both sides of what was closed, as the day charges them.

    An entry of which only a part was closed pays its brokerage whole. None: a price is not known, or a charge.
    """
    entries, closings = [], []
    for part in exits:
        if part.entry is None or part.price is None:
            return None
        side = Side.SELL if part.quantity > 0 else Side.BUY
        entry = Trade(
            instrument=instrument,
            side=side.opposite,
            product=product,
            quantity=abs(part.quantity),
            price=part.entry,
            day=today,
            order=part.entry_order,
        )
        entries.append(entry)
        closings.append(replace(entry, side=side, price=part.price, order=part.order))
    carried = any(part.opened != today for part in exits)
    delivered = product in (Product.MTF, Product.CNC) and carried  # these are no intraday
    bill = tariff.day(entries, plan) + tariff.day(closings, plan) if delivered else tariff.day([*entries, *closings], plan)
    return None if bill.unknown else bill.total
