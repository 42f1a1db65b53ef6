"""The one place that draws the system's random numbers.

Everything else takes them as an argument.
"""

import os
import random


def random_bytes(count: int) -> bytes:
    """Bytes that nobody can foretell."""
    return os.urandom(count)


def unforeseeable() -> random.Random:
    """A generator over the same source, for a market that walks and a connection that waits a little longer."""
    return random.SystemRandom()
