"""Marks of a trading day that nobody could close: its fills are on record, and the next day tells what it closed at."""

from collections.abc import Mapping, Sequence
from datetime import date

from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.orders.portfolio import Position
from bot.domain.pnl.fifo import Lot, carried_into
from bot.domain.pnl.late import late_mark
from bot.domain.pnl.trades import DayMark, RowKey
from bot.domain.ports.repositories import Repositories


def late_marks(
    db: Repositories, account_id: str, day: date, positions: Sequence[Position], prices: Mapping[InstrumentKey, Price]
) -> Sequence[DayMark]:
    """The marks of a closed day without data, all of them or none. day: the trading day before that of positions and prices."""
    if db.ledger.marks(account_id, day):  # as nearly always
        return ()
    report = db.reports.find(account_id, day)
    if report is None or not report.records_only:
        return ()
    last = db.ledger.last_marked(account_id, day)
    before = db.ledger.marks(account_id, last) if last is not None else {}
    fills = db.ledger.between(account_id, day, day)
    rows: dict[RowKey, Instrument] = {mark.row: mark.instrument for mark in before.values() if mark.quantity}
    rows |= {fill.row: fill.instrument for fill in fills}
    carried = {(each.instrument.key, each.product): each.carried for each in positions}
    marks = []
    for row, instrument in rows.items():
        price = prices.get(instrument.key)
        mark = late_mark(
            account_id,
            day,
            (instrument, row[1]),
            begun=_begun(db, account_id, row, day),
            fills=[fill for fill in fills if fill.row == row],
            base=before[row].mark if row in before else None,
            close=price.previous_close if price is not None else None,
            carried=carried.get(row, 0),
        )
        if mark is None:
            return ()
        marks.append(mark)
    return marks


def _begun(db: Repositories, account_id: str, row: RowKey, day: date) -> Sequence[Lot]:
    before = db.ledger.brought(account_id, row, day)
    begun = [Lot(before.quantity, before.price)] if before is not None and before.quantity else []
    trades = db.ledger.of_row(account_id, row, before.day if before is not None else None)
    return carried_into(day, trades, begun, row[1])
