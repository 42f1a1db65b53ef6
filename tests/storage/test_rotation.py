"""Keys change without a moment at which a secret has no key that opens it."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from bot.domain.errors import StorageError, VaultError
from storage.keyfile import add_key, load_key_file, new_key_file
from storage.rotation import rekey, rotate
from storage.store import SqlStore
from storage.vault import Vault
from tests.storage.samples import ACCOUNT, CREDENTIALS, seed

chance = random.Random(9)


class House:
    """A database and a key file, each in its place."""

    def __init__(self, root: Path) -> None:
        self.database = root / "data" / "bot.db"
        self.key_file = root / "keys" / "wrapping.key"
        new_key_file(self.key_file, chance.randbytes)

    def open(self) -> SqlStore:
        return SqlStore.open(self.database, Vault(load_key_file(self.key_file, self.database), chance.randbytes), inline=True)

    async def opens_everything(self) -> bool:
        async with self.open() as store:
            return await store.run(lambda drawers: drawers.accounts.credentials(ACCOUNT.id)) == CREDENTIALS


@pytest.fixture
async def house(tmp_path: Path) -> House:
    made = House(tmp_path)
    async with made.open() as store:
        await store.run(seed)
    return made


async def test_after_a_rotation_only_the_new_key_opens(house: House) -> None:
    before = load_key_file(house.key_file, house.database)
    async with house.open() as store:
        assert await rotate(store, house.key_file, house.database, chance.randbytes) == 1
        assert await store.run(lambda drawers: drawers.accounts.credentials(ACCOUNT.id)) == CREDENTIALS
    (after,) = load_key_file(house.key_file, house.database)
    assert after not in before
    assert await house.opens_everything()
    async with SqlStore.open(house.database, Vault(before, chance.randbytes), inline=True) as old:
        with pytest.raises(VaultError):
            await old.run(lambda drawers: drawers.accounts.credentials(ACCOUNT.id))


async def test_a_rotation_that_cannot_open_everything_keeps_all_keys_and_changes_nothing(house: House) -> None:
    async with house.open() as store:
        store.adopt(Vault(add_key(house.key_file, house.database, chance.randbytes)[:1], chance.randbytes))
        with pytest.raises(VaultError):
            await store.run_sql(lambda drawers: drawers.accounts.rewrap())
    assert len(load_key_file(house.key_file, house.database)) == 2
    assert await house.opens_everything()


async def test_new_data_keys_open_everything_and_the_old_ones_are_gone(house: House) -> None:
    async with house.open() as store:
        assert await rekey(store) == 4
        assert await rekey(store) == 4
        assert await store.run(lambda drawers: drawers.accounts.credentials(ACCOUNT.id)) == CREDENTIALS
    assert await house.opens_everything()


async def test_keys_are_not_changed_under_a_running_bot(house: House) -> None:
    async with house.open() as bot, house.open() as command:
        bot.lock()
        before = house.key_file.read_bytes()
        with pytest.raises(StorageError, match="Another bot"):
            await rotate(command, house.key_file, house.database, chance.randbytes)
        with pytest.raises(StorageError, match="Another bot"):
            await rekey(command)
        assert house.key_file.read_bytes() == before


@pytest.mark.parametrize("act", ["rotate", "rekey"])
def test_killed_at_any_step_every_secret_still_opens_and_the_work_can_be_repeated(house: House, act: str) -> None:
    """The sweep runs in a process of its own, which forks a child for each step and kills it there (tests/storage/killed.py)."""
    command = [sys.executable, "-m", "tests.storage.killed", act, str(house.database), str(house.key_file)]
    swept = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])  # noqa: S603
    assert swept.returncode == 0, swept.stderr
    lines = swept.stdout.splitlines()
    assert lines[-1] == "whole: opens"
    assert len(lines) > 10
    assert [line for line in lines if not line.endswith(": opens")] == []
    assert len(load_key_file(house.key_file, house.database)) == 1
