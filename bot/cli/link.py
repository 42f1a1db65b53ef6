"""`python -m bot link`: asks for an account's secrets without echo, tries the login, and only then stores anything."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from bot.app import open_connections
from bot.broker.connections import Connections
from bot.cli.exit_codes import DONE
from bot.cli.terminal import prompt, without_echo
from bot.config.settings import Settings
from bot.database import open_store
from bot.domain.clock import Clock, SystemClock, ist
from bot.domain.errors import PersonError
from bot.domain.people.account import Credentials
from bot.domain.people.secret import Secret
from bot.domain.people.secret_entry import SEED_SENTENCE
from bot.domain.ports.broker import RandomBytes
from bot.runtime.logs import escaped, logging_to
from bot.runtime.randomness import random_bytes as system_random
from bot.runtime.redaction import Redactor
from bot.wiring.use_cases import build_core
from storage.store import SqlStore

NO_SEED = (
    "Six digits are asked for each morning. To store a TOTP seed instead, which makes two factors one, make its own key first: "
    "python -m bot key new --seed"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How the account is called."""
    parser.add_argument("--label", default="main", help="how the account is called (default: main)")


def run(parsed: argparse.Namespace) -> int:
    """Links an account from this terminal."""
    settings = Settings.read(parsed.environ, directory=Path())
    clock, redactor = SystemClock(), Redactor(settings.secrets())

    async def ask_and_link() -> str:
        store = open_store(settings, system_random, ask=prompt())
        async with store, open_connections(settings, clock=clock, random_bytes=system_random) as connections:
            return await link_account(
                settings, parsed.label, store=store, connections=connections, clock=clock, random_bytes=system_random,
                redactor=redactor, ask=without_echo, tell=lambda words: print(escaped(words)),
            )  # fmt: skip

    with logging_to(sys.stderr, redactor=redactor, clock=clock, level="WARNING"):
        print(escaped(asyncio.run(ask_and_link())))
    return DONE


async def link_account(
    settings: Settings,
    label: str,
    *,
    store: SqlStore,
    connections: Connections,
    clock: Clock,
    random_bytes: RandomBytes,
    redactor: Redactor,
    ask: Callable[[str], str],
    tell: Callable[[str], None],
) -> str:
    """Asks, tries, stores, and says so. LoginRefused and the other errors leave nothing stored."""
    core = build_core(settings, store=store, connections=connections, clock=clock, random_bytes=random_bytes, redactor=redactor)
    client_code = settings.client_code or Secret(_need(ask, "Client code: "))
    api_key = settings.api_key or Secret(_need(ask, "API key (type B): "))
    password = Secret(_need(ask, "Password: "))
    if await store.transaction(lambda db: db.accounts.keeps_seeds):
        tell(SEED_SENTENCE)
        seed = ask("TOTP seed (empty: none): ").strip().replace(" ", "")
    else:
        tell(NO_SEED)
        seed = ""
    code = None if seed else _need(ask, "The six digits of now: ")
    credentials = Credentials(
        client_code=client_code, password=password, api_key=api_key, totp_seed=Secret(seed) if seed else None
    )
    account = await core.logins.link(label, credentials, code)
    session = connections.of(account.id).session
    until = f" Session until {ist(session.expires):%d %b %H:%M} IST." if session else ""
    return f"{account.label} ({account.client}) is linked.{until}"


def _need(ask: Callable[[str], str], words: str) -> str:
    answer = ask(words).strip()
    if not answer:
        raise PersonError(f"Without the {words.rstrip(': ').lower()} nothing can be linked. Nothing was stored.")
    return answer
