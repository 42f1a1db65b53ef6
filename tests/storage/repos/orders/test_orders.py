"""Orders come back whole, in the order of their numbers, and no change is lost under another."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import at_ist
from bot.domain.errors import StorageError
from bot.domain.orders.order import Fill, Order, OrderStatus
from bot.domain.people.account import Account
from bot.domain.ports.repositories import Repositories
from storage.store import SqlStore
from tests.stage.depth import examples
from tests.storage.samples import ACCOUNT, CREDENTIALS, DAY, NOW, a_fill, a_store, an_order
from tests.storage.strategies import of


def add(*orders: Order) -> Any:
    def work(db: Repositories) -> None:
        for order in orders:
            db.orders.add(order, DAY)

    return work


def unsettled(account_id: str | None, db: Repositories) -> Sequence[Order]:
    return db.orders.unsettled(account_id)


def sent_since(moments: Sequence[datetime], db: Repositories) -> Sequence[int]:
    return db.orders.sent_since(ACCOUNT.id, *moments)


def save(order: Order, db: Repositories) -> None:
    db.orders.save(order)


def add_fill(order: Order, fill: Fill, db: Repositories) -> bool:
    return db.orders.add_fill(order, fill)


shared = asyncio.run(a_store())


@settings(max_examples=examples(60), deadline=None)
@given(of(Order), st.lists(of(Fill), max_size=3, unique_by=lambda fill: (fill.broker_id, fill.filled_after)))
def test_any_order_and_its_fills_come_back_to_the_last_digit(order: Order, fills: list[Fill]) -> None:
    order = replace(order, account_id=ACCOUNT.id)

    def there_and_back(db: Repositories) -> None:
        db.orders.add(order, DAY)
        stored_order = db.orders.find(order.id)
        assert repr(stored_order) == repr(order)
        assert (db.orders.unsettled() == []) is order.status.is_final
        assert all(db.orders.add_fill(order, fill) for fill in fills)
        stored = sorted(db.orders.fills_of(order.id), key=repr)
        assert repr(stored) == repr(sorted(fills, key=repr))
        raise _Undo

    with pytest.raises(_Undo):
        asyncio.run(shared.transaction(there_and_back))


class _Undo(Exception):  # not an error: it rolls an example back
    pass


async def test_numbers_count_up_for_each_account_and_day_and_a_rolled_back_one_is_given_again(store: SqlStore) -> None:
    other = Account(id="a2", label="papa", client="MA••••2", created_at=NOW)
    await store.transaction(lambda db: db.accounts.add(other, CREDENTIALS))

    def three(db: Repositories) -> list[int]:
        return [db.orders.next_number(ACCOUNT.id, DAY) for _ in range(3)]

    assert await store.transaction(three) == [1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        await store.transaction(lambda db: db.orders.next_number(ACCOUNT.id, DAY) / 0)
    assert await store.transaction(three) == [4, 5, 6]
    assert await store.transaction(lambda db: db.orders.next_number("a2", DAY)) == 1
    assert await store.transaction(lambda db: db.orders.next_number(ACCOUNT.id, DAY + timedelta(days=1))) == 1


async def test_an_order_is_found_by_every_name_it_has(store: SqlStore) -> None:
    order = an_order(3, broker_id="1151261120106", status=OrderStatus.OPEN)
    await store.transaction(add(order))

    def find(db: Repositories) -> list[Order | None]:
        orders = db.orders
        return [
            orders.find("o3"),
            orders.by_tag(ACCOUNT.id, order.tag or ""),
            orders.by_broker_id(ACCOUNT.id, "1151261120106"),
            orders.by_number(ACCOUNT.id, DAY, 3),
        ]

    def miss(db: Repositories) -> list[Order | None]:
        orders = db.orders
        return [
            orders.find("o4"),
            orders.by_tag("a2", order.tag or ""),
            orders.by_broker_id("a2", "1151261120106"),
            orders.by_number(ACCOUNT.id, DAY + timedelta(days=1), 3),
        ]

    assert await store.transaction(find) == [order] * 4
    assert await store.transaction(miss) == [None] * 4


@pytest.mark.parametrize("clash", [{"id": "o1"}, {"number": 1}, {"tag": an_order(1).tag}, {"broker_id": "77"}])
async def test_a_name_that_is_taken_is_refused(store: SqlStore, clash: dict[str, Any]) -> None:
    await store.transaction(add(an_order(1, broker_id="77")))
    with pytest.raises(StorageError):
        await store.transaction(add(replace(an_order(2), **clash)))


async def test_orders_from_elsewhere_have_no_tag_and_do_not_clash(store: SqlStore) -> None:
    await store.transaction(add(an_order(1, tag=None), an_order(2, tag=None)))
    assert await store.transaction(lambda db: db.orders.sent_since(ACCOUNT.id, NOW)) == (0,)


async def test_a_day_lists_its_orders_by_number_and_the_open_ones_by_age(store: SqlStore) -> None:
    await store.transaction(add(an_order(2, status=OrderStatus.FILLED), an_order(3, status=OrderStatus.NOT_SEEN), an_order(1)))
    assert [order.number for order in await store.transaction(lambda db: db.orders.of_day(ACCOUNT.id, DAY))] == [1, 2, 3]
    for account_id in (None, ACCOUNT.id):
        open_ones = await store.transaction(partial(unsettled, account_id))
        assert [order.number for order in open_ones] == [1, 3]
    assert await store.transaction(lambda db: db.orders.unsettled("a2")) == []


async def test_what_is_open_and_what_is_fresh_are_found_without_the_rest_of_the_day(store: SqlStore) -> None:
    old = NOW - timedelta(minutes=10)
    await store.transaction(
        add(
            an_order(1, status=OrderStatus.FILLED, created_at=old, updated_at=old),
            an_order(5, status=OrderStatus.FILLED, created_at=old, updated_at=NOW),
            an_order(2, status=OrderStatus.UNKNOWN, created_at=old),
            an_order(3, status=OrderStatus.FILLED, created_at=NOW),
            an_order(4, status=OrderStatus.OPEN, created_at=NOW),
        )
    )
    orders = await store.transaction(lambda db: db.orders.lately(ACCOUNT.id, DAY, NOW))
    assert [order.number for order in orders] == [2, 3, 4, 5]


async def test_the_count_of_what_was_sent_includes_its_first_moment(store: SqlStore) -> None:
    await store.transaction(add(an_order(1), an_order(2), an_order(3, tag=None)))
    first = an_order(1).created_at
    moments = (first, first + timedelta(microseconds=1), NOW + timedelta(hours=1))
    assert await store.transaction(partial(sent_since, moments)) == (2, 1, 0)
    assert await store.transaction(partial(sent_since, moments[::-1])) == (0, 1, 2)


async def test_a_new_version_replaces_the_one_it_came_from(store: SqlStore) -> None:
    order = an_order()
    await store.transaction(add(order))
    accepted = order.accepted("77", NOW)
    await store.transaction(lambda db: db.orders.save(accepted))  # carried over from an earlier transaction

    def two_moves(db: Repositories) -> None:
        order = db.orders.find("o1")
        assert order == accepted
        db.orders.save(replace(order, reason="x", version=order.version + 2))

    await store.transaction(two_moves)
    assert await store.transaction(lambda db: db.orders.find("o1")) == replace(accepted, reason="x", version=4)


async def test_a_change_made_from_an_older_version_is_refused_and_what_is_stored_stays(store: SqlStore) -> None:
    order = an_order()
    await store.transaction(add(order))
    by_the_book = order.accepted("77", NOW)
    await store.transaction(lambda db: db.orders.save(by_the_book))
    late = [
        order.unclear(NOW),  # version 2, as is stored
        replace(order.unclear(NOW), version=4),  # two ahead, from a copy nobody read here
        order,
        by_the_book,  # nothing changed
        replace(by_the_book, id="o9", version=3),  # not stored at all
    ]
    for stale in late:
        with pytest.raises(StorageError, match="changed in the meantime"):
            await store.transaction(partial(save, stale))
    assert await store.transaction(lambda db: db.orders.find("o1")) == by_the_book


async def test_a_version_that_is_not_newer_than_the_one_just_read_is_refused(store: SqlStore) -> None:
    await store.transaction(add(an_order().accepted("77", NOW)))

    def back(version: int, db: Repositories) -> None:
        order = db.orders.find("o1")
        assert order is not None
        db.orders.save(replace(order, reason="x", version=version))

    for version in (1, 2):
        with pytest.raises(StorageError, match="changed in the meantime"):
            await store.transaction(partial(back, version))
    assert await store.transaction(lambda db: db.orders.find("o1")) == an_order().accepted("77", NOW)


async def test_what_never_changes_of_an_order_is_not_written_again(store: SqlStore) -> None:
    await store.transaction(add(an_order()))
    moved = replace(an_order(), number=9, tag="OTHER", placed_by=5, version=2)
    await store.transaction(lambda db: db.orders.save(moved))
    assert await store.transaction(lambda db: db.orders.find("o1")) == replace(an_order(), version=2)


async def test_a_step_is_stored_once_however_often_it_is_told(store: SqlStore) -> None:
    order = an_order(broker_id="77")
    await store.transaction(add(order))
    assert await store.transaction(lambda db: db.orders.add_fill(order, a_fill(5)))
    assert not await store.transaction(lambda db: db.orders.add_fill(order, a_fill(5, quantity=3)))
    assert await store.transaction(lambda db: db.orders.add_fill(order, a_fill(10)))
    assert await store.transaction(lambda db: db.orders.fills_of("o1")) == [a_fill(5), a_fill(10)]


async def test_a_days_fills_are_those_between_two_midnights_in_india(store: SqlStore) -> None:
    order = an_order(broker_id="77")
    start = at_ist(DAY, 0)
    end = start + timedelta(days=1)
    moments = [start - timedelta(microseconds=1), start, end - timedelta(microseconds=1), end]
    await store.transaction(add(order))
    for number, moment in enumerate(moments):
        fill = a_fill(number + 1, at=moment)
        assert await store.transaction(partial(add_fill, order, fill))
    fills = await store.transaction(lambda db: db.orders.fills_of_day(ACCOUNT.id, DAY))
    assert fills == [(order, a_fill(2, at=moments[1])), (order, a_fill(3, at=moments[2]))]


async def test_a_number_beyond_64_bits_is_refused_in_words(store: SqlStore) -> None:
    with pytest.raises(StorageError, match="too large"):
        await store.transaction(add(an_order(filled=2**63)))
