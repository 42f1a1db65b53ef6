"""The key file: wrapping keys on disk, for their owner's eyes only and never beside the database they open."""

import base64
import binascii
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from bot.domain.errors import VaultError
from bot.domain.ports import RandomBytes
from storage.vault import KEY_BYTES, WrappingKey

_MARK = "wrapping-key-1"  # each line: this mark, then the key; the first line's key wraps what is new
_LARGEST = 4096  # bytes; a key file is a few lines


def new_key_file(path: Path, random: RandomBytes) -> None:
    """Makes a key file with one new key, mode 0600; VaultError when something is already there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise VaultError(
            f"{path} is already there. A key is never overwritten: it may be the only one that opens a database."
        ) from None
    except OSError as error:
        raise VaultError(f"The key file {path} cannot be made: {error.strerror}.") from error
    _fill(handle, [_new_key(random)])
    _sync_directory(path.parent)


def load_key_file(path: Path, database: Path | None) -> tuple[WrappingKey, ...]:
    """The keys of a file, the one that wraps what is new first; database: the file they must not lie beside, if any.

    VaultError, naming the repair, when the file is missing, is no plain file, belongs to somebody else, can be read by
    others, lies in the database's directory or below it (a copy of that directory would carry both), or holds no key.
    """
    real = path.resolve()
    if database is not None and real.parent.is_relative_to(database.resolve().parent):
        raise VaultError(
            f"The key file {path} lies in the database's directory. Move it elsewhere: whoever copies one would have both."
        )
    try:
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise VaultError(f"There is no key file {path}. Make one with: python -m bot key new") from None
    except OSError as error:
        raise VaultError(f"The key file {path} cannot be read: {error.strerror}.") from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise VaultError(f"The key file {path} is not a plain file.")
        if found.st_uid != os.geteuid():
            raise VaultError(f"The key file {path} belongs to another user of this machine.")
        if found.st_mode & 0o7177:
            mode = stat.S_IMODE(found.st_mode)
            raise VaultError(f"The key file {path} has mode {mode:04o}: others could use it. Repair: chmod 600 {path}")
        body = os.read(handle, _LARGEST + 1)
    finally:
        os.close(handle)
    return _keys(path, body)


def add_key(path: Path, database: Path | None, random: RandomBytes) -> tuple[WrappingKey, ...]:
    """Puts a new key before the present ones, which stay to open what they wrapped; all keys of the file now."""
    keys = (_new_key(random), *load_key_file(path, database))
    _replace(path, keys)
    return keys


def keep_first_key(path: Path, database: Path | None) -> tuple[WrappingKey, ...]:
    """Drops all keys but the first; only to be called once nothing is wrapped by the others any more."""
    keys = load_key_file(path, database)[:1]
    _replace(path, keys)
    return keys


def _new_key(random: RandomBytes) -> WrappingKey:
    return WrappingKey(random(KEY_BYTES))


def _keys(path: Path, body: bytes) -> tuple[WrappingKey, ...]:
    keys = []
    for line in body[:_LARGEST].decode("ascii", "replace").splitlines():
        if not line.strip():
            continue
        mark, _, text = line.partition(" ")
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            key = b""
        if mark != _MARK or len(key) != KEY_BYTES:
            raise VaultError(f"The key file {path} holds a line that is no key. Nothing was changed.")
        keys.append(WrappingKey(key))
    if not keys or len(body) > _LARGEST:
        raise VaultError(f"The key file {path} holds no key.")
    return tuple(keys)


def _replace(path: Path, keys: Sequence[WrappingKey]) -> None:
    """The whole new file or the whole old one, whenever the power fails."""
    real = path.resolve()
    beside = real.with_name(f".{real.name}.new")
    try:
        beside.unlink(missing_ok=True)  # left by a rotation that was cut off before the file took its place
        _fill(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), keys)
        beside.replace(real)
        _sync_directory(real.parent)
    except OSError as error:
        raise VaultError(f"The key file {path} cannot be written: {error.strerror}.") from error


def _fill(handle: int, keys: Sequence[WrappingKey]) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write("".join(f"{_MARK} {base64.b64encode(key.key).decode()}\n" for key in keys).encode())
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
