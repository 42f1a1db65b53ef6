"""A key in the keyring comes back, travels through pipes only, and no keyring at all is said in words."""

import random
from pathlib import Path

import pytest

from bot.domain.errors import VaultError
from storage.keyplace import new_key
from storage.keyring import KeyringKeys

chance = random.Random(6)

# The program's manner as seen on Debian 12: lookup prints the secret or ends with 1 and no word; store reads it from its input.
TOOL = """#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$here/said"
act=$1; shift
case "$act" in
  store) shift; cat > "$here/$(echo "$*" | tr / _)" ;;
  lookup) [ -f "$here/$(echo "$*" | tr / _)" ] && cat "$here/$(echo "$*" | tr / _)" || exit 1 ;;
esac
"""


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    path = tmp_path / "secret-tool"
    path.write_text(TOOL)
    path.chmod(0o700)
    return path


def test_keys_come_back_and_each_entry_is_its_own(tool: Path) -> None:
    first, second = new_key(chance.randbytes), new_key(chance.randbytes)
    main, seed = KeyringKeys("main /data/bot.db", tool), KeyringKeys("seed /data/bot.db", tool)
    assert not main.exists()
    main.make([first])
    seed.make([second])
    assert main.load() == (first,)
    assert seed.load() == (second,)
    main.keep([second, first])
    assert main.load() == (second, first)


def test_no_key_stands_in_the_arguments_of_a_program(tool: Path) -> None:
    place = KeyringKeys("main", tool)
    place.make([new_key(chance.randbytes)])
    said = (tool.parent / "said").read_bytes()
    assert said
    assert [trace for trace in place.traces() if trace in said] == []


def test_a_key_that_is_there_is_never_overwritten_by_a_new_one(tool: Path) -> None:
    place = KeyringKeys("main", tool)
    place.make([new_key(chance.randbytes)])
    before = place.load()
    with pytest.raises(VaultError, match="already there"):
        place.make([new_key(chance.randbytes)])
    assert place.load() == before


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("#!/bin/sh\necho 'Cannot autolaunch D-Bus' >&2; exit 1", "refused"),
        ("#!/bin/sh\nexit 1", "key new"),
        ("#!/bin/sh\necho wrapping-key-1 AAAA", "no key"),
        ("no program", "did not answer"),
    ],
)
def test_a_keyring_that_does_not_work_is_said_in_words(tool: Path, body: str, words: str) -> None:
    tool.write_text(body)
    with pytest.raises(VaultError, match=words) as caught:
        KeyringKeys("main", tool).load()
    assert "AAAA" not in caught.value.say


def test_without_the_program_its_package_is_named() -> None:
    with pytest.raises(VaultError, match="libsecret-tools"):
        KeyringKeys("main", None).exists()


def test_a_keyring_that_forgets_at_once_is_not_relied_on(tool: Path) -> None:
    tool.write_text("#!/bin/sh\n[ $1 = store ] && cat > /dev/null; [ $1 = store ] || echo other")
    with pytest.raises(VaultError, match="does not give back"):
        KeyringKeys("main", tool).keep([new_key(chance.randbytes)])
