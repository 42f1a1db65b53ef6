"""The key file opens for its owner alone, and never beside the database."""

import os
import random
import resource
import stat
from pathlib import Path

import pytest

from bot.domain.errors import VaultError
from storage.secrets.keyfile import KeyFile
from storage.secrets.keyplace import new_key

chance = random.Random(3)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "wrapping.key"
    KeyFile(path, None).make([new_key(chance.randbytes)])
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "bot.db"
    path.parent.mkdir()
    path.touch()
    return path


def test_a_new_file_is_private_whatever_the_umask_and_holds_one_key(tmp_path: Path, database: Path) -> None:
    before = os.umask(0)
    try:
        KeyFile(tmp_path / "keys" / "wrapping.key", None).make([new_key(chance.randbytes)])
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keys" / "wrapping.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert len(KeyFile(tmp_path / "keys" / "wrapping.key", database).load()) == 1


def test_a_key_that_is_there_is_never_overwritten(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(VaultError, match="already there"):
        KeyFile(key_file, None).make([new_key(chance.randbytes)])
    assert key_file.read_bytes() == before


def test_a_key_that_found_no_room_on_the_disk_does_not_stand_in_the_way_of_the_next(tmp_path: Path) -> None:
    path, room = tmp_path / "keys" / "wrapping.key", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, room[1]))
    try:
        with pytest.raises(VaultError, match="cannot be written: File too large"):
            KeyFile(path, None).make([new_key(chance.randbytes)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, room)
    assert list(path.parent.iterdir()) == []
    KeyFile(path, None).make([new_key(chance.randbytes)])
    assert len(KeyFile(path, None).load()) == 1


def test_any_mode_wider_than_the_owners_reading_and_writing_is_refused(key_file: Path) -> None:
    readable = [0o600] if os.geteuid() else [0o600, 0o400, 0o200, 0o000]  # root reads whatever the mode says
    for mode in range(0o10000):
        key_file.chmod(mode)
        if mode & ~0o600:
            with pytest.raises(VaultError, match=f"mode {mode:04o}.*chmod 600" if mode & 0o400 else "."):
                KeyFile(key_file, None).load()
        elif mode in readable:
            assert KeyFile(key_file, None).load()


def test_a_file_of_another_user_is_refused(key_file: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a file away")
    os.chown(key_file, 65534, 65534)
    with pytest.raises(VaultError, match="another user"):
        KeyFile(key_file, None).load()


def test_a_key_in_a_directory_that_others_can_write_is_refused_with_the_repair(key_file: Path) -> None:
    key_file.parent.chmod(0o777)
    with pytest.raises(VaultError, match="chmod go-w"):
        KeyFile(key_file, None).load()
    key_file.parent.chmod(0o755)
    assert KeyFile(key_file, None).load()


@pytest.mark.parametrize("where", ["wrapping.key", "keys/wrapping.key", "keys/deeper/wrapping.key"])
def test_a_key_in_the_databases_directory_or_below_is_refused(database: Path, where: str) -> None:
    path = database.parent / where
    KeyFile(path, None).make([new_key(chance.randbytes)])
    with pytest.raises(VaultError, match="the database's directory"):
        KeyFile(path, database).load()


def test_a_link_elsewhere_to_a_key_beside_the_database_is_refused(database: Path, tmp_path: Path) -> None:
    KeyFile(database.parent / "wrapping.key", None).make([new_key(chance.randbytes)])
    (tmp_path / "link.key").symlink_to(database.parent / "wrapping.key")
    with pytest.raises(VaultError, match="the database's directory"):
        KeyFile(tmp_path / "link.key", database).load()


def test_a_database_reached_by_a_link_still_has_its_real_directory(key_file: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(key_file.parent)
    with pytest.raises(VaultError, match="the database's directory"):
        KeyFile(key_file, tmp_path / "linked" / "bot.db").load()


def test_what_is_no_plain_file_or_is_not_there_is_refused_with_the_repair(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="key new"):
        KeyFile(tmp_path / "nothing.key", None).load()
    with pytest.raises(VaultError, match="not a plain file"):
        KeyFile(tmp_path, None).load()
    os.mkfifo(tmp_path / "pipe.key", 0o600)
    with pytest.raises(VaultError, match="not a plain file"):
        KeyFile(tmp_path / "pipe.key", None).load()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"wrapping-key-1\n",
        b"wrapping-key-1 AAAA\n",
        b"wrapping-key-2 " + b"A" * 43 + b"=\n",
        b"\xff\xfe",
        b"x" * 9000,
    ],
)
def test_a_file_without_a_whole_key_is_refused_and_its_text_is_not_repeated(key_file: Path, body: bytes) -> None:
    key_file.write_bytes(body)
    with pytest.raises(VaultError, match=r"no key") as caught:
        KeyFile(key_file, None).load()
    assert "AAAA" not in str(caught.value)


def test_one_spoilt_line_spoils_the_file_rather_than_hide_a_key(key_file: Path) -> None:
    key_file.write_bytes(key_file.read_bytes() + b"wrapping-key-1 AAAA\n")
    with pytest.raises(VaultError, match="a line that is no key"):
        KeyFile(key_file, None).load()


def test_keys_are_replaced_as_a_whole_and_privately(key_file: Path, database: Path) -> None:
    place = KeyFile(key_file, database)
    (old,) = place.load()
    new = new_key(chance.randbytes)
    place.keep([new, old])
    assert place.load() == (new, old)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    place.keep([new])
    assert place.load() == (new,)
    assert [file.name for file in key_file.parent.iterdir()] == ["wrapping.key"]


def test_nothing_is_written_beside_the_database(database: Path) -> None:
    place = KeyFile(database.parent / "keys" / "wrapping.key", database)
    for write in (place.make, place.keep):
        with pytest.raises(VaultError, match="the database's directory"):
            write([new_key(chance.randbytes)])
    assert not place.exists()


def test_what_a_cut_off_change_left_behind_does_not_stop_the_next(key_file: Path, database: Path) -> None:
    (key_file.parent / ".wrapping.key.new").write_bytes(b"half")
    place = KeyFile(key_file, database)
    place.keep([new_key(chance.randbytes), *place.load()])
    assert len(place.load()) == 2


def test_the_traces_to_look_for_in_a_backup_are_the_key_in_every_spelling(key_file: Path, database: Path) -> None:
    (key,) = KeyFile(key_file, database).load()
    traces = KeyFile(key_file, database).traces()
    assert key.key in traces
    assert any(trace in key_file.read_bytes() for trace in traces)
