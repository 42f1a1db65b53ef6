"""Tables for a spreadsheet: trades, orders, days, exits, and what the tax year is made of.

The tax sheet tells business income (intraday is speculative, F&O is not) from capital gains. Turnover of intraday and F&O is the
sum of the absolute differences of each squared-off part, favourable and unfavourable alike, as the ICAI's Guidance Note on tax
audit (section 44AB) counts it since 2022. Turnover of delivery is the sale value. Shares held for more than twelve months are
long-term (section 2(42A) of the Income-tax Act, 1961). It is an aid and no return.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.charges.tariff import ChargeName
from bot.domain.clock import ist
from bot.domain.money import PAISA, ZERO, total
from bot.domain.orders.order import Order
from bot.domain.pnl.fifo import Exit
from bot.domain.pnl.range_report import RangeDay, RangeReport
from bot.domain.pnl.round_trips import RowDay
from bot.domain.pnl.trades import FINE, LedgerTrade
from bot.domain.value import value

Cell = str | int | Decimal | date | datetime | None  # a moment stands on India's wall clock, without a zone
TURNOVER = (
    "Turnover: intraday and F&O the sum of the absolute differences of each squared-off part (ICAI Guidance Note on tax audit, "
    "section 44AB); delivery the sale value. Amounts before charges. An aid, not a return: the broker's tax statement decides."
)


@value
class Sheet:
    """One table: its name (at most 31 characters), its columns, its rows, and under it remarks and what it leaves out."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    remarks: tuple[str, ...] = ()
    holes: tuple[str, ...] = ()


class TaxClass(StrEnum):
    """How a closed part is taxed."""

    INTRADAY = "Intraday (speculative)"
    DERIVATIVES = "F&O (non-speculative)"
    SHORT_TERM = "Delivery, short-term"
    LONG_TERM = "Delivery, long-term"
    UNKNOWN = "Delivery, holding period not known"


def trades(fills: Iterable[LedgerTrade]) -> Sheet:
    """Every fill of the range, oldest first."""
    rows = tuple(
        (
            fill.day, _local(fill.at), fill.instrument.exchange, fill.instrument.name, fill.product, fill.side, fill.quantity,
            fill.price, _value(fill), fill.broker_id, fill.trade_id,
        )
        for fill in fills
    )  # fmt: skip
    columns = ("Day", "Time", "Exchange", "Instrument", "Product", "Side", "Quantity", "Price", "Value", "Order id", "Trade id")
    return Sheet(name="Trades", columns=columns, rows=rows)


def orders(placed: Iterable[Order]) -> Sheet:
    """Every order of the range that the bot knows of, oldest first."""
    rows = tuple(
        (
            order.day, order.number, _local(order.created_at), order.draft.instrument.exchange, order.draft.instrument.name,
            order.draft.product, order.draft.side, order.draft.quantity, order.draft.kind, order.draft.price, order.draft.trigger,
            order.status, order.filled, order.average, "bot" if order.is_ours else "elsewhere",
            order.broker_id or "", order.reason,
        )
        for order in placed
    )  # fmt: skip
    columns = (
        "Day", "#", "Time", "Exchange", "Instrument", "Product", "Side", "Quantity", "Kind", "Price", "Trigger", "Status",
        "Filled", "Average", "Placed by", "Order id", "mStock's words",
    )  # fmt: skip
    return Sheet(name="Orders", columns=columns, rows=rows)


def days(report: RangeReport) -> Sheet:
    """Each day's own row. The last line is their sum."""
    rows: list[tuple[Cell, ...]] = [_day(day) for day in report.days]
    made = (report.booked, report.open, report.adjustment, report.charges, report.net)
    rows.append(("Total", *(_paise(each) for each in made), report.trades, ""))
    columns = ("Day", "Booked", "Open, change", "Close adjustment", "Charges (estimate)", "Net", "Trades", "Remark")
    return Sheet(name="P&L by day", columns=columns, rows=tuple(rows), holes=tuple(_holes(report)))


def _day(day: RangeDay) -> tuple[Cell, ...]:
    report = day.report
    if not day.known:
        return (day.day, None, None, None, None, None, report.trades, "no data")
    missing = f"not known: {', '.join(report.charges_missing)}" if report.charges_missing else ""
    made = (report.booked, report.open, report.adjustment, report.charges, day.net)
    return (day.day, *(None if each is None else _paise(each) for each in made), report.trades, missing)


def exits(report: RangeReport) -> Sheet:
    """What each order closed, since entry and before charges."""
    rows = tuple(
        (
            each.day, _local(each.at), each.instrument.name, each.product, abs(each.quantity),
            "long" if each.quantity > 0 else "short", each.entry,
            each.price, None if each.amount is None else _paise(each.amount), each.order,
        )
        for each in report.booked_by
    )  # fmt: skip
    columns = ("Day", "Time", "Instrument", "Product", "Quantity", "Was", "Entry", "Exit", "Booked", "Order id")
    return Sheet(name="Exits", columns=columns, rows=rows)


