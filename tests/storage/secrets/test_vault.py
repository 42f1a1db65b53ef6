"""Nothing encrypted opens changed, moved, or with another key, and nothing is given back instead."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import VaultError
from bot.domain.people.secret import Secret
from storage.secrets.vault import KEY_BYTES, DataKey, Vault, WrappingKey
from tests.storage.samples import a_vault

PLACES = [("a1", "password", ""), ("a1", "api_key", ""), ("a2", "password", ""), ("a1", "password", "7"), ("a1p", "assword", "")]


def test_any_flipped_bit_of_a_sealed_value_is_refused() -> None:
    vault = a_vault()
    key = vault.new_data_key("a1", 1)
    encrypted = vault.encrypt(key, "password", Secret("opensesame"))
    assert vault.decrypt(key, "password", encrypted) == Secret("opensesame")
    for bit in range(len(encrypted) * 8):
        changed = bytearray(encrypted)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(VaultError):
            vault.decrypt(key, "password", bytes(changed))


def test_any_flipped_bit_of_a_wrapped_key_is_refused() -> None:
    vault = a_vault()
    key = vault.new_data_key("a1", 1)
    wrapped = vault.wrap(key)
    assert vault.unwrap("a1", 1, wrapped) == key
    for bit in range(len(wrapped) * 8):
        changed = bytearray(wrapped)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(VaultError):
            vault.unwrap("a1", 1, bytes(changed))


def test_a_value_cut_short_at_any_byte_or_lengthened_is_refused() -> None:
    vault = a_vault()
    key = vault.new_data_key("a1", 1)
    encrypted, wrapped = vault.encrypt(key, "password", Secret("opensesame")), vault.wrap(key)
    for cut in range(len(encrypted)):
        with pytest.raises(VaultError):
            vault.decrypt(key, "password", encrypted[:cut])
    for cut in range(len(wrapped)):
        with pytest.raises(VaultError):
            vault.unwrap("a1", 1, wrapped[:cut])
    with pytest.raises(VaultError):
        vault.decrypt(key, "password", encrypted + b"\0")


def test_every_pair_of_sealed_values_swapped_is_refused() -> None:
    vault = a_vault()
    shared = b"k" * KEY_BYTES  # even under one key the place counts
    keys = {place: DataKey(place[0], 1, shared) for place in PLACES}
    encrypted = {place: vault.encrypt(keys[place], place[1], Secret("same words"), place[2]) for place in PLACES}
    for here, there in itertools.product(PLACES, PLACES):
        if here == there:
            assert vault.decrypt(keys[here], here[1], encrypted[here], here[2]) == Secret("same words")
            continue
        with pytest.raises(VaultError):
            vault.decrypt(keys[here], here[1], encrypted[there], here[2])


def test_wrapped_keys_swapped_between_accounts_or_numbers_are_refused() -> None:
    vault = a_vault()
    wrapped = {
        (account, number): vault.wrap(vault.new_data_key(account, number)) for account in ("a1", "a2") for number in (1, 2)
    }
    for here, there in itertools.permutations(wrapped, 2):
        with pytest.raises(VaultError):
            vault.unwrap(*here, wrapped[there])


def test_another_wrapping_key_opens_nothing_and_none_at_all_says_what_is_missing() -> None:
    key = a_vault(1).new_data_key("a1", 1)
    wrapped = a_vault(1).wrap(key)
    with pytest.raises(VaultError, match="another one"):
        a_vault(2).unwrap("a1", 1, wrapped)
    none = Vault((), random.Random(1).randbytes)
    for act in (lambda: none.unwrap("a1", 1, wrapped), lambda: none.wrap(key)):
        with pytest.raises(VaultError, match="without the key file"):
            act()


def test_an_older_wrapping_key_still_opens_what_it_wrapped_and_the_first_wraps_what_is_new() -> None:
    chance = random.Random(5)
    old, new = WrappingKey(chance.randbytes(KEY_BYTES)), WrappingKey(chance.randbytes(KEY_BYTES))
    before, after = Vault([old], chance.randbytes), Vault([new, old], chance.randbytes)
    key = before.new_data_key("a1", 1)
    wrapped = before.wrap(key)
    assert after.unwrap("a1", 1, wrapped) == key
    assert not after.wrapped_by_first(wrapped)
    assert after.wrapped_by_first(after.wrap(key))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_comes_back(text: str) -> None:
    vault = a_vault()
    key = vault.new_data_key("a1", 1)
    assert vault.decrypt(key, "password", vault.encrypt(key, "password", Secret(text))).reveal() == text


def test_the_same_secret_sealed_twice_looks_different_and_shows_no_text() -> None:
    vault = a_vault()
    key = vault.new_data_key("a1", 1)
    first, second = (vault.encrypt(key, "password", Secret("opensesame")) for _ in range(2))
    assert first != second
    assert b"opensesame" not in first


def test_keys_do_not_print_themselves() -> None:
    key = a_vault().new_data_key("a1", 1)
    wrapping = WrappingKey(bytes(range(KEY_BYTES)))
    assert repr(key.key) not in repr(key)
    assert repr(wrapping.key)[2:-1] not in repr(wrapping)
    with pytest.raises(VaultError, match="16 bytes"):
        WrappingKey(bytes(16))


def test_a_source_of_randomness_that_gives_too_little_is_refused() -> None:
    key = a_vault().new_data_key("a1", 1)
    with pytest.raises(VaultError, match="randomness"):
        Vault([WrappingKey(bytes(KEY_BYTES))], lambda count: bytes(count - 1)).wrap(key)
