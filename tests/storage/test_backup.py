"""A backup is whole, holds no key and lets nothing happen twice when it is brought back."""

import asyncio
import random
import re
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import StorageError, VaultError
from bot.domain.orders.confirmation import ConfirmationState
from bot.domain.ports.inbox import InboxEntry
from bot.domain.ports.repositories import Repositories
from storage.backup import RESTORED, after_bringing_back, back_up, bring_back, check_copy
from storage.secrets.keyplace import spellings
from storage.secrets.vault import KEY_BYTES, Vault, WrappingKey
from storage.store import SqlStore
from tests.storage.killed_restore import make, standing
from tests.storage.samples import ACCOUNT, CREDENTIALS, DAY, NOW, PERSON, a_confirmation, a_store, a_vault, an_order

CANARIES = [secret.reveal().encode() for secret in (CREDENTIALS.password, CREDENTIALS.api_key, CREDENTIALS.client_code)]


def a_busy_day(db: Repositories) -> None:
    db.orders.add(an_order(), DAY)
    db.confirmations.add(a_confirmation())
    db.audit.add(NOW, PERSON, "login", ACCOUNT.id, before="", after="")


def files_in(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.iterdir() if file.is_file())


async def test_a_copy_made_while_others_write_is_whole_private_and_one_file(tmp_path: Path) -> None:
    store = await a_store(tmp_path / "data" / "bot.db")
    await store.transaction(a_busy_day)
    checked = await back_up(store, tmp_path / "copy.db", [])
    assert (checked.accounts, checked.orders, checked.audit_rows) == (1, 1, 1)
    assert files_in(tmp_path) == ["copy.db"]
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "copy.db").stat().st_nlink == 1
    await store.close()
    body = (tmp_path / "copy.db").read_bytes()
    assert [canary for canary in CANARIES if canary in body] == []
    async with SqlStore.open(tmp_path / "copy.db", a_vault(), inline=True) as copy:
        assert await copy.transaction(lambda db: db.accounts.credentials(ACCOUNT.id)) == CREDENTIALS
    async with SqlStore.open(tmp_path / "copy.db", a_vault(7), inline=True) as thief:
        with pytest.raises(VaultError):
            await thief.transaction(lambda db: db.accounts.credentials(ACCOUNT.id))


