"""A process of its own for test_outside.py: goes to a broker on loopback while the environment points everywhere else."""

import asyncio
import json
import os
import ssl
import sys
import tempfile
from pathlib import Path

from aiohttp import web

from bot.domain.clock import SystemClock
from bot.domain.errors import BotError
from tests.bot.broker.test_outside import Broker, lines
from tests.bot.broker.test_transport import a_server


async def play(certificate: str) -> dict[str, object]:
    """What was heard by the trap, by the broker, and by a broker whose certificate only the environment vouches for."""
    proxied: list[str] = []
    broker, stranger = Broker(), Broker()

    async def trap(request: web.Request) -> web.Response:
        proxied.append(f"{request.method} {request.path}")
        return web.Response(status=502)

    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate)
    with tempfile.TemporaryDirectory() as directory:
        async with a_server(trap) as proxy, a_server(broker.handle) as address, a_server(stranger.handle, theirs) as sealed:
            for name in os.environ["PROXIED"].split():
                os.environ[name] = os.environ[name.upper()] = proxy
            async with lines(address, SystemClock(), Path(directory)) as opened:
                for connection in opened:
                    await connection.broker.orders()
                async with asyncio.timeout(10):
                    while len(broker.logins) < 2:  # noqa: ASYNC110 - the server is another task's business
                        await asyncio.sleep(0.01)
            async with lines(sealed, SystemClock(), Path(directory)) as opened:
                for connection in opened:
                    try:
                        await connection.broker.cancel_all()
                    except BotError:
                        continue
    return {
        "proxied": proxied,
        "called": [call for call in broker.calls if call],
        "logged_in": len(broker.logins),
        "vouched_by_the_environment": stranger.calls,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(play(sys.argv[1]))))  # noqa: T201 - the test reads it
