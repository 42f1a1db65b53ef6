"""The figures of a day whose books at the broker are gone: out of the ledger, where it is known to hold the whole day."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.domain.charges.day_bill import DayBill, Event
from bot.domain.clock import Clock, ist_date
from bot.domain.errors import SessionExpired
from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.money import ZERO, total
from bot.domain.orders.research import PastTrade
from bot.domain.pnl.borrowing import Lent, MarginRow, borrowings
from bot.domain.pnl.day import OwnRow, day_line, mark_of
from bot.domain.pnl.expiry import ends_of
from bot.domain.pnl.fifo import Lot, carried_into, cost_of, lots_of, match_day, quantity_of
from bot.domain.pnl.trades import DayMark, LedgerTrade, RowKey
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import DayReport, Position, PositionLine
from bot.domain.terms import Product, Side
from bot.domain.value import value
from bot.trading.account.account_views import AccountViews
from bot.trading.account.day_charges import ledger_charges
from bot.trading.money.late_closes import LateCloses
from bot.trading.money.reports import Reports, is_carried

log = logging.getLogger(__name__)

AFTER_THE_CLOSE = timedelta(minutes=35)  # before the summary, on a usual day 15:40: what is read later holds the whole day


@value
class LateDay:
    """A day made of our own records."""

    report: DayReport
    lines: Sequence[PositionLine]
    marks: Sequence[DayMark]
    bill: DayBill
    approximate: tuple[str, ...]  # what its figures are made of, in words


@value
class _Records:
    """What the store has of the day."""

    fills: Sequence[LedgerTrade]
    rows: Mapping[RowKey, OwnRow]  # those with fills, and those that were carried into it
    ours: Collection[str]  # the broker's ids of the bot's orders
    lent: Lent

    @property
    def makes_what_was_carried(self) -> bool:
        """Whether our lots are, row by row, what the day before was closed with."""
        return all(
            quantity_of(own.lots) == (own.mark.quantity if own.mark is not None else 0)
            for (_, product), own in self.rows.items()
            if product is not Product.CNC
        )


@dataclass(slots=True, kw_only=True)
class LateDays:
    """Reads only. The broker is asked for trade history and for closes."""

    store: Store
    views: AccountViews
    reports: Reports
    closes: LateCloses
    day_before: Callable[[date], date]  # the trading day before a date in India
    is_trading: Callable[[date], bool]
    clock: Clock

    async def of(self, account_id: str, bare: DayReport, due: datetime) -> LateDay | None:
        """The day as the ledger has it. None: it is not known that all fills are there, or what was held has no close.

        bare: what the records count of that day. due: when it should have been summed up. BrokerError passes through.
        """
        day = date.fromisoformat(bare.date)
        if not await self.store.read(lambda db: self._is_day_before_known(db, account_id, day)):
            return None  # what was carried into the day, and at which price
        records = await self.store.read(lambda db: self._read(db, account_id, day))
        fills, rows = records.fills, records.rows
        if not records.makes_what_was_carried or not await self._is_whole(account_id, day, fills, due):
            return None
        held = [_position(row, own) for row, own in rows.items()]
        if not await self._is_carried(account_id, day, held):
            return None
        closes, of = await self.closes.of(account_id, day, [position.instrument for position in held if position.quantity])
        lines = [_line(position, own, closes) for position, own in zip(held, rows.values(), strict=True)]
        if any(line.today is None and not line.position.is_sold_holding for line in lines):
            return None
        marks = [mark_of(account_id, line, day) for line in lines]
        dealt = [(fill.broker_id, fill.instrument, fill.product, fill.at) for fill in fills]
        events: list[Event] = [*self.views.events.by_the_broker(dealt, records.ours), *ends_of(marks, day)]
        events += borrowings(_on_margin(rows, held), records.lent, self.views.events.loans.nights(day))
        bill = ledger_charges(fills, tariff=self.views.tariff, plan=self.views.plan, day=day, events=events)
        report = replace(
            bare,
            booked=total(line.booked for line in lines if line.booked is not None),
            open=total(line.open for line in lines if line.open is not None),
            charges=bill.total,
            charges_missing=bill.missing,
            carried=tuple(line for line in lines if is_carried(line) and line.position.instrument.expiry != day),
            complete=all(line.today is not None for line in lines),
            records_only=False,
        )
        words = ("fills as I noted them", *((of,) if closes else ()))
        return LateDay(report=report, lines=lines, marks=marks, bill=bill, approximate=words)

    def _is_day_before_known(self, db: Repositories, account_id: str, day: date) -> bool:
        """Whether the day before has figures, as told on that day or as found out later."""
        before = self.reports.row(db, account_id, self.day_before(day))
        return before is not None and not before.records_only

    def _read(self, db: Repositories, account_id: str, day: date) -> _Records:
        fills = db.ledger.between(account_id, day, day)
        marks = db.ledger.marks(account_id, self.day_before(day))
        rows: dict[RowKey, OwnRow] = {}
        carried = [row for row, mark in marks.items() if mark.quantity and (mark.instrument.expiry or day) >= day]
        for row in dict.fromkeys([*(fill.row for fill in fills), *carried]):
            mark, own = marks.get(row), tuple(fill for fill in fills if fill.row == row)
            if not own and row[1] is Product.CNC:
                continue  # it is in the holdings by now, whose change is never in the net
            before = db.ledger.brought(account_id, row, day)
            begun = [Lot(before.quantity, before.price)] if before is not None and before.quantity else []
            earlier = db.ledger.of_row(account_id, row, before.day if before is not None else None)
            rows[row] = OwnRow(trades=own, lots=tuple(carried_into(day, earlier, begun, row[1])), mark=mark)
        ours = {order.broker_id for order in db.orders.of_day(account_id, day) if order.is_ours and order.broker_id}
        return _Records(fills=fills, rows=rows, ours=ours, lent=db.lent.of(account_id))

    async def _is_whole(self, account_id: str, day: date, fills: Sequence[LedgerTrade], due: datetime) -> bool:
        """Whether the books were read after the day's close, or the broker's trade history has the same fills."""
        if any(fill.price is None for fill in fills):
            return False
        seen = self.views.reconcile.seen_at(account_id)
        if seen is not None and ist_date(seen) == day and seen >= due - AFTER_THE_CLOSE:
            return True
        if day == ist_date(self.clock.now()):
            return False  # trade history has only days that are over
        if self.views.connections.session_of(account_id, self.clock.now()) is None:
            raise SessionExpired("Trade history can be read after a login.")
        return _sums(fills) == _sums(await self.views.connections.of(account_id).broker.past_trades(day, day))

    async def _is_carried(self, account_id: str, day: date, held: Sequence[Position]) -> bool:
        """Whether the broker's positions were carried out of the day as our fills make them. They tell it on the next day."""
        today = ist_date(self.clock.now())
        if day != self.day_before(today) or not self.is_trading(today):
            return True
        book = (await self.views.reads.positions(account_id)).value
        carried = {(each.instrument.key, each.product): each.carried for each in book if each.carried}
        ours = {
            (each.instrument.key, each.product): each.quantity for each in held if each.quantity and each.instrument.expiry != day
        }
        return _but_delivered(carried) == _but_delivered(ours)


