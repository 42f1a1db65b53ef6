"""Keys change without a moment at which a secret has no key that opens it."""

import os
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.domain.errors import StorageError, VaultError
from storage.key_rotation import renew_data_keys, rotate
from storage.secrets.keyfile import KeyFile
from storage.secrets.keyplace import new_key
from storage.secrets.passphrase import SealedKeyFile, WrongPassphrase
from storage.secrets.vault import Ring, Vault, WrappingKey
from storage.store import SqlStore
from tests.storage.killed import A_PIN, CHEAP, Keys
from tests.storage.samples import ACCOUNT, CREDENTIALS, seed

chance = random.Random(9)


@pytest.fixture
async def house(tmp_path: Path) -> Keys:
    made = Keys(tmp_path / "house")
    for place in (made.main, made.seed):
        place.make([new_key(chance.randbytes)])
    async with made.open() as store:
        await store.transaction(seed)
        await store.transaction(lambda db: db.pins.put(A_PIN))
    return made


async def what_opens(house: Keys, main: Sequence[WrappingKey], seeds: Sequence[WrappingKey] = ()) -> set[str]:
    """The names of the credentials that come back with these keys."""
    async with SqlStore.open(house.database, Vault(main, chance.randbytes, seeds), inline=True) as store:
        try:
            credentials = await store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id))
        except VaultError:
            return set()
    assert credentials is not None
    return {name for name in ("client_code", "password", "api_key", "totp_seed") if getattr(credentials, name) is not None}


ALL = {"client_code", "password", "api_key", "totp_seed"}


async def test_after_a_rotation_only_the_new_key_opens(house: Keys) -> None:
    before, seeds = house.main.load(), house.seed.load()
    async with house.open() as store:
        assert await rotate(store, house.main, chance.randbytes) == 2, "the account's and the bot's own"
        assert await store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id)) == CREDENTIALS
    (after,) = house.main.load()
    assert after not in before
    assert await what_opens(house, [after], seeds) == ALL
    assert await what_opens(house, before, seeds) == set()


async def test_the_first_key_alone_never_opens_the_seed_nor_the_seeds_key_alone_the_rest(house: Keys) -> None:
    main, seeds = house.main.load(), house.seed.load()
    assert await what_opens(house, main) == ALL - {"totp_seed"}
    assert await what_opens(house, (), seeds) == set()
    assert await what_opens(house, main, [new_key(chance.randbytes)]) == set()  # a wrong key is an error, not a missing seed
    assert await what_opens(house, main, seeds) == ALL


@pytest.mark.parametrize("act", ["rotate", "rekey"])
async def test_no_change_of_keys_brings_the_seed_under_the_first_key(house: Keys, act: str) -> None:
    async with house.open() as store:
        await (rotate(store, house.main, chance.randbytes) if act == "rotate" else renew_data_keys(store))
    assert await what_opens(house, house.main.load()) == ALL - {"totp_seed"}
    assert await what_opens(house, house.main.load(), house.seed.load()) == ALL


@pytest.mark.parametrize("act", ["rotate", "rekey"])
async def test_a_seed_whose_key_is_away_outlives_every_change_of_the_first(house: Keys, act: str) -> None:
    async with SqlStore.open(house.database, Vault(house.main.load(), chance.randbytes), inline=True) as store:
        assert await (rotate(store, house.main, chance.randbytes) if act == "rotate" else renew_data_keys(store)) in (2, 4)
    assert await what_opens(house, house.main.load(), house.seed.load()) == ALL


async def test_the_seeds_own_key_is_rotated_alone(house: Keys) -> None:
    before = house.seed.load()
    async with house.open() as store:
        assert await rotate(store, house.seed, chance.randbytes, ring=Ring.SEED) == 1
    assert house.seed.load() != before
    assert await what_opens(house, house.main.load(), house.seed.load()) == ALL
    assert await what_opens(house, house.main.load(), before) == set()


async def test_a_seed_cannot_be_stored_without_a_key_of_its_own_nor_under_the_first(tmp_path: Path) -> None:
    key = new_key(chance.randbytes)
    async with SqlStore.open(None, Vault([key], chance.randbytes), inline=True) as store:
        with pytest.raises(VaultError, match="key new --seed"):
            await store.transaction(seed)
        assert await store.transaction(lambda db: db.accounts.all()) == []
    with pytest.raises(VaultError, match="same as the first"):
        Vault([key], chance.randbytes, [key])


