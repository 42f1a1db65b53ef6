"""Where keys come from is what the settings say, and an unfit place is refused in words."""

import os
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config.keys import KeySource
from bot.config.settings import Settings
from bot.database import TRIES, open_vault, place_of
from bot.domain.errors import SettingsError, VaultError
from storage.secrets.keyfile import KeyFile
from storage.secrets.keyplace import lines_of, new_key
from storage.secrets.passphrase import SealedKeyFile, WrongPassphrase
from storage.secrets.vault import Ring

chance = random.Random(12)
WORDS = "correct horse battery staple"


def settings(root: Path, **given: str) -> Settings:
    return Settings.read(
        {
            "MODE": "paper",
            "TELEGRAM_BOT_TOKEN": "123456789:" + "A" * 35,
            "DATABASE": str(root / "data" / "bot.db"),
            "KEY_FILE": str(root / "keys" / "wrapping.key"),
            "SEED_KEY_FILE": str(root / "seed-key" / "seed.key"),
            **given,
        }
    )


def answering(*answers: str) -> Callable[[str], str]:
    waiting = list(answers)
    return lambda _: waiting.pop(0)


def test_a_passphrase_is_what_is_meant_when_nothing_is_said(tmp_path: Path) -> None:
    plain = settings(tmp_path)
    assert plain.key_source is KeySource.PASSPHRASE
    assert list(KeySource) == [KeySource.PASSPHRASE, KeySource.FILE]  # the safest first
    assert isinstance(place_of(plain, Ring.MAIN, chance.randbytes, None), SealedKeyFile)
    assert isinstance(place_of(settings(tmp_path, KEY_SOURCE="file"), Ring.MAIN, chance.randbytes, None), KeyFile)


# As secret-tool does on Debian 12: the secret and nothing else, or no word and 1.
KEYRING = """#!/bin/sh
[ "$1 $2 $3 $4" = "lookup application mstock-bot entry" ] || exit 2
cat "$ENTRIES/$(echo "$5" | tr / _)" 2>/dev/null || exit 1
"""


