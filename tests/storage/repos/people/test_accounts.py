"""Linked accounts: secrets come back to the vault's owner alone, and are gone for good when the account is."""

import itertools
import random
import sqlite3
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain.clock import next_midnight
from bot.domain.errors import StorageError, VaultError
from bot.domain.people.account import Account, KnownAccount, Session
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from storage.secrets.vault import Vault
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, CREDENTIALS, DAY, NOW, PERSON, a_store, a_vault, an_order

SESSION = Session(token=Secret("CANARY-token-eyJhbGciOi"), issued=NOW, expires=next_midnight(NOW))
FAR = NOW + timedelta(hours=1)
PAPA = Account(id="a2", label="papa", client="MA••••2", created_at=NOW)
CANARIES = [
    secret.reveal()
    for secret in (CREDENTIALS.client_code, CREDENTIALS.password, CREDENTIALS.api_key, CREDENTIALS.totp_seed, SESSION.token)
    if secret is not None
]


def keep(db: Repositories) -> None:
    db.accounts.keep_session(ACCOUNT.id, SESSION)


def bytes_on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()) if file.name.startswith(path.name))


async def test_credentials_and_session_come_back(store: SqlStore) -> None:
    await store.transaction(keep)
    assert await store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id)) == CREDENTIALS
    assert await store.transaction(lambda db: db.accounts.session(ACCOUNT.id)) == SESSION
    await store.transaction(lambda db: db.accounts.keep_session(ACCOUNT.id, None))
    assert await store.transaction(lambda db: db.accounts.session(ACCOUNT.id)) is None


async def test_an_account_without_a_stored_seed_has_none(store: SqlStore) -> None:
    without = replace(CREDENTIALS, totp_seed=None)
    await store.transaction(lambda db: db.accounts.add(PAPA, without))
    assert await store.transaction(lambda db: db.accounts.credentials("a2")) == without


async def test_an_account_nobody_linked_has_nothing(store: SqlStore) -> None:
    def look(db: Repositories) -> list[object]:
        accounts = db.accounts
        return [
            accounts.find("zz"),
            accounts.by_label("zz"),
            accounts.credentials("zz"),
            accounts.session("zz"),
            accounts.remove("zz"),
        ]

    assert await store.transaction(look) == [None, None, None, None, False]
    with pytest.raises(StorageError, match="no linked account"):
        await store.transaction(lambda db: db.accounts.keep_session("zz", SESSION))


async def test_labels_are_unique_and_told_apart_without_regard_to_case(store: SqlStore) -> None:
    assert await store.transaction(lambda db: db.accounts.by_label("MAIN")) == ACCOUNT
    with pytest.raises(StorageError):
        await store.transaction(lambda db: db.accounts.add(replace(PAPA, label="Main"), CREDENTIALS))
    assert await store.transaction(lambda db: db.accounts.all()) == [ACCOUNT]


async def test_linking_anew_changes_the_credentials_and_forgets_the_session(store: SqlStore) -> None:
    await store.transaction(keep)
    changed = replace(CREDENTIALS, password=Secret("new"), totp_seed=None)
    await store.transaction(lambda db: db.accounts.add(replace(ACCOUNT, label="mine"), changed))
    assert await store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id)) == changed
    assert await store.transaction(lambda db: db.accounts.session(ACCOUNT.id)) is None
    assert [account.label for account in await store.transaction(lambda db: db.accounts.all())] == ["mine"]


async def test_an_unlinked_account_leaves_its_orders_and_frees_its_label(store: SqlStore) -> None:
    def unlink(db: Repositories) -> bool:
        db.orders.add(an_order(), DAY)
        db.accounts.choose(PERSON, ACCOUNT.id, NOW + timedelta(minutes=30))
        return db.accounts.remove(ACCOUNT.id)

    assert await store.transaction(unlink)
    assert not await store.transaction(lambda db: db.accounts.remove(ACCOUNT.id))
    assert await store.transaction(lambda db: db.accounts.all()) == []
    assert await store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id)) is None
    assert await store.transaction(lambda db: db.accounts.chosen(PERSON, NOW, FAR)) is None
    assert await store.transaction(lambda db: db.orders.find("o1")) == an_order()
    await store.transaction(lambda db: db.accounts.add(replace(PAPA, label="main"), CREDENTIALS))


