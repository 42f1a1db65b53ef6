"""The ledger: fills by order, by day and by row, what was brought forward, and the marks of closed days."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.clock import at_ist
from bot.domain.pnl.range_report import CurvePoint
from bot.domain.pnl.trades import BroughtForward, DayMark, LedgerTrade, RowKey
from bot.domain.terms import Side
from storage.db.engine import Transaction
from storage.db.tables.ledger import brought_forward, day_curve, day_marks, trades
from storage.db.tables.orders import orders, plan_legs, touches

_t, _b, _m, _c = trades.c, brought_forward.c, day_marks.c, day_curve.c
_FIELDS = tuple(LedgerTrade.__dataclass_fields__)
_STORED = (*_FIELDS, "exchange", "token")
_OLDEST_FIRST = (_t.at, _t.broker_id, _t.step)
_TRADES = select(*(_t[name] for name in _FIELDS)).where(_t.account_id == bindparam("account")).order_by(*_OLDEST_FIRST)
_OF_ORDER = _TRADES.where(_t.broker_id == bindparam("order"))
_BETWEEN = _TRADES.where(_t.day >= bindparam("first"), _t.day <= bindparam("last"))
_OF_ROW = _TRADES.where(
    _t.exchange == bindparam("on"),
    _t.token == bindparam("of"),
    _t.product == bindparam("under"),
    _t.day >= bindparam("first"),
    _t.day < bindparam("end"),
)
_COUNT = select(func.count()).select_from(trades).where(_t.account_id == bindparam("account"), _t.day == bindparam("of"))
_LAST_SALE = (
    select(_t.at)
    .where(_t.account_id == bindparam("account"), _t.day == bindparam("of"), _t.side == Side.SELL)
    .order_by(_t.at.desc())
    .limit(1)
)
_DROP = delete(trades).where(_t.account_id == bindparam("account"), _t.broker_id == bindparam("order"))
_ADD = insert(trades).values({name: bindparam(name) for name in _STORED})
_BROUGHT_FIELDS = ("account_id", "exchange", "token", "product", "day", "quantity", "price")
_BROUGHT = (
    select(_b.day, _b.quantity, _b.price)
    .where(
        _b.account_id == bindparam("account"),
        _b.exchange == bindparam("on"),
        _b.token == bindparam("of"),
        _b.product == bindparam("under"),
        _b.day <= bindparam("until"),
    )
    .order_by(_b.day.desc())
    .limit(1)
)
_bring = insert(brought_forward).values({name: bindparam(name) for name in _BROUGHT_FIELDS})
_BRING = _bring.on_conflict_do_update(
    index_elements=[_b[name] for name in _BROUGHT_FIELDS[:5]],
    set_={"quantity": _bring.excluded.quantity, "price": _bring.excluded.price},
)
_MARK_FIELDS = tuple(DayMark.__dataclass_fields__)
_mark = insert(day_marks).values({name: bindparam(name) for name in (*_MARK_FIELDS, "exchange", "token")})
_CLOSE = _mark.on_conflict_do_nothing()
_CORRECT = _mark.on_conflict_do_update(
    index_elements=[_m.account_id, _m.day, _m.exchange, _m.token, _m.product],
    set_={name: _mark.excluded[name] for name in _MARK_FIELDS if name not in ("account_id", "day", "product")},
)
_MARKS = select(*(_m[name] for name in _MARK_FIELDS)).where(_m.account_id == bindparam("account"), _m.day == bindparam("of"))
_LAST_MARKED = (
    select(_m.day).where(_m.account_id == bindparam("account"), _m.day < bindparam("before")).order_by(_m.day.desc()).limit(1)
)
_MARKS_OF_ROW = select(_m.day, _m.mark).where(
    _m.account_id == bindparam("account"),
    _m.exchange == bindparam("on"),
    _m.token == bindparam("of"),
    _m.product == bindparam("under"),
    _m.quantity > 0,
)
_POINT = insert(day_curve).values({name: bindparam(name) for name in ("account_id", "at", "net")}).on_conflict_do_nothing()
_CURVE = (
    select(_c.at, _c.net)
    .where(_c.account_id == bindparam("account"), _c.at >= bindparam("since"), _c.at < bindparam("until"))
    .order_by(_c.at)
)
_FORGET = delete(day_curve).where(_c.at < bindparam("before"))
_TOUCH = insert(touches).values(order_id=bindparam("order_id"), price=bindparam("price")).on_conflict_do_nothing()
_PLANNED = (
    select(orders.c.id)
    .select_from(plan_legs.join(orders, orders.c.id == plan_legs.c.order_id))
    .where(orders.c.account_id == bindparam("account"), orders.c.day >= bindparam("first"), orders.c.day <= bindparam("last"))
)
_TOUCHES = (
    select(touches.c.order_id, touches.c.price)
    .select_from(touches.join(orders, orders.c.id == touches.c.order_id))
    .where(orders.c.account_id == bindparam("account"), orders.c.day >= bindparam("first"), orders.c.day <= bindparam("last"))
)
_EVER = date(2000, 1, 1)


class SqlLedger:
    """An order's fills are replaced together, so that a row which comes late takes its place among them."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def of_order(self, account_id: str, broker_id: str) -> Sequence[LedgerTrade]:
        return _trades(self._tx.rows(_OF_ORDER, {"account": account_id, "order": broker_id}))

    def replace(self, account_id: str, broker_id: str, trades: Sequence[LedgerTrade]) -> None:
        self._tx.write(_DROP, {"account": account_id, "order": broker_id})
        if trades:
            self._tx.write(_ADD, [_values(trade, _FIELDS) for trade in trades])

    def between(self, account_id: str, first: date, last: date) -> Sequence[LedgerTrade]:
        return _trades(self._tx.rows(_BETWEEN, {"account": account_id, "first": first, "last": last}))

    def count(self, account_id: str, day: date) -> int:
        return int(self._tx.rows(_COUNT, {"account": account_id, "of": day}).scalar_one())

    def last_sale(self, account_id: str, day: date) -> datetime | None:
        return next(iter(self._tx.rows(_LAST_SALE, {"account": account_id, "of": day}).scalars()), None)

    def of_row(self, account_id: str, row: RowKey, since: date | None, *, before: date | None = None) -> Sequence[LedgerTrade]:
        return _trades(self._tx.rows(_OF_ROW, _place(account_id, row) | {"first": since or _EVER, "end": before or date.max}))

    def brought(self, account_id: str, row: RowKey, until: date) -> BroughtForward | None:
        found = self._tx.rows(_BROUGHT, _place(account_id, row) | {"until": until}).one_or_none()
        if found is None:
            return None
        day, quantity, price = found
        key, product = row
        return BroughtForward(account_id=account_id, day=day, key=key, product=product, quantity=quantity, price=price)

    def bring(self, forward: BroughtForward) -> None:
        values = {name: getattr(forward, name) for name in ("account_id", "product", "day", "quantity", "price")}
        self._tx.write(_BRING, values | {"exchange": forward.key.exchange, "token": forward.key.token})

    def close_day(self, marks: Sequence[DayMark]) -> None:
        if marks:
            self._tx.write(_CLOSE, [_values(mark, _MARK_FIELDS) for mark in marks])

    def correct_day(self, marks: Sequence[DayMark]) -> None:
        if marks:
            self._tx.write(_CORRECT, [_values(mark, _MARK_FIELDS) for mark in marks])

    def marks(self, account_id: str, day: date) -> Mapping[RowKey, DayMark]:
        rows = self._tx.rows(_MARKS, {"account": account_id, "of": day})
        found = [DayMark(**dict(zip(_MARK_FIELDS, row, strict=True))) for row in rows]
        return {mark.row: mark for mark in found}

    def marks_of_row(self, account_id: str, row: RowKey) -> Mapping[date, Decimal]:
        rows = self._tx.rows(_MARKS_OF_ROW, _place(account_id, row))
        return {found.day: found.mark for found in rows if found.mark is not None}

    def last_marked(self, account_id: str, before: date) -> date | None:
        return next(iter(self._tx.rows(_LAST_MARKED, {"account": account_id, "before": before}).scalars()), None)

    def note_point(self, account_id: str, point: CurvePoint) -> None:
        self._tx.write(_POINT, {"account_id": account_id, "at": point.at, "net": point.net})

    def curve(self, account_id: str, day: date) -> Sequence[CurvePoint]:
        span = {"since": at_ist(day, 0), "until": at_ist(day + timedelta(days=1), 0)}
        return [CurvePoint(at=at, net=net) for at, net in self._tx.rows(_CURVE, {"account": account_id, **span})]

    def forget_curves_before(self, moment: datetime) -> None:
        self._tx.write(_FORGET, {"before": moment})

    def planned(self, account_id: str, first: date, last: date) -> Collection[str]:
        return set(self._tx.rows(_PLANNED, {"account": account_id, "first": first, "last": last}).scalars())

    def note_touch(self, order_id: str, price: Decimal) -> None:
        self._tx.write(_TOUCH, {"order_id": order_id, "price": price})

    def touches(self, account_id: str, first: date, last: date) -> Mapping[str, Decimal]:
        rows = self._tx.rows(_TOUCHES, {"account": account_id, "first": first, "last": last})
        return {row.order_id: row.price for row in rows}


def _trades(rows: Iterable[Sequence[Any]]) -> list[LedgerTrade]:
    return [LedgerTrade(**dict(zip(_FIELDS, row, strict=True))) for row in rows]


def _values(value: LedgerTrade | DayMark, names: Sequence[str]) -> dict[str, Any]:
    key = value.instrument.key
    return {name: getattr(value, name) for name in names} | {"exchange": key.exchange, "token": key.token}


def _place(account_id: str, row: RowKey) -> dict[str, Any]:
    (exchange, token), product = row
    return {"account": account_id, "on": exchange, "of": token, "under": product}
