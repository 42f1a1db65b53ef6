"""Telegram's patience with many messages: about one a second to a chat, 20 a minute to a group, 30 a second in all.

Telegram does not publish how it counts. Here each chat has a bucket that holds a short burst and fills at the rate of
telegram.md, Limits. A refused message takes nothing from any bucket.
"""

import math
from dataclasses import dataclass, field

from bot.simulators.telegram.errors import ApiError

GRAIN = 1e-9  # of a message: what arithmetic in seconds may lose, so that whoever waits as long as told is let in


@dataclass(slots=True, kw_only=True)
class FloodLimits:
    """Buckets for each chat and for all. Rates in messages a second, bursts in messages."""

    per_chat: float = 1.0
    chat_burst: float = 5.0
    per_group: float = 20 / 60
    group_burst: float = 20.0
    overall: float = 30.0
    overall_burst: float = 30.0
    _level: dict[int | None, tuple[float, float]] = field(default_factory=dict)

    def step(self, chat_id: int, now: float) -> None:
        """Count one message at `now` (loop seconds). ApiError 429 with the seconds to wait when it is one too many."""
        chat = (chat_id, self.per_group, self.group_burst) if chat_id < 0 else (chat_id, self.per_chat, self.chat_burst)
        buckets: list[tuple[int | None, float, float]] = [chat, (None, self.overall, self.overall_burst)]
        levels = [self._filled(key, rate, burst, now) for key, rate, burst in buckets]
        short = [(1 - level) / rate for level, (_, rate, _) in zip(levels, buckets, strict=True) if level < 1 - GRAIN]
        if short:
            wait = max(1, math.ceil(max(short)))
            raise ApiError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        for level, (key, _, _) in zip(levels, buckets, strict=True):
            self._level[key] = (level - 1, now)

    def _filled(self, key: int | None, rate: float, burst: float, now: float) -> float:
        level, since = self._level.get(key, (burst, now))
        return min(burst, level + (now - since) * rate)
