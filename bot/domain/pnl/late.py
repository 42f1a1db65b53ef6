"""The figures of a day that was closed without the broker, made when the next one tells its previous close."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from bot.domain.charges.day_bill import DayBill
from bot.domain.market.instrument import Instrument
from bot.domain.money import ZERO, total
from bot.domain.orders.portfolio import DayReport
from bot.domain.pnl.fifo import Lot, cost_of, lots_of, match_day, quantity_of
from bot.domain.pnl.trades import DayMark, LedgerTrade
from bot.domain.terms import Product


def late_mark(
    account_id: str,
    day: date,
    row: tuple[Instrument, Product],
    *,
    begun: Sequence[Lot],
    fills: Iterable[LedgerTrade],
    base: Decimal | None,
    close: Decimal | None,
    carried: int,
) -> DayMark | None:
    """How a row stood at the end of that day; None where that is not certain.

    begun: what was open before it, valued at base, the last mark before it. close: what the day after calls the previous close,
    in rupees. carried: what the broker says was carried out of the day, signed, in shares or units.
    """
    instrument, product = row
    exits, left = match_day([lot._replace(price=base) for lot in begun], lots_of(fills), product)
    amounts, cost = [each.amount for each in exits], cost_of(left)
    if any(amount is None for amount in amounts) or cost is None or quantity_of(left) != carried or (left and close is None):
        return None
    return DayMark(
        account_id=account_id,
        day=day,
        instrument=instrument,
        product=product,
        quantity=carried,
        mark=close if carried else None,
        booked=total(amount for amount in amounts if amount is not None),
        open=(close or ZERO) * carried - cost,
        adjustment=ZERO,
        since_entry=None,
    )


def completed(report: DayReport, marks: Iterable[DayMark], bill: DayBill) -> DayReport:
    """The row of a day without data, with the figures that its late marks give; any other row as it is."""
    rows = list(marks)
    if not report.records_only or not rows:
        return report
    return replace(
        report,
        booked=total(mark.booked or ZERO for mark in rows),
        open=total(mark.open or ZERO for mark in rows),
        adjustment=total(mark.adjustment for mark in rows),
        charges=bill.total,
        charges_missing=bill.missing,
        records_only=False,
        complete=False,
    )
