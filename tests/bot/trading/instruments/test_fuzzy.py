"""Mistyped names: what a slip costs, and that a wanted name comes back first."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.trading.instruments.fuzzy import NEIGHBOURS, FuzzyIndex, slip_cost

WORDS = st.text(alphabet="ABCNRT1", max_size=9)


@given(WORDS)
def test_a_word_typed_right_costs_nothing(word: str) -> None:
    assert slip_cost(word, word, 0.0) == 0.0


@given(WORDS, WORDS)
def test_different_words_always_cost_something(typed: str, meant: str) -> None:
    assert typed == meant or slip_cost(typed, meant, 99.0) > 0


@given(WORDS, WORDS, st.sampled_from([0.6, 1.4, 2.4, 3.2]))
def test_stopping_early_changes_no_cost_that_is_kept(typed: str, meant: str, worst: float) -> None:
    whole = slip_cost(typed, meant, 99.0)
    assert slip_cost(typed, meant, worst) == (whole if whole <= worst else math.inf)


@pytest.mark.parametrize(
    ("likelier", "less_likely"),
    [
        (("RELAINCE", "RELIANCE"), ("RELXXNCE", "RELIANCE")),  # two letters swapped, two letters wrong
        (("RELIAMCE", "RELIANCE"), ("RELIAACE", "RELIANCE")),  # the key beside, a key far off
        (("TATASTEL", "TATASTEEL"), ("TATATEEL", "TATASTEEL")),  # a double letter struck once, another letter left out
        (("RELIANXE", "RELIANCE"), ("EELIANCE", "RELIANCE")),  # the last letters, the first
    ],
)
def test_what_fingers_do_costs_less_than_what_they_seldom_do(likelier: tuple[str, str], less_likely: tuple[str, str]) -> None:
    assert slip_cost(*likelier, 9.0) < slip_cost(*less_likely, 9.0)


def test_neighbouring_keys_are_neighbours_both_ways() -> None:
    assert "N" in NEIGHBOURS["M"]
    assert all(key in NEIGHBOURS[other] for key, others in NEIGHBOURS.items() for other in others)


def test_of_two_names_as_near_the_likelier_comes_first_and_far_ones_not_at_all() -> None:
    names = ["TATASTEEL", "TATASTEAL", "WIPRO"]
    assert FuzzyIndex(names, [0.6, 0.0, 0.6]).nearest("TATASTEUL", 5) == ["TATASTEEL", "TATASTEAL"]
    assert FuzzyIndex(names, [0.0, 0.6, 0.6]).nearest("TATASTEUL", 5) == ["TATASTEAL", "TATASTEEL"]
    assert FuzzyIndex(names, [0.0, 0.6, 0.6]).nearest("TATASTEUL", 1) == ["TATASTEAL"]
    assert FuzzyIndex(names, [0.6, 0.6, 0.6]).nearest("QQQQQQ", 5) == []
    assert FuzzyIndex([], []).nearest("RELIANCE", 5) == []


@given(st.lists(st.text(alphabet="ABCDEFGHIJ", min_size=4, max_size=8), min_size=1, max_size=30, unique=True), st.data())
def test_a_begun_name_is_among_the_near_ones(names: list[str], data: st.DataObject) -> None:
    wanted = data.draw(st.sampled_from(names))
    typed = wanted[: data.draw(st.integers(3, len(wanted)))]
    assert wanted in FuzzyIndex(names, [0.0] * len(names)).nearest(typed, len(names))
