"""A PIN is kept as Argon2id with OWASP's parameters, and only the right one fits."""

import random

import pytest

from bot.domain.people.secret import Secret
from storage.secrets.pinhash import Argon2Pins


@pytest.mark.exhaustive
def test_only_the_right_pin_fits_and_the_same_pin_never_looks_the_same() -> None:
    pins = Argon2Pins(random.Random(1).randbytes)
    first, second = pins.of(Secret("482913")), pins.of(Secret("482913"))
    assert first.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert first != second
    assert "482913" not in first
    assert pins.fits(Secret("482913"), first)
    assert not pins.fits(Secret("482914"), first)
    assert not pins.fits(Secret(""), first)


def test_what_is_no_hash_fits_nothing() -> None:
    pins = Argon2Pins(random.Random(1).randbytes)
    for broken in ("", "482913", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$AAAA$BBBB", "x" * 1000):
        assert not pins.fits(Secret("482913"), broken)
