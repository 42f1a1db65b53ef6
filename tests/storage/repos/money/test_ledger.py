"""The ledger keeps each fill once, by its order and step, and gives it back by day and by row."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings

from bot.domain.pnl.trades import BroughtForward, DayMark, LedgerTrade
from bot.domain.terms import Product
from storage.store import SqlStore
from tests.stage.depth import examples
from tests.stage.values.ledger import a_fill, on
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT, DAY, a_vault, at_once, seed
from tests.storage.strategies import of

ROW = (NIFTY_CALL.key, Product.NRML)


async def test_the_fills_of_an_order_are_replaced_together(store: SqlStore) -> None:
    first, second = a_fill(65, "100.00", broker_id="b1"), a_fill(65, "101.00", 2, broker_id="b1", step=130)
    other = a_fill(-65, "102.00", 3, at=on(1))
    await store.transaction(lambda db: db.ledger.replace(ACCOUNT.id, "b1", [first]))
    await store.transaction(lambda db: db.ledger.replace(ACCOUNT.id, other.broker_id, [other]))
    await store.transaction(lambda db: db.ledger.replace(ACCOUNT.id, "b1", [first, second]))
    assert await store.transaction(lambda db: db.ledger.of_order(ACCOUNT.id, "b1")) == [first, second]
    assert await store.transaction(lambda db: db.ledger.between(ACCOUNT.id, DAY, DAY)) == [first, second]
    assert await store.transaction(lambda db: db.ledger.of_row(ACCOUNT.id, ROW, None)) == [first, second, other]
    assert await store.transaction(lambda db: db.ledger.of_row(ACCOUNT.id, ROW, other.day)) == [other]
    share = (RELIANCE.key, Product.NRML)
    assert await store.transaction(lambda db: db.ledger.of_row(ACCOUNT.id, share, None)) == []


async def test_what_was_brought_forward_last_counts_and_a_later_word_about_its_day_wins(store: SqlStore) -> None:
    key, product = ROW
    forward = BroughtForward(account_id=ACCOUNT.id, day=DAY, key=key, product=product, quantity=65, price=None)
    better = replace(forward, price=Decimal("120.00"))
    later = replace(forward, day=DAY + timedelta(days=3), quantity=-65)
    for each in (forward, better, later):
        await store.transaction(lambda db, each=each: db.ledger.bring(each))  # type: ignore[misc] # bound at once
    assert await store.transaction(lambda db: db.ledger.brought(ACCOUNT.id, ROW, DAY - timedelta(days=1))) is None
    assert await store.transaction(lambda db: db.ledger.brought(ACCOUNT.id, ROW, DAY + timedelta(days=2))) == better
    assert await store.transaction(lambda db: db.ledger.brought(ACCOUNT.id, ROW, later.day)) == later


async def test_a_closed_day_keeps_its_first_mark(store: SqlStore) -> None:
    mark = DayMark(
        account_id=ACCOUNT.id, day=DAY, instrument=NIFTY_CALL, product=Product.NRML, quantity=65, mark=Decimal("104.00"),
        booked=Decimal(0), open=Decimal("260.00"), adjustment=Decimal(0), since_entry=None,
    )  # fmt: skip
    await store.transaction(lambda db: db.ledger.close_day([mark]))
    await store.transaction(lambda db: db.ledger.close_day([replace(mark, mark=Decimal(1)), replace(mark, product=Product.MIS)]))
    kept = await store.transaction(lambda db: db.ledger.marks(ACCOUNT.id, DAY))
    assert kept[ROW] == mark
    assert set(kept) == {ROW, (NIFTY_CALL.key, Product.MIS)}
    assert await store.transaction(lambda db: db.ledger.marks(ACCOUNT.id, DAY + timedelta(days=1))) == {}


shared = SqlStore.open(None, a_vault(), inline=True)
at_once(shared, seed)


@settings(max_examples=examples(40), deadline=None)
@given(of(LedgerTrade), of(DayMark))
def test_any_fill_and_any_mark_come_back_to_the_last_digit(trade: LedgerTrade, mark: DayMark) -> None:
    trade = replace(trade, account_id=ACCOUNT.id, order_id=None)
    mark = replace(mark, account_id=ACCOUNT.id)
    at_once(shared, lambda db: db.ledger.replace(ACCOUNT.id, trade.broker_id, [trade]))
    assert trade in at_once(shared, lambda db: db.ledger.of_order(ACCOUNT.id, trade.broker_id))
    kept = at_once(shared, lambda db: db.ledger.marks(ACCOUNT.id, mark.day))
    if mark.row not in kept:
        at_once(shared, lambda db: db.ledger.close_day([mark]))
        assert at_once(shared, lambda db: db.ledger.marks(ACCOUNT.id, mark.day))[mark.row] == mark
