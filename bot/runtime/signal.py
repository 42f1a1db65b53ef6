"""A call that one waiting loop hears."""

import asyncio
from contextlib import suppress


class Signal:
    """Anybody calls it and one loop waits for it. A call during the loop's work is not lost."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def __call__(self) -> None:
        self._event.set()

    async def wait(self, seconds: float | None) -> None:
        """Returns when called since the last wait, or after that many seconds. None waits for a call."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()
