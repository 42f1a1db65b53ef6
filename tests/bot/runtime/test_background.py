"""What fails in the background is logged: with its traceback where it is a mistake of ours."""

import logging

import pytest

from bot.domain.errors import SessionExpired, Unreadable
from bot.runtime.background import BackgroundTasks


@pytest.mark.parametrize(
    ("error", "level", "traced"),
    [
        (SessionExpired("The session is over."), logging.WARNING, False),
        (Unreadable("That is no answer."), logging.ERROR, True),
        (KeyError("a bug"), logging.ERROR, True),
    ],
)
async def test_what_is_expected_of_a_broker_is_logged_on_one_line_and_a_mistake_with_its_traceback(
    error: Exception, level: int, traced: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        raise error

    tasks = BackgroundTasks()
    tasks.start(work(), "looking")
    await tasks.finish(1.0)
    (line,) = (record for record in caplog.records if record.name == "bot.runtime.background")
    assert (line.levelno, line.exc_info is not None) == (level, traced)
    assert line.getMessage().startswith("looking failed")
