"""One bot for one database, and trading sealed on every account as soon as somebody else has the token."""

from datetime import timedelta

import pytest

from bot.domain.errors import SettingsError
from bot.domain.news.safety import TradingStopped
from bot.domain.people.account import Role, User
from bot.simulators.loop import LoopClock
from bot.trading.safety.token_guard import POLLER, WEBHOOK, TokenGuard
from storage.secrets.vault import Vault
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, NOW, PERSON, a_store


class Watched:
    """A sentry over a store, and what it said and did beside it."""

    def __init__(self, store: SqlStore, clock: LoopClock) -> None:
        self.store = store
        self.told: list[tuple[int, str]] = []
        self.forgotten = 0
        self.token_guard = TokenGuard(
            store=store,
            clock=clock,
            people=lambda: ((PERSON, Role.OWNER), (7, Role.VIEWER)),
            tell=lambda person, words: self.told.append((person, words)),
        )

    async def forget(self) -> None:
        self.forgotten += 1

    async def pin(self, bot_id: int, *, take_new: bool = False) -> None:
        await self.token_guard.pin(bot_id, forget_updates=self.forget, take_new=take_new)

    async def acts(self) -> list[tuple[str, str]]:
        rows = await self.store.transaction(lambda db: db.audit.page(limit=50))
        return [(row[3], row[4]) for row in rows]

    async def notices(self) -> list[tuple[int, TradingStopped]]:
        """Takes out of the outbox what waits for whom."""
        found: list[tuple[int, TradingStopped]] = []
        now = NOW + timedelta(days=1)
        while deliveries := await self.store.transaction(lambda db: db.outbox.lease(now, now + timedelta(minutes=1))):
            for delivery in deliveries:
                assert isinstance(delivery.notice, TradingStopped)
                found.append((delivery.chat_id, delivery.notice))
                number = delivery.id
                await self.store.transaction(lambda db, number=number: db.outbox.sent(number, now, 1))  # type: ignore[misc] # bound at once
        return found


async def test_the_first_bot_is_remembered_and_another_one_refused(clock: LoopClock) -> None:
    watched = Watched(await a_store(None), clock)
    await watched.pin(111)
    await watched.pin(111)
    with pytest.raises(SettingsError, match="--new-bot"):
        await watched.pin(222)
    with pytest.raises(SettingsError):
        await Watched(watched.store, clock).pin(222)
    assert watched.forgotten == 0
    assert await watched.acts() == [("bot pinned", "before: none, after: 111")]


async def test_another_bot_taken_on_purpose_replaces_it_and_old_updates_are_forgotten(clock: LoopClock) -> None:
    watched = Watched(await a_store(None), clock)
    await watched.pin(111)
    await watched.pin(222, take_new=True)
    assert watched.forgotten == 1
    await watched.pin(222)
    with pytest.raises(SettingsError):
        await watched.pin(111)
    assert (await watched.acts())[0] == ("bot pinned", "before: 111, after: 222")


async def test_every_account_is_stopped_and_everybody_on_it_is_told_why_and_what_to_do(clock: LoopClock) -> None:
    watched = Watched(await a_store(None), clock)
    guest = User(telegram_id=7, name="Ravi")
    await watched.store.transaction(lambda db: db.people.add(guest, Role.VIEWER, ACCOUNT.id, NOW))
    await watched.token_guard.halt(WEBHOOK)
    stop = await watched.store.transaction(lambda db: db.stops.stopped(ACCOUNT.id))
    assert stop is not None
    assert (stop.by, stop.why) == (None, WEBHOOK)
    told = await watched.notices()
    assert sorted(person for person, _ in told) == [7, PERSON]
    assert all(WEBHOOK in notice.why and "/revoke" in notice.why for _, notice in told)
    assert await watched.acts() == [("kill", f"{WEBHOOK} · before: running, after: stopped")]


async def test_the_same_reason_rings_once_until_somebody_resumes_while_it_still_holds(clock: LoopClock) -> None:
    watched = Watched(await a_store(None), clock)
    for _ in range(10):
        await watched.token_guard.halt(WEBHOOK)
    assert len(await watched.notices()) == 1
    await watched.token_guard.halt(POLLER)
    assert len(await watched.notices()) == 1, "another reason is news, though trading is stopped already"
    await watched.store.transaction(lambda db: db.stops.resume(ACCOUNT.id))
    await watched.token_guard.halt(WEBHOOK)
    assert len(await watched.notices()) == 1
    assert await watched.store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is not None


async def test_without_an_account_the_owners_hear_of_it_all_the_same(clock: LoopClock) -> None:
    watched = Watched(SqlStore.open(None, Vault((), bytes), inline=True), clock)
    await watched.token_guard.halt(WEBHOOK)
    await watched.token_guard.halt(WEBHOOK)
    assert [person for person, _ in watched.told] == [PERSON]
