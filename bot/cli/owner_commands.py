"""Commands for the host alone: keys, backup and restore, the alarm for a lost phone, the audit, a report on the bot."""

import argparse
import asyncio
import getpass
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

from bot.app import open_connections, open_store
from bot.config.key_sources import Prompt, loaded, place_of
from bot.config.settings import KeySource, Settings
from bot.diagnostics.report import report
from bot.domain.clock import Clock, SystemClock, ist
from bot.domain.errors import BrokerError, SettingsError, StorageError, VaultError
from bot.domain.people.account import Credentials, Session
from bot.domain.ports.repositories import Repositories
from bot.runtime.logs import escaped
from bot.trading.safety.lockdown import lift_alarm, raise_alarm, sounding
from bot.wiring import heartbeat_file
from storage.backup import after_bringing_back, back_up, bring_back, check_copy
from storage.db.engine import FileLock
from storage.key_rotation import Note, renew_data_keys, rotate
from storage.repos.audit import AuditRow
from storage.repositories import SqlRepositories
from storage.secrets.keyplace import new_key
from storage.secrets.vault import Ring, Vault
from storage.store import SqlStore

Command = Callable[[str, str, Callable[[argparse.Namespace, Settings], int]], argparse.ArgumentParser]
FAILED = 1
FAREWELL = 5.0  # seconds for a logout at the broker that the alarm asks for by itself


def add_commands(command: Command) -> None:
    """Puts this file's commands on the command line."""
    key = command("key", "the keys that seal every secret", _key)
    acts = key.add_subparsers(required=True, metavar="ACT", dest="act")
    new = acts.add_parser("new", help="makes the key, once; asks for its passphrase where KEY_SOURCE says so")
    new.add_argument("--seed", action="store_true", help="the second key, under which alone a TOTP seed is stored")
    new.set_defaults(data=False, to=None)
    turn = acts.add_parser("rotate", help="a new key in the old one's place; the bot must be stopped")
    which = turn.add_mutually_exclusive_group()
    which.add_argument("--seed", action="store_true", help="the second key")
    which.add_argument(
        "--data", action="store_true", help="the data keys under both instead: every secret is sealed anew, the keys stay"
    )
    turn.add_argument("--to", choices=[each.value for each in KeySource], help="moves it there at the same time")

    backup = command("backup", "a checked copy of the database, without keys; the bot may run", _backup)
    backup.add_argument("file", type=Path)
    restore = command("restore", "puts a backup in the database's place; trading stays stopped until /resume", _restore)
    restore.add_argument("file", type=Path)

    panic = command("panic", "a lost phone: stops every account, seals every phone, ends every session, at once", _panic)
    panic.add_argument("--lift", action="store_true", help="opens the phones again; each account still needs /resume")

    audit = command("audit", "the record of acts", _audit)
    deeds = audit.add_subparsers(required=True, metavar="ACT", dest="act")
    deeds.add_parser("verify", help="whether every row is as it was written")
    deeds.add_parser("export", help="every row with its hash, one JSON object a line")

    command("diagnose", "a report on the bot that can be shown to anybody: no secret has a way into it", _diagnose)


def terminal() -> Prompt | None:
    """How to ask whoever sits at the keyboard; None when nobody does."""
    return getpass.getpass if sys.stdin.isatty() else None


def without_keys(settings: Settings, *, new: bool = False) -> SqlStore:
    """The database for those who need no secret; new: whether one is made where there is none."""
    return without_keys_at(settings.database, new=new)


def without_keys_at(path: Path, *, new: bool = False) -> SqlStore:
    """Any database of ours, for those who need no secret of it."""
    return SqlStore.open(path, Vault((), os.urandom), inline=True, new=new)


def _key(asked: argparse.Namespace, settings: Settings) -> int:
    if asked.data:
        if asked.to:
            raise SettingsError("--to moves a key, and --data changes none that lies in a file. Say one of them.")
        done = change_data_keys(settings, terminal())
    else:
        done = change_keys(asked.act, settings, terminal(), seed=asked.seed, to=KeySource(asked.to) if asked.to else None)
    print(escaped(asyncio.run(done)))
    return 0


