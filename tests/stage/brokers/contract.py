"""What a contract card is handed: the paper broker in every run, a real account by hand with --live and a yes for each order."""

import asyncio
import getpass
import random
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from bot.broker.connections import Connections
from bot.domain.clock import SystemClock
from bot.domain.people.account import CodeKind, Credentials, Session
from bot.domain.people.secret import Secret
from bot.simulators.broker.settings import PaperAccount, PaperSettings
from bot.simulators.loop import LoopClock
from tests.contract.bench import Bench
from tests.stage.brokers.exchange import Ears, a_road, credentials_of, log_in, paper_broker
from tests.stage.loop import MORNING

LIVE = ("https://api.mstock.trade", "wss://ws.mstock.trade")

_LOGGED_IN: dict[str, tuple[Credentials, Session]] = {}  # by address: one login a day, whatever the number of modules


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """One broker and one login for all cards of a module."""
    directory = tmp_path_factory.mktemp("cards")
    async with AsyncExitStack() as stack:
        if request.config.getoption("--live", default=False):
            yield await _live(stack, directory, request.config.getoption("--at"))
        else:
            yield await _paper(stack, directory)


async def _paper(stack: AsyncExitStack, directory: Path) -> Bench:
    clock = LoopClock(asyncio.get_running_loop(), MORNING)
    account = PaperAccount()
    running = await stack.enter_async_context(paper_broker(PaperSettings(accounts=(account,)), clock))
    ears = Ears()
    connections = await stack.enter_async_context(a_road(running, clock, directory, ears))
    credentials = credentials_of(account)
    connection = connections.of("card", credentials)
    session = await log_in(connection, credentials, clock)
    return await stack.enter_async_context(
        Bench(
            broker=connection.broker, feed=connection.feed, ears=ears, rest_url=running.rest_url, ws_url=running.ws_url,
            clock=clock, credentials=credentials, token=session.token, seed=credentials.totp_seed, live=False,
            confirm=lambda _text: True,
        )
    )  # fmt: skip


async def _live(stack: AsyncExitStack, directory: Path, at: str) -> Bench:
    """Asks for everything without echo, once, and keeps nothing on disk."""
    rest, socket = (at, at.replace("http", "ws", 1) + "/ws") if at else LIVE
    clock = SystemClock()
    ears = Ears()
    connections = await stack.enter_async_context(
        Connections(base_url=rest, ws_url=socket, clock=clock, chance=random.Random(1), data_dir=directory, listener=ears)
    )
    if rest not in _LOGGED_IN:
        secrets = [Secret(getpass.getpass(f"{what}: ")) for what in ("client code", "password", "API key")]
        credentials = Credentials(client_code=secrets[0], password=secrets[1], api_key=secrets[2])
        broker = connections.of("card", credentials).broker
        step = await broker.begin_login(credentials)
        code = getpass.getpass("six digits of the authenticator: ")
        _LOGGED_IN[rest] = (credentials, await broker.finish_login(credentials, step, code, CodeKind.TOTP))
    credentials, session = _LOGGED_IN[rest]
    connection = connections.of("card", credentials)
    connection.adopt(session)
    return await stack.enter_async_context(
        Bench(
            broker=connection.broker, feed=connection.feed, ears=ears, rest_url=rest, ws_url=socket, clock=clock,
            credentials=credentials, token=session.token, seed=None, live=True, confirm=_ask,
        )
    )  # fmt: skip


def _ask(text: str) -> bool:
    """A yes from the person at the keyboard (run pytest with -s)."""
    sys.stderr.write(f"\n{text}\nType yes to send it, anything else to skip the card: ")
    return sys.stdin.readline().strip().lower() == "yes"
