"""How long to wait before asking again: a generator of growing, jittered delays, and nothing that waits."""

import random
from collections.abc import Iterator


def delays(chance: random.Random, *, first: float, longest: float) -> Iterator[float]:
    """Seconds, without end: doubling from `first` to `longest`, each drawn between half of that and the whole.

    The lower half stays, so that a crowd of accounts spreads out and yet nobody hammers.
    """
    step = first
    while True:
        yield step * (0.5 + chance.random() / 2)
        step = min(step * 2, longest)