async def test_an_unlinked_account_is_known_by_its_client_code_and_by_nothing_else(store: SqlStore) -> None:
    twin = replace(PAPA, client=ACCOUNT.client)  # what is shown of both codes is the same
    others = replace(CREDENTIALS, client_code=Secret("MA7654321"))
    await store.transaction(lambda db: db.accounts.add(twin, others))
    account = KnownAccount(account=ACCOUNT, linked=True)
    assert await store.transaction(lambda db: db.accounts.known(CREDENTIALS.client_code)) == account
    await store.transaction(keep)
    await store.transaction(lambda db: db.accounts.remove(ACCOUNT.id))
    same = Secret(f" {CREDENTIALS.client_code.reveal().lower()} ")
    assert await store.transaction(lambda db: db.accounts.known(same)) == replace(account, linked=False)
    assert await store.transaction(lambda db: db.accounts.known(Secret("MA0000001"))) is None
    assert await store.transaction(lambda db: db.accounts.session(ACCOUNT.id)) is None
    with pytest.raises(StorageError, match="no linked account"):
        await store.transaction(keep)
    linked = await store.transaction(lambda db: db.accounts.known(others.client_code))
    assert linked is not None
    assert linked.account == twin


async def test_an_account_linked_again_has_its_mark_and_its_own_orders_and_numbers_again(store: SqlStore) -> None:
    await store.transaction(lambda db: db.accounts.add(PAPA, replace(CREDENTIALS, client_code=Secret("MA2"))))

    def leave(db: Repositories) -> int:
        number = db.orders.next_number(ACCOUNT.id, DAY)
        db.orders.add(an_order(number), DAY)
        db.accounts.remove(ACCOUNT.id)
        return number

    mark = (await store.transaction(lambda db: db.accounts.all()))[0].mark
    number = await store.transaction(leave)
    again = replace(CREDENTIALS, password=Secret("a new one"))
    await store.transaction(lambda db: db.accounts.add(ACCOUNT, again))
    first = (await store.transaction(lambda db: db.accounts.all()))[0]
    assert (first.id, first.mark) == (ACCOUNT.id, mark)
    assert await store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id)) == again
    assert await store.transaction(lambda db: db.orders.by_number(ACCOUNT.id, DAY, number)) is not None
    assert await store.transaction(lambda db: db.orders.next_number(ACCOUNT.id, DAY)) == number + 1


async def test_each_account_keeps_a_mark_of_its_own_even_when_an_earlier_one_is_unlinked(store: SqlStore) -> None:
    await store.transaction(lambda db: db.accounts.add(PAPA, CREDENTIALS))
    marks = {account.label: account.mark for account in await store.transaction(lambda db: db.accounts.all())}
    assert len(set(marks.values())) == 2
    await store.transaction(lambda db: db.accounts.remove(ACCOUNT.id))
    papa = await store.transaction(lambda db: db.accounts.find(PAPA.id))
    assert papa is not None
    assert papa.name == f"{marks['papa']} papa"


async def test_a_choice_of_account_ends_by_itself(store: SqlStore) -> None:
    until = NOW + timedelta(minutes=30)
    await store.transaction(lambda db: db.accounts.choose(PERSON, ACCOUNT.id, until))
    assert await store.transaction(lambda db: db.accounts.chosen(PERSON, until - timedelta(microseconds=1), FAR)) == ACCOUNT.id
    assert await store.transaction(lambda db: db.accounts.chosen(PERSON, until, FAR)) is None
    assert await store.transaction(lambda db: db.accounts.chosen(PERSON + 1, NOW, FAR)) is None


async def test_a_choice_that_ends_later_than_any_choice_can_was_made_before_the_clock_was_set_back(store: SqlStore) -> None:
    life = timedelta(minutes=30)
    await store.transaction(lambda db: db.accounts.choose(PERSON, ACCOUNT.id, NOW + life))
    assert await store.transaction(lambda db: db.accounts.chosen(PERSON, NOW, NOW + life)) == ACCOUNT.id
    back = NOW - timedelta(minutes=2)
    assert await store.transaction(lambda db: db.accounts.chosen(PERSON, back, back + life)) is None


