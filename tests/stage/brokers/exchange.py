"""The paper broker on loopback and a client of ours before it: what tests of the broker's rooms and contract cards start from."""

import asyncio
import functools
import random
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyotp
from aiohttp import web

from bot.broker.connections import Connections, MStockConnection
from bot.broker.transport import tls_context
from bot.domain.clock import Clock
from bot.domain.market.prices import Tick
from bot.domain.people.account import CodeKind, Credentials, Session
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import FeedListener
from bot.simulators.broker.server import PARTS, Running, build_app
from bot.simulators.broker.settings import PaperAccount, PaperSettings


@dataclass
class Ears:
    """A listener that remembers."""

    bells: list[str] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    gaps: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    def on_order_event(self, account_id: str, *, traded: bool = True) -> None:
        del traded
        self.bells.append(account_id)

    def tick(self, account_id: str, tick: Tick) -> None:
        del account_id
        self.ticks.append(tick)

    def gap(self, account_id: str, since: datetime, until: datetime | None) -> None:
        del account_id
        self.gaps.append((since, until))


def credentials_of(account: PaperAccount) -> Credentials:
    return Credentials(
        client_code=Secret(account.client),
        password=Secret(account.password),
        api_key=Secret(account.api_key),
        totp_seed=Secret(account.totp_seed) if account.totp_seed else None,
    )


async def log_in(connection: MStockConnection, credentials: Credentials, clock: Clock) -> Session:
    """Takes both steps with the code of this moment, and adopts the session."""
    assert credentials.totp_seed is not None
    step = await connection.broker.begin_login(credentials)
    code = pyotp.TOTP(credentials.totp_seed.reveal()).at(clock.now())
    session = await connection.broker.finish_login(credentials, step, code, CodeKind.TOTP)
    connection.adopt(session)
    return session


@asynccontextmanager
async def paper_broker(settings: PaperSettings, clock: Clock, seed: int = 7) -> AsyncIterator[Running]:
    """A paper broker on a free port. Idle connections outlive virtual hours."""
    app = build_app(settings, clock=clock, rng=random.Random(seed))
    parts = app[PARTS]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, keepalive_timeout=1e6)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        at = f"127.0.0.1:{runner.addresses[0][1]}"
        yield Running(f"http://{at}", f"ws://{at}/ws", f"http://{at}/desk", parts.broker, parts.stream, parts.counter)
    finally:
        await parts.stream.close()
        await runner.cleanup()


@functools.cache
def _tls() -> ssl.SSLContext:
    return tls_context()


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Waits, in loop time, for a condition to hold, and fails when it does not."""
    for _ in range(int(seconds * 50)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it did not come about in {seconds:g} s")


def a_road(running: Running, clock: Clock, directory: Path, ears: FeedListener | None = None) -> Connections:
    """Links to a paper broker."""
    return Connections(
        base_url=running.rest_url,
        ws_url=running.ws_url,
        clock=clock,
        chance=random.Random(3),
        data_dir=directory,
        listener=ears or Ears(),
        hours=lambda _exchange, _moment: True,
        tls=_tls(),
    )
