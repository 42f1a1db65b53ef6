"""`python -m bot paper`: the paper broker alone, on this host."""

import argparse
import asyncio
import errno
import getpass
import sys
from contextlib import suppress
from pathlib import Path

from bot.cli.exit_codes import DONE, FAILED
from bot.cli.ports import port
from bot.config.addresses import PAPER_PORT
from bot.demo.practice import LiveSource, ask_credentials, practise
from bot.domain.clock import SystemClock
from bot.runtime.randomness import unforeseeable
from bot.simulators.broker.faults.errors import PaperError
from bot.simulators.broker.server import Running
from bot.simulators.broker.settings import PaperSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where its books lie, where it listens, and where its prices come from."""
    parser.add_argument("--data", type=Path, required=True, help="where its account and books are kept")
    parser.add_argument("--port", type=port, default=PAPER_PORT, help=f"default: {PAPER_PORT}; 0: any free one")
    parser.add_argument("--hours", choices=("always", "real"), default="always", help="whether its market ever closes")
    parser.add_argument("--seed", type=int, default=1, help="of the walk")
    parser.add_argument(
        "--prices",
        default="walk",
        help="walk (default), live (mStock's feed; asks for a login), or a CSV file of candles",
    )
    parser.add_argument("--source", default=None, metavar="URL", help="with live: another paper broker on this host, not mStock")


def run(parsed: argparse.Namespace) -> int:
    """Serves until Ctrl-C. A port that cannot be taken is named with a way out."""
    replay = None if parsed.prices in ("walk", "live") else Path(parsed.prices)
    settings = PaperSettings(data=parsed.data, hours=parsed.hours, seed=parsed.seed, replay=replay)
    account = settings.accounts[0]
    source = LiveSource.at(parsed.source) if parsed.source is not None else None
    live = ask_credentials(parsed.environ, getpass.getpass) if parsed.prices == "live" else None

    def ready(running: Running) -> None:
        print(f"Paper broker at {running.rest_url}, socket {running.ws_url}, control desk {running.desk_url}/state")
        print(
            f"Client {account.client}, password {account.password}, API key {account.api_key}, TOTP seed {account.totp_seed}",
            flush=True,
        )

    async def serve() -> None:
        await practise(
            settings, clock=SystemClock(), rng=unforeseeable(), port=parsed.port, ready=ready, live=live, source=source
        )

    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(serve())
    except PaperError:
        raise
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        why = "is taken" if error.errno == errno.EADDRINUSE else "is not allowed to this user"
        print(f"Port {parsed.port} {why}. Choose another: --port 8701", file=sys.stderr)
        return FAILED
    return DONE
