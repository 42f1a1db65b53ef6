"""What a range of days made: their final rows, today as it is now, and all that is told apart of them."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from bot.domain.charges.day_bill import Event
from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError
from bot.domain.market.instrument import Instrument
from bot.domain.money import ZERO, total
from bot.domain.orders.order import Order
from bot.domain.people.account import Actor
from bot.domain.pnl.borrowing import Lent, MarginRow, borrowings
from bot.domain.pnl.expiry import ends_of
from bot.domain.pnl.fifo import Lot, carried_into, quantity_of
from bot.domain.pnl.if_closed import if_closed
from bot.domain.pnl.range_report import (
    CurvePoint,
    OrderSource,
    RangeDay,
    RangeReport,
    Slip,
    by_product,
    by_source,
    by_symbol,
    charges_of_orders,
)
from bot.domain.pnl.round_trips import RowDay, booked, round_trips, walk
from bot.domain.pnl.trades import DayMark, LedgerTrade, RowKey
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import DayReport, PnL
from bot.domain.terms import Product
from bot.domain.value import value
from bot.trading.account.account_views import AccountViews
from bot.trading.account.day_charges import ledger_charges, ledger_order_charges
from bot.trading.money.reports import Reports

DAY = timedelta(days=1)
MOST_CURVES = 31  # days; of a longer range the lowest moment is not told
AT_ONCE = 7  # days whose fills are read in one transaction: an order must never wait for a year of them
Made = tuple[DayReport, Sequence[DayMark]]  # a day as it is now, and how its rows stand


@value
class _Row:
    """What one row of the range is walked through with."""

    begun: Sequence[Lot]
    restarts: Mapping[date, Sequence[Lot]]
    openers: Sequence[LedgerTrade]  # the fills that opened what it began with, as far as they are on record


@value
class _Records:
    """What the store has of a range, and today as it is now."""

    first: date
    last: date
    over: date  # the last date whose contracts have ended
    reports: Sequence[DayReport]
    start: Mapping[RowKey, DayMark]  # how rows stood before the first day
    marks: Mapping[date, Mapping[RowKey, DayMark]]
    trades: Sequence[LedgerTrade]
    orders: Sequence[Order]
    ours: Collection[str]  # the broker's ids of those that the bot placed
    rows: Mapping[RowKey, _Row]
    sources: Mapping[str, OrderSource]  # by the broker's ids, of what opened before the range too
    touches: Mapping[str, Decimal]
    curves: Mapping[date, Sequence[CurvePoint]]
    lent: Lent


@value
class TodayPnl:
    """Today's profit and loss: as it is now, and what the day's trades made."""

    pnl: PnL
    report: RangeReport
    if_closed: Mapping[RowKey, Decimal | None]  # rupees that each open row would leave after charges of both sides


@dataclass(slots=True, kw_only=True)
class RangePnl:
    """Reads only. Nothing is kept of it."""

    store: Store
    views: AccountViews
    reports: Reports
    trading: Callable[[date], bool]  # whether there are trades on a date in India
    clock: Clock

    async def today(self, actor: Actor) -> TodayPnl:
        """Today as it is now or was last known, with what its trades made. BrokerError where nothing is known of today."""
        today = ist_date(self.clock.now())
        pnl = await self.views.pnl(actor, known=True)
        report = await self.of(actor, today, today, pnl=pnl)
        after = {
            (line.position.instrument.key, line.position.product): if_closed(line, self.views.tariff, self.views.plan, today)
            for line in pnl.lines
        }
        return TodayPnl(pnl=pnl, report=report, if_closed=after)

    async def of(self, actor: Actor, first: date, last: date, *, pnl: PnL | None = None) -> RangeReport:
        """The range, both ends included, dates of India. The final row of today is taken where it is made and still true.

        Where today is in it and cannot be read it is left out, and `unread` says why. pnl: today as it was just read.
        """
        account, _ = self.views.connection(actor)
        today = ist_date(self.clock.now())
        final = await self.store.read(lambda db: self.reports.final(db, account.id, today))
        made: Made | None = None
        unread, as_of = None, None
        if first <= today <= last and final is None:
            try:
                await self.views.reconcile.sync_for_reader(account.id)
                made = await self.reports.now(actor, pnl)
                as_of = made[0].made_at
            except BrokerError as error:
                unread = error.say
        over = today if final is not None else today - DAY
        trades = await self.fills(account.id, first, last)
        orders = await self.orders(account.id, first, last)
        records = await self.store.read(
            lambda db: self._read(db, account.id, first, last, trades=trades, orders=orders, made=made, over=over)
        )
        report = await asyncio.get_running_loop().run_in_executor(None, self._report, account.id, records)
        every = (first + ahead * DAY for ahead in range((last - first).days + 1))
        closed = tuple(day for day in every if day.weekday() < 5 and not self.trading(day))
        return replace(report, closed=closed, as_of=as_of, unread=unread)

    async def with_day(self, report: DayReport, marks: Sequence[DayMark], *, since: date, ended: bool = True) -> RangeReport:
        """The range from a date in India up to a day that has no final row yet. marks: how its rows stand.

        ended: whether contracts whose last day it is are traded no more.
        """
        account_id, last = report.account_id, date.fromisoformat(report.date)
        over = last if ended else last - DAY
        trades, orders = await self.fills(account_id, since, last), await self.orders(account_id, since, last)
        made = (report, marks)
        records = await self.store.read(
            lambda db: self._read(db, account_id, since, last, trades=trades, orders=orders, made=made, over=over)
        )
        return await asyncio.get_running_loop().run_in_executor(None, self._report, account_id, records)

    async def fills(self, account_id: str, first: date, last: date) -> Sequence[LedgerTrade]:
        """All fills of the range, oldest first."""
        spans = _weeks(first, last)
        found = [await self.store.read(partial(_fills, account_id=account_id, first=a, last=b)) for a, b in spans]
        return [fill for part in found for fill in part]

    async def orders(self, account_id: str, first: date, last: date) -> Sequence[Order]:
        """All orders of the range that the bot knows of, oldest first."""
        spans = _weeks(first, last)
        found = [await self.store.read(partial(_orders, account_id=account_id, first=a, last=b)) for a, b in spans]
        return [order for part in found for order in part]

    def _read(
        self,
        db: Repositories,
        account_id: str,
        first: date,
        last: date,
        *,
        trades: Sequence[LedgerTrade],
        orders: Sequence[Order],
        made: Made | None,
        over: date,
    ) -> _Records:
        made_date = made[0].date if made is not None else None  # a final row of it may be there already: it counts once
        reports = [report for report in self.reports.rows(db, account_id, first, last) if report.date != made_date]
        days = [date.fromisoformat(report.date) for report in reports]
        marks = {day: db.ledger.marks(account_id, day) for day in days}
        before = db.ledger.last_marked(account_id, first)
        start = db.ledger.marks(account_id, before) if before is not None else {}
        if made is not None:
            report, now = made
            reports.append(report)
            days.append(date.fromisoformat(report.date))
            marks[days[-1]] = {mark.row: mark for mark in now}
        instruments: dict[RowKey, Instrument] = {trade.row: trade.instrument for trade in trades}
        instruments |= {mark.row: mark.instrument for of_day in (start, *marks.values()) for mark in of_day.values()}
        rows = {row: _row(db, account_id, row, instrument, span=(first, last)) for row, instrument in instruments.items()}
        known = {order.broker_id for order in orders}
        sources = {order.broker_id: order for order in orders if order.broker_id}
        for lot in (lot for row in rows.values() for lot in row.begun):
            opener = db.orders.by_broker_id(account_id, lot.order) if lot.order and lot.order not in known else None
            if opener is not None:
                sources[lot.order] = opener
        began = min((order.day for order in sources.values()), default=first)
        planned = db.ledger.planned(account_id, began, last)
        return _Records(
            first=first,
            last=last,
            over=over,
            reports=reports,
            start=start,
            marks=marks,
            trades=trades,
            orders=orders,
            ours={order.broker_id for order in orders if order.is_ours and order.broker_id},
            rows=rows,
            sources={order.broker_id or "": _source(order, planned) for order in sources.values()},
            touches=db.ledger.touches(account_id, first, last),
            lent=db.lent.of(account_id),
            curves={day: db.ledger.curve(account_id, day) for day in days if len(days) <= MOST_CURVES},
        )

    def _report(self, account_id: str, records: _Records) -> RangeReport:
        of_days: dict[date, list[LedgerTrade]] = {}
        of_rows: dict[RowKey, list[LedgerTrade]] = {}
        for trade in records.trades:
            of_days.setdefault(trade.day, []).append(trade)
            of_rows.setdefault(trade.row, []).append(trade)
        marks: dict[RowKey, dict[date, DayMark]] = {}
        for of_day, by_row in records.marks.items():
            for mark in by_row.values():
                marks.setdefault(mark.row, {})[of_day] = mark
        rows = {
            key: walk(of_rows.get(key, ()), row.begun, restarts=row.restarts, marks=marks.get(key), over=records.over)
            for key, row in records.rows.items()
        }
        through: dict[date, list[RowDay]] = {}
        for row_day in (each for of_row in rows.values() for each in of_row):
            through.setdefault(row_day.day, []).append(row_day)
        days = tuple(self._day(report, records, of_days, through) for report in records.reports)
        costs = {key: self._cost_before(row.openers) for key, row in records.rows.items()}
        for day in days:
            own = through.get(day.day, ())
            of_orders = charges_of_orders(day, own)
            for each in own:
                spent = costs.setdefault(each.key, {})
                for order in {lot.order for lot in (*each.begun, *each.fills)} & of_orders.keys():
                    spent[order] = spent.get(order, ZERO) + of_orders[order]
        trips = [trip for key, row in rows.items() for trip in round_trips(row, costs.get(key, {}))]
        exits = [each for row in rows.values() for each in booked(row)]
        return RangeReport(
            account_id=account_id,
            first=records.first,
            last=records.last,
            days=days,
            symbols=by_symbol(days),
            products=by_product(days),
            sources=by_source(days, rows, records.sources, records.start),
            booked_by=tuple(sorted(exits, key=lambda each: (each.day, each.at is None, each.at))),
            trips=tuple(sorted(trips, key=lambda trip: (trip.day, trip.closed is None, trip.closed))),
            slips=tuple(_slips(records, days)),
            row_days=tuple(row for of_row in rows.values() for row in of_row),
        )

    def _cost_before(self, openers: Sequence[LedgerTrade]) -> dict[str, Decimal]:
        """Rupees of each order that opened something before the range: what a trip made counts both its sides."""
        spent: dict[str, Decimal] = {}
        for day in {trade.day for trade in openers}:
            fills = [trade for trade in openers if trade.day == day]
            bill = ledger_charges(fills, tariff=self.views.tariff, plan=self.views.plan, day=day)
            spent |= ledger_order_charges(bill, fills, tariff=self.views.tariff, plan=self.views.plan, day=day)
        return spent

    def _day(
        self,
        report: DayReport,
        records: _Records,
        of_days: Mapping[date, Sequence[LedgerTrade]],
        through: Mapping[date, Sequence[RowDay]],
    ) -> RangeDay:
        day = date.fromisoformat(report.date)
        trades = tuple(of_days.get(day, ()))
        marks = tuple(records.marks.get(day, {}).values())
        fills = [(trade.broker_id, trade.instrument, trade.product, trade.at) for trade in trades]
        events: list[Event] = [*self.views.events.by_the_broker(fills, records.ours)]
        events += ends_of(marks, day) if day <= records.over else ()
        on_margin = [_on_margin(row) for row in through.get(day, ()) if row.product is Product.MTF]
        events += borrowings(on_margin, records.lent, self.views.events.loans.nights(day)) if on_margin else ()
        bill = ledger_charges(trades, tariff=self.views.tariff, plan=self.views.plan, day=day, events=events)
        return RangeDay(
            day=day,
            report=report,
            marks=marks,
            trades=trades,
            bill=bill,
            costs=ledger_order_charges(bill, trades, tariff=self.views.tariff, plan=self.views.plan, day=day),
            curve=tuple(records.curves.get(day, ())),
        )


def _on_margin(row: RowDay) -> MarginRow:
    return MarginRow(instrument=row.instrument, lots=row.begun, began=quantity_of(row.begun), ended=quantity_of(row.left))


def _weeks(first: date, last: date) -> list[tuple[date, date]]:
    """The range in pieces that are read in one transaction each."""
    starts = (first + ahead * DAY for ahead in range(0, (last - first).days + 1, AT_ONCE))
    return [(start, min(start + (AT_ONCE - 1) * DAY, last)) for start in starts]


def _orders(db: Repositories, *, account_id: str, first: date, last: date) -> Sequence[Order]:
    days = (first + ahead * DAY for ahead in range((last - first).days + 1))
    return [order for day in days for order in db.orders.of_day(account_id, day)]


def _fills(db: Repositories, *, account_id: str, first: date, last: date) -> Sequence[LedgerTrade]:
    return db.ledger.between(account_id, first, last)


def _row(db: Repositories, account_id: str, row: RowKey, instrument: Instrument, *, span: tuple[date, date]) -> _Row:
    """What a row began the range with by our fills and what was brought forward, and where it was brought forward later."""
    first, last = span
    before = db.ledger.brought(account_id, row, first)
    begun = [Lot(before.quantity, before.price)] if before is not None and before.quantity else []
    earlier = [
        trade
        for trade in db.ledger.of_row(account_id, row, before.day if before is not None else None, before=first)
        if trade.instrument.expiry == instrument.expiry  # a token may have belonged to another contract
    ]
    later = db.ledger.brought(account_id, row, last)
    restarts = {later.day: [Lot(later.quantity, later.price)]} if later is not None and later.day > first else {}
    carried = carried_into(first, earlier, begun, row[1])
    orders = {lot.order for lot in carried if lot.order}
    return _Row(begun=carried, restarts=restarts, openers=[trade for trade in earlier if trade.broker_id in orders])


def _source(order: Order, planned: Collection[str]) -> OrderSource:
    if order.id in planned:
        return OrderSource.PLAN
    return OrderSource.BOT if order.is_ours else OrderSource.ELSEWHERE


def _slips(records: _Records, days: Sequence[RangeDay]) -> list[Slip]:
    """Orders that were tapped with a price in sight, and what they got, by their fills where each has its price."""
    fills: dict[str, list[LedgerTrade]] = {}
    for day in days:
        for trade in day.trades:
            fills.setdefault(trade.broker_id, []).append(trade)
    found = []
    for order in records.orders:
        touch, own = records.touches.get(order.id), fills.get(order.broker_id or "", [])
        average = _average(own) or order.average
        if touch is None or average is None or not order.filled:
            continue
        found.append(
            Slip(
                number=order.number, day=order.day, at=order.created_at, instrument=order.draft.instrument, side=order.draft.side,
                quantity=order.filled, touch=touch, average=average,
            )
        )  # fmt: skip
    return found


def _average(fills: Sequence[LedgerTrade]) -> Decimal | None:
    quantity = sum(fill.quantity for fill in fills)
    if not quantity or any(fill.price is None for fill in fills):
        return None
    return total(fill.price * fill.quantity for fill in fills if fill.price is not None) / quantity
