"""How long the other side takes to answer, by its newest answers."""

from collections import deque

KEPT = 20  # answers


class Latency:
    """The middle of the newest answers, so that one slow answer says nothing of the line."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=KEPT)

    def note(self, seconds: float) -> None:
        """An answer arrived that many seconds after its question had left."""
        self._seconds.append(seconds)

    @property
    def seconds(self) -> float | None:
        """The median. None before the first answer."""
        seconds, count = sorted(self._seconds), len(self._seconds)
        return (seconds[(count - 1) // 2] + seconds[count // 2]) / 2 if seconds else None
