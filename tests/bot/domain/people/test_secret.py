"""A secret does not print itself, whatever is tried."""

import copy
import json
import pickle

import pytest

from bot.domain.people.secret import Secret

HIDDEN = "correct-horse-battery"


@pytest.mark.parametrize(
    "show", [repr, str, "{}".format, "{!r:>40}".format, "%s".__mod__, lambda s: f"{[s]}", lambda s: f"{s:>50}"]
)
def test_no_way_of_printing_shows_it(show: object) -> None:
    assert callable(show)
    assert HIDDEN not in show(Secret(HIDDEN))


def test_it_cannot_be_pickled_copied_deeply_or_turned_into_json() -> None:
    for leak in (pickle.dumps, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            leak(Secret(HIDDEN))


def test_equal_secrets_are_equal_and_reveal_is_the_one_way_out() -> None:
    assert Secret(HIDDEN) == Secret(HIDDEN)
    assert Secret(HIDDEN) != Secret("other")
    assert Secret(HIDDEN).reveal() == HIDDEN
