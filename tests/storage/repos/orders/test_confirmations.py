"""A question is answered once, by its person, in its message, in its time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import IllegalMove
from bot.domain.orders.confirmation import Confirmation, ConfirmationState, Purpose
from bot.domain.ports.repositories import Repositories
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, DAY, NOW, PERSON, a_confirmation, an_order

MESSAGE = 55
SECOND = timedelta(seconds=1)


async def add(store: SqlStore, *confirmations: Confirmation) -> None:
    def work(db: Repositories) -> None:
        for confirmation in confirmations:
            db.confirmations.add(confirmation)

    await store.transaction(work)


async def claim(
    store: SqlStore, *, user: int = PERSON, chat: int = PERSON, message: int = MESSAGE, late: timedelta = SECOND
) -> bool:
    return await store.transaction(lambda db: db.confirmations.claim("t1", user, chat, message, NOW + late))


async def test_every_kind_of_question_comes_back_whole(store: SqlStore) -> None:
    await store.transaction(lambda db: db.orders.add(an_order(), DAY))
    bare = a_confirmation("t2", purpose=Purpose.CANCEL, draft=None, order_id="o1", message_id=7, taps_from=NOW)
    await add(store, a_confirmation(), bare)
    assert await store.transaction(lambda db: db.confirmations.find("t1")) == a_confirmation()
    assert await store.transaction(lambda db: db.confirmations.find("t2")) == bare
    assert await store.transaction(lambda db: db.confirmations.find("t3")) is None


async def test_the_first_tap_has_it_and_no_second_one(store: SqlStore) -> None:
    await add(store, a_confirmation(message_id=MESSAGE))
    assert await claim(store)
    assert not await claim(store)


async def test_a_tap_of_another_person_chat_or_message_has_nothing_and_spoils_nothing(store: SqlStore) -> None:
    await add(store, a_confirmation(message_id=MESSAGE))
    assert not await claim(store, user=PERSON + 1)
    assert not await claim(store, chat=PERSON + 1)
    assert not await claim(store, message=MESSAGE + 1)
    assert not await store.transaction(lambda db: db.confirmations.claim("t2", PERSON, PERSON, MESSAGE, NOW))
    assert await claim(store)


async def test_it_can_be_claimed_until_just_before_it_expires(store: SqlStore) -> None:
    await add(store, a_confirmation())
    assert not await claim(store, late=timedelta(seconds=60))
    assert await claim(store, late=timedelta(seconds=60) - timedelta(microseconds=1))


async def test_taps_on_a_redrawn_card_are_ignored_until_its_moment(store: SqlStore) -> None:
    await add(store, a_confirmation(taps_from=NOW + SECOND))
    assert not await claim(store, late=SECOND - timedelta(microseconds=1))
    assert await claim(store, late=SECOND)


async def test_a_tap_that_overtakes_the_answer_to_the_sending_binds_the_message(store: SqlStore) -> None:
    await add(store, a_confirmation())
    assert await claim(store)
    confirmation = await store.transaction(lambda db: db.confirmations.find("t1"))
    assert confirmation == a_confirmation(message_id=MESSAGE, state=ConfirmationState.CLAIMED)
    assert await store.transaction(lambda db: db.confirmations.bind("t1", MESSAGE))


async def test_a_question_is_bound_to_one_message(store: SqlStore) -> None:
    await add(store, a_confirmation())
    assert await store.transaction(lambda db: db.confirmations.bind("t1", MESSAGE))
    assert await store.transaction(lambda db: db.confirmations.bind("t1", MESSAGE))
    assert not await store.transaction(lambda db: db.confirmations.bind("t1", MESSAGE + 1))
    assert not await store.transaction(lambda db: db.confirmations.bind("t2", MESSAGE))


@pytest.mark.parametrize("state", [ConfirmationState.DISCARDED, ConfirmationState.REPLACED, ConfirmationState.REFUSED])
async def test_a_closed_question_cannot_be_claimed_or_closed_again(store: SqlStore, state: ConfirmationState) -> None:
    await add(store, a_confirmation())
    assert await store.transaction(lambda db: db.confirmations.close("t1", state))
    assert not await store.transaction(lambda db: db.confirmations.close("t1", state))
    assert not await claim(store)


async def test_a_claimed_question_can_only_be_refused(store: SqlStore) -> None:
    await add(store, a_confirmation())
    assert await claim(store)
    assert not await store.transaction(lambda db: db.confirmations.close("t1", ConfirmationState.DISCARDED))
    assert not await store.transaction(lambda db: db.confirmations.close("t1", ConfirmationState.REPLACED))
    assert await store.transaction(lambda db: db.confirmations.close("t1", ConfirmationState.REFUSED))
    assert not await claim(store)


@pytest.mark.parametrize("state", [ConfirmationState.OPEN, ConfirmationState.CLAIMED])
async def test_closing_never_opens_or_claims(store: SqlStore, state: ConfirmationState) -> None:
    await add(store, a_confirmation())
    with pytest.raises(IllegalMove):
        await store.transaction(lambda db: db.confirmations.close("t1", state))


async def test_old_questions_are_forgotten_whatever_became_of_them(store: SqlStore) -> None:
    early, late, closed = a_confirmation("t1"), a_confirmation("t2", expires_at=NOW + timedelta(hours=1)), a_confirmation("t3")
    await add(store, early, late, replace(closed, state=ConfirmationState.DISCARDED))
    assert await store.transaction(lambda db: db.confirmations.forget_before(NOW + timedelta(minutes=30))) == 2
    left = await store.transaction(lambda db: [db.confirmations.find(token) for token in ("t1", "t2", "t3")])
    assert left == [None, late, None]


async def owed(store: SqlStore) -> dict[str, tuple[str, ...]]:
    return {each.question.token: each.why for each in await store.transaction(lambda db: db.confirmations.owed_answers())}


@pytest.mark.parametrize("state", [ConfirmationState.DISCARDED, ConfirmationState.EXPIRED, ConfirmationState.REFUSED])
async def test_a_question_that_is_closed_owes_its_message_an_answer_until_that_shows_it(
    store: SqlStore, state: ConfirmationState
) -> None:
    await add(store, a_confirmation(message_id=MESSAGE))
    assert await owed(store) == {}
    await store.transaction(lambda db: db.confirmations.close("t1", state, ["One.", "Two."]))
    (answer,) = await store.transaction(lambda db: db.confirmations.owed_answers())
    assert (answer.question.state, answer.label, answer.why) == (state, "main", ("One.", "Two."))
    await store.transaction(lambda db: db.confirmations.answer_shown("t1"))
    assert await owed(store) == {}


async def test_a_claim_owes_nothing_by_itself_and_a_newer_reason_takes_the_place_of_an_older_one(store: SqlStore) -> None:
    await add(store, a_confirmation(message_id=MESSAGE))
    assert await claim(store)
    assert await owed(store) == {}
    await store.transaction(lambda db: db.confirmations.owe_answer("t1"))
    await store.transaction(lambda db: db.confirmations.close("t1", ConfirmationState.REFUSED, ["No."]))
    assert await owed(store) == {"t1": ("No.",)}


async def test_what_a_newer_question_or_none_shows_is_not_owed(store: SqlStore) -> None:
    newer = a_confirmation("t2", message_id=MESSAGE, created_at=NOW + SECOND)
    await add(store, a_confirmation(message_id=MESSAGE), a_confirmation("t3"), newer)
    for token in ("t1", "t2", "t3"):
        await store.transaction(lambda db, token=token: db.confirmations.close(token, ConfirmationState.DISCARDED))  # type: ignore[misc]  # bound at once
    assert set(await owed(store)) == {"t2"}, "the third has no message, and the first one's asks the second"
    await store.transaction(lambda db: db.confirmations.owe_answer("never asked"))
    await add(store, a_confirmation("t4", message_id=MESSAGE + 1))
    await store.transaction(lambda db: db.confirmations.close("t4", ConfirmationState.REPLACED))
    assert set(await owed(store)) == {"t2"}, "the newer one stands in the same message"


async def test_whatever_closes_many_questions_at_once_owes_each_its_reason(store: SqlStore) -> None:
    await add(store, a_confirmation(message_id=MESSAGE), a_confirmation("t2", message_id=MESSAGE + 1))
    await store.transaction(lambda db: db.confirmations.close("t2", ConfirmationState.DISCARDED))
    assert await store.transaction(lambda db: db.confirmations.refuse_of(PERSON, "Locked.")) == 1
    assert await owed(store) == {"t1": ("Locked.",), "t2": ()}
    await add(store, a_confirmation("t3", message_id=MESSAGE + 2), a_confirmation("t4", message_id=MESSAGE + 3))
    assert await store.transaction(lambda db: db.confirmations.refuse_on(ACCOUNT.id, "Unlinked.")) == 2
    assert (await owed(store))["t4"] == ("Unlinked.",)
    await add(store, a_confirmation("t5", message_id=MESSAGE + 4))
    assert await store.transaction(lambda db: db.confirmations.refuse_of(PERSON, None)) == 1
    assert "t5" not in await owed(store), "nobody knows what its message shows"


async def test_a_question_is_kept_until_its_message_shows_what_became_of_it(store: SqlStore) -> None:
    await add(store, a_confirmation(message_id=MESSAGE), a_confirmation("t2"), a_confirmation("t3", message_id=MESSAGE + 1))
    await store.transaction(lambda db: db.confirmations.close("t1", ConfirmationState.EXPIRED))
    assert await store.transaction(lambda db: db.confirmations.forget_before(NOW + timedelta(days=9))) == 1, "nobody saw it"
    assert set(await owed(store)) == {"t1"}
    await store.transaction(lambda db: db.confirmations.answer_shown("t1"))
    assert await store.transaction(lambda db: db.confirmations.forget_before(NOW + timedelta(days=9))) == 1
    assert [each.token for each in await store.transaction(lambda db: db.confirmations.asking())] == ["t3"]
