"""Kills a restore at one moment after another, between its steps and within what SQLite writes, and says what then stands there.

Run as a program: python -m tests.storage.killed_restore DIRECTORY, which holds data/bot.db and copy.db.
"""

import asyncio
import os
import shutil
import sys
from functools import partial
from pathlib import Path

from bot.domain.errors import StorageError
from bot.domain.orders.confirmation import ConfirmationState
from storage.backup import RESTORED, after_bringing_back, back_up, bring_back
from storage.repositories import SqlRepositories
from storage.secrets.vault import Vault
from storage.store import SqlStore
from tests.storage.killed import Watch, in_a_child
from tests.storage.samples import ACCOUNT, CREDENTIALS, DAY, NOW, a_confirmation, a_store, a_vault, an_order

_CUTS = 5  # how often the inside of the one backup by SQLite is cut that writes into the database
_COARSE = 8  # moments between two that are tried while nothing is at stake yet
_AGAIN = 4  # after each so many cuts the restore is done again


async def make(root: Path, *, damaged: bool = False) -> None:
    """A backup with an open question, and a database that went on after it, or one that no longer is a database."""
    database = root / "data" / "bot.db"
    async with await a_store(database) as store:
        await store.transaction(lambda db: db.confirmations.add(a_confirmation()))
        await back_up(store, root / "copy.db", [])
        await store.transaction(lambda db: db.orders.add(an_order(), DAY))
        if not damaged:
            shutil.copy2(f"{database}-wal", root / "wal")  # of a bot that was killed: its last order is in the log alone
            shutil.copy2(database, root / "killed.db")
    if damaged:
        database.write_bytes(b"x" * 50_000)
        database.with_name("bot.db-wal").write_bytes(b"an old log")
    else:
        (root / "killed.db").replace(database)
        (root / "wal").replace(f"{database}-wal")


def _open(path: Path) -> SqlStore:
    return SqlStore.open(path, Vault((), os.urandom), inline=True)


def _restore(root: Path, watch: Watch) -> None:
    async def work() -> None:
        aside = root / "data" / f"bot.db.before-{os.getpid()}"
        watch.durable()
        safe = partial(after_bringing_back, now=NOW, made_of="a sweep")
        await bring_back(root / "copy.db", root / "data" / "bot.db", aside, open_store=_open, make_safe=safe)

    asyncio.run(work())


def standing(root: Path) -> str:
    """old, new (and safe), untouched (a database that was damaged before), or what is wrong."""
    database = root / "data" / "bot.db"
    if not database.exists():
        return "nothing is there"

    def look(db: SqlRepositories) -> str:
        if db.accounts.credentials(ACCOUNT.id) != CREDENTIALS or db.audit.verify() is not None:
            return "secrets or audit are spoilt"
        question, stop = db.confirmations.find("t1"), db.stops.stopped(ACCOUNT.id)
        if db.orders.find("o1") is not None:
            return "old" if stop is None else "a mixture"
        if stop is None or stop.why != RESTORED or question is None or question.state is not ConfirmationState.REFUSED:
            return "new, and not made safe"
        return "new"

    async def work() -> str:
        async with SqlStore.open(database, a_vault(), inline=True) as store:
            return await store.transaction(look)

    try:
        return asyncio.run(work())
    except StorageError as error:
        return "untouched" if database.read_bytes() == b"x" * 50_000 else f"does not open: {error.say}"


def main(root: Path) -> None:
    work = root.with_name("work")

    def afresh() -> None:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(root, work)

    afresh()
    _restore(work, Watch(0))  # once in this process, so that every child finds the same things imported and remembered
    sys.setprofile(None)
    afresh()
    moments = in_a_child(0, partial(_restore, work))
    assert moments is not None
    size = (root / "copy.db").stat().st_size
    backups = [at for at, name in enumerate(moments, 1) if name == "backup"]
    touched = backups[1]  # until then the restore works on a copy beside the database
    steps = [*range(1, touched, _COARSE), *range(touched, len(moments) + 1)]
    cuts: list[tuple[int, int | None]] = [(step, None) for step in steps]
    cuts += [(at, within) for at in backups for within in range(0, size, size // (_CUTS if at == backups[-1] else 2))]
    for number, (step, within) in enumerate(cuts):
        afresh()
        killed = in_a_child(step, partial(_restore, work), within) is None
        after = standing(work)
        name = moments[step - 1] if within is None else f"{moments[step - 1]} within {within}"
        sys.stdout.write(f"{step} {name}: {'killed' if killed else 'ended'}, {after}")
        if number % _AGAIN == 0:
            in_a_child(0, partial(_restore, work))
            sys.stdout.write(f", again: {standing(work)}")
        sys.stdout.write("\n")
    in_a_child(0, partial(_restore, work))
    left = {file.name.partition("before-")[0] for file in (work / "data").iterdir()}
    sys.stdout.write(f"left: {' '.join(sorted(left - {'bot.db', 'bot.db-wal', 'bot.db-shm', 'bot.db.lock'}))}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