def _but_delivered(quantities: Mapping[RowKey, int]) -> Mapping[RowKey, int]:
    """The rows without shares bought for delivery: on the next day they are in the holdings."""
    return {row: quantity for row, quantity in quantities.items() if row[1] is not Product.CNC}


def _sums(fills: Sequence[LedgerTrade] | Sequence[PastTrade]) -> tuple[tuple[int, Decimal], ...]:
    """(quantity, value) of each side: history names a company and no contract, so no fill can be told from another."""
    return tuple(
        (
            sum(fill.quantity for fill in fills if fill.side is side),
            total((fill.price or ZERO) * fill.quantity for fill in fills if fill.side is side),
        )
        for side in Side
    )


def _position(row: RowKey, own: OwnRow) -> Position:
    """The row as a broker would show it when these are all its fills."""
    instrument = own.trades[0].instrument if own.trades else own.mark.instrument if own.mark is not None else None
    if instrument is None:
        msg = f"a row without fills and without a mark: {row}"
        raise ValueError(msg)
    product = row[1]
    delivery = product is Product.CNC
    start, cost = (0, ZERO) if delivery else (quantity_of(own.lots), cost_of(own.lots))
    left = match_day(() if delivery else own.lots, lots_of(own.trades), product)[1]
    quantity, paid = quantity_of(left), cost_of(left)
    sides = {side: [fill for fill in own.trades if fill.side is side] for side in Side}
    values = {side: total((fill.price or ZERO) * fill.quantity for fill in fills) for side, fills in sides.items()}
    return Position(
        instrument=instrument,
        product=product,
        quantity=quantity,
        bought=sum(fill.quantity for fill in sides[Side.BUY]),
        sold=sum(fill.quantity for fill in sides[Side.SELL]),
        bought_value=values[Side.BUY],
        sold_value=values[Side.SELL],
        average=paid / quantity if paid is not None and quantity else None,
        carried=start,
        carried_average=cost / start if cost is not None and start else None,
    )


def _on_margin(rows: Mapping[RowKey, OwnRow], held: Sequence[Position]) -> list[MarginRow]:
    return [
        MarginRow(instrument=position.instrument, lots=own.lots, began=position.carried, ended=position.quantity)
        for position, own in zip(held, rows.values(), strict=True)
        if position.product is Product.MTF
    ]


def _line(position: Position, own: OwnRow, closes: Mapping[InstrumentKey, Decimal]) -> PositionLine:
    """Its day from what the day before was valued at to the day's close. There is no reading of the broker's beside it."""
    base = own.mark.mark if own.mark is not None else None
    last = closes.get(position.instrument.key)
    if last is None and not position.quantity:
        last = base or ZERO  # nothing is open: only what was carried and closed counts, from the base
    price = Price(last=last, at=None, previous_close=base) if last is not None else None
    return replace(day_line(position, price, own), broker=None, reasons=())