async def test_a_rotation_that_cannot_open_everything_keeps_all_keys_and_changes_nothing(house: Keys) -> None:
    old = house.main.load()
    async with house.open() as store:
        house.main.keep([new_key(chance.randbytes)])  # somebody replaced the key file while the store was open
        with pytest.raises(VaultError):
            await rotate(store, house.main, chance.randbytes)
    assert len(house.main.load()) == 2
    assert await what_opens(house, old, house.seed.load()) == ALL


async def test_new_data_keys_open_everything_and_the_old_ones_are_gone(house: Keys) -> None:
    async with house.open() as store:
        for _ in range(3):
            assert await renew_data_keys(store) == 5
        assert await store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id)) == CREDENTIALS
    assert await what_opens(house, house.main.load(), house.seed.load()) == ALL


async def test_keys_are_not_changed_under_a_running_bot(house: Keys) -> None:
    async with house.open() as bot, house.open() as command:
        bot.lock()
        before = house.main.path.read_bytes()
        with pytest.raises(StorageError, match="Another bot"):
            await rotate(command, house.main, chance.randbytes)
        with pytest.raises(StorageError, match="Another bot"):
            await renew_data_keys(command)
        assert house.main.path.read_bytes() == before


async def test_a_key_in_the_clear_moves_behind_a_passphrase_in_the_same_file(house: Keys) -> None:
    plain = house.main.path.read_bytes()
    async with house.open() as store:
        await rotate(store, house.main, chance.randbytes, target=house.sealed)
    assert plain.split()[1] not in house.main.path.read_bytes()
    with pytest.raises(VaultError):
        house.main.load()
    assert await what_opens(house, house.behind("correct horse battery staple").load(), house.seed.load()) == ALL


async def test_a_passphrase_is_changed_by_a_rotation(house: Keys) -> None:
    async with house.open() as store:
        await rotate(store, house.main, chance.randbytes, target=house.sealed)
    async with house.open(house.sealed) as store:
        await rotate(store, house.sealed, chance.randbytes, target=house.behind("another four words entirely"))
    with pytest.raises(WrongPassphrase):
        house.behind("correct horse battery staple").load()
    assert await what_opens(house, house.behind("another four words entirely").load(), house.seed.load()) == ALL


async def test_a_move_does_not_write_over_the_keys_of_another_database(house: Keys) -> None:
    house.elsewhere.make([new_key(chance.randbytes)])
    before = house.elsewhere.path.read_bytes()
    async with house.open() as store:
        with pytest.raises(VaultError, match="other keys already"):
            await rotate(store, house.main, chance.randbytes, target=house.elsewhere)
    assert house.elsewhere.path.read_bytes() == before
    assert await what_opens(house, house.main.load(), house.seed.load()) == ALL


@pytest.mark.exhaustive
@pytest.mark.parametrize("act", ["rotate", "move", "seal", "rekey"])
def test_killed_before_everything_that_touches_the_disk_every_secret_still_opens(house: Keys, act: str) -> None:
    """The sweep runs in a process of its own, which forks a child for each moment and kills it there (tests/storage/killed)."""
    command = [sys.executable, "-m", "tests.storage.killed", act, str(house.root)]
    swept = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert swept.returncode == 0, swept.stderr
    *lines, whole = swept.stdout.splitlines()
    assert whole == "whole: opens"
    assert len(lines) > 15
    assert [line for line in lines if not re.fullmatch(r"\d+: opens(, again: opens)?", line)] == []
    assert sum("again" in line for line in lines) > 4


def test_the_sweep_would_see_a_secret_that_opens_nowhere(house: Keys) -> None:
    house.main.keep([new_key(chance.randbytes)])
    assert Keys(house.root).found().startswith("opens nowhere")
    assert isinstance(house.sealed, SealedKeyFile)
    assert not CHEAP.is_enough
    assert KeyFile(house.main.path, house.database).where == os.path.realpath(house.main.path)


@pytest.mark.parametrize("act", ["rotate", "rekey"])
async def test_an_unlinked_account_is_known_after_every_change_of_keys(house: Keys, act: str) -> None:
    async with house.open() as store:
        await store.transaction(lambda db: db.accounts.remove(ACCOUNT.id))
        await (rotate(store, house.main, chance.randbytes) if act == "rotate" else renew_data_keys(store))
    async with house.open() as store:
        account = await store.transaction(lambda db: db.accounts.known(CREDENTIALS.client_code))
    assert account is not None
    assert (account.account.id, account.linked) == (ACCOUNT.id, False)
