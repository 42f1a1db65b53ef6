"""The checker of secrets must itself be able to fail."""

import base64
import random
from urllib.parse import quote

import pytest

from tests.stage.gate.canaries import Canaries, Planted, plant

PLANTED = plant(random.Random(1))
CANARIES = Canaries(PLANTED)


def test_there_are_at_least_twelve_secrets_and_no_two_alike() -> None:
    secrets = [getattr(PLANTED, name) for name in Planted.__slots__]
    assert len(set(secrets)) == len(secrets) >= 12
    assert plant(random.Random(1)) == PLANTED
    assert plant(random.Random(2)) != PLANTED


@pytest.mark.parametrize("name", Planted.__slots__)
def test_each_secret_is_seen_in_each_encoding(name: str) -> None:
    secret: str = getattr(PLANTED, name)
    raw = secret.encode()
    for form in (
        secret,
        secret[::-1],
        quote(secret, safe=""),
        raw.hex(),
        raw.hex().upper(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(b"xy" + raw + b"z").decode(),
    ):
        assert any(name in leak for leak in CANARIES.leaks(f"... {form} ...")), form
        assert any(name in leak for leak in CANARIES.leaks(b"\x00\xff" + form.encode() + b"\x00"))


def test_a_piece_of_eight_is_seen_and_one_of_seven_is_not() -> None:
    assert CANARIES.leaks(f"<{PLANTED.api_key[5:13]}>") == ["api_key (a piece)"]
    assert CANARIES.leaks(f"<{PLANTED.api_key[5:12]}>") == []


def test_a_clean_text_has_no_leaks() -> None:
    assert CANARIES.leaks("BUY 10 RELIANCE, all is well \ud800") == []
    assert CANARIES.leaks(bytes(range(256)) * 4) == []
    assert Canaries({"one": "abcdefgh12345678"}).leaks("abcdefgh12345678") == ["one (a piece)", "one (plain)"]
