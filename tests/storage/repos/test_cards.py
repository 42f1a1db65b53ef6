"""The cards on people's screens: what is out of date is found, what is drawn is noted, what is gone is left alone."""

from datetime import timedelta

from bot.domain.orders.notice import FeedLost
from bot.domain.ports.broker import Shown
from bot.domain.ports.repositories import Drawers
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, DAY, NOW, PERSON, an_order


def shown(message_id: int = 10, version: int = 1, chat_id: int = PERSON) -> Shown:
    return Shown(chat_id=chat_id, message_id=message_id, order_id="o1", version=version)


def begin(drawers: Drawers) -> None:
    drawers.orders.add(an_order(), DAY)
    drawers.cards.add(shown())


def stale(drawers: Drawers) -> list[tuple[int, int]]:
    return [(card.message_id, card.version) for card, _, _ in drawers.cards.stale()]


def reply_to(drawers: Drawers, order_id: str = "o1", chat_id: int = PERSON) -> int | None:
    """Under which message news of an order would be sent."""
    drawers.outbox.add(ACCOUNT.id, [chat_id], FeedLost(at=NOW), NOW, order_id=order_id)
    (parcel,) = drawers.outbox.lease(NOW, NOW + timedelta(seconds=60))
    drawers.outbox.sent(parcel.id, NOW, 99)
    return parcel.reply_to


async def test_a_card_is_stale_when_its_order_has_moved_on_and_not_once_it_is_drawn(store: SqlStore) -> None:
    await store.run(begin)
    assert await store.run(stale) == []
    moved = an_order().accepted("77", NOW)
    await store.run(lambda drawers: drawers.orders.save(moved))
    assert await store.run(lambda drawers: drawers.cards.stale()) == [(shown(), moved, ACCOUNT.label)]
    await store.run(lambda drawers: drawers.cards.drawn(PERSON, 10, 2))
    assert await store.run(stale) == []
    await store.run(lambda drawers: drawers.cards.drawn(PERSON, 10, 1))  # an older drawing that comes late
    assert await store.run(stale) == []


async def test_each_persons_card_of_an_order_is_drawn_and_no_more_than_asked_for(store: SqlStore) -> None:
    await store.run(begin)
    await store.run(lambda drawers: drawers.cards.add(shown(chat_id=PERSON + 1)))
    await store.run(lambda drawers: drawers.orders.save(an_order().accepted("77", NOW)))
    assert len(await store.run(lambda drawers: drawers.cards.stale())) == 2
    assert len(await store.run(lambda drawers: drawers.cards.stale(1))) == 1


async def test_a_card_that_moved_lives_on_in_the_other_message(store: SqlStore) -> None:
    await store.run(begin)
    await store.run(lambda drawers: drawers.cards.drawn(PERSON, 10, 1, moved_to=20))
    await store.run(lambda drawers: drawers.orders.save(an_order().accepted("77", NOW)))
    assert await store.run(stale) == [(20, 1)]
    await store.run(lambda drawers: drawers.cards.drawn(PERSON, 20, 2, moved_to=20))
    assert await store.run(stale) == []
    assert await store.run(reply_to) == 20


async def test_a_buried_card_is_drawn_no_more_and_is_no_place_to_reply_to(store: SqlStore) -> None:
    await store.run(begin)
    await store.run(lambda drawers: drawers.orders.save(an_order().accepted("77", NOW)))
    await store.run(lambda drawers: drawers.cards.bury(PERSON, 10))
    assert await store.run(stale) == []
    assert await store.run(reply_to) is None


async def test_the_newest_card_of_an_order_counts_for_its_chat(store: SqlStore) -> None:
    await store.run(begin)
    await store.run(lambda drawers: drawers.cards.add(shown(9)))  # a lower message id, added later
    assert await store.run(reply_to) == 9
    assert await store.run(lambda drawers: reply_to(drawers, chat_id=PERSON + 1)) is None


async def test_a_message_shows_the_order_it_was_given_last(store: SqlStore) -> None:
    await store.run(begin)
    await store.run(lambda drawers: drawers.orders.add(an_order(2), DAY))
    await store.run(lambda drawers: drawers.cards.add(Shown(chat_id=PERSON, message_id=10, order_id="o2", version=1)))
    assert await store.run(reply_to) is None
    assert await store.run(lambda drawers: reply_to(drawers, "o2")) == 10


async def test_a_card_drawn_behind_its_order_stays_stale(store: SqlStore) -> None:
    await store.run(begin)
    accepted = an_order().accepted("77", NOW)
    await store.run(lambda drawers: drawers.orders.save(accepted))
    await store.run(lambda drawers: drawers.orders.save(accepted.looked(NOW)))  # version 3, while version 2 is being drawn
    await store.run(lambda drawers: drawers.cards.drawn(PERSON, 10, 2))
    assert await store.run(stale) == [(10, 2)]
    await store.run(lambda drawers: drawers.cards.drawn(PERSON, 10, 3))
    assert await store.run(stale) == []


async def test_a_card_added_behind_its_order_is_stale_at_once(store: SqlStore) -> None:
    await store.run(lambda drawers: drawers.orders.add(an_order(), DAY))
    await store.run(lambda drawers: drawers.cards.add(shown(version=0)))
    assert await store.run(stale) == [(10, 0)]


async def test_a_card_added_anew_with_an_older_version_is_stale_again(store: SqlStore) -> None:
    await store.run(begin)
    await store.run(lambda drawers: drawers.cards.add(shown(version=0)))
    assert await store.run(stale) == [(10, 0)]
