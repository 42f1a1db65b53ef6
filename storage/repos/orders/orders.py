"""Orders, their day numbers and their fills."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.clock import at_ist
from bot.domain.errors import StorageError
from bot.domain.orders.order import Fill, Order
from storage.db.engine import Transaction
from storage.db.tables.messages import cards
from storage.db.tables.orders import fills, order_numbers, orders

ORDER_FIELDS = tuple(field.name for field in fields(Order))
ORDER_COLUMNS = tuple(orders.c[name] for name in ORDER_FIELDS)
_FILL_FIELDS = tuple(field.name for field in fields(Fill))
_FILL_COLUMNS = tuple(fills.c[name] for name in _FILL_FIELDS)
_CHANGING = tuple(name for name in ORDER_FIELDS if name not in ("id", "account_id", "number", "tag", "placed_by", "created_at"))

_first_number = insert(order_numbers).values(account_id=bindparam("account_id"), day=bindparam("day"), last=1)
_NEXT_NUMBER = _first_number.on_conflict_do_update(
    index_elements=[order_numbers.c.account_id, order_numbers.c.day], set_={"last": order_numbers.c.last + 1}
).returning(order_numbers.c.last)
_ADD = insert(orders).values({name: bindparam(name) for name in (*ORDER_FIELDS, "day", "settled")})
_SAVE = (
    orders.update()
    .where(orders.c.id == bindparam("_id"), orders.c.version == bindparam("_base"))
    .values({name: bindparam(name) for name in (*_CHANGING, "settled")})
)
_CARDS_DUE = cards.update().where(cards.c.order_id == bindparam("order")).values(due=True)
_ORDERS = select(*ORDER_COLUMNS)
_FIND = _ORDERS.where(orders.c.id == bindparam("order_id"))
_BY_TAG = _ORDERS.where(orders.c.account_id == bindparam("account_id"), orders.c.tag == bindparam("tag"))
_BY_BROKER_ID = _ORDERS.where(orders.c.account_id == bindparam("account_id"), orders.c.broker_id == bindparam("broker_id"))
_OF_DAY = _ORDERS.where(orders.c.account_id == bindparam("account_id"), orders.c.day == bindparam("day")).order_by(
    orders.c.number
)
_VERSIONS = select(orders.c.broker_id, orders.c.version).where(
    orders.c.account_id == bindparam("account_id"), orders.c.day == bindparam("day"), orders.c.broker_id.is_not(None)
)
_LATELY = _OF_DAY.where(or_(orders.c.settled.is_(False), orders.c.updated_at >= bindparam("moment")))
_BY_NUMBER = _OF_DAY.where(orders.c.number == bindparam("number"))
_UNSETTLED = _ORDERS.where(orders.c.settled.is_(False)).order_by(orders.c.created_at, orders.c.number)
_UNSETTLED_OF = _UNSETTLED.where(orders.c.account_id == bindparam("account_id"))
_OURS_SINCE = (
    orders.c.account_id == bindparam("account_id"),
    orders.c.created_at >= bindparam("first"),
    orders.c.tag.is_not(None),
)
_LAST_BY = select(func.max(orders.c.created_at)).where(
    orders.c.account_id == bindparam("account_id"), orders.c.placed_by == bindparam("person")
)
_PLACED_BY = (
    select(*ORDER_COLUMNS)
    .where(orders.c.account_id == bindparam("account_id"), orders.c.placed_by == bindparam("person"))
    .order_by(orders.c.created_at.desc())
    .limit(bindparam("most"))
)
_ADD_FILL = (
    insert(fills).values({name: bindparam(name) for name in (*_FILL_FIELDS, "order_id", "account_id")}).on_conflict_do_nothing()
)
_FILLS_OF = select(*_FILL_COLUMNS).where(fills.c.order_id == bindparam("order_id")).order_by(fills.c.filled_after)
_FILLS_OF_DAY = (
    select(*_FILL_COLUMNS, *ORDER_COLUMNS)
    .select_from(fills.join(orders, orders.c.id == fills.c.order_id))
    .where(fills.c.account_id == bindparam("account_id"), fills.c.at >= bindparam("since"), fills.c.at < bindparam("until"))
    .order_by(fills.c.at, fills.c.id)
)


@cache
def _sent_since(names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return select(*(func.count().filter(orders.c.created_at >= bindparam(name)) for name in names)).where(*_OURS_SINCE)


_PRICELESS = _FILLS_OF_DAY.where(fills.c.price.is_(None))
_COMPLETE_FILL = (
    fills.update()
    .where(
        fills.c.account_id == bindparam("of_account"),
        fills.c.broker_id == bindparam("broker"),
        fills.c.filled_after == bindparam("after"),
        fills.c.price.is_(None),
    )
    .values(price=bindparam("new_price"), average=bindparam("new_average"))
)


def order_of(values: Sequence[Any]) -> Order:
    """An order from the values of ORDER_COLUMNS."""
    return Order(**dict(zip(ORDER_FIELDS, values, strict=True)))


def _values(order: Order, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(order, name) for name in names} | {"settled": order.status.is_final}


class SqlOrders:
    """Orders, each change a new version that must follow the one it was made from."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction
        self._seen: dict[str, int] = {}  # order id -> the version stored as this transaction knows it

    def next_number(self, account_id: str, day: date) -> int:
        """Counts up by one statement, so a number is given once however many ask. It starts at 1 each day."""
        return self._tx.rows(_NEXT_NUMBER, {"account_id": account_id, "day": day}).scalar_one()

    def add(self, order: Order, day: date) -> None:
        """Stores a new order. StorageError when its id, day number, tag or broker id is taken."""
        self._tx.write(_ADD, {**_values(order, ORDER_FIELDS), "day": day})
        self._seen[order.id] = order.version

    def save(self, order: Order) -> None:
        """Writes a new version, which must come from the one that is stored.

        The stored version has to be the one this transaction read, or, for an order carried in from an earlier transaction,
        the one just before. Otherwise somebody else's change would be lost: StorageError.
        The cards that show the order are due from now on.
        """
        base = self._seen.get(order.id, order.version - 1)
        values = _values(order, _CHANGING)
        if base >= order.version or self._tx.write(_SAVE, {**values, "_id": order.id, "_base": base}) != 1:
            raise StorageError(f"Order {order.number} was changed in the meantime; version {order.version} was not stored.")
        self._tx.write(_CARDS_DUE, {"order": order.id})
        self._seen[order.id] = order.version

    def find(self, order_id: str) -> Order | None:
        return self._one(self._tx.rows(_FIND, {"order_id": order_id}).one_or_none())

    def by_tag(self, account_id: str, tag: str) -> Order | None:
        return self._one(self._tx.rows(_BY_TAG, {"account_id": account_id, "tag": tag}).one_or_none())

    def by_broker_id(self, account_id: str, broker_id: str) -> Order | None:
        return self._one(self._tx.rows(_BY_BROKER_ID, {"account_id": account_id, "broker_id": broker_id}).one_or_none())

    def by_number(self, account_id: str, day: date, number: int) -> Order | None:
        return self._one(self._tx.rows(_BY_NUMBER, {"account_id": account_id, "day": day, "number": number}).one_or_none())

    def of_day(self, account_id: str, day: date) -> Sequence[Order]:
        return self._many(self._tx.rows(_OF_DAY, {"account_id": account_id, "day": day}).all())

    def versions(self, account_id: str, day: date) -> Mapping[str, int]:
        rows = self._tx.rows(_VERSIONS, {"account_id": account_id, "day": day})
        return {broker_id: version for broker_id, version in rows if broker_id is not None}

    def lately(self, account_id: str, day: date, moment: datetime) -> Sequence[Order]:
        return self._many(self._tx.rows(_LATELY, {"account_id": account_id, "day": day, "moment": moment}).all())

    def unsettled(self, account_id: str | None = None) -> Sequence[Order]:
        if account_id is None:
            return self._many(self._tx.rows(_UNSETTLED).all())
        return self._many(self._tx.rows(_UNSETTLED_OF, {"account_id": account_id}).all())

    def sent_since(self, account_id: str, *moments: datetime) -> Sequence[int]:
        """Our own orders only (they carry a tag), by the moment of their claim, that moment included."""
        since = {f"moment_{place}": moment for place, moment in enumerate(moments)}
        values = {"account_id": account_id, "first": min(moments), **since}
        return tuple(self._tx.rows(_sent_since(tuple(since)), values).one())

    def last_by(self, telegram_id: int, account_id: str) -> datetime | None:
        return self._tx.rows(_LAST_BY, {"person": telegram_id, "account_id": account_id}).scalar_one_or_none()

    def placed_by(self, telegram_id: int, account_id: str, most: int) -> Sequence[Order]:
        return self._many(self._tx.rows(_PLACED_BY, {"person": telegram_id, "account_id": account_id, "most": most}).all())

    def add_fill(self, order: Order, fill: Fill) -> bool:
        values = {name: getattr(fill, name) for name in _FILL_FIELDS}
        return self._tx.write(_ADD_FILL, {**values, "order_id": order.id, "account_id": order.account_id}) == 1

    def fills_of(self, order_id: str) -> Sequence[Fill]:
        return [_fill(row) for row in self._tx.rows(_FILLS_OF, {"order_id": order_id})]

    def priceless(self, account_id: str, day: date) -> Sequence[tuple[Order, Fill]]:
        values = {"account_id": account_id, "since": at_ist(day, 0), "until": at_ist(day + timedelta(days=1), 0)}
        return self._with_orders(self._tx.rows(_PRICELESS, values))

    def complete_fill(self, order: Order, fill: Fill) -> None:
        values = {"of_account": order.account_id, "broker": fill.broker_id, "after": fill.filled_after}
        self._tx.write(_COMPLETE_FILL, {**values, "new_price": fill.price, "new_average": fill.average})

    def fills_of_day(self, account_id: str, day: date) -> Sequence[tuple[Order, Fill]]:
        """Fills of a date in India, oldest first, each with its order as it stands now."""
        since, until = at_ist(day, 0), at_ist(day + timedelta(days=1), 0)
        return self._with_orders(self._tx.rows(_FILLS_OF_DAY, {"account_id": account_id, "since": since, "until": until}))

    def _with_orders(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Order, Fill]]:
        split = len(_FILL_FIELDS)
        return [(self._remember(order_of(row[split:])), _fill(row[:split])) for row in rows]

    def _one(self, row: Row[*tuple[Any, ...]] | None) -> Order | None:
        return None if row is None else self._remember(order_of(row))

    def _many(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Order]:
        return [self._remember(order_of(row)) for row in rows]

    def _remember(self, order: Order) -> Order:
        self._seen[order.id] = order.version
        return order


def _fill(values: Sequence[Any]) -> Fill:
    return Fill(**dict(zip(_FILL_FIELDS, values, strict=True)))
