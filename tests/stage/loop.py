"""How an async test takes its event loop: virtual time unless it asks for the real one.

`tests/conftest.py` imports the hook by name. A test that must meet the real world (another process, a browser) says
`@pytest.mark.asyncio(loop_factories=["real"])`.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from bot.simulators.loop import DemoLoop, LoopClock, VirtualLoop

# A Friday with a session, 09:00 IST, a quarter of an hour before the market opens.
MORNING = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)


def pytest_asyncio_loop_factories(
    config: pytest.Config,
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    marker = item.get_closest_marker("asyncio")
    chosen = marker.kwargs.get("loop_factories") if marker else None
    if chosen is None:
        return {"virtual": VirtualLoop}
    return {"virtual": VirtualLoop, "real": DemoLoop}


@pytest.fixture
async def loop() -> VirtualLoop:
    """The running virtual loop: `loop.time()`, `loop.shift(seconds)`, `loop.hold()`."""
    running = asyncio.get_running_loop()
    assert isinstance(running, VirtualLoop), "this test asked for real time"
    return running


@pytest.fixture
async def clock() -> LoopClock:
    """UTC on the test's loop. The test begins at 09:00 IST on Friday 20 November 2026."""
    return LoopClock(asyncio.get_running_loop(), MORNING)


class HostClock(LoopClock):
    """A host's clock that somebody sets: what it tells jumps, and the loop's time goes on evenly."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        super().__init__(loop, start)
        self._stepped = timedelta()

    def now(self) -> datetime:
        return super().now() + self._stepped

    def right(self) -> None:
        """Sets it as it would go had nobody set it."""
        self._stepped = timedelta()

    def step(self, seconds: float) -> None:
        """Sets it forward, or back."""
        self._stepped += timedelta(seconds=seconds)


@pytest.fixture
async def host_clock() -> HostClock:
    """Begins where `clock` does, and can be set."""
    return HostClock(asyncio.get_running_loop(), MORNING)
