"""What was held comes back whole, the newest of the earlier dates first, and old notes are forgotten."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings

from bot.domain.positions.held import HeldNote, HeldRow
from bot.domain.terms import Product
from storage.store import SqlStore
from tests.stage.depth import examples
from tests.storage.samples import ACCOUNT, CREDENTIALS, DAY, NOW, RELIANCE, a_vault, at_once, seed
from tests.storage.strategies import of

NOTE = HeldNote(
    account_id=ACCOUNT.id,
    day=DAY,
    rows=(HeldRow(instrument=RELIANCE, product=Product.CNC, quantity=40, close=Decimal("1480.30"), previous_close=None),),
    noted_at=NOW,
)


async def test_the_newest_note_before_a_date_is_found_and_none_of_the_date_itself(store: SqlStore) -> None:
    for ago in (3, 1, 0):
        await store.transaction(lambda db, ago=ago: db.held.note(replace(NOTE, day=DAY - timedelta(days=ago))))  # type: ignore[misc] # bound at once
    before = await store.transaction(lambda db: db.held.before(ACCOUNT.id, DAY))
    assert before == replace(NOTE, day=DAY - timedelta(days=1))
    assert await store.transaction(lambda db: db.held.before(ACCOUNT.id, DAY - timedelta(days=3))) is None
    assert await store.transaction(lambda db: db.held.find(ACCOUNT.id, DAY)) == NOTE


async def test_a_later_note_of_a_date_takes_its_place_and_two_weeks_later_it_is_gone(store: SqlStore) -> None:
    await store.transaction(lambda db: db.held.note(NOTE))
    await store.transaction(lambda db: db.held.note(replace(NOTE, rows=())))
    assert await store.transaction(lambda db: db.held.find(ACCOUNT.id, DAY)) == replace(NOTE, rows=())
    await store.transaction(lambda db: db.held.note(replace(NOTE, day=DAY + timedelta(days=15))))
    assert await store.transaction(lambda db: db.held.find(ACCOUNT.id, DAY)) is None


async def test_another_accounts_note_is_none_of_this_one(store: SqlStore) -> None:
    await store.transaction(lambda db: db.accounts.add(replace(ACCOUNT, id="a2", label="papa"), CREDENTIALS))
    await store.transaction(lambda db: db.held.note(replace(NOTE, account_id="a2")))
    assert await store.transaction(lambda db: db.held.before(ACCOUNT.id, DAY + timedelta(days=1))) is None


shared = SqlStore.open(None, a_vault(), inline=True)
at_once(shared, seed)


@settings(max_examples=examples(25), deadline=None)
@given(of(HeldNote))
def test_any_note_comes_back_to_the_last_digit(note: HeldNote) -> None:
    note = replace(note, account_id=ACCOUNT.id, day=DAY)
    at_once(shared, lambda db: db.held.note(note))
    assert repr(at_once(shared, lambda db: db.held.find(ACCOUNT.id, DAY))) == repr(note)


async def test_a_card_of_a_date_is_claimed_once_and_on_the_next_date_anew(store: SqlStore) -> None:
    async def claim(card: str, ago: int) -> bool:
        return await store.transaction(lambda db: db.flags.claim_card(card, ACCOUNT.id, DAY - timedelta(days=ago), NOW))

    claims = [("readiness", 1), ("readiness", 1), ("readiness", 0), ("readiness", 0), ("week ahead", 0)]
    assert [await claim(card, ago) for card, ago in claims] == [True, False, True, False, True]