async def test_a_backup_is_never_written_over_another_nor_left_half_done(tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_bytes(b"last week's")
    (tmp_path / ".other.db.part").write_bytes(b"cut off yesterday")
    async with await a_store(tmp_path / "data" / "bot.db") as store:
        with pytest.raises(StorageError, match="never written over"):
            await back_up(store, tmp_path / "copy.db", [])
        assert (tmp_path / "copy.db").read_bytes() == b"last week's"
        await back_up(store, tmp_path / "other.db", [])
    assert files_in(tmp_path) == ["copy.db", "other.db"]


@pytest.mark.parametrize("form", range(3))
async def test_a_copy_with_a_key_in_it_in_whatever_spelling_is_thrown_away(tmp_path: Path, form: int) -> None:
    key = WrappingKey(random.Random(8).randbytes(KEY_BYTES))
    planted = spellings([key])[form]
    async with await a_store(tmp_path / "data" / "bot.db") as store:
        raw = sqlite3.connect(tmp_path / "data" / "bot.db")
        with raw:
            raw.execute("UPDATE secrets SET sealed = ? WHERE field = 'password'", (planted,))
        raw.close()
        with pytest.raises(StorageError, match="bytes of a key"):
            await back_up(store, tmp_path / "copy.db", spellings([key]))
    assert not (tmp_path / "copy.db").exists()


async def test_a_damaged_cut_or_foreign_file_is_no_backup(tmp_path: Path) -> None:
    async with await a_store(tmp_path / "data" / "bot.db") as store:
        await store.transaction(a_busy_day)
        await back_up(store, tmp_path / "copy.db", [])
    body = (tmp_path / "copy.db").read_bytes()
    bad = tmp_path / "bad.db"
    for spoilt in (body[: len(body) // 2], b"", b"no database", body[:8192] + bytes(8192) + body[16384:]):
        bad.write_bytes(spoilt)
        with pytest.raises(StorageError):
            check_copy(bad)
    bad.write_bytes(body)
    with sqlite3.connect(bad) as raw:
        raw.execute("UPDATE orders SET account_id = 'nobody'")
    raw.close()
    with pytest.raises(StorageError, match="point nowhere"):
        check_copy(bad)
    with pytest.raises(StorageError, match="no backup"):
        check_copy(tmp_path / "nothing.db")
    sqlite3.connect(tmp_path / "stranger.db").execute("CREATE TABLE x (y)").connection.close()
    with pytest.raises(StorageError, match="no backup of this program"):
        check_copy(tmp_path / "stranger.db")


async def brought_back(copy: Path, database: Path, aside: Path) -> int:
    def without_keys(path: Path) -> SqlStore:
        return SqlStore.open(path, Vault((), random.Random(1).randbytes), inline=True)

    return await bring_back(
        copy, database, aside, open_store=without_keys, make_safe=lambda db: after_bringing_back(db, NOW, "a test")
    )


async def test_the_drill_a_lost_disk_comes_back_and_nothing_goes_on_by_itself(tmp_path: Path) -> None:
    database, copy = tmp_path / "data" / "bot.db", tmp_path / "copy.db"
    async with await a_store(database) as store:
        await store.transaction(a_busy_day)
        await store.transaction(lambda db: db.inbox.add([InboxEntry(update_id=1, user_id=PERSON, body="{}", received_at=NOW)]))
        await back_up(store, copy, [])
    for file in database.parent.iterdir():
        file.unlink()
    assert await brought_back(copy, database, tmp_path / "aside.db") == 1
    assert database.stat().st_mode & 0o777 == 0o600
    async with SqlStore.open(database, a_vault(), inline=True) as restored:
        assert await restored.transaction(lambda db: db.accounts.credentials(ACCOUNT.id)) == CREDENTIALS
        assert await restored.transaction(lambda db: db.orders.find("o1")) == an_order()
        stop = await restored.transaction(lambda db: db.stops.stopped(ACCOUNT.id))
        assert stop is not None
        assert stop.why == RESTORED
        assert await restored.transaction(lambda db: db.accounts.session(ACCOUNT.id)) is None
        assert await restored.transaction(lambda db: db.inbox.waiting()) == []
        assert await restored.transaction(lambda db: db.audit.verify()) is None
        # The question was open in the copy and may have been confirmed since: a tap on it must not send its order again.
        later = NOW + timedelta(seconds=5)
        assert not await restored.transaction(lambda db: db.confirmations.claim("t1", PERSON, PERSON, 1, later))
        question = await restored.transaction(lambda db: db.confirmations.find("t1"))
        assert question is not None
        assert question.state is ConfirmationState.REFUSED
        assert await restored.transaction(lambda db: db.confirmations.owed_answers()) == []


async def test_what_stood_there_before_is_kept_damaged_or_not_and_no_old_log_is_played_into_it(tmp_path: Path) -> None:
    database, copy = tmp_path / "data" / "bot.db", tmp_path / "copy.db"
    async with await a_store(database) as store:
        await back_up(store, copy, [])
        await store.transaction(a_busy_day)
    await brought_back(copy, database, tmp_path / "aside.db")
    assert check_copy(tmp_path / "aside.db").orders == 1
    assert check_copy(database).orders == 0
    with pytest.raises(StorageError, match="already there"):
        await brought_back(copy, database, tmp_path / "aside.db")

    database.write_bytes(b"x" * 5000)
    database.with_name("bot.db-wal").write_bytes(b"an old log")
    await brought_back(copy, database, tmp_path / "second.db")
    assert (tmp_path / "second.db").read_bytes() == b"x" * 5000
    async with SqlStore.open(database, Vault((), random.Random(1).randbytes), inline=True) as store:
        assert len(await store.transaction(lambda db: db.accounts.all())) == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("damaged", [False, True])
def test_a_restore_killed_anywhere_leaves_the_whole_old_one_or_the_whole_new_one_made_safe(
    tmp_path: Path, *, damaged: bool
) -> None:
    """Before each step that touches the disk, and within what SQLite writes in one (tests/storage/killed_restore)."""
    asyncio.run(make(tmp_path / "house", damaged=damaged))
    assert standing(tmp_path / "house") == ("untouched" if damaged else "old")
    command = [sys.executable, "-m", "tests.storage.killed_restore", str(tmp_path / "house")]
    swept = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert swept.returncode == 0, swept.stderr
    *lines, left = swept.stdout.splitlines()
    before = "untouched" if damaged else "old"
    matches = [re.fullmatch(r"\d+ (.+): (killed|ended), ([^,]+)(?:, again: (.+))?", line) for line in lines]
    assert [line for line, match in zip(lines, matches, strict=True) if match is None or match[3] not in (before, "new")] == []
    assert {match[4] for match in matches if match is not None} == {None, "new"}
    seen = {(match[2], match[3]) for match in matches if match is not None}
    assert seen >= {("killed", before), ("killed", "new")}
    if not damaged:
        inside = {match[1] for match in matches if match is not None and "within" in match[1] and match[2] == "killed"}
        assert len(inside) > 4
    assert len(lines) > 15
    assert left == "left: bot.db."
