"""Who is on the list, in which role, and what dies when somebody is taken off it."""

from dataclasses import replace

import pytest

from bot.domain.errors import StorageError
from bot.domain.news.connections import FeedLost
from bot.domain.orders.confirmation import ConfirmationState
from bot.domain.orders.order import CardRef
from bot.domain.people.account import Account, Role, User
from bot.domain.ports.repositories import Repositories
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, CREDENTIALS, DAY, NOW, PERSON, a_confirmation, an_order

ASHA = User(telegram_id=PERSON, name="Asha")
RAVI = User(telegram_id=2002, name="Ravi")


@pytest.fixture
async def two_accounts(store: SqlStore) -> SqlStore:
    other = Account(id="a2", label="papa", client="MA••••2", created_at=NOW)
    await store.transaction(lambda db: db.accounts.add(other, CREDENTIALS))
    return store


async def test_the_role_on_an_account_goes_before_the_general_one(two_accounts: SqlStore) -> None:
    def roles(db: Repositories) -> list[Role | None]:
        return [db.people.role_on(RAVI.telegram_id, account_id) for account_id in (None, "a1", "a2")]

    store = two_accounts
    assert await store.transaction(roles) == [None, None, None]
    await store.transaction(lambda db: db.people.add(RAVI, Role.TRADER, "a2", NOW))
    assert await store.transaction(roles) == [None, None, Role.TRADER]
    await store.transaction(lambda db: db.people.add(RAVI, Role.VIEWER, None, NOW))
    assert await store.transaction(roles) == [Role.VIEWER, Role.VIEWER, Role.TRADER]
    await store.transaction(lambda db: db.people.add(RAVI, Role.GUARDIAN, "a2", NOW))
    await store.transaction(lambda db: db.people.add(RAVI, Role.TRADER, None, NOW))
    assert await store.transaction(roles) == [Role.TRADER, Role.TRADER, Role.GUARDIAN]
    assert await store.transaction(lambda db: db.people.roles(RAVI.telegram_id)) == [(None, Role.TRADER), ("a2", Role.GUARDIAN)]


async def test_one_who_is_not_active_has_no_role_and_watches_nothing(store: SqlStore) -> None:
    await store.transaction(lambda db: db.people.add(replace(ASHA, active=False), Role.OWNER, None, NOW))
    assert await store.transaction(lambda db: db.people.role_on(PERSON, ACCOUNT.id)) is None
    assert await store.transaction(lambda db: db.people.watching(ACCOUNT.id)) == []
    assert await store.transaction(lambda db: db.people.find(PERSON)) == replace(ASHA, active=False)


async def test_everybody_with_a_role_on_an_account_watches_it_once(two_accounts: SqlStore) -> None:
    store = two_accounts
    await store.transaction(lambda db: db.people.add(RAVI, Role.VIEWER, "a2", NOW))
    await store.transaction(lambda db: db.people.add(ASHA, Role.TRADER, "a2", NOW))
    assert await store.transaction(lambda db: db.people.watching("a1")) == [PERSON]
    assert await store.transaction(lambda db: db.people.watching("a2")) == [PERSON, RAVI.telegram_id]
    assert await store.transaction(lambda db: db.people.all()) == [
        (ASHA, None, Role.OWNER),
        (ASHA, "a2", Role.TRADER),
        (RAVI, "a2", Role.VIEWER),
    ]


async def test_a_role_on_an_account_that_is_not_there_is_refused(store: SqlStore) -> None:
    with pytest.raises(StorageError):
        await store.transaction(lambda db: db.people.add(RAVI, Role.VIEWER, "zz", NOW))
    assert await store.transaction(lambda db: db.people.find(RAVI.telegram_id)) is None


async def test_taking_somebody_off_the_list_kills_all_that_waits_for_them_and_nothing_of_others(store: SqlStore) -> None:
    def begin(db: Repositories) -> None:
        db.people.add(RAVI, Role.TRADER, None, NOW)
        db.orders.add(an_order(placed_by=RAVI.telegram_id), DAY)
        for number, person in enumerate((RAVI.telegram_id, PERSON)):
            db.confirmations.add(a_confirmation(f"t{number}", user_id=person, chat_id=person, message_id=5))
            db.confirmations.owe_answer(f"t{number}")
            db.cards.add(CardRef(chat_id=person, message_id=5, order_id="o1", version=1))
            db.accounts.choose(person, ACCOUNT.id, NOW.replace(year=2027))
        db.outbox.add(ACCOUNT.id, [RAVI.telegram_id, PERSON], FeedLost(since=NOW), NOW, order_id=None)

    await store.transaction(begin)
    assert await store.transaction(lambda db: db.people.remove(RAVI.telegram_id))
    assert not await store.transaction(lambda db: db.people.remove(RAVI.telegram_id))

    def look(db: Repositories) -> None:
        assert db.people.find(RAVI.telegram_id) is None
        assert db.people.roles(RAVI.telegram_id) == []
        assert db.people.watching(ACCOUNT.id) == [PERSON]
        assert not db.confirmations.claim("t0", RAVI.telegram_id, RAVI.telegram_id, 5, NOW)
        question = db.confirmations.find("t0")
        assert question is not None
        assert question.state is ConfirmationState.REFUSED
        assert [each.question.token for each in db.confirmations.owed_answers()] == ["t1"]
        other = db.confirmations.find("t1")
        assert other is not None
        assert other.state is ConfirmationState.OPEN
        assert [delivery.chat_id for delivery in db.outbox.lease(NOW, NOW)] == [PERSON]
        assert db.outbox.counts() == (1, 1)
        order = db.orders.find("o1")
        assert order is not None
        db.orders.save(order.looked(NOW))
        assert [card.chat_id for card, _, _ in db.cards.stale()] == [PERSON]
        assert db.accounts.chosen(RAVI.telegram_id, NOW, NOW.replace(year=2100)) is None
        assert db.accounts.chosen(PERSON, NOW, NOW.replace(year=2100)) == ACCOUNT.id

    await store.transaction(look)
