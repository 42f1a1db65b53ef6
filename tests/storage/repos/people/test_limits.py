"""Limits are dated sets that come back exactly.

A day that is locked stays locked.
"""

from datetime import time, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.people.access import DayLock
from bot.domain.people.account import Limits, Segment
from bot.domain.ports.repositories import Repositories
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, DAY, NOW, a_store, at_once
from tests.storage.strategies import whole

TOMORROW = DAY + timedelta(days=1)
TIGHT = Limits(
    value=Decimal("100000.50"),
    quantity=65,
    daily_loss=Decimal(5000),
    segments=(Segment.CASH, Segment.OPTIONS),
    hours=(time(9, 15), time(15, 0)),
    ask_pin_above=Decimal(50000),
    guardian_sells_holdings=True,
    stops_by_themselves=True,
)
amounts = st.none() | st.decimals(places=2, min_value=0, max_value=10**9)
counts = st.none() | whole
times = st.times().map(lambda at: at.replace(microsecond=0, fold=0))
sets = st.builds(
    Limits,
    value=amounts,
    quantity=counts,
    orders_a_day=counts,
    orders_a_minute=counts,
    daily_loss=amounts,
    segments=st.none() | st.sets(st.sampled_from(Segment)).map(lambda some: tuple(sorted(some))),
    hours=st.none() | st.tuples(times, times),
    ask_pin_above=amounts,
    guardian_sells_holdings=st.booleans(),
    stops_by_themselves=st.booleans(),
)


async def test_a_new_account_has_the_usual_limits_and_nothing_to_come(store: SqlStore) -> None:
    assert await store.transaction(lambda db: db.limits.on(ACCOUNT.id, DAY)) == Limits()
    assert await store.transaction(lambda db: db.limits.after(ACCOUNT.id, DAY)) is None


async def test_a_set_is_in_force_from_its_day_until_the_next_begins(store: SqlStore) -> None:
    def begin(db: Repositories) -> None:
        db.limits.put(ACCOUNT.id, DAY, TIGHT)
        db.limits.put(ACCOUNT.id, TOMORROW, Limits())

    await store.transaction(begin)

    def look(db: Repositories) -> None:
        assert db.limits.on(ACCOUNT.id, DAY - timedelta(days=1)) == Limits()
        assert repr(db.limits.on(ACCOUNT.id, DAY)) == repr(TIGHT)
        assert db.limits.after(ACCOUNT.id, DAY) == (TOMORROW, Limits())
        assert db.limits.on(ACCOUNT.id, TOMORROW + timedelta(days=400)) == Limits()
        db.limits.put(ACCOUNT.id, DAY, Limits(quantity=1))
        assert db.limits.on(ACCOUNT.id, DAY).quantity == 1

    await store.transaction(look)


@given(sets)
def test_every_set_comes_back_as_it_went_in(limits: Limits) -> None:
    store = at_once_store()
    at_once(store, lambda db: db.limits.put(ACCOUNT.id, DAY, limits))
    assert repr(at_once(store, lambda db: db.limits.on(ACCOUNT.id, DAY))) == repr(limits)


_kept: list[SqlStore] = []


def at_once_store() -> SqlStore:
    """One store for all examples: each writes over the same row."""
    if not _kept:
        import asyncio  # noqa: PLC0415 - the only use

        _kept.append(asyncio.run(a_store()))
    return _kept[0]


async def test_a_locked_day_keeps_who_locked_it_first_and_is_over_the_next_day(store: SqlStore) -> None:
    lock = DayLock(account_id=ACCOUNT.id, day=DAY, at=NOW, by=None, why="the daily loss was reached")
    assert await store.transaction(lambda db: db.limits.lock_day(lock))
    again = DayLock(account_id=ACCOUNT.id, day=DAY, at=NOW, by=5, why="again")
    assert not await store.transaction(lambda db: db.limits.lock_day(again))
    assert await store.transaction(lambda db: db.limits.day_lock(ACCOUNT.id, DAY)) == lock
    assert await store.transaction(lambda db: db.limits.day_lock(ACCOUNT.id, TOMORROW)) is None
