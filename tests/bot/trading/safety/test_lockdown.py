"""The host's alarm stops everything at once, needs no key, and stays on until the host lifts it."""

import random
from datetime import timedelta

import pytest

from bot.domain.clock import next_midnight
from bot.domain.orders.confirmation import ConfirmationState
from bot.domain.people.account import Role, Session, User
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from bot.trading.safety.lockdown import WHY, is_locked_down, lift_lockdown, lock_down
from storage.secrets.vault import Vault
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, NOW, PERSON, a_confirmation, a_store

THIEF = PERSON + 1


def a_day(db: Repositories) -> None:
    db.people.add(User(telegram_id=THIEF, name="Ravi"), Role.TRADER, ACCOUNT.id, NOW)
    db.confirmations.add(a_confirmation("t1"))
    db.confirmations.add(a_confirmation("t2", user_id=THIEF, chat_id=THIEF))
    db.accounts.keep_session(ACCOUNT.id, Session(token=Secret("eyJx"), issued=NOW, expires=next_midnight(NOW)))


@pytest.fixture
async def alarmed() -> SqlStore:
    store = await a_store()
    await store.transaction(a_day)
    store.adopt(Vault((), random.Random(1).randbytes))  # from here on without any key
    raised = await store.transaction(lambda db: lock_down(db, NOW))
    assert (raised.accounts, raised.phones, raised.questions) == (1, 2, 2)
    return store


async def test_accounts_are_stopped_phones_sealed_questions_refused_and_sessions_gone(alarmed: SqlStore) -> None:
    def look(db: Repositories) -> None:
        stop = db.stops.stopped(ACCOUNT.id)
        assert stop is not None
        assert stop.why == WHY
        assert db.accounts.session(ACCOUNT.id) is None
        for phone in (PERSON, THIEF):
            assert db.pins.phone_locked_since(phone) == NOW
        for token in ("t1", "t2"):
            question = db.confirmations.find(token)
            assert question is not None
            assert question.state is ConfirmationState.REFUSED
        assert not db.confirmations.claim("t2", THIEF, THIEF, 1, NOW + timedelta(seconds=1))
        assert is_locked_down(db)
        assert db.outbox.counts() == (2, 0)  # everybody on the account is told
        assert "panic" in [row[3] for row in db.audit.page()]

    await alarmed.transaction(look)


async def test_raised_twice_it_is_still_one_alarm_and_one_lift_ends_it(alarmed: SqlStore) -> None:
    await alarmed.transaction(lambda db: lock_down(db, NOW + timedelta(minutes=1)))
    assert await alarmed.transaction(lambda db: lift_lockdown(db, NOW))
    assert not await alarmed.transaction(lambda db: lift_lockdown(db, NOW))
    assert not await alarmed.transaction(is_locked_down)


async def test_lifting_opens_the_phones_and_leaves_the_kill_switch_to_an_owner(alarmed: SqlStore) -> None:
    await alarmed.transaction(lambda db: lift_lockdown(db, NOW))
    assert await alarmed.transaction(lambda db: db.pins.phone_locked_since(PERSON)) is None
    assert await alarmed.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is not None


async def test_without_accounts_and_people_it_is_still_on(store_of_nobody: SqlStore) -> None:
    raised = await store_of_nobody.transaction(lambda db: lock_down(db, NOW))
    assert (raised.accounts, raised.phones) == (0, 0)
    assert await store_of_nobody.transaction(is_locked_down)


@pytest.fixture
def store_of_nobody() -> SqlStore:
    return SqlStore.open(None, Vault((), random.Random(1).randbytes), inline=True)