def slippage(report: RangeReport) -> Sheet:
    """What each order got against the price that stood when it was tapped. A loss is negative."""
    rows = tuple(
        (
            slip.day, slip.number, _local(slip.at), slip.instrument.name, slip.side, slip.quantity, slip.touch,
            slip.average.quantize(FINE), _paise(slip.amount),
        )
        for slip in report.slips
    )  # fmt: skip
    columns = ("Day", "#", "Tapped", "Instrument", "Side", "Quantity", "Bid or ask", "Average", "Slippage")
    return Sheet(name="Slippage", columns=columns, rows=rows)


def tax_class(row: RowDay, out: Exit) -> TaxClass:
    """Where a closed part belongs."""
    if row.instrument.is_derivative:
        return TaxClass.DERIVATIVES
    if out.opened is None:
        return TaxClass.UNKNOWN
    if out.opened == row.day:
        return TaxClass.INTRADAY
    return TaxClass.LONG_TERM if row.day > _year_after(out.opened) else TaxClass.SHORT_TERM


def tax(report: RangeReport) -> tuple[Sheet, Sheet]:
    """The tax year in sums by class, and the closed parts that they are made of."""
    closed = [(tax_class(row, out), row, out) for row in report.row_days for out in row.exits]
    rows = [_class_row(kind, [(row, out) for each, row, out in closed if each is kind]) for kind in TaxClass]
    rows += _charge_rows(report.days)
    columns = ("Class", "Parts", "Buy value", "Sale value", "Profit", "Loss", "Result", "Turnover", "Cost not known")
    summary = Sheet(name="Tax year", columns=columns, rows=tuple(rows), remarks=(TURNOVER,), holes=tuple(_holes(report)))
    parts = tuple(_part(kind, row, out) for kind, row, out in sorted(closed, key=lambda part: part[1].day))
    names = ("Class", "Instrument", "Product", "Opened", "Closed", "Quantity", "Buy value", "Sale value", "Result", "Order id")
    return summary, Sheet(name="Closed parts", columns=names, rows=parts)


def _class_row(kind: TaxClass, parts: Sequence[tuple[RowDay, Exit]]) -> tuple[Cell, ...]:
    amounts = [out.amount for _, out in parts if out.amount is not None]
    bought = total(value for _, out in parts if (value := _sides(out)[0]) is not None)
    sold = total(value for _, out in parts if (value := _sides(out)[1]) is not None)
    won, lost = total(each for each in amounts if each > 0), total(each for each in amounts if each < 0)
    turnover = won - lost if kind in (TaxClass.INTRADAY, TaxClass.DERIVATIVES) else sold
    sums = (_paise(each) for each in (bought, sold, won, lost, won + lost, turnover))
    return (kind, len(parts), *sums, len(parts) - len(amounts))


def _charge_rows(of_days: Iterable[RangeDay]) -> Iterator[tuple[Cell, ...]]:
    """Charges of the fills, estimated. STT stands apart, for no capital gain is reduced by it."""
    sums: dict[tuple[str, bool], Decimal] = {}
    for day in of_days:
        for row in day.bill.rows if day.bill is not None else ():
            segment = "F&O" if row.instrument is not None and row.instrument.is_derivative else "cash"
            for line in row.bill.lines:
                place = segment, line.name is ChargeName.STT
                sums[place] = sums.get(place, ZERO) + line.amount
    for (segment, stt), amount in sorted(sums.items()):
        name = f"Charges, {segment}, STT" if stt else f"Charges, {segment}, without STT"
        yield name, None, None, None, None, None, _paise(-amount), None, None


def _holes(report: RangeReport) -> Iterator[str]:
    if report.no_data:
        yield f"Days without data: {', '.join(day.isoformat() for day in report.no_data)}."
    if report.unread:
        yield f"Today is left out: {report.unread}"
    if report.charges_missing:
        yield f"Charges that are not known: {', '.join(report.charges_missing)}."


def _part(kind: TaxClass, row: RowDay, out: Exit) -> tuple[Cell, ...]:
    bought, sold = _sides(out)
    values = (None if each is None else _paise(each) for each in (bought, sold, out.amount))
    opened = out.opened if out.opened is not None else "not known"
    return (kind, row.instrument.name, row.product, opened, row.day, abs(out.quantity), *values, out.order)


def _sides(out: Exit) -> tuple[Decimal | None, Decimal | None]:
    """(bought for, sold for) in rupees, whichever came first."""
    entry = None if out.entry is None else out.entry * abs(out.quantity)
    price = None if out.price is None else out.price * abs(out.quantity)
    return (entry, price) if out.quantity > 0 else (price, entry)


def _year_after(day: date) -> date:
    return date(day.year + 1, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)


def _value(fill: LedgerTrade) -> Decimal | None:
    return None if fill.price is None else _paise(fill.price * fill.quantity)


def _paise(amount: Decimal) -> Decimal:
    return amount.quantize(PAISA)


def _local(at: datetime | None) -> datetime | None:
    return None if at is None else ist(at).replace(tzinfo=None, microsecond=0)
