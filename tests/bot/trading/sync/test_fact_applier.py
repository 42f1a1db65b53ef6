"""The book turns what the broker says into fills and notices, once each, whatever the order and the gaps."""

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
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.money import total
from bot.domain.news.delivery import Delivery
from bot.domain.news.notice import Sound
from bot.domain.news.orders.orders import Filled, OrderElsewhere, OrderRejected
from bot.domain.orders.order import OrderFact, OrderStatus, TradeFact
from bot.domain.ports.repositories import Repositories
from bot.trading.sync.fact_applier import FactApplier, SyncOutcome
from bot.trading.sync.step_prices import step_price
from tests.stage.values.orders import NOW, RELIANCE, a_fact, a_trade, an_order
from tests.storage.samples import a_store


def a_book() -> FactApplier:
    return FactApplier(random=random.Random(3).randbytes, instrument={RELIANCE.key: RELIANCE}.get)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[OrderFact], list[TradeFact]]:
    """An order of ten shares filling in steps, each row of the book possibly seen late, twice or never."""
    cuts = [*sorted(draw(st.sets(st.integers(1, 9), max_size=4))), 10]
    prices = [draw(st.integers(14_000, 15_000)) for _ in cuts]
    trades, facts, done, value = [], [a_fact()], 0, Decimal(0)
    for number, (cut, price) in enumerate(zip(cuts, prices, strict=True), start=1):
        each = Decimal(price) / 10
        trades.append(a_trade(cut - done, str(each), number, at=NOW + timedelta(seconds=number)))
        value += each * (cut - done)
        done = cut
        status = OrderStatus.FILLED if done == 10 else OrderStatus.PARTIAL
        facts.append(a_fact(filled=done, status=status, average=(value / done).quantize(Decimal("0.01"))))
    seen = [*draw(st.lists(st.sampled_from(facts), max_size=8)), facts[-1]]
    return seen, trades


class DiskFullError(Exception):
    """The transaction is rolled back."""


@given(histories(), st.sets(st.integers(0, 7)))
async def test_whatever_rows_are_seen_each_share_is_booked_and_rung_once(
    history: tuple[list[OrderFact], list[TradeFact]], rolled_back: set[int]
) -> None:
    seen, trades = history
    store = await a_store()
    book = a_book()

    def begin(db: Repositories) -> None:
        db.orders.add(an_order(), ist_date(NOW))

    def look(db: Repositories, row: OrderFact, *, fails: bool) -> SyncOutcome:
        change = book.apply(db, "a1", [row, row], trades, NOW)
        if fails:
            raise DiskFullError
        return change

    await store.transaction(begin)
    for number, row in enumerate(seen):
        if number in rolled_back and number < len(seen) - 1:
            with pytest.raises(DiskFullError):
                await store.transaction(partial(look, row=row, fails=True))
        else:
            book.applied("a1", await store.transaction(partial(look, row=row, fails=False)))
    order, fills, news = await store.transaction(
        lambda db: (
            db.orders.find("o1"),
            db.orders.fills_of("o1"),
            db.outbox.counts()[0],
        )
    )
    assert order is not None
    assert order.status is OrderStatus.FILLED
    assert sum(fill.quantity for fill in fills) == order.filled == 10
    assert news == len(fills)
    paid = [fill.price * fill.quantity for fill in fills if fill.price is not None]
    if len(paid) == len(fills):
        assert abs(total(paid) - total(row.price * row.quantity for row in trades)) < Decimal("0.01")


@given(histories())
async def test_a_second_pass_over_the_same_books_says_nothing(history: tuple[list[OrderFact], list[TradeFact]]) -> None:
    seen, trades = history
    store = await a_store()
    book = a_book()
    await store.transaction(lambda db: book.apply(db, "a1", seen[-1:], trades, NOW))
    before = await store.transaction(lambda db: db.outbox.counts())
    change = await store.transaction(lambda db: book.apply(db, "a1", seen[-1:], trades, NOW))
    assert not change.touched
    assert await store.transaction(lambda db: db.outbox.counts()) == before


async def test_an_order_from_the_app_is_adopted_numbered_and_rung() -> None:
    store = await a_store()
    foreign = a_fact(tag=None, broker_id="2161261120476", filled=10, status=OrderStatus.FILLED, average=Decimal("1480.30"))
    await store.transaction(lambda db: a_book().apply(db, "a1", [foreign], [], NOW))
    delivery = (await store.transaction(lambda db: db.outbox.lease(NOW, NOW + timedelta(minutes=1))))[0]
    assert isinstance(delivery.notice, OrderElsewhere)
    assert delivery.notice.order.filled == 10
    assert not delivery.notice.order.is_ours


