"""Linking an account on the host: secrets asked without echo, the login tried, and only then anything stored."""

from collections.abc import Callable

from bot.broker.connections import Connections
from bot.config.settings import Settings
from bot.domain.clock import Clock, ist
from bot.domain.errors import PersonError
from bot.domain.people.account import Credentials
from bot.domain.people.secret import Secret
from bot.domain.people.secret_entry import SEED_SENTENCE
from bot.domain.ports.broker import RandomBytes
from bot.runtime.redaction import Redactor
from bot.wiring import build_core
from storage.store import SqlStore

NO_SEED = (
    "Six digits are asked for each morning. To store a TOTP seed instead, which makes two factors one, make its own key first: "
    "python -m bot key new --seed"
)


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
    """Asks, tries, stores; the closing sentence. LoginRefused and the other errors leave nothing stored."""
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
    account = await core.accounts.link(label, credentials, code)
    session = connections.of(account.id).session
    until = f" Session until {ist(session.expires):%d %b %H:%M} IST." if session else ""
    return f"{account.label} ({account.client}) is linked.{until}"


def _need(ask: Callable[[str], str], words: str) -> str:
    answer = ask(words).strip()
    if not answer:
        raise PersonError(f"Without the {words.rstrip(': ').lower()} nothing can be linked. Nothing was stored.")
    return answer
