"""How deep the tests look: a part of the examples and of the parameters in `make test`, all of them in `make test-all`."""

from collections.abc import Iterable

import pytest
from hypothesis import settings

FULL = "full"  # the profile that `make test-all` names
SHARE = 4


def examples(full: int) -> int:
    """As many examples as the running profile gives to a property that has so many in full."""
    return full if settings.get_current_profile_name() == FULL else max(5, full // SHARE)


def these_first(first: Iterable[object], every: Iterable[object]) -> list[object]:
    """Parameters of one test: these run always, the others of all of them only in the whole suite."""
    kept = list(first)
    return [*kept, *(pytest.param(each, marks=pytest.mark.exhaustive) for each in every if each not in kept)]
