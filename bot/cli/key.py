"""`python -m bot key`: the keys that lock every secret, made or changed."""

import argparse
import asyncio
from pathlib import Path

from bot.cli.exit_codes import DONE
from bot.cli.terminal import prompt
from bot.config.keys import KeySource
from bot.config.settings import Settings
from bot.database import Prompt, load_keys, open_store, place_of
from bot.domain.clock import SystemClock
from bot.domain.errors import SettingsError
from bot.runtime.logs import escaped
from bot.runtime.randomness import random_bytes
from storage.key_rotation import Note, renew_data_keys, rotate
from storage.repositories import SqlRepositories
from storage.secrets.keyplace import new_key
from storage.secrets.vault import Ring, Vault
from storage.store import SqlStore


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The acts: new, rotate."""
    acts = parser.add_subparsers(required=True, metavar="ACT", dest="act")
    new = acts.add_parser("new", help="makes the key, once; asks for its passphrase where KEY_SOURCE says so")
    new.add_argument("--seed", action="store_true", help="the second key, under which alone a TOTP seed is stored")
    new.set_defaults(data=False, to=None)
    turn = acts.add_parser("rotate", help="a new key in the old one's place; the bot must be stopped")
    which = turn.add_mutually_exclusive_group()
    which.add_argument("--seed", action="store_true", help="the second key")
    which.add_argument(
        "--data", action="store_true", help="the data keys under both instead: every secret is sealed anew, the keys stay"
    )
    turn.add_argument("--to", choices=[source.value for source in KeySource], help="moves it there at the same time")


def run(parsed: argparse.Namespace) -> int:
    """Makes a key, or changes one."""
    settings = Settings.read(parsed.environ, directory=Path())
    if parsed.data:
        if parsed.to:
            raise SettingsError("--to moves a key, and --data changes none that lies in a file. Say one of them.")
        change = change_data_keys(settings, prompt())
    else:
        target = KeySource(parsed.to) if parsed.to else None
        change = change_keys(parsed.act, settings, prompt(), seed=parsed.seed, to=target)
    print(escaped(asyncio.run(change)))
    return DONE


async def change_keys(
    act: str, settings: Settings, ask: Prompt | None, *, seed: bool = False, to: KeySource | None = None
) -> str:
    """Makes or rotates a key and says what it did. StorageError (VaultError) says why not, and then nothing is lost."""
    ring = Ring.SEED if seed else Ring.MAIN
    if act == "new":
        place = place_of(settings, ring, random_bytes, ask, fresh=True)
        place.make([new_key(random_bytes)])
        lost = "stored seed" if seed else "stored secret"
        return f"{place.says} is made. Keep a copy elsewhere: without it no {lost} can be opened."
    source = settings.seed_key_source if seed else settings.key_source
    place = place_of(settings, ring, random_bytes, ask)
    load_keys(place, by_hand=ask is not None)
    other = place_of(settings, Ring.MAIN if seed else Ring.SEED, random_bytes, ask)
    other_keys = load_keys(other, by_hand=ask is not None) if other.exists() else ()
    target = None
    if to is not None or source is KeySource.PASSPHRASE:
        target = place_of(settings, ring, random_bytes, ask, source=to or source, fresh=True)
    keys = place.load()
    vault = Vault(other_keys, random_bytes, keys) if seed else Vault(keys, random_bytes, other_keys)
    where = (target or place).says
    async with SqlStore.open(settings.database, vault, inline=True, new=False) as store:
        note = _note("key rotate", f"{ring}, {where}")
        count = await rotate(store, place, random_bytes, ring=ring, target=target, note=note)
    name = "SEED_KEY_SOURCE" if seed else "KEY_SOURCE"
    report = f"{count} data keys are wrapped by a new key now. {where} holds it; keep a copy elsewhere."
    if to is not None and to is not source:
        report += f" Say {name}={to} before the next start."
        if target is not None and target.where != place.where:
            report += f" {place.says} opens only older backups now."
    return report


async def change_data_keys(settings: Settings, ask: Prompt | None) -> str:
    """Makes new data keys for every account and says so. StorageError says why not, and then nothing is lost."""
    async with open_store(settings, random_bytes, inline=True, ask=ask) as store:
        count = await renew_data_keys(store, note=_note("key rotate", "data keys"))
    return f"{count} secrets are sealed anew, each account's with data keys of its own."


def _note(what: str, detail: str = "") -> Note:
    now = SystemClock().now()

    def write(db: SqlRepositories, before: str, after: str) -> None:
        db.audit.add(now, None, what, None, detail, before=before, after=after)

    return write
