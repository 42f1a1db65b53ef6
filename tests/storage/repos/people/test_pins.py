"""A PIN's misses and a locked phone survive everything but leaving the list."""

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import VaultError
from bot.domain.people.access import Pin
from bot.domain.people.account import Role, User
from storage.secrets.vault import Vault
from storage.store import SqlStore
from tests.storage.samples import NOW, PERSON, a_store, a_vault

HASH = "$argon2id$v=19$m=47104,t=1,p=1$c2FsdA$aGFzaA"
PIN = Pin(telegram_id=PERSON, hashed=HASH, set_at=NOW)


async def test_the_count_of_misses_survives_a_restart(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    missed = replace(PIN, failures=4, closed_until=NOW + timedelta(minutes=5), proven_at=NOW, proven_for="act")
    await store.transaction(lambda db: db.pins.put(PIN))
    await store.transaction(lambda db: db.pins.put(missed))
    await store.transaction(lambda db: db.pins.lock_phone(PERSON, NOW))
    await store.transaction(lambda db: db.pins.lock_phone(PERSON, NOW + timedelta(hours=1)))
    await store.close()
    again = SqlStore.open(tmp_path / "bot.db", a_vault(), inline=True)
    assert await again.transaction(lambda db: db.pins.find(PERSON)) == missed
    assert await again.transaction(lambda db: db.pins.phone_locked_since(PERSON)) == NOW
    assert await again.transaction(lambda db: db.pins.unlock_phone(PERSON))
    assert await again.transaction(lambda db: db.pins.phone_locked_since(PERSON)) is None
    assert await again.transaction(lambda db: db.pins.remove(PERSON))
    assert not await again.transaction(lambda db: db.pins.remove(PERSON))
    await again.close()


async def test_both_go_with_the_person(store: SqlStore) -> None:
    await store.transaction(lambda db: db.pins.put(PIN))
    await store.transaction(lambda db: db.pins.lock_phone(PERSON, NOW))
    await store.transaction(lambda db: db.people.remove(PERSON))
    assert await store.transaction(lambda db: db.pins.find(PERSON)) is None
    assert await store.transaction(lambda db: db.pins.phone_locked_since(PERSON)) is None


async def raw(store: SqlStore, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Somebody who writes to the file."""

    def work(db: Any) -> list[tuple[Any, ...]]:
        cursor = db.inbox._tx._connection.execute(statement, values)
        db.stops.resume("nobody's")  # a write of our own ends what is kept, as one by another connection would
        return list(cursor)

    return await store.transaction(work)


async def test_a_copy_of_the_database_holds_nothing_to_compare_a_guess_with(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    await store.transaction(lambda db: db.pins.put(PIN))
    await store.close()
    body = (tmp_path / "bot.db").read_bytes()
    assert b"argon2id" not in body
    async with SqlStore.open(tmp_path / "bot.db", a_vault(7), inline=True) as thief:
        with pytest.raises(VaultError):
            await thief.transaction(lambda db: db.pins.find(PERSON))
    async with SqlStore.open(tmp_path / "bot.db", Vault((), random.Random(1).randbytes), inline=True) as host:
        assert await host.transaction(lambda db: db.pins.remove(PERSON)), "the host takes a PIN away without any key"


async def test_a_pin_from_before_works_and_is_sealed_with_its_next_use(store: SqlStore) -> None:
    await store.transaction(lambda db: db.pins.put(PIN))
    await raw(store, "UPDATE pins SET hashed = ?", HASH)
    await raw(store, "DELETE FROM own_keys")
    pin = await store.transaction(lambda db: db.pins.find(PERSON))
    assert pin == PIN
    await store.transaction(lambda db: db.pins.put(replace(PIN, failures=1)))
    assert [row[0][:7] for row in await raw(store, "SELECT hashed FROM pins")] == ["sealed:"]
    assert await store.transaction(lambda db: db.pins.find(PERSON)) == replace(PIN, failures=1)


async def test_a_hash_that_was_changed_or_belongs_to_somebody_else_opens_nothing(store: SqlStore) -> None:
    other = User(telegram_id=77, name="Ravi")
    await store.transaction(lambda db: db.people.add(other, Role.TRADER, None, NOW))
    await store.transaction(lambda db: db.pins.put(PIN))
    await store.transaction(lambda db: db.pins.put(replace(PIN, telegram_id=77)))
    mine, his = (row[0] for row in await raw(store, "SELECT hashed FROM pins ORDER BY telegram_id = 77"))
    for at in range(len(mine)):
        for bit in range(7):
            changed = mine[:at] + chr(ord(mine[at]) ^ (1 << bit)) + mine[at + 1 :]
            await raw(store, "UPDATE pins SET hashed = ? WHERE telegram_id = ?", changed, PERSON)
            with pytest.raises(VaultError):
                await store.transaction(lambda db: db.pins.find(PERSON))
    await raw(store, "UPDATE pins SET hashed = ? WHERE telegram_id = ?", his, PERSON)
    with pytest.raises(VaultError):
        await store.transaction(lambda db: db.pins.find(PERSON))
    await raw(store, "UPDATE pins SET hashed = ? WHERE telegram_id = ?", mine, PERSON)
    assert await store.transaction(lambda db: db.pins.find(PERSON)) == PIN


async def test_new_data_keys_open_every_pin_and_the_old_ones_are_gone(store: SqlStore) -> None:
    await store.transaction(lambda db: db.pins.put(PIN))
    for count in (1, 2, 3):
        assert await store.transaction(lambda db: db.pins.renew_keys()) == 1
        assert await raw(store, "SELECT number FROM own_keys") == [(count + 1,)]
    assert await store.transaction(lambda db: db.pins.find(PERSON)) == PIN
