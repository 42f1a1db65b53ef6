"""Who is on the list, in which role; and what dies when somebody is taken off it."""

from dataclasses import replace

import pytest

from bot.domain.errors import StorageError
from bot.domain.orders.notice import FeedLost
from bot.domain.orders.order import ConfirmationState
from bot.domain.people.account import Account, Role, User
from bot.domain.ports.broker import Shown
from bot.domain.ports.repositories import Drawers
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, CREDENTIALS, DAY, NOW, PERSON, a_confirmation, an_order

ASHA = User(telegram_id=PERSON, name="Asha")
RAVI = User(telegram_id=2002, name="Ravi")


@pytest.fixture
async def two_accounts(store: SqlStore) -> SqlStore:
    other = Account(id="a2", label="papa", client="MA••••2", created_at=NOW)
    await store.run(lambda drawers: drawers.accounts.add(other, CREDENTIALS))
    return store


async def test_the_role_on_an_account_goes_before_the_general_one(two_accounts: SqlStore) -> None:
    def roles(drawers: Drawers) -> list[Role | None]:
        return [drawers.people.role_on(RAVI.telegram_id, account_id) for account_id in (None, "a1", "a2")]

    store = two_accounts
    assert await store.run(roles) == [None, None, None]
    await store.run(lambda drawers: drawers.people.add(RAVI, Role.TRADER, "a2", NOW))
    assert await store.run(roles) == [None, None, Role.TRADER]
    await store.run(lambda drawers: drawers.people.add(RAVI, Role.VIEWER, None, NOW))
    assert await store.run(roles) == [Role.VIEWER, Role.VIEWER, Role.TRADER]
    await store.run(lambda drawers: drawers.people.add(RAVI, Role.GUARDIAN, "a2", NOW))
    await store.run(lambda drawers: drawers.people.add(RAVI, Role.TRADER, None, NOW))
    assert await store.run(roles) == [Role.TRADER, Role.TRADER, Role.GUARDIAN]
    assert await store.run(lambda drawers: drawers.people.roles(RAVI.telegram_id)) == [(None, Role.TRADER), ("a2", Role.GUARDIAN)]


async def test_one_who_is_not_active_has_no_role_and_watches_nothing(store: SqlStore) -> None:
    await store.run(lambda drawers: drawers.people.add(replace(ASHA, active=False), Role.OWNER, None, NOW))
    assert await store.run(lambda drawers: drawers.people.role_on(PERSON, ACCOUNT.id)) is None
    assert await store.run(lambda drawers: drawers.people.watching(ACCOUNT.id)) == []
    assert await store.run(lambda drawers: drawers.people.find(PERSON)) == replace(ASHA, active=False)


async def test_everybody_with_a_role_on_an_account_watches_it_once(two_accounts: SqlStore) -> None:
    store = two_accounts
    await store.run(lambda drawers: drawers.people.add(RAVI, Role.VIEWER, "a2", NOW))
    await store.run(lambda drawers: drawers.people.add(ASHA, Role.TRADER, "a2", NOW))
    assert await store.run(lambda drawers: drawers.people.watching("a1")) == [PERSON]
    assert await store.run(lambda drawers: drawers.people.watching("a2")) == [PERSON, RAVI.telegram_id]
    assert await store.run(lambda drawers: drawers.people.all()) == [
        (ASHA, None, Role.OWNER),
        (ASHA, "a2", Role.TRADER),
        (RAVI, "a2", Role.VIEWER),
    ]


async def test_a_role_on_an_account_that_is_not_there_is_refused(store: SqlStore) -> None:
    with pytest.raises(StorageError):
        await store.run(lambda drawers: drawers.people.add(RAVI, Role.VIEWER, "zz", NOW))
    assert await store.run(lambda drawers: drawers.people.find(RAVI.telegram_id)) is None


async def test_taking_somebody_off_the_list_kills_all_that_waits_for_them_and_nothing_of_others(store: SqlStore) -> None:
    def begin(drawers: Drawers) -> None:
        drawers.people.add(RAVI, Role.TRADER, None, NOW)
        drawers.orders.add(an_order(placed_by=RAVI.telegram_id), DAY)
        for number, person in enumerate((RAVI.telegram_id, PERSON)):
            drawers.confirmations.add(a_confirmation(f"t{number}", user_id=person, chat_id=person))
            drawers.cards.add(Shown(chat_id=person, message_id=5, order_id="o1", version=1))
            drawers.accounts.choose(person, ACCOUNT.id, NOW.replace(year=2027))
        drawers.outbox.add(ACCOUNT.id, [RAVI.telegram_id, PERSON], FeedLost(at=NOW), NOW, order_id=None)

    await store.run(begin)
    assert await store.run(lambda drawers: drawers.people.remove(RAVI.telegram_id))
    assert not await store.run(lambda drawers: drawers.people.remove(RAVI.telegram_id))

    def look(drawers: Drawers) -> None:
        assert drawers.people.find(RAVI.telegram_id) is None
        assert drawers.people.roles(RAVI.telegram_id) == []
        assert drawers.people.watching(ACCOUNT.id) == [PERSON]
        assert not drawers.confirmations.claim("t0", RAVI.telegram_id, RAVI.telegram_id, 5, NOW)
        question = drawers.confirmations.find("t0")
        assert question is not None
        assert question.state is ConfirmationState.REFUSED
        other = drawers.confirmations.find("t1")
        assert other is not None
        assert other.state is ConfirmationState.OPEN
        assert [parcel.chat_id for parcel in drawers.outbox.lease(NOW, NOW)] == [PERSON]
        assert drawers.outbox.counts() == (1, 1)
        order = drawers.orders.find("o1")
        assert order is not None
        drawers.orders.save(order.looked(NOW))
        assert [card.chat_id for card, _, _ in drawers.cards.stale()] == [PERSON]
        assert drawers.accounts.chosen(RAVI.telegram_id, NOW, NOW.replace(year=2100)) is None
        assert drawers.accounts.chosen(PERSON, NOW, NOW.replace(year=2100)) == ACCOUNT.id

    await store.run(look)
