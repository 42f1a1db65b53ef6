"""Every fill that the books ever showed is in the ledger once, however often, in whatever order and how late they were read."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import ist_date
from bot.domain.money import total
from bot.domain.orders.order import OrderFact, OrderStatus, TradeFact
from bot.domain.pnl.trades import LedgerTrade, distinct
from bot.trading.sync.fact_applier import FactApplier
from storage.repositories import SqlRepositories
from storage.store import SqlStore
from tests.stage.values.orders import NOW, RELIANCE, a_fact, a_trade, an_order
from tests.storage.samples import ACCOUNT, a_store

Reading = tuple[OrderFact, list[TradeFact]]
Case = tuple[list[TradeFact], list[Reading]]


def an_applier() -> FactApplier:
    return FactApplier(random=random.Random(3).randbytes, instrument={RELIANCE.key: RELIANCE}.get)


async def read(store: SqlStore, book: FactApplier, facts: Sequence[OrderFact], trades: Sequence[TradeFact]) -> None:
    book.applied("a1", await store.transaction(lambda db: book.apply(db, "a1", facts, trades, NOW)))


async def kept(store: SqlStore) -> Sequence[LedgerTrade]:
    day = ist_date(NOW)
    return await store.transaction(lambda db: db.ledger.between(ACCOUNT.id, day, day))


@st.composite
def readings(draw: st.DrawFn) -> Case:
    """An order that fills in steps, and looks at it in any order, the trade book lagging behind the order book or ahead of it."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=6))
    named = draw(st.booleans())
    trades, done, value, facts = [], 0, Decimal(0), []
    for number, size in enumerate(sizes, start=1):
        price = Decimal(draw(st.integers(14_000, 15_000))) / 10
        at = NOW - timedelta(seconds=60 - draw(st.integers(0, 3)) - 4 * number)
        row = a_trade(size, str(price), number, at=at)
        trades.append(row if named else replace(row, trade_id=""))
        done, value = done + size, value + size * price
        status = OrderStatus.FILLED if number == len(sizes) else OrderStatus.PARTIAL
        average = (value / done).quantize(Decimal("0.01"))
        facts.append(a_fact(quantity=sum(sizes), filled=done, status=status, average=average, at=at))
    looks: list[Reading] = []
    for _ in range(draw(st.integers(0, 6))):
        rows = trades[: draw(st.integers(0, len(trades)))]
        looks.append((facts[draw(st.integers(0, len(facts) - 1))], draw(st.permutations(rows))))
    last = draw(st.permutations(trades))
    return trades, [*looks, (facts[-1], last)]


@given(readings(), st.booleans())
async def test_however_the_books_are_read_the_ledger_ends_the_same(
    case: tuple[list[TradeFact], list[Reading]], anew: bool
) -> None:
    trades, looks = case
    store, book = await a_store(), an_applier()
    for fact, rows in looks:
        book = an_applier() if anew else book  # the process was started again
        await read(store, book, [fact], rows)
    found = await kept(store)
    assert [(trade.quantity, trade.price) for trade in found] == [(row.quantity, row.price) for row in trades]
    assert [trade.step for trade in found] == [sum(row.quantity for row in trades[: n + 1]) for n in range(len(trades))]
    assert not any(trade.missing for trade in found)
    assert total(Decimal(trade.quantity) for trade in found) == looks[-1][0].filled


@given(readings())
async def test_at_no_moment_is_a_fill_lost_that_the_order_book_has_shown(case: Case) -> None:
    store, book, most = await a_store(), an_applier(), 0
    for fact, rows in case[1]:
        await read(store, book, [fact], rows)
        most = max(most, fact.filled, sum(row.quantity for row in rows))
        assert sum(trade.quantity for trade in await kept(store)) == most