async def change_keys(
    act: str, settings: Settings, ask: Prompt | None, *, seed: bool = False, to: KeySource | None = None
) -> str:
    """new or rotate; the sentence for the person. StorageError (VaultError) says why not, and then nothing is lost."""
    ring = Ring.SEED if seed else Ring.MAIN
    if act == "new":
        place = place_of(settings, ring, os.urandom, ask, fresh=True)
        place.make([new_key(os.urandom)])
        lost = "stored seed" if seed else "stored secret"
        return f"{place.says} is made. Keep a copy elsewhere: without it no {lost} can be opened."
    source = settings.seed_key_source if seed else settings.key_source
    place = place_of(settings, ring, os.urandom, ask)
    loaded(place, by_hand=ask is not None)
    other = place_of(settings, Ring.MAIN if seed else Ring.SEED, os.urandom, ask)
    others = loaded(other, by_hand=ask is not None) if other.exists() else ()
    target = None
    if to is not None or source is KeySource.PASSPHRASE:
        target = place_of(settings, ring, os.urandom, ask, source=to or source, fresh=True)
    keys = place.load()
    vault = Vault(others, os.urandom, keys) if seed else Vault(keys, os.urandom, others)
    async with SqlStore.open(settings.database, vault, inline=True, new=False) as store:
        to_where = (target or place).says
        count = await rotate(store, place, os.urandom, ring=ring, target=target, note=_note("key rotate", f"{ring}, {to_where}"))
    where = (target or place).says
    name = "SEED_KEY_SOURCE" if seed else "KEY_SOURCE"
    told = f"{count} data keys are wrapped by a new key now. {where} holds it; keep a copy elsewhere."
    if to is not None and to is not source:
        told += f" Say {name}={to} before the next start."
        if target is not None and target.where != place.where:
            told += f" {place.says} opens only older backups now."
    return told


async def change_data_keys(settings: Settings, ask: Prompt | None) -> str:
    """New data keys for every account; the sentence for the person. StorageError says why not, and then nothing is lost."""
    async with open_store(settings, os.urandom, inline=True, ask=ask) as store:
        count = await renew_data_keys(store, note=_note("key rotate", "data keys"))
    return f"{count} secrets are sealed anew, each account's with data keys of its own."


def _note(what: str, detail: str = "") -> Note:
    now = SystemClock().now()

    def write(db: SqlRepositories, before: str, after: str) -> None:
        db.audit.add(now, None, what, None, detail, before=before, after=after)

    return write


def _backup(asked: argparse.Namespace, settings: Settings) -> int:
    print(escaped(asyncio.run(make_backup(settings, asked.file))))
    return 0


async def make_backup(settings: Settings, target: Path) -> str:
    """A checked copy; StorageError, and no copy, when anything about it is not as it must be."""
    traces: list[bytes] = []
    for ring in Ring:
        place = place_of(settings, ring, os.urandom, None)
        if place.exists():
            traces += place.traces()
    async with without_keys(settings) as store:
        found = await back_up(store, target, traces)
        made_of = f"{target.name}: {found.accounts} accounts, {found.orders} orders, {found.audit_rows} acts"
        now = SystemClock().now()
        await store.transaction(lambda db: db.audit.add(now, None, "backup", before="", after=made_of))
    return (
        f"{target}: {found.accounts} accounts, {found.orders} orders, {found.audit_rows} acts; whole, and without any key. "
        "It opens only with the keys of today: keep a copy of those somewhere else."
    )


def _restore(asked: argparse.Namespace, settings: Settings) -> int:
    print(escaped(asyncio.run(restore(settings, asked.file, SystemClock()))))
    return 0


async def restore(settings: Settings, copy: Path, clock: Clock) -> str:
    """Puts a backup in the database's place and stops trading; StorageError when the copy is unfit or a bot runs."""
    found = check_copy(copy)
    alarm = await _alarm_is_on(settings)
    now = clock.now()
    database = settings.database.resolve()
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = database.with_name(f"{database.name}.before-{ist(now):%Y%m%d-%H%M%S}")
    lock = FileLock(database.with_name(database.name + ".lock"))
    made_of = f"{found.accounts} accounts, {found.orders} orders, {found.audit_rows} acts"

    def make_safe(db: SqlRepositories) -> tuple[int, int | None, int]:
        stopped = after_bringing_back(db, now, made_of)
        if alarm:
            raise_alarm(db, now)
        return stopped, db.audit.verify(), len({user.telegram_id for user, _, _ in db.people.all()})

    with closing(_Held(lock)):
        stopped, broken, people = await bring_back(copy, database, aside, open_store=without_keys_at, make_safe=make_safe)
    told = (
        f"Restored: {made_of}. Trading is stopped on {stopped} accounts until /resume; everybody logs in again. "
        f"The list of people ({people}), roles and limits are those of the backup: python -m bot people list."
    )
    if alarm:
        told += " The alarm that was on is on again."
    if broken is not None:
        told += f" Its audit is broken at row {broken}."
    return f"{told} What was there before is kept as {aside.name}." if aside.exists() else told


async def _alarm_is_on(settings: Settings) -> bool:
    """In the database that is about to be replaced, as far as it can be read: a phone that is lost stays lost."""
    if not settings.database.exists():
        return False
    try:
        async with without_keys(settings) as store:
            return await store.transaction(sounding)
    except StorageError:
        return False


