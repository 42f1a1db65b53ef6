"""The paper broker as a process of its own, with prices from a seeded walk, a file of candles, or mStock's live feed."""

import asyncio
import random
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from bot.broker.connections import Connections
from bot.config.addresses import MSTOCK, MSTOCK_SOCKET
from bot.demo.live_prices import LivePrices
from bot.domain.clock import Clock
from bot.domain.errors import PersonError
from bot.domain.people.account import CodeKind, Credentials
from bot.domain.people.secret import Secret
from bot.domain.value import value
from bot.simulators.broker import server
from bot.simulators.broker.settings import PaperSettings

SOURCE = "live prices"


@value
class LiveSource:
    """Whose prices are carried over."""

    url: str = MSTOCK
    ws_url: str = MSTOCK_SOCKET

    @classmethod
    def at(cls, url: str) -> Self:
        """Another paper broker on this host, to try it out. PersonError for what is beyond loopback: it is given a password."""
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost", "::1") or not parts.port:
            raise PersonError(f"{url} is no paper broker on this host. Such as: http://127.0.0.1:8701.")
        return cls(url=f"http://{parts.netloc}", ws_url=f"ws://{parts.netloc}/ws")


def ask_credentials(environment: Mapping[str, str], ask: Callable[[str], str]) -> tuple[Credentials, str]:
    """What it takes to read mStock's feed, and the six digits of now. None of it is stored. PersonError when one is missing."""

    def need(name: str, words: str) -> Secret:
        try:
            answer = environment.get(name) or ask(words).strip()
        except EOFError:  # nobody at the keyboard
            answer = ""
        if not answer:
            raise PersonError("Live prices need an mStock login. Without one: --prices walk.")
        return Secret(answer)

    credentials = Credentials(
        client_code=need("BROKER_API_KEY", "mStock client code: "),
        api_key=need("BROKER_API_SECRET", "mStock API key: "),
        password=need("", "mStock password: "),
    )
    return credentials, need("", "The six digits of now: ").reveal()


async def practise(
    settings: PaperSettings,
    *,
    clock: Clock,
    rng: random.Random,
    port: int,
    ready: Callable[[server.Running], None],
    live: tuple[Credentials, str] | None = None,
    source: LiveSource | None = None,
) -> None:
    """Serves until cancelled. With live, the source's prices move the market. LoginRefused when it does not let us in."""
    async with server.serve(settings, clock=clock, rng=rng, port=port) as running:
        if live is None:
            running.broker.walk_on()
            ready(running)
            await asyncio.Event().wait()
            return
        await _carry(running, live, source or LiveSource(), clock=clock, rng=rng, ready=ready)


async def _carry(
    running: server.Running,
    live: tuple[Credentials, str],
    source: LiveSource,
    *,
    clock: Clock,
    rng: random.Random,
    ready: Callable[[server.Running], None],
) -> None:
    credentials, code = live
    async with aiohttp.ClientSession(trust_env=False) as http:
        pump = LivePrices(desk_url=running.desk_url, http=http)
        with tempfile.TemporaryDirectory() as directory:
            async with Connections(
                base_url=source.url, ws_url=source.ws_url, clock=clock, chance=rng, data_dir=Path(directory), listener=pump
            ) as connections:
                connection = connections.of(SOURCE, credentials)
                step = await connection.broker.begin_login(credentials)
                connection.adopt(await connection.broker.finish_login(credentials, step, code, CodeKind.TOTP))
                ready(running)
                await pump.run(connection, list(running.broker.master.by_key.values()))
