"""What the bot remembers of itself: each flag is set once, found by its kind alone, and taken back."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.people.account import NoLogin
from bot.domain.ports.repositories import Repositories
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, DAY, NOW

REMEMBERED = timedelta(seconds=120)
HOUR = timedelta(hours=1)


async def test_an_account_that_is_named_like_a_flag_sets_only_its_own(store: SqlStore) -> None:
    def claim(db: Repositories) -> tuple[object, ...]:
        for name in ("mode", "telegram bot", "lockdown", NoLogin.REFUSED):
            db.flags.claim_address_notice(name, DAY, NOW)
        return db.flags.mode(), db.flags.bot_id(), db.flags.locked_down(), db.flags.login_forbidden(ACCOUNT.id)

    assert await store.transaction(claim) == (None, None, False, False)


async def test_an_address_notice_is_claimed_once_for_each_account_and_date(store: SqlStore) -> None:
    def claim(db: Repositories) -> list[bool]:
        days = (DAY, DAY, DAY + timedelta(days=1))
        return [db.flags.claim_address_notice(account, day, NOW) for account in ("a1", "b2") for day in days]

    assert await store.transaction(claim) == [True, False, True, True, False, True]


async def test_notices_of_trying_are_one_for_each_person_and_hour_and_bounded_for_all(store: SqlStore) -> None:
    def tries(db: Repositories, at: datetime) -> list[bool]:
        return [db.flags.claim_tried_notice(person, at, 3) for person in (1, 1, 2, 3, 4)]

    now = datetime(2026, 11, 20, 4, 10, tzinfo=UTC)
    assert await store.transaction(lambda db: tries(db, now)) == [True, False, True, True, False]
    assert not any(await store.transaction(lambda db: tries(db, now + timedelta(minutes=49))))
    assert await store.transaction(lambda db: tries(db, now + HOUR)) == [True, False, True, True, False]


@pytest.mark.parametrize("why", NoLogin)
async def test_a_login_is_forbidden_for_one_account_until_it_is_allowed(store: SqlStore, why: NoLogin) -> None:
    await store.transaction(lambda db: db.flags.forbid_login("a1", why, NOW))
    await store.transaction(lambda db: db.flags.forbid_login("a1", why, NOW))
    assert await store.transaction(lambda db: (db.flags.login_forbidden("a1"), db.flags.login_forbidden("b2"))) == (True, False)
    await store.transaction(lambda db: db.flags.allow_login("a1"))
    assert not await store.transaction(lambda db: db.flags.login_forbidden("a1"))


@pytest.mark.parametrize("way", [1, -1])
async def test_a_code_is_spent_once_while_it_is_remembered_whichever_way_the_clock_went(store: SqlStore, way: int) -> None:
    def spend(db: Repositories, at: datetime, account: str = "a1", digest: str = "d") -> bool:
        return db.flags.spend_code(account, digest, at, REMEMBERED)

    assert await store.transaction(lambda db: spend(db, NOW))
    assert await store.transaction(lambda db: spend(db, NOW, digest="e"))
    assert await store.transaction(lambda db: spend(db, NOW, account="b2"))
    assert not await store.transaction(lambda db: spend(db, NOW + way * timedelta(seconds=119)))
    assert await store.transaction(lambda db: spend(db, NOW + way * REMEMBERED))
    assert not await store.transaction(lambda db: spend(db, NOW, account="b2"))


async def test_the_mode_and_the_bot_are_those_set_last(store: SqlStore) -> None:
    assert await store.transaction(lambda db: (db.flags.mode(), db.flags.bot_id())) == (None, None)

    def begin(db: Repositories) -> None:
        for mode, bot, at in (("paper", 11, NOW), ("live", 12, NOW + HOUR)):
            db.flags.begin_mode(mode, at)
            db.flags.pin_bot(bot, at)

    await store.transaction(begin)
    assert await store.transaction(lambda db: (db.flags.mode(), db.flags.bot_id())) == (("live", NOW + HOUR), 12)


async def test_an_alarm_sounds_until_it_is_lifted_once(store: SqlStore) -> None:
    await store.transaction(lambda db: db.flags.lock_down(NOW))
    await store.transaction(lambda db: db.flags.lock_down(NOW))
    assert await store.transaction(lambda db: db.flags.locked_down())
    assert await store.transaction(lambda db: db.flags.lift_lockdown())
    assert not await store.transaction(lambda db: db.flags.lift_lockdown())
    assert not await store.transaction(lambda db: db.flags.locked_down())
