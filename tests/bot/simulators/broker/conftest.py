"""What the paper broker's tests find ready: a broker with still prices and a client logged in to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.simulators.loop import LoopClock
from tests.bot.simulators.broker.wire import Wire, broker


@pytest.fixture
async def wire(clock: LoopClock) -> AsyncIterator[Wire]:
    async with broker(clock) as found:
        await found.login()
        yield found
