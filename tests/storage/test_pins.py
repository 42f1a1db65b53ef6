"""A PIN's misses and a sealed phone survive everything but leaving the list."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.domain.access import Pin
from storage.store import SqlStore
from tests.storage.samples import NOW, PERSON, a_store, a_vault

PIN = Pin(telegram_id=PERSON, hashed="$argon2id$", set_at=NOW)


async def test_the_count_of_misses_survives_a_restart(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    missed = replace(PIN, failures=4, closed_until=NOW + timedelta(minutes=5), proven_at=NOW, proven_for="act")
    await store.run(lambda drawers: drawers.pins.put(PIN))
    await store.run(lambda drawers: drawers.pins.put(missed))
    await store.run(lambda drawers: drawers.pins.seal(PERSON, NOW))
    await store.run(lambda drawers: drawers.pins.seal(PERSON, NOW + timedelta(hours=1)))
    await store.close()
    again = SqlStore.open(tmp_path / "bot.db", a_vault(), inline=True)
    assert await again.run(lambda drawers: drawers.pins.find(PERSON)) == missed
    assert await again.run(lambda drawers: drawers.pins.sealed(PERSON)) == NOW
    assert await again.run(lambda drawers: drawers.pins.unseal(PERSON))
    assert await again.run(lambda drawers: drawers.pins.sealed(PERSON)) is None
    assert await again.run(lambda drawers: drawers.pins.remove(PERSON))
    assert not await again.run(lambda drawers: drawers.pins.remove(PERSON))
    await again.close()


async def test_both_go_with_the_person(store: SqlStore) -> None:
    await store.run(lambda drawers: drawers.pins.put(PIN))
    await store.run(lambda drawers: drawers.pins.seal(PERSON, NOW))
    await store.run(lambda drawers: drawers.people.remove(PERSON))
    assert await store.run(lambda drawers: drawers.pins.find(PERSON)) is None
    assert await store.run(lambda drawers: drawers.pins.sealed(PERSON)) is None
