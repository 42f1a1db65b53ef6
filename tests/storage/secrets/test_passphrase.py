"""The sealed key file opens with its passphrase alone, at OWASP's price, and tells a guesser nothing."""

import base64
import os
import random
import string
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.errors import VaultError
from bot.domain.people.secret import Secret
from storage.secrets.keyfile import KeyFile
from storage.secrets.keyplace import new_key
from storage.secrets.passphrase import COST, OWASP, Cost, SealedKeyFile, WrongPassphrase, good_passphrase
from tests.storage.killed import CHEAP

chance = random.Random(4)
WORDS = "correct horse battery staple"
KEYS = (new_key(chance.randbytes), new_key(chance.randbytes))


def sealed(path: Path, passphrase: str = WORDS, cost: Cost = CHEAP) -> SealedKeyFile:
    return SealedKeyFile(path, None, lambda: Secret(passphrase), os.urandom, cost)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "wrapping.key"
    sealed(path).make(KEYS)
    return path


def test_what_a_setting_can_choose_costs_at_least_what_owasp_asks() -> None:
    assert COST.is_enough
    assert [(cost.passes, cost.kib, cost.lanes) for cost in OWASP] == [(1, 47104, 1), (2, 19456, 1)]
    for cost in OWASP:
        assert cost.is_enough
        assert not replace(cost, kib=cost.kib - 1).is_enough
    assert not replace(OWASP[1], passes=1).is_enough
    assert not replace(COST, kib=4 * 1024 * 1024).is_enough  # four gigabytes for one guess would stop this host


@pytest.mark.exhaustive
def test_at_the_real_price_it_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "wrapping.key"
    SealedKeyFile(path, None, lambda: Secret(WORDS), os.urandom).make(KEYS)
    assert b"argon2id t=3 m=65536 p=4 " in path.read_bytes()
    assert SealedKeyFile(path, None, lambda: Secret(WORDS), os.urandom).load() == KEYS


def test_the_file_holds_no_key_in_any_spelling_and_is_private(key_file: Path) -> None:
    body = key_file.read_bytes()
    assert key_file.stat().st_mode & 0o777 == 0o600
    for key in KEYS:
        for form in (key.key, key.key.hex().encode(), base64.b64encode(key.key), base64.b64encode(key.key)[4:36]):
            assert form not in body


@pytest.mark.parametrize("guess", ["", WORDS + " ", WORDS[:-1], WORDS.upper(), "wrong", "x" * 10_000, "कोई और शब्द"])
def test_no_other_passphrase_opens_it_and_none_is_repeated(key_file: Path, guess: str) -> None:
    with pytest.raises(WrongPassphrase) as caught:
        sealed(key_file, guess).load()
    assert not guess or guess not in caught.value.say.split()
    assert sealed(key_file).load() == KEYS


def test_the_same_letters_from_another_keyboard_are_the_same_passphrase(tmp_path: Path) -> None:
    composed, in_parts = "café au lait, s’il vous plaît", "cafe\u0301 au lait, s’il vous plai\u0302t"
    sealed(tmp_path / "wrapping.key", composed).make(KEYS)
    assert sealed(tmp_path / "wrapping.key", in_parts).load() == KEYS


def test_any_changed_byte_is_refused_the_figures_and_the_salt_too(key_file: Path) -> None:
    body = key_file.read_bytes()
    for at in range(len(body) - 1):
        changed = bytearray(body)
        changed[at] = ord("A") if changed[at] != ord("A") else ord("B")
        key_file.write_bytes(bytes(changed))
        with pytest.raises(VaultError):
            sealed(key_file).load()


def test_the_last_letter_is_refused_too_though_some_of_its_bits_mean_nothing(key_file: Path) -> None:
    body = key_file.read_bytes().rstrip()
    at = len(body.rstrip(b"=")) - 1
    for letter in string.ascii_letters + string.digits + "+/":
        key_file.write_bytes(body[:at] + letter.encode() + body[at + 1 :] + b"\n")
        if letter == chr(body[at]):
            assert sealed(key_file).load() == KEYS
        else:
            with pytest.raises(VaultError):
                sealed(key_file).load()


@pytest.mark.parametrize("figures", ["t=1 m=64 p=1", "t=1 m=19456 p=1", "t=2 m=99999999 p=1", "t=9999 m=64 p=1", "t=0 m=0 p=0"])
def test_a_planted_file_with_a_cheap_or_a_crushing_price_is_refused_before_anything_is_asked(
    key_file: Path, figures: str
) -> None:
    def nobody() -> Secret:
        raise AssertionError("a passphrase was asked for")

    key_file.write_bytes(key_file.read_bytes().replace(b"t=1 m=64 p=1", figures.encode()))
    with pytest.raises(VaultError, match="cost"):
        SealedKeyFile(key_file, None, nobody, os.urandom).load()


def test_a_wide_mode_and_a_place_beside_the_database_are_refused_here_too(key_file: Path) -> None:
    with pytest.raises(VaultError, match="the database's directory"):
        SealedKeyFile(key_file, key_file.parent / "bot.db", lambda: Secret(WORDS), os.urandom, CHEAP).load()
    key_file.chmod(0o640)
    with pytest.raises(VaultError, match="chmod 600"):
        sealed(key_file).load()


def test_a_key_in_the_clear_is_not_taken_for_a_sealed_one_nor_the_other_way_round(key_file: Path, tmp_path: Path) -> None:
    KeyFile(tmp_path / "plain.key", None).make(KEYS)
    with pytest.raises(VaultError, match="in the clear"):
        sealed(tmp_path / "plain.key").load()
    with pytest.raises(VaultError, match="no key"):
        KeyFile(key_file, None).load()


def test_the_keys_are_replaced_under_the_passphrase_that_was_given_once(key_file: Path) -> None:
    asked: list[int] = []

    def once() -> Secret:
        asked.append(1)
        return Secret(WORDS)

    place = SealedKeyFile(key_file, None, once, os.urandom, CHEAP)
    place.load()
    before = key_file.read_bytes()
    place.keep(KEYS[:1])
    assert place.load() == KEYS[:1]
    assert asked == [1]
    assert key_file.read_bytes().split()[5] != before.split()[5]  # a salt of its own each time


def test_what_must_stand_in_no_backup_is_told_without_asking_for_the_passphrase(key_file: Path) -> None:
    def nobody() -> Secret:
        raise AssertionError("a passphrase was asked for")

    traces = SealedKeyFile(key_file, None, nobody, os.urandom, CHEAP).traces()
    assert traces
    assert any(trace in key_file.read_bytes() for trace in traces)


@pytest.mark.parametrize("weak", ["", "short", "fourteen chars", "aaaaaaaaaaaaaaaaaaaa", "ababababababababab"])
def test_a_passphrase_that_a_guesser_would_have_soon_is_refused_without_being_repeated(weak: str) -> None:
    with pytest.raises(VaultError) as caught:
        good_passphrase(weak)
    assert not weak or weak not in caught.value.say


def test_a_good_one_is_taken_as_it_is() -> None:
    assert good_passphrase(WORDS).reveal() == WORDS