async def test_no_secret_stands_in_the_files_in_the_clear(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    store = await a_store(path, inline=True)
    await store.transaction(keep)
    before = bytes_on_disk(path)
    await store.close()
    for text, whole in itertools.product(CANARIES, (before, bytes_on_disk(path))):
        for encoded in (text.encode(), text.encode("utf-16-le"), text.encode().hex().encode()):
            assert encoded not in whole


async def test_what_unlinking_destroys_is_in_no_page_and_no_log(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    store = await a_store(path)
    await store.transaction(keep)
    with sqlite3.connect(path) as raw:
        blobs = [row[0] for row in raw.execute("SELECT sealed FROM secrets UNION ALL SELECT wrapped FROM data_keys")]
    raw.close()
    assert len(blobs) == 7
    assert all(blob in bytes_on_disk(path) for blob in blobs)
    await store.transaction(lambda db: db.accounts.remove(ACCOUNT.id))
    assert not any(blob[-16:] in bytes_on_disk(path) for blob in blobs)
    await store.close()


async def test_a_copy_of_the_database_opens_nothing_without_the_key(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "bot.db")
    await store.transaction(keep)
    await store.backup(tmp_path / "copy.db")
    await store.close()
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    for vault in (a_vault(2), Vault((), random.Random(1).randbytes)):
        stolen = SqlStore.open(tmp_path / "copy.db", vault, inline=True)
        for look in (
            lambda db: db.accounts.credentials(ACCOUNT.id),
            lambda db: db.accounts.session(ACCOUNT.id),
        ):
            with pytest.raises(VaultError):
                await stolen.transaction(look)
        await stolen.close()
    restored = SqlStore.open(tmp_path / "copy.db", a_vault(), inline=True)
    assert await restored.transaction(lambda db: db.accounts.credentials(ACCOUNT.id)) == CREDENTIALS
    await restored.close()


def read_back(account: str, field: str, db: Repositories) -> object:
    return db.accounts.session(account) if field == "session" else db.accounts.credentials(account)


async def change(path: Path, statement: str, *values: object) -> None:
    raw = sqlite3.connect(path)
    with raw:
        assert raw.execute(statement, values).rowcount > 0
    raw.close()


async def test_every_pair_of_stored_secrets_swapped_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    store = await a_store(path)
    await store.transaction(keep)
    await store.transaction(lambda db: db.accounts.add(PAPA, CREDENTIALS))
    await store.transaction(lambda db: db.accounts.keep_session("a2", SESSION))
    raw = sqlite3.connect(path)
    rows = raw.execute("SELECT account_id, field, sealed FROM secrets").fetchall()
    assert len(rows) == 10
    assert await store.transaction(lambda db: db.accounts.prove()) == 10
    for (account, field, own), (_, _, other) in itertools.permutations(rows, 2):
        raw.execute("UPDATE secrets SET sealed = ? WHERE account_id = ? AND field = ?", (other, account, field))
        raw.commit()
        with pytest.raises(VaultError):
            await store.transaction(partial(read_back, account, field))
        raw.execute("UPDATE secrets SET sealed = ? WHERE account_id = ? AND field = ?", (own, account, field))
        raw.commit()
    raw.close()
    assert await store.transaction(lambda db: db.accounts.prove()) == 10
    await store.close()


async def test_a_secret_that_was_deleted_or_planted_in_the_clear_is_an_error_not_a_value(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    store = await a_store(path)
    await change(path, "UPDATE secrets SET sealed = ? WHERE field = 'password'", b"planted")
    with pytest.raises(VaultError):
        await store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id))
    await change(path, "DELETE FROM secrets WHERE field = 'password'")
    with pytest.raises(VaultError, match="missing"):
        await store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id))
    await change(path, "DELETE FROM data_keys")
    with pytest.raises(VaultError, match="is gone"):
        await store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id))
    await store.close()


async def test_the_error_of_a_secret_that_does_not_open_shows_none_of_it(store: SqlStore) -> None:
    store.adopt(a_vault(2))
    with pytest.raises(VaultError) as caught:
        await store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id))
    assert "CANARY" not in repr(caught.getrepr(showlocals=True))
