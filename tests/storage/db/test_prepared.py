"""A prepared statement is the statement: it finds and changes what SQLAlchemy's own execution would."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, func, select

from bot.domain.errors import StorageError
from bot.domain.orders.order import OrderStatus
from storage.db.prepared import prepared
from storage.db.tables.accounts import stops
from storage.db.tables.orders import orders
from storage.repositories import SqlRepositories
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, DAY, NOW, an_order

_ROWS = (
    select(orders, orders.c.average.label("again"), orders.c.average, func.count().over().label("all"))
    .where(orders.c.account_id == bindparam("account"), orders.c.status == OrderStatus.SUBMITTING)
    .order_by(orders.c.number.desc())
    .limit(bindparam("limit"))
)
_STOP = stops.insert().values({name: bindparam(name) for name in ("account_id", "by", "at", "why")})
_UNSTOP = stops.delete().where(stops.c.account_id == bindparam("account")).returning(stops.c.at, stops.c.why)
STOPPED = {"account_id": ACCOUNT.id, "by": 1, "at": NOW, "why": "x"}


async def test_rows_are_those_of_sqlalchemy_with_every_value_and_every_name(store: SqlStore) -> None:
    def add(db: SqlRepositories) -> None:
        for number in (1, 2, 3):
            db.orders.add(an_order(number), DAY)

    await store.transaction(add)
    values = {"account": ACCOUNT.id, "limit": 2}
    ours: Any = await store.transaction(lambda db: db.orders._tx.rows(_ROWS, values).all())
    theirs = store._connection.execute(_ROWS, values).all()
    store._connection.rollback()
    assert [tuple(row) for row in ours] == [tuple(row) for row in theirs]
    assert [(row.number, row.draft, row.created_at, row.all) for row in ours] == [
        (row.number, row.draft, row.created_at, row.all) for row in theirs
    ]
    assert len(ours) == 2


async def test_a_change_tells_how_much_it_touched_and_returns_its_rows(store: SqlStore) -> None:
    def act(db: SqlRepositories) -> None:
        tx = db.stops._tx
        assert tx.write(_STOP, STOPPED) == 1
        assert tx.rows(_UNSTOP, {"account": ACCOUNT.id}).one() == (NOW, "x")
        assert tx.rows(_UNSTOP, {"account": ACCOUNT.id}).one_or_none() is None
        assert tx.writes == {("insert", "stops"), ("delete", "stops")}

    await store.transaction(act)


@pytest.mark.parametrize(
    "wrong",
    [{"at": datetime(2026, 11, 20)}, {"why": "\ud800"}, {"by": 2**63}, {"why": object()}],  # noqa: DTZ001
    ids=["no zone", "no text", "too large", "nothing that a column holds"],
)
async def test_a_value_that_its_column_cannot_hold_is_refused_in_words(store: SqlStore, wrong: dict[str, object]) -> None:
    with pytest.raises(StorageError):
        await store.transaction(lambda db: db.stops._tx.write(_STOP, STOPPED | wrong))
    assert await store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is None


def test_a_statement_is_compiled_once() -> None:
    assert prepared(_ROWS) is prepared(_ROWS)


async def test_a_missing_value_is_never_taken_for_nothing(store: SqlStore) -> None:
    with pytest.raises(KeyError):
        await store.transaction(lambda db: db.stops._tx.write(_STOP, {"account_id": ACCOUNT.id}))