async def test_a_row_that_changed_nothing_is_compared_again_when_its_order_has_changed() -> None:
    store, book = await a_store(), a_book()
    row = a_fact(filled=10, status=OrderStatus.FILLED, average=Decimal("1480.30"))
    await store.transaction(lambda db: db.orders.add(an_order(), ist_date(NOW)))
    for _ in range(2):
        book.applied("a1", await store.transaction(lambda db: book.apply(db, "a1", [row], [], NOW)))

    def forget_average(db: Repositories) -> None:
        order = db.orders.find("o1")
        assert order is not None
        db.orders.save(replace(order, average=None, version=order.version + 1))

    await store.transaction(forget_average)
    await store.transaction(lambda db: book.apply(db, "a1", [row], [], NOW))
    order = await store.transaction(lambda db: db.orders.find("o1"))
    assert order is not None
    assert order.average == Decimal("1480.30")


async def test_an_order_of_an_unlisted_instrument_is_told_at_once_and_takes_its_name_and_lot_when_a_master_lists_it() -> None:
    listed: dict[InstrumentKey, Instrument] = {}
    store, book = await a_store(), FactApplier(random=random.Random(3).randbytes, instrument=listed.get)
    row = a_fact(tag=None, broker_id="77")
    for _ in range(2):
        book.applied("a1", await store.transaction(lambda db: book.apply(db, "a1", [row], [], NOW)))
    adopted = await store.transaction(lambda db: db.orders.by_broker_id("a1", "77"))
    assert adopted is not None
    assert (adopted.status, adopted.draft.instrument.symbol, adopted.draft.instrument.lot) == (OrderStatus.OPEN, row.symbol, 1)
    assert await store.transaction(lambda db: db.outbox.counts()) == (1, 0)
    listed[RELIANCE.key] = RELIANCE
    later = NOW + timedelta(minutes=9)
    change = await store.transaction(lambda db: book.apply(db, "a1", [row], [], later))
    mended = await store.transaction(lambda db: db.orders.by_broker_id("a1", "77"))
    assert mended is not None
    assert mended.draft == replace(adopted.draft, instrument=RELIANCE)
    assert change.touched == [mended.id], "its card is drawn anew"
    assert await store.transaction(lambda db: db.outbox.counts()) == (1, 0), "nothing rings twice"


async def test_an_order_from_the_app_that_fills_later_rings_again_with_its_fill() -> None:
    store = await a_store()
    foreign = a_fact(tag=None, broker_id="2161261120476")
    await store.transaction(lambda db: a_book().apply(db, "a1", [foreign], [], NOW))
    done = replace(foreign, filled=10, status=OrderStatus.FILLED, average=Decimal("1480.30"))
    change = await store.transaction(lambda db: a_book().apply(db, "a1", [done], [], NOW))
    assert change.fills == 1

    def deliver(db: Repositories) -> Sequence[Delivery]:
        first = db.outbox.lease(NOW, NOW + timedelta(minutes=1))
        for delivery in first:
            db.outbox.sent(delivery.id, NOW, 1)
        return [*first, *db.outbox.lease(NOW, NOW + timedelta(minutes=1))]

    told = [delivery.notice for delivery in await store.transaction(deliver)]
    assert [type(news) for news in told] == [OrderElsewhere, Filled]
    assert isinstance(told[1], Filled)
    assert told[1].fill.quantity == 10


@pytest.mark.parametrize(
    ("row", "maybe"),
    [
        ({}, (1,)),
        ({"quantity": 11}, ()),
        ({"at": NOW - timedelta(seconds=40)}, ()),  # before ours was sent
        ({"tag": "ANOTHERBOT"}, ()),
    ],
)
async def test_a_row_without_a_tag_that_may_be_our_lost_order_says_so_and_always_rings(
    row: dict[str, object], maybe: tuple[int, ...]
) -> None:
    store = await a_store()
    lost = an_order(status=OrderStatus.UNKNOWN, broker_id=None, sent_at=NOW - timedelta(seconds=5))
    await store.transaction(
        lambda db: db.orders.add(replace(lost, number=db.orders.next_number("a1", ist_date(NOW))), ist_date(NOW))
    )
    foreign = replace(a_fact(tag=None, broker_id="2161261120476", at=NOW), **row)  # type: ignore[arg-type] # any field
    await store.transaction(lambda db: a_book().apply(db, "a1", [foreign], [], NOW))
    (delivery,) = await store.transaction(lambda db: db.outbox.lease(NOW, NOW + timedelta(minutes=1)))
    assert isinstance(delivery.notice, OrderElsewhere)
    assert (delivery.notice.maybe, delivery.sound) == (maybe, Sound.ALWAYS if maybe else Sound.RING)
    stored = await store.transaction(lambda db: db.orders.find(lost.id))
    assert stored is not None
    assert stored.status is OrderStatus.UNKNOWN, "attributes alone prove nothing"


