"""One slow answer says nothing of the line, twenty do."""

from bot.domain.latency import KEPT, Latency


def test_the_middle_of_the_newest_answers_is_told() -> None:
    assert Latency().seconds is None
    latency = Latency()
    for seconds in [0.1] * KEPT + [9.0]:
        latency.note(seconds)
    assert latency.seconds == 0.1
    for _ in range(KEPT):
        latency.note(2.0)
    assert latency.seconds == 2.0