@pytest.fixture
def keyring(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell in which a keyring answers."""
    tool, entries = tmp_path / "bin" / "secret-tool", tmp_path / "entries"
    tool.parent.mkdir()
    entries.mkdir()
    tool.write_text(KEYRING)
    tool.chmod(0o700)
    return {"PATH": f"{tool.parent}:{os.environ['PATH']}", "ENTRIES": str(entries)}


def command_of(root: Path, **given: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(root, **given)
    assert caught.value.say.count("cannot be keyring") == 1, "said once, and not by the list of words as well"
    found = re.search(r"`(.*?)`", caught.value.say)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("ring", Ring)
def test_the_start_says_how_a_key_leaves_the_keyring_and_it_does(tmp_path: Path, keyring: dict[str, str], ring: Ring) -> None:
    name = "KEY_SOURCE" if ring is Ring.MAIN else "SEED_KEY_SOURCE"
    key = new_key(chance.randbytes)
    root = tmp_path / "a bot's home"
    entry = f"{ring} {(root / 'data' / 'bot.db').resolve()}"
    (Path(keyring["ENTRIES"]) / entry.replace("/", "_")).write_bytes(lines_of([key]))
    command = command_of(root, **{name: "keyring"})
    assert subprocess.run(command, shell=True, env=keyring, check=False).returncode == 0
    assert place_of(settings(root, **{name: "file"}), ring, chance.randbytes, None).load() == (key,)
    assert subprocess.run(command, shell=True, env=keyring, check=False, stderr=subprocess.DEVNULL).returncode != 0, "once"


def test_a_keyring_without_the_key_leaves_no_file_and_no_file_is_overwritten(tmp_path: Path, keyring: dict[str, str]) -> None:
    command = command_of(tmp_path, KEY_SOURCE="keyring")
    assert subprocess.run(command, shell=True, env=keyring, check=False).returncode != 0
    here = settings(tmp_path, KEY_SOURCE="file")
    assert not here.key_file.exists()
    key = new_key(chance.randbytes)
    place_of(here, Ring.MAIN, chance.randbytes, None).make([key])
    entry = f"main {here.database.resolve()}".replace("/", "_")
    (Path(keyring["ENTRIES"]) / entry).write_bytes(lines_of([new_key(chance.randbytes)]))
    assert subprocess.run(command, shell=True, env=keyring, check=False, stderr=subprocess.DEVNULL).returncode != 0
    assert place_of(here, Ring.MAIN, chance.randbytes, None).load() == (key,)


@pytest.mark.exhaustive
def test_a_new_passphrase_is_asked_twice_and_must_be_good(tmp_path: Path) -> None:
    def made(*answers: str) -> None:
        place_of(settings(tmp_path), Ring.MAIN, chance.randbytes, answering(*answers), fresh=True).make(
            [new_key(chance.randbytes)]
        )

    with pytest.raises(VaultError, match="at least 15"):
        made("short")
    with pytest.raises(VaultError, match="not the same"):
        made(WORDS, WORDS + "x")
    assert not (tmp_path / "keys" / "wrapping.key").exists()
    made(WORDS, WORDS)
    assert open_vault(settings(tmp_path), chance.randbytes, answering(WORDS)).has(Ring.MAIN)


@pytest.mark.exhaustive
def test_a_start_may_be_mistyped_twice_and_no_oftener(tmp_path: Path) -> None:
    place_of(settings(tmp_path), Ring.MAIN, chance.randbytes, answering(WORDS, WORDS), fresh=True).make(
        [new_key(chance.randbytes)]
    )
    wrong = ["wrong passphrase one", "wrong passphrase two", "wrong passphrase three"]
    assert TRIES == 3
    assert open_vault(settings(tmp_path), chance.randbytes, answering(*wrong[:2], WORDS)).has(Ring.MAIN)
    with pytest.raises(WrongPassphrase):
        open_vault(settings(tmp_path), chance.randbytes, answering(*wrong, WORDS))


@pytest.mark.exhaustive
def test_without_a_terminal_the_passphrase_comes_from_a_file_or_the_start_says_so(tmp_path: Path) -> None:
    place_of(settings(tmp_path), Ring.MAIN, chance.randbytes, answering(WORDS, WORDS), fresh=True).make(
        [new_key(chance.randbytes)]
    )
    with pytest.raises(VaultError, match="KEY_PASSPHRASE_FILE"):
        open_vault(settings(tmp_path), chance.randbytes, None)
    (tmp_path / "credential").write_text(WORDS + "\n")
    given = settings(tmp_path, KEY_PASSPHRASE_FILE=str(tmp_path / "credential"))
    assert open_vault(given, chance.randbytes, None).has(Ring.MAIN)
    assert given.key_passphrase in given.secrets()


def test_the_second_key_counts_from_the_moment_it_is_made(tmp_path: Path) -> None:
    here = settings(tmp_path, KEY_SOURCE="file")
    place_of(here, Ring.MAIN, chance.randbytes, None).make([new_key(chance.randbytes)])
    assert not open_vault(here, chance.randbytes, None).has(Ring.SEED)
    place_of(here, Ring.SEED, chance.randbytes, None).make([new_key(chance.randbytes)])
    assert open_vault(here, chance.randbytes, None).has(Ring.SEED)
    (tmp_path / "seed-key" / "seed.key").chmod(0o644)
    with pytest.raises(VaultError, match="chmod 600"):
        open_vault(here, chance.randbytes, None)


def test_one_key_in_both_places_is_refused(tmp_path: Path) -> None:
    here, key = settings(tmp_path, KEY_SOURCE="file"), new_key(chance.randbytes)
    for ring in Ring:
        place_of(here, ring, chance.randbytes, None).make([key])
    with pytest.raises(VaultError, match="same as the first"):
        open_vault(here, chance.randbytes, None)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"SEED_KEY_FILE": "{root}/keys/seed.key"}, "both keys"),
        ({"SEED_KEY_FILE": "{root}/keys/wrapping.key"}, "both keys"),
        ({"SEED_KEY_FILE": "{root}/data/seed.key"}, "SEED_KEY_FILE lies in or below"),
        ({"KEY_FILE": "{root}/data/deeper/wrapping.key"}, "KEY_FILE lies in or below"),
        ({"KEY_SOURCE": "vault"}, "KEY_SOURCE"),
        ({"ALLOW_ROOT": "true"}, "ALLOW_ROOT"),
    ],
)
def test_keys_beside_each_other_or_beside_the_database_stop_the_start(tmp_path: Path, given: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings(tmp_path, **{name: value.format(root=tmp_path) for name, value in given.items()})
