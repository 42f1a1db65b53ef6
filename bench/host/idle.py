"""Measures what linked accounts cost while nothing happens: memory and processor of 1 and of 200 pairs of client and feed."""

import asyncio
import json
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from bot.broker.connections import Connections
from bot.broker.session import code_from_seed
from bot.domain.clock import SystemClock
from bot.domain.people.account import CodeKind, Credentials, Session
from bot.domain.people.secret import Secret
from bot.simulators.broker.server import Running, run
from bot.simulators.broker.settings import PaperAccount, PaperSettings

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
IDLE_SECONDS = 10.0
COUNTS = (1, 200)

Row = dict[str, object]


def measure() -> list[Row]:
    """Resident memory in MB of 2**20 bytes and the share of one core, each account logged in and its socket open."""
    rows: list[Row] = []
    for count in COUNTS:
        told = _one(count)
        noun = "account" if count == 1 else "accounts"
        rows.append(_figure(f"idle: resident memory with {count} {noun}", "MB", told["resident"]))
        rows.append(_figure(f"idle: share of one core with {count} {noun}", "%", told["cpu"]))
    return rows


def _figure(name: str, unit: str, value: float) -> Row:
    return {
        "name": name, "unit": unit, "ours_p50": value, "ours_p99": value, "floor_p50": None, "floor_p99": None,
        "ratio_p50": None, "ratio_p99": None, "aim": "none; told",
    }  # fmt: skip


def _one(count: int) -> dict[str, float]:
    """The paper broker and the accounts live in processes of their own, so that each is measured alone."""
    server = subprocess.Popen(  # noqa: S603 - this interpreter, our own code
        [sys.executable, "-m", "bench.host.idle", "serve", str(count)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        rest, socket = json.loads(server.stdout.readline())
        told = subprocess.run(  # noqa: S603 - as above
            [sys.executable, "-m", "bench.host.idle", "link", str(count), rest, socket],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        found = json.loads(told.stdout)
    finally:
        server.terminate()
        server.wait()
    return {name: float(value) for name, value in found.items()}


def _accounts(count: int) -> tuple[PaperAccount, ...]:
    return tuple(PaperAccount(client=f"MA{number:05d}", totp_seed=SEED, holdings=()) for number in range(count))


async def _serve(count: int) -> None:
    def ready(running: Running) -> None:
        print(json.dumps([running.rest_url, running.ws_url]), flush=True)

    settings = PaperSettings(accounts=_accounts(count), walk=0.0)
    await run(settings, clock=SystemClock(), rng=random.Random(1), ready=ready)


async def _link(count: int, rest: str, socket: str) -> None:
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as directory:
        links = Connections(base_url=rest, ws_url=socket, clock=clock, chance=random.Random(1), data_dir=Path(directory))
        async with links:
            for account in _accounts(count):
                await log_in(links, account, clock)
            await asyncio.sleep(3)
            assert all(links.of(each).feed.connected for each in links.opened())
            before = _busy()
            await asyncio.sleep(IDLE_SECONDS)
            busy = _busy() - before
            print(json.dumps({"resident": _resident(), "cpu": busy / IDLE_SECONDS * 100}))


async def log_in(links: Connections, account: PaperAccount, clock: SystemClock) -> Session:
    """Opens an account's connection and logs it in. Gives the session, which is adopted."""
    credentials = Credentials(
        client_code=Secret(account.client), password=Secret(account.password), api_key=Secret(account.api_key)
    )
    pair = links.of(account.client, credentials)
    step = await pair.broker.begin_login(credentials)
    session = await pair.broker.finish_login(
        credentials, step, await code_from_seed(Secret(account.totp_seed or SEED), clock), CodeKind.TOTP
    )
    pair.adopt(session)
    return session


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def _busy() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(_serve(int(sys.argv[2])))
    else:
        asyncio.run(_link(int(sys.argv[2]), sys.argv[3], sys.argv[4]))
