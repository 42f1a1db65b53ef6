"""A one-time code is used once, in time, and is never stored itself."""

import asyncio
from datetime import timedelta

from bot.domain.people.access import Invitation
from bot.domain.people.account import Role
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, NOW, PERSON

END = NOW + timedelta(minutes=10)
ASKED = Invitation(digest="d1", role=Role.TRADER, account_id=ACCOUNT.id, made_by=PERSON, made_at=NOW, expires_at=END)


async def test_a_hundred_who_come_at_once_with_the_same_code_are_one(store: SqlStore) -> None:
    await store.transaction(lambda db: db.invitations.add(ASKED))

    async def come(person: int) -> Invitation | None:
        return await store.transaction(lambda db: db.invitations.take("d1", person, NOW))

    taken = [
        invitation for invitation in await asyncio.gather(*(come(person) for person in range(1, 101))) if invitation is not None
    ]
    assert len(taken) == 1
    assert taken[0].used_by in range(1, 101)
    assert await store.transaction(lambda db: db.invitations.find("d1")) == taken[0]


async def test_a_code_is_worth_nothing_from_its_end_on_and_neither_is_one_that_was_never_made(store: SqlStore) -> None:
    await store.transaction(lambda db: db.invitations.add(ASKED))
    assert await store.transaction(lambda db: db.invitations.take("d1", 5, END)) is None
    assert await store.transaction(lambda db: db.invitations.take("d2", 5, NOW)) is None
    assert await store.transaction(lambda db: db.invitations.take("d1", 5, END - timedelta(microseconds=1))) is not None


async def test_old_codes_are_forgotten(store: SqlStore) -> None:
    await store.transaction(lambda db: db.invitations.add(ASKED))
    assert await store.transaction(lambda db: db.invitations.forget_before(END)) == 0
    assert await store.transaction(lambda db: db.invitations.forget_before(END + timedelta(seconds=1))) == 1
    assert await store.transaction(lambda db: db.invitations.find("d1")) is None
