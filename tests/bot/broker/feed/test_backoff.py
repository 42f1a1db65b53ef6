"""Delays before asking again: they grow, they spread, and they have a ceiling."""

import random
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from bot.broker.feed.backoff import delays


@given(st.integers(), st.floats(0.1, 5), st.floats(5, 60))
def test_each_delay_lies_in_the_upper_half_of_its_step(seed: int, first: float, longest: float) -> None:
    step = first
    for delay in islice(delays(random.Random(seed), first=first, longest=longest), 12):
        assert step / 2 <= delay <= step
        step = min(step * 2, longest)


def test_two_accounts_do_not_come_back_together() -> None:
    one, other = (list(islice(delays(random.Random(seed), first=1, longest=30), 8)) for seed in (1, 2))
    assert one != other