async def test_a_fill_whose_row_is_late_stands_at_the_orders_average_and_is_marked_missing() -> None:
    store, book = await a_store(), an_applier()
    fact = a_fact(filled=10, status=OrderStatus.FILLED, average=Decimal("1480.30"))
    await read(store, book, [fact], [a_trade(4, "1480.00")])
    first, late = await kept(store)
    assert (first.quantity, first.price, first.missing) == (4, Decimal("1480.00"), False)
    assert (late.quantity, late.price, late.missing) == (6, Decimal("1480.5000"), True)
    await read(store, book, [fact], [a_trade(4, "1480.00"), a_trade(6, "1480.52", 2)])
    assert [(trade.price, trade.missing) for trade in await kept(store)] == [
        (Decimal("1480.00"), False),
        (Decimal("1480.52"), False),
    ]


async def test_a_row_without_a_time_stays_in_the_day_in_which_it_was_first_seen() -> None:
    store = await a_store()
    fact = a_fact(filled=10, status=OrderStatus.FILLED, average=Decimal("1480.30"), at=None)
    rows = [a_trade(10, "1480.30", at=None)]
    for when in (NOW, NOW + timedelta(days=1)):
        await store.transaction(partial(an_applier().apply, account_id="a1", facts=[fact], trades=rows, now=when))
    assert [trade.at for trade in await kept(store)] == [NOW]


async def test_it_knows_our_own_order_and_keeps_orders_from_elsewhere_too() -> None:
    store, book = await a_store(), an_applier()
    number = await store.transaction(lambda db: db.orders.next_number(ACCOUNT.id, ist_date(NOW)))
    await store.transaction(lambda db: db.orders.add(an_order(number=number), ist_date(NOW)))
    ours = a_fact(filled=10, status=OrderStatus.FILLED, average=Decimal("1480.30"))
    theirs = a_fact(tag=None, broker_id="2161261120476", filled=5, quantity=5, status=OrderStatus.FILLED)
    rows = [a_trade(10, "1480.30"), a_trade(5, "1481.00", 2, broker_id="2161261120476")]
    ahead = a_trade(3, "1482.00", 3, broker_id="2161261120477")  # the trade book shows it before the order book does
    await read(store, book, [ours, theirs], [*rows, ahead])
    found = {trade.broker_id: trade for trade in await kept(store)}
    assert found[ours.broker_id].order_id == "o1"
    assert found[theirs.broker_id].order_id not in (None, "o1")
    assert found[ahead.broker_id].order_id is None
    await read(store, book, [ours, theirs, replace(theirs, broker_id=ahead.broker_id, filled=3, quantity=3)], [*rows, ahead])
    found = {trade.broker_id: trade for trade in await kept(store)}
    assert found[ahead.broker_id].order_id is not None
    assert len(found) == 3


@pytest.mark.parametrize(
    ("filled", "quantities"),
    [(4, [4]), (8, [4, 4]), (0, [4]), (6, [4])],
    ids=["listed twice", "two fills of one number", "the order book is not read", "neither makes the order's sum"],
)
def test_a_trade_number_that_comes_twice_is_one_fill_unless_both_are_needed(filled: int, quantities: list[int]) -> None:
    assert [row.quantity for row in distinct([a_trade(4, "1480.00"), a_trade(4, "1480.00")], filled)] == quantities


def test_rows_without_a_number_are_each_a_fill() -> None:
    rows = [a_trade(4, "1480.00", trade_id=""), a_trade(4, "1480.00", trade_id="")]
    assert len(distinct(rows)) == 2


async def test_the_same_books_again_write_nothing() -> None:
    store, book = await a_store(), an_applier()
    fact = a_fact(filled=10, status=OrderStatus.FILLED, average=Decimal("1480.30"))

    async def written(book: FactApplier) -> bool:
        def look(db: SqlRepositories) -> bool:
            book.apply(db, "a1", [fact], [a_trade(10, "1480.30")], NOW)
            return bool(db.orders._tx.writes)

        return await store.transaction(look)

    assert await written(book)
    assert not await written(book)
    assert not await written(an_applier())
