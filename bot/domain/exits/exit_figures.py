"""What an exit makes of what was paid: arithmetic for its card, before charges."""

from collections.abc import Sequence
from decimal import Decimal

from bot.domain.market.prices import Price
from bot.domain.money import PAISA
from bot.domain.orders.order import OrderDraft
from bot.domain.positions.portfolio import Holding, Position
from bot.domain.terms import Product, Side
from bot.domain.value import value

_FINER = Decimal("0.0001")  # where the tick is finer than a paisa


@value
class ExitFigures:
    """Rupees. None is "not known"."""

    entry: Decimal | None  # the average of what it closes, the oldest first
    if_now: Decimal | None  # profit or loss if it fills at the bid or ask of now
    at_worst: Decimal | None  # and at the worst price that it can fill at

    @classmethod
    def of(
        cls,
        draft: OrderDraft,
        positions: Sequence[Position],
        holdings: Sequence[Holding],
        price: Price | None,
        paid: Decimal | None = None,
    ) -> "ExitFigures":
        """The average is known where all that is sold stands in one row: a position, or a holding.

        paid: rupees for each of what it closes, where our own fills say so. Else the broker's average of the row.
        """
        key, sells = draft.instrument.key, draft.side is Side.SELL
        rows = [row for row in positions if row.instrument.key == key and row.product is draft.product]
        rows = [row for row in rows if row.quantity * draft.side.sign < 0]
        entry, multiplier = None, 1
        if rows and abs(rows[0].quantity) >= draft.quantity:
            entry, multiplier = rows[0].average, rows[0].multiplier
        elif not rows and sells and draft.product is Product.CNC:
            entry = next((row.average for row in holdings if row.instrument.key == key), None)
        entry = paid or entry
        best = None if price is None else (price.bid if sells else price.ask) or price.last

        def result(fill: Decimal | None) -> Decimal | None:
            if entry is None or fill is None:
                return None
            return (entry - fill) * draft.side.sign * draft.quantity * multiplier

        shown = entry.quantize(_FINER if draft.instrument.tick % PAISA else PAISA) if entry is not None else None
        return cls(entry=shown, if_now=result(best), at_worst=result(draft.price))
