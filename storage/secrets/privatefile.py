"""Small files for their owner's eyes only: made once, read only when nobody else could, replaced as a whole."""

import os
import stat
from pathlib import Path

from bot.domain.errors import VaultError
from storage.db.database_file import others_write

LARGEST = 4096  # bytes; what is kept so is a few lines


def read_private(path: Path, database: Path | None) -> bytes:
    """What the file holds. database: the file it must not lie beside, if any.

    VaultError, naming the repair, when the file is missing, is no plain file, belongs to somebody else, can be read by
    others, is too large, or lies in a directory that others can write, or in the database's or below it (a copy of that
    directory would carry both).
    """
    real = path.resolve()
    refuse_beside(path, database)
    if others_write(real.parent):
        raise VaultError(
            f"Others on this machine can write in {real.parent}, and so put another key in the place of {path}. "
            f"Repair: chmod go-w {real.parent}"
        )
    try:
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise VaultError(f"There is no key file {path}. Make one with: python -m bot key new") from None
    except OSError as error:
        raise VaultError(f"The key file {path} cannot be read: {error.strerror}.") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise VaultError(f"The key file {path} is not a plain file.")
        if status.st_uid != os.geteuid():
            raise VaultError(f"The key file {path} belongs to another user of this machine.")
        if status.st_mode & 0o7177:
            mode = stat.S_IMODE(status.st_mode)
            raise VaultError(f"The key file {path} has mode {mode:04o}: others could use it. Repair: chmod 600 {path}")
        body = os.read(handle, LARGEST + 1)
    finally:
        os.close(handle)
    if len(body) > LARGEST:
        raise VaultError(f"The key file {path} holds no key.")
    return body


def refuse_beside(path: Path, database: Path | None) -> None:
    """VaultError when the file lies in the database's directory or below it, links followed."""
    if database is not None and path.resolve().parent.is_relative_to(database.resolve().parent):
        raise VaultError(
            f"The key file {path} lies in the database's directory. Move it elsewhere: whoever copies one would have both."
        )


def make_private(path: Path, body: bytes) -> None:
    """Makes the file, mode 0600. VaultError when something is already there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise VaultError(
            f"{path} is already there. A key is never overwritten: it may be the only one that opens a database."
        ) from None
    except OSError as error:
        raise VaultError(f"The key file {path} cannot be made: {error.strerror}.") from error
    try:
        _fill(handle, body)
    except OSError as error:
        path.unlink()  # cut off it is no key, and would stand in the way of the next try for good
        raise VaultError(f"The key file {path} cannot be written: {error.strerror}.") from error
    sync_directory(path.parent)


def replace_private(path: Path, body: bytes) -> None:
    """The whole new file or the whole old one, whenever the power fails."""
    real = path.resolve()
    beside = real.with_name(f".{real.name}.new")
    try:
        real.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside.unlink(missing_ok=True)  # left by a change that was cut off before the file took its place
        _fill(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), body)
        beside.replace(real)
        sync_directory(real.parent)
    except OSError as error:
        raise VaultError(f"The key file {path} cannot be written: {error.strerror}.") from error


def _fill(handle: int, body: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """Makes sure that names in it outlive a power cut."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
