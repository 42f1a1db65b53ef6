"""Where the two keys may lie: apart from the database, apart from each other, and no longer in the desktop's keyring."""

import shlex
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path


class KeySource(StrEnum):
    """Where a ring of keys lies, the safest first."""

    PASSPHRASE = "passphrase"  # noqa: S105  # the word of the setting, no passphrase
    FILE = "file"


def out_of_the_keyring(values: Mapping[str, str]) -> list[str]:
    """Says how a key that an earlier version kept in the desktop's keyring gets into its file. It overwrites no file."""
    problems = []
    for ring, name, file in (("main", "KEY_SOURCE", "KEY_FILE"), ("seed", "SEED_KEY_SOURCE", "SEED_KEY_FILE")):
        if values[name] != "keyring":
            continue
        database, path = (Path(values[setting]).expanduser().resolve() for setting in ("DATABASE", file))
        entry, path_word, directory = shlex.quote(f"{ring} {database}"), shlex.quote(str(path)), shlex.quote(str(path.parent))
        problems.append(
            f"{name} cannot be keyring any more: run "
            f"`(umask 077; set -C; k=$(secret-tool lookup application mstock-bot entry {entry}) && "
            f"mkdir -p {directory} && printf '%s\\n' \"$k\" > {path_word})` once, then say {name}=file "
            f"(key rotate{' --seed' if ring == 'seed' else ''} --to passphrase locks that file)"
        )
    return problems


def misplaced_keys(key: Path, seed_key: Path, database: Path) -> list[str]:
    """Names keys in the wrong place. Links are followed: no key sits beside the database or the other key by another name."""
    homes = {"KEY_FILE": key.resolve(), "SEED_KEY_FILE": seed_key.resolve()}
    beside = database.resolve().parent
    problems = [
        f"{name} lies in or below the directory of DATABASE: a copy of that directory would open every secret"
        for name, path in homes.items()
        if path.is_relative_to(beside)
    ]
    if homes["KEY_FILE"].parent == homes["SEED_KEY_FILE"].parent:
        problems.append("SEED_KEY_FILE lies in the directory of KEY_FILE: a copy of that directory would hold both keys")
    return problems
