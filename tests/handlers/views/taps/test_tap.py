"""A family's own kind of tap is one class: its letter leads to it, and no second class takes that letter."""

from dataclasses import dataclass
from typing import Self

import pytest

from handlers.views.taps.tap import KINDS, OfAccount, decode, encode, id_in, label_behind, parts_of, travels_as
from handlers.views.taps.taps import OrderTap

LETTER = "ß"  # no family's


@dataclass(frozen=True, slots=True)
class Doorbell(OfAccount):
    """A tap of no family."""

    bell: str
    label: str = ""

    def encode(self) -> str:
        return f"{LETTER}:{id_in(self.bell)}:r{label_behind(self.label)}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self:
        bell, _, label = parts_of(rest)
        return cls(bell, label)


def test_a_class_entered_under_a_letter_comes_back_from_the_wire() -> None:
    assert decode(f"{LETTER}:b1:r") is None
    travels_as(LETTER)(Doorbell)
    try:
        for tap in (Doorbell("b1"), Doorbell("b1", "papa")):
            assert decode(encode(tap)) == tap
        assert decode(f"{LETTER}:not an id:r") is None
    finally:
        del KINDS[LETTER]


def test_a_letter_that_is_taken_is_refused_and_still_leads_to_its_own_class() -> None:
    before = dict(KINDS)
    with pytest.raises(ValueError, match="Doorbell: o is taken"):
        travels_as("o", LETTER)(Doorbell)
    assert before == KINDS
    assert KINDS["o"] is OrderTap