class _Held:
    """The lock of a database that nobody has open."""

    def __init__(self, lock: FileLock) -> None:
        if not lock.take():
            raise StorageError("A bot is running on this database. Stop it first.")
        self._lock = lock

    def close(self) -> None:
        self._lock.release()


def _panic(asked: argparse.Namespace, settings: Settings) -> int:
    print(escaped(asyncio.run(lift(settings, SystemClock()) if asked.lift else panic(settings, SystemClock()))))
    return 0


async def panic(settings: Settings, clock: Clock) -> str:
    """Writes the alarm first; then, where no bot runs that would do it, ends the sessions at the broker as far as it can."""
    sessions = await _alive(settings, clock)
    async with without_keys(settings) as store:
        now = clock.now()
        raised = await store.transaction(lambda db: raise_alarm(db, now))
        try:
            store.lock()
        except StorageError:
            ended = "the running bot ends the sessions within seconds"
        else:
            ended = await _log_out(settings, sessions, clock)
    return (
        f"Stopped: {raised.accounts} accounts. Sealed: {raised.phones} phones. Refused: {raised.questions} open questions. "
        f"Sessions are forgotten here; {ended}. Orders that rest at the exchange rest there still: cancel them in mStock's app. "
        "Lift it with: python -m bot panic --lift"
    )


async def _alive(settings: Settings, clock: Clock) -> list[tuple[str, Credentials, Session]]:
    """Living sessions, where the keys open without asking anybody; the alarm must not wait for a passphrase."""

    def read(db: Repositories) -> list[tuple[str, Credentials, Session]]:
        found = []
        for account in db.accounts.all():
            session, credentials = db.accounts.session(account.id), db.accounts.credentials(account.id)
            if session is not None and credentials is not None and session.alive(clock.now()):
                found.append((account.id, credentials, session))
        return found

    try:
        async with open_store(settings, os.urandom, inline=True) as store:
            return await store.transaction(read)
    except StorageError:
        return []


async def _log_out(settings: Settings, sessions: Sequence[tuple[str, Credentials, Session]], clock: Clock) -> str:
    if not sessions:
        return "no living session could be opened here, and at the broker one lives until midnight at most"
    ended = 0
    async with open_connections(settings, clock=clock, random_bytes=os.urandom) as connections:
        for account_id, credentials, session in sessions:
            link = connections.of(account_id, credentials)
            link.adopt(session)
            with suppress(BrokerError, TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await link.broker.logout()
                ended += 1
    return f"{ended} of {len(sessions)} ended at the broker, others live until midnight at most"


async def lift(settings: Settings, clock: Clock) -> str:
    """Ends the alarm; the kill switches stay on."""
    async with without_keys(settings) as store:
        now = clock.now()
        if not await store.transaction(lambda db: lift_alarm(db, now)):
            raise StorageError("No alarm is on.")
    return "The alarm is over and the phones are open. Trading stays stopped until an owner says /resume for each account."


def _audit(asked: argparse.Namespace, settings: Settings) -> int:
    rows, broken = asyncio.run(read_audit(settings))
    if asked.act == "export":
        for row in rows:
            print(as_json(row))
    if broken is not None:
        print(f"The audit is broken: row {broken} is not as it was written.", file=sys.stderr)
        return FAILED
    if asked.act == "verify":
        newest = rows[-1].hash.hex() if rows else "none"
        print(f"{len(rows)} rows, each as it was written. Newest hash: {newest}. Noted elsewhere it proves this record later.")
    return 0


async def read_audit(settings: Settings) -> tuple[Sequence[AuditRow], int | None]:
    """Every row, and the first that is not as it was written."""
    async with without_keys(settings) as store:
        return await store.transaction(lambda db: (db.audit.export(), db.audit.verify()))


def as_json(row: AuditRow) -> str:
    """One line; what a person or the broker wrote stays data, whatever is in it."""
    return json.dumps(
        {
            "id": row.id, "at": row.at.isoformat(), "who": row.who, "what": row.what, "account": row.account_id,
            "detail": row.detail, "hash": row.hash.hex(),
        }
    )  # fmt: skip


def _diagnose(_: argparse.Namespace, settings: Settings) -> int:
    print("\n".join(asyncio.run(diagnosis(settings, SystemClock()))))
    return 0


async def diagnosis(settings: Settings, clock: Clock) -> list[str]:
    """The report; where the keys do not open without asking, it is made without them."""
    try:
        store = open_store(settings, os.urandom, inline=True)
    except VaultError:
        store = without_keys(settings)
    async with store:
        return await report(settings, store, clock, heartbeat=heartbeat_file(settings))
