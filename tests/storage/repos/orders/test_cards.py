"""The cards on people's screens: what is out of date is found, what is drawn is noted, what is gone is left alone."""

from datetime import timedelta

from bot.domain.news.connections import FeedLost
from bot.domain.orders.order import CardRef
from bot.domain.ports.repositories import Repositories
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, DAY, NOW, PERSON, an_order


def shown(message_id: int = 10, version: int = 1, chat_id: int = PERSON) -> CardRef:
    return CardRef(chat_id=chat_id, message_id=message_id, order_id="o1", version=version)


def begin(db: Repositories) -> None:
    db.orders.add(an_order(), DAY)
    db.cards.add(shown())


def stale(db: Repositories) -> list[tuple[int, int]]:
    return [(card.message_id, card.version) for card, _, _ in db.cards.stale()]


def reply_to(db: Repositories, order_id: str = "o1", chat_id: int = PERSON) -> int | None:
    """Under which message news of an order would be sent."""
    db.outbox.add(ACCOUNT.id, [chat_id], FeedLost(since=NOW), NOW, order_id=order_id)
    (delivery,) = db.outbox.lease(NOW, NOW + timedelta(seconds=60))
    db.outbox.sent(delivery.id, NOW, 99)
    return delivery.reply_to


async def test_a_card_is_stale_when_its_order_has_moved_on_and_not_once_it_is_drawn(store: SqlStore) -> None:
    await store.transaction(begin)
    assert await store.transaction(stale) == []
    moved = an_order().accepted("77", NOW)
    await store.transaction(lambda db: db.orders.save(moved))
    assert await store.transaction(lambda db: db.cards.stale()) == [(shown(), moved, ACCOUNT.label)]
    await store.transaction(lambda db: db.cards.drawn(PERSON, 10, 2))
    assert await store.transaction(stale) == []
    await store.transaction(lambda db: db.cards.drawn(PERSON, 10, 1))  # an older drawing that comes late
    assert await store.transaction(stale) == []


async def test_each_persons_card_of_an_order_is_drawn_and_no_more_than_asked_for(store: SqlStore) -> None:
    await store.transaction(begin)
    await store.transaction(lambda db: db.cards.add(shown(chat_id=PERSON + 1)))
    await store.transaction(lambda db: db.orders.save(an_order().accepted("77", NOW)))
    assert len(await store.transaction(lambda db: db.cards.stale())) == 2
    assert len(await store.transaction(lambda db: db.cards.stale(1))) == 1


async def test_a_card_that_moved_lives_on_in_the_other_message(store: SqlStore) -> None:
    await store.transaction(begin)
    await store.transaction(lambda db: db.cards.drawn(PERSON, 10, 1, moved_to=20))
    await store.transaction(lambda db: db.orders.save(an_order().accepted("77", NOW)))
    assert await store.transaction(stale) == [(20, 1)]
    await store.transaction(lambda db: db.cards.drawn(PERSON, 20, 2, moved_to=20))
    assert await store.transaction(stale) == []
    assert await store.transaction(reply_to) == 20


async def test_a_buried_card_is_drawn_no_more_and_is_no_place_to_reply_to(store: SqlStore) -> None:
    await store.transaction(begin)
    await store.transaction(lambda db: db.orders.save(an_order().accepted("77", NOW)))
    await store.transaction(lambda db: db.cards.bury(PERSON, 10))
    assert await store.transaction(stale) == []
    assert await store.transaction(reply_to) is None


async def test_the_newest_card_of_an_order_counts_for_its_chat(store: SqlStore) -> None:
    await store.transaction(begin)
    await store.transaction(lambda db: db.cards.add(shown(9)))  # a lower message id, added later
    assert await store.transaction(reply_to) == 9
    assert await store.transaction(lambda db: reply_to(db, chat_id=PERSON + 1)) is None


async def test_a_message_shows_the_order_it_was_given_last(store: SqlStore) -> None:
    await store.transaction(begin)
    await store.transaction(lambda db: db.orders.add(an_order(2), DAY))
    await store.transaction(lambda db: db.cards.add(CardRef(chat_id=PERSON, message_id=10, order_id="o2", version=1)))
    assert await store.transaction(reply_to) is None
    assert await store.transaction(lambda db: reply_to(db, "o2")) == 10


async def test_a_card_drawn_behind_its_order_stays_stale(store: SqlStore) -> None:
    await store.transaction(begin)
    accepted = an_order().accepted("77", NOW)
    await store.transaction(lambda db: db.orders.save(accepted))
    await store.transaction(lambda db: db.orders.save(accepted.looked(NOW)))  # version 3, while version 2 is being drawn
    await store.transaction(lambda db: db.cards.drawn(PERSON, 10, 2))
    assert await store.transaction(stale) == [(10, 2)]
    await store.transaction(lambda db: db.cards.drawn(PERSON, 10, 3))
    assert await store.transaction(stale) == []


async def test_a_card_added_behind_its_order_is_stale_at_once(store: SqlStore) -> None:
    await store.transaction(lambda db: db.orders.add(an_order(), DAY))
    await store.transaction(lambda db: db.cards.add(shown(version=0)))
    assert await store.transaction(stale) == [(10, 0)]


async def test_a_card_added_anew_with_an_older_version_is_stale_again(store: SqlStore) -> None:
    await store.transaction(begin)
    await store.transaction(lambda db: db.cards.add(shown(version=0)))
    assert await store.transaction(stale) == [(10, 0)]
