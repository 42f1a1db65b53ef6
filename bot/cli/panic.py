"""`python -m bot panic`: the lockdown for a lost phone, and its end."""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bot.app import open_connections
from bot.cli.exit_codes import DONE
from bot.config.settings import Settings
from bot.database import open_store, without_keys
from bot.domain.clock import Clock, SystemClock
from bot.domain.errors import BrokerError, StorageError
from bot.domain.people.account import Credentials, Session
from bot.domain.ports.repositories import Repositories
from bot.runtime.logs import escaped
from bot.runtime.randomness import random_bytes
from bot.trading.safety.lockdown import lift_lockdown, lock_down

FAREWELL = 5.0  # seconds for a logout at the broker that the lockdown asks for by itself


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--lift ends the lockdown."""
    parser.add_argument("--lift", action="store_true", help="opens the phones again; each account still needs /resume")


def run(parsed: argparse.Namespace) -> int:
    """Locks down, or ends that."""
    settings = Settings.read(parsed.environ, directory=Path())
    print(escaped(asyncio.run(lift(settings, SystemClock()) if parsed.lift else panic(settings, SystemClock()))))
    return DONE


async def panic(settings: Settings, clock: Clock) -> str:
    """Writes the lockdown first. Where no bot runs that would do it, it then ends the sessions at the broker as far as it can."""
    sessions = await _alive(settings, clock)
    async with without_keys(settings) as store:
        now = clock.now()
        lockdown = await store.transaction(lambda db: lock_down(db, now))
        try:
            store.lock()
        except StorageError:
            ended = "the running bot ends the sessions within seconds"
        else:
            ended = await _log_out(settings, sessions, clock)
    return (
        "Positions and orders at mStock stay, and nothing here watches them: close and cancel in mStock's app. "
        f"Stopped: {lockdown.accounts} accounts. Sealed: {lockdown.phones} phones. Refused: {lockdown.questions} open questions. "
        f"Sessions are forgotten here; {ended}. Lift it with: python -m bot panic --lift"
    )


async def _alive(settings: Settings, clock: Clock) -> list[tuple[str, Credentials, Session]]:
    """Reads the living sessions where the keys open without asking anybody. It must not wait for a passphrase."""

    def read(db: Repositories) -> list[tuple[str, Credentials, Session]]:
        sessions = []
        for account in db.accounts.all():
            session, credentials = db.accounts.session(account.id), db.accounts.credentials(account.id)
            if session is not None and credentials is not None and session.alive(clock.now()):
                sessions.append((account.id, credentials, session))
        return sessions

    try:
        async with open_store(settings, random_bytes, inline=True) as store:
            return await store.transaction(read)
    except StorageError:
        return []


async def _log_out(settings: Settings, sessions: Sequence[tuple[str, Credentials, Session]], clock: Clock) -> str:
    if not sessions:
        return "no living session could be opened here, and at the broker one lives until midnight at most"
    ended = 0
    async with open_connections(settings, clock=clock, random_bytes=random_bytes) as connections:
        for account_id, credentials, session in sessions:
            connection = connections.of(account_id, credentials)
            connection.adopt(session)
            with suppress(BrokerError, TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await connection.broker.logout()
                ended += 1
    return f"{ended} of {len(sessions)} ended at the broker, others live until midnight at most"


async def lift(settings: Settings, clock: Clock) -> str:
    """Ends the lockdown. The kill switches stay on."""
    async with without_keys(settings) as store:
        now = clock.now()
        if not await store.transaction(lambda db: lift_lockdown(db, now)):
            raise StorageError("No alarm is on.")
    return "The alarm is over and the phones are open. Trading stays stopped until an owner says /resume for each account."
