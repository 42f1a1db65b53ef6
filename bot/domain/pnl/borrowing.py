"""What an account owes for shares on margin: interest on what mStock lent, a night at a time, and pledges.

The share of a purchase that was lent is the broker's own figure of the day on which it was bought. What was bought before the
bot, or on a day on which nobody asked for it, has no such figure: its interest is not known, and its line stands open.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from bot.domain.charges.day_bill import Borrowed
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.money import ZERO, total
from bot.domain.pnl.fifo import Lot
from bot.domain.value import value

PART = Decimal("0.000001")  # as exactly as the part is kept

Lent = Mapping[tuple[InstrumentKey, date], Decimal]  # share and day of purchase -> the part of its value that was lent


@value
class MarginRow:
    """Shares on margin through one day."""

    instrument: Instrument
    lots: Sequence[Lot] | None  # with which it began; None: our fills do not make it
    began: int  # shares carried into the day
    ended: int  # shares left at its end, or now


def part_lent(value: Decimal, lent: Decimal) -> Decimal | None:
    """The part of a purchase of that value, rupees, that was lent. None: a value of nought has no parts."""
    return (lent / value).quantize(PART) if value > 0 else None


def borrowings(rows: Iterable[MarginRow], lent: Lent, nights: int) -> tuple[Borrowed, ...]:
    """What the day's bill is told of shares on margin.

    nights: since the trading day before. What was bought today has had none. A share of which more came in than went out is
    pledged once that day, and one of which more went out is unpledged once.
    """
    loans = [(row, *_loan(row, lent)) for row in rows]
    whole = total(known for _, known, _ in loans)
    found = []
    for row, known, is_whole in loans:
        pledges = int(row.began != row.ended)
        if known or pledges:
            found.append(Borrowed(instrument=row.instrument, rupees=known, of=whole, nights=nights, pledges=pledges))
        if not is_whole:
            found.append(Borrowed(instrument=row.instrument, rupees=None, nights=nights))
    return tuple(found)


def _loan(row: MarginRow, lent: Lent) -> tuple[Decimal, bool]:
    """Rupees that were owed for the row when the day began, as far as they are known, and whether that is all."""
    if not row.began:
        return ZERO, True
    if row.lots is None:
        return ZERO, False
    known, is_whole = ZERO, True
    for lot in row.lots:
        part = lent.get((row.instrument.key, lot.opened)) if lot.opened is not None else None
        if part is None or lot.price is None:
            is_whole = False
        else:
            known += lot.price * lot.quantity * part
    return known, is_whole
