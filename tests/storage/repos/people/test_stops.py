"""The kill switch stays on until it is lifted, across restarts, in the name of who used it first."""

from datetime import timedelta
from pathlib import Path

from bot.domain.people.account import Stop
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, NOW, PERSON, a_store, a_vault

STOP = Stop(account_id=ACCOUNT.id, by=PERSON, at=NOW, why="lunch")


async def test_it_is_turned_on_once_and_lifted_once(store: SqlStore) -> None:
    assert await store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is None
    assert not await store.transaction(lambda db: db.stops.resume(ACCOUNT.id))
    assert await store.transaction(lambda db: db.stops.stop(STOP))
    later = Stop(account_id=ACCOUNT.id, by=None, at=NOW + timedelta(hours=1))
    assert not await store.transaction(lambda db: db.stops.stop(later))
    assert await store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) == STOP
    assert await store.transaction(lambda db: db.stops.resume(ACCOUNT.id))
    assert await store.transaction(lambda db: db.stops.stop(later))
    assert await store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) == later


async def test_it_survives_a_restart(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    await store.transaction(lambda db: db.stops.stop(STOP))
    await store.close()
    again = SqlStore.open(tmp_path / "bot.db", a_vault(), inline=True)
    assert await again.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) == STOP
    await again.close()
