"""The database as a file of this host: it is there, it has one name, and nobody else can read or replace it."""

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bot.domain.errors import SettingsError, StorageError

_log = logging.getLogger(__name__)

_BESIDE = ("", "-wal", "-shm", ".lock")  # what belongs to a database, by the ends of its name
_OTHERS = 0o077  # every right that is not the owner's


def refuse_missing(path: Path) -> None:
    """SettingsError when there is no database: a bot that made one would start with nobody on its list and no order in it."""
    if not path.exists():
        raise SettingsError(
            f"There is no database {path}. If a bot has run here before, DATABASE names the wrong place, or its disk is not "
            "there. If none has, a new one is made by: python -m bot people add ID --role owner"
        )


def refuse_unfit(path: Path) -> None:
    """SettingsError when others can put files beside the database, or when it has a second name. StorageError for no file."""
    if others_write(path.parent):
        raise SettingsError(
            f"Others on this machine can write in {path.parent}, and so put another file in the database's place. "
            f"Repair: chmod go-w {path.parent}, or choose a directory of the bot's own."
        )
    for file, status in _files(path):
        if not stat.S_ISREG(status.st_mode):
            raise StorageError(f"The database {path} cannot be opened: {file.name} is no plain file.")
        if status.st_nlink > 1:
            raise SettingsError(
                f"{file} has {status.st_nlink} names on this disk (hard links): under another one a second bot could run on it "
                f"unseen, and send orders twice. Find them with find -samefile {file}, and leave one."
            )


def close_to_others(path: Path) -> None:
    """Takes other people's rights to the database's files away, and says so. SettingsError where they are not ours to take."""
    for file, status in _files(path):
        mode = stat.S_IMODE(status.st_mode)
        if not mode & _OTHERS:
            continue
        try:
            file.chmod(mode & ~_OTHERS)
        except OSError as error:
            raise SettingsError(
                f"{file} has mode {mode:04o}: others on this machine could use it, and it is another user's. "
                f"Repair: chmod 600 {file}"
            ) from error
        _log.warning("%s had mode %04o, so others on this machine could use it; it has %04o now", file, mode, mode & ~_OTHERS)


def _files(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Those that are there, asked for by name: to close a descriptor on one would drop SQLite's locks of this process."""
    for end in _BESIDE:
        file = path.with_name(path.name + end)
        with suppress(FileNotFoundError):
            yield file, file.lstat()


def others_write(directory: Path) -> bool:
    """Whether somebody else may put files there. A group of the bot's own counts as nobody else."""
    try:
        status = directory.stat()
    except OSError:
        return False  # whoever opens a file there will say what is wrong
    return bool(status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and status.st_gid != os.getegid()))