async def test_a_row_without_a_tag_waits_while_an_order_like_it_is_being_sent() -> None:
    store = await a_store()
    sending = an_order(status=OrderStatus.SUBMITTING, broker_id=None, sent_at=NOW - timedelta(seconds=1))
    await store.transaction(lambda db: db.orders.add(sending, ist_date(NOW)))
    row = a_fact(tag=None, broker_id="2161261120476", at=NOW)
    await store.transaction(lambda db: a_book().apply(db, "a1", [row], [], NOW))
    assert await store.transaction(lambda db: db.outbox.counts()) == (0, 0)
    accepted = sending.accepted("2161261120476", NOW)
    await store.transaction(lambda db: db.orders.save(accepted))
    await store.transaction(lambda db: a_book().apply(db, "a1", [row], [], NOW))
    assert len(await store.transaction(lambda db: db.orders.of_day("a1", ist_date(NOW)))) == 1


async def test_an_old_order_from_the_app_is_stored_without_a_ring() -> None:
    store = await a_store()
    foreign = a_fact(tag=None, broker_id="2161261120476", at=NOW - timedelta(hours=2))
    await store.transaction(lambda db: a_book().apply(db, "a1", [foreign], [], NOW))
    assert await store.transaction(lambda db: db.outbox.counts()) == (0, 0)
    assert len(await store.transaction(lambda db: db.orders.of_day("a1", ist_date(NOW)))) == 1


async def test_a_rejection_in_the_book_rings_with_the_brokers_words() -> None:
    store = await a_store()
    await store.transaction(lambda db: db.orders.add(an_order(), ist_date(NOW)))
    rejected = a_fact(status=OrderStatus.REJECTED, reason="EXCH:16284:The order price is out of the days price range.")
    await store.transaction(lambda db: a_book().apply(db, "a1", [rejected], [], NOW))
    delivery = (await store.transaction(lambda db: db.outbox.lease(NOW, NOW + timedelta(minutes=1))))[0]
    assert isinstance(delivery.notice, OrderRejected)
    assert "16284" in delivery.notice.order.reason


async def test_a_fill_whose_trade_row_is_late_is_rung_without_a_made_up_price() -> None:
    store = await a_store()
    await store.transaction(lambda db: db.orders.add(an_order(), ist_date(NOW)))
    part = a_fact(filled=4, status=OrderStatus.PARTIAL, average=Decimal("1480.33"))
    await store.transaction(lambda db: a_book().apply(db, "a1", [part], [], NOW))
    delivery = (await store.transaction(lambda db: db.outbox.lease(NOW, NOW + timedelta(minutes=1))))[0]
    assert isinstance(delivery.notice, Filled)
    assert delivery.notice.fill.price is None
    assert delivery.notice.fill.average == Decimal("1480.33")
    await store.transaction(lambda db: db.outbox.sent(delivery.id, NOW, 77))
    rows = [a_trade(4, "1480.30", 1)]
    for _ in range(2):
        await store.transaction(lambda db: a_book().apply(db, "a1", [part], rows, NOW + timedelta(seconds=5)))
    later = NOW + timedelta(seconds=6)
    (mended,) = await store.transaction(lambda db: db.outbox.lease(later, later + timedelta(minutes=1)))
    assert isinstance(mended.notice, Filled)
    assert (mended.edits, mended.notice.fill.price, mended.sound) == (77, Decimal("1480.30"), Sound.SILENT)


def test_two_rounded_averages_never_make_a_price() -> None:
    rows = [a_trade(7400, "100.03", 1), a_trade(100, "100.05", 2)]
    assert step_price(rows, "1151261120101", 7400, 7500)[0] == Decimal("100.0500")
    assert step_price(rows[:1], "1151261120101", 7400, 7500) == (None, None)


@pytest.mark.parametrize("before", [1, 65, 99])
def test_a_step_that_begins_inside_a_trade_row_has_no_price_of_its_own(before: int) -> None:
    rows = [a_trade(100, "10.00", 1), a_trade(100, "20.00", 2)]
    price, average = step_price(rows, "1151261120101", before, 200)
    assert price is None
    assert average == Decimal("15.0000")
