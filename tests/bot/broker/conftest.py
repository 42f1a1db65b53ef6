"""A paper broker, a road to it, and an account that is logged in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.broker.connections import Connections, MStockConnection
from bot.simulators.broker.server import Running
from bot.simulators.broker.settings import PaperAccount, PaperSettings
from bot.simulators.loop import LoopClock
from tests.stage.brokers.exchange import Ears, a_road, credentials_of, log_in, paper_broker


@pytest.fixture
async def paper(clock: LoopClock) -> AsyncIterator[Running]:
    async with paper_broker(PaperSettings(), clock) as running:
        yield running


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
async def connections(paper: Running, clock: LoopClock, tmp_path: Path, ears: Ears) -> AsyncIterator[Connections]:
    async with a_road(paper, clock, tmp_path, ears) as road:
        yield road


@pytest.fixture
async def connection(connections: Connections, clock: LoopClock) -> MStockConnection:
    credentials = credentials_of(PaperAccount())
    opened = connections.of("main", credentials)
    await log_in(opened, credentials, clock)
    return opened
