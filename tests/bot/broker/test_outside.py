"""What the world outside may try on real servers: led elsewhere, another certificate, proxies and logins in the environment."""

import asyncio
import json
import os
import random
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.broker.connections import Connections, MStockConnection
from bot.domain.clock import Clock
from bot.domain.errors import NotSent, Unreadable
from bot.domain.people.account import Session
from bot.domain.people.secret import Secret
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from tests.bot.broker.test_transport import a_server
from tests.stage.brokers.exchange import credentials_of, until
from tests.stage.brokers.selfsigned import self_signed

ROOT = Path(__file__).parents[3]


@dataclass
class Broker:
    """A server that takes calls and sockets alike and writes down who came."""

    calls: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.calls.append(request.headers.get("Authorization", ""))
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.json_response({"status": True, "message": "SUCCESS", "errorcode": "", "data": None})
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            self.logins.append(str(message.data))
        return socket


@asynccontextmanager
async def lines(
    address: str, clock: Clock, directory: Path, tls: ssl.SSLContext | None = None
) -> AsyncIterator[list[MStockConnection]]:
    """Two accounts with a session each, over one pair of addresses."""
    connections = Connections(
        base_url=address, ws_url=address.replace("http", "ws", 1), clock=clock, chance=random.Random(1), data_dir=directory,
        tls=tls,
    )  # fmt: skip
    async with connections:
        opened = [connections.of(name, credentials_of(PaperAccount())) for name in ("mine", "papa")]
        for number, connection in enumerate(opened):
            connection.adopt(Session(token=Secret(f"jwt{number}"), issued=clock.now(), expires=clock.now() + timedelta(hours=9)))
        yield opened


async def test_one_context_vouches_for_every_call_and_every_socket(clock: LoopClock, tmp_path: Path) -> None:
    broker = Broker()
    theirs = self_signed(tmp_path)
    ours = ssl.create_default_context(cafile=str(tmp_path / "server.pem"))
    async with a_server(broker.handle, theirs) as address, lines(address, clock, tmp_path, ours) as opened:
        for connection in opened:
            assert await connection.broker.orders() == []
        await until(lambda: len(broker.logins) == 2)
    assert set(broker.logins) == {"LOGIN:jwt0", "LOGIN:jwt1"}


async def test_a_server_that_nobody_vouches_for_hears_no_call_and_no_token(clock: LoopClock, tmp_path: Path) -> None:
    broker = Broker()
    async with a_server(broker.handle, self_signed(tmp_path)) as address, lines(address, clock, tmp_path) as opened:
        for connection in opened:
            with pytest.raises(NotSent):
                await connection.broker.orders()
        await asyncio.sleep(60)
        assert not any(connection.feed.connected for connection in opened)
    assert (broker.calls, broker.logins) == ([], [])


async def test_a_socket_is_not_led_to_another_server(clock: LoopClock, tmp_path: Path) -> None:
    thief = Broker()
    tried: list[str] = []
    async with a_server(thief.handle) as elsewhere:

        async def lead(request: web.Request) -> web.Response:
            tried.append(request.path)
            return web.Response(status=302, headers={"Location": f"{elsewhere}/{request.query_string}"})

        async with a_server(lead) as address, lines(address, clock, tmp_path) as opened:
            await until(lambda: len(tried) >= 4)
            with pytest.raises(Unreadable):
                await opened[0].broker.orders()
            assert not any(connection.feed.connected for connection in opened)
    assert (thief.calls, thief.logins) == ([], [])


@pytest.mark.exhaustive
def test_nothing_of_the_environment_changes_the_way_to_the_broker(tmp_path: Path) -> None:
    """A process of its own, with every variable set that common libraries follow: proxies, logins, other certificates."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1\nlogin canary\npassword canary\n")
    netrc.chmod(0o600)
    self_signed(tmp_path)
    certificate = str(tmp_path / "server.pem")
    names = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy")
    done = subprocess.run(
        [sys.executable, "-m", "tests.stage.brokers.outside", certificate],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "NETRC": str(netrc), "NO_PROXY": "",
            "SSL_CERT_FILE": certificate, "REQUESTS_CA_BUNDLE": certificate, "SSL_CERT_DIR": str(tmp_path),
            **{spelled: "" for name in names for spelled in (name, name.upper())},
            "PROXIED": " ".join(names),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {
        "proxied": [], "called": ["Bearer jwt0", "Bearer jwt1"], "logged_in": 2, "vouched_by_the_environment": [],
    }  # fmt: skip
