"""How many messages Telegram bears."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.simulators.telegram.errors import ApiError
from bot.simulators.telegram.flood_limits import FloodLimits


def refused(limits: FloodLimits, chat_id: int, now: float) -> int:
    """Seconds to wait, 0 when the message was taken."""
    try:
        limits.step(chat_id, now)
    except ApiError as refusal:
        return refusal.retry_after or 0
    return 0


def taken(limits: FloodLimits, chat_id: int, times: list[float]) -> list[float]:
    return [now for now in times if not refused(limits, chat_id, now)]


def test_after_a_burst_one_a_second_to_a_chat() -> None:
    limits = FloodLimits(chat_burst=5)
    assert len(taken(limits, 1, [0.0] * 20)) == 5
    assert taken(limits, 2, [0.0]) == [0.0], "another chat has its own"
    assert taken(limits, 1, [0.5, 1.0, 1.5, 2.0, 2.5]) == [1.0, 2.0]


def test_twenty_a_minute_to_a_group() -> None:
    assert len(taken(FloodLimits(), -1, [second / 2 for second in range(120)])) == 20 + 19


def test_thirty_a_second_in_all() -> None:
    limits = FloodLimits()
    assert sum(len(taken(limits, chat_id, [0.0])) for chat_id in range(1, 100)) == 30
    with pytest.raises(ApiError, match="retry after 1"):
        limits.step(500, 0.0)


@given(st.lists(st.floats(0, 100), max_size=200).map(sorted))
@example([0.013, 0.013, 0.013])
def test_no_stretch_of_time_takes_more_than_its_rate_and_a_burst(times: list[float]) -> None:
    limits = FloodLimits(chat_burst=3)
    got = taken(limits, 1, times)
    for first, begin in enumerate(got):
        for last in range(first, len(got)):
            assert last - first + 1 <= 3 + (got[last] - begin) + 1e-6
    # Whoever waits as long as told is not refused again.
    end = times[-1] if times else 0.0
    wait = refused(limits, 1, end)
    assert wait == 0 or refused(limits, 1, end + wait) == 0
