"""The page on a free port of this host, with an entry behind it whose accounts are made by hand."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.errors import BotError
from bot.domain.people.account import Account, Actor, Credentials, Role, Session, User
from bot.domain.people.secret import Secret
from bot.domain.proposals.proposal import CodeWanted, LoggedIn
from bot.trading.account.accounts import Accounts
from bot.trading.sessions.logins import Logins
from bot.trading.sessions.secret_entry import SecretEntry
from bot.web.secret_page import SecretPage
from tests.stage.ports import free_port

ASHA = 4211
PATH = "/mstock/callback"


class HandMadeAccounts(Accounts, Logins):
    """Takes what it is given, or refuses as it is told."""

    __repr__ = object.__repr__

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.role: Role | None = Role.OWNER
        self.linked: list[tuple[str, Credentials, str | None, int | None]] = []
        self.codes: list[str | None] = []
        self.refuses: BotError | None = None

    @property
    def account(self) -> Account:
        return Account(id="a1", label="main", client="MA••••1", created_at=self.clock.now())

    async def actor(self, telegram_id: int, label: str | None = None) -> Actor | None:
        if self.role is None:
            return None
        return Actor(user=User(telegram_id=telegram_id, name="Asha"), role=self.role, account=self.account)

    async def all(self, actor: Actor) -> tuple[tuple[Account, Role], ...]:
        return ((self.account, self.role),) if self.role is not None else ()

    async def link(self, label: str, credentials: Credentials, code: str | None, *, by: User | None = None) -> Account:
        if self.refuses is not None:
            raise self.refuses
        self.linked.append((label, credentials, code, by.telegram_id if by else None))
        return replace(self.account, id="a2", label=label)

    async def login(self, actor: Actor, code: str | None = None) -> LoggedIn | CodeWanted:
        if self.refuses is not None:
            raise self.refuses
        self.codes.append(code)
        now = self.clock.now()
        session = Session(token=Secret("jwt-of-the-day"), issued=now, expires=now + timedelta(hours=6))
        return LoggedIn(account=self.account, session=session)


@dataclass
class Hall:
    """The page, and all that was entered on it."""

    accounts: HandMadeAccounts
    page: SecretPage
    secret_entry: SecretEntry
    port: int
    told: list[tuple[int, str]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    async def asha(self) -> Actor:
        actor = await self.accounts.actor(ASHA)
        assert actor is not None
        return actor

    async def link(self, label: str = "papa") -> str:
        """Makes a fresh link and returns its address."""
        return (await self.secret_entry.link(await self.asha(), label)).address

    async def login(self) -> str:
        return (await self.secret_entry.login(await self.asha())).address


@asynccontextmanager
async def a_hall(clock: Clock, *, url: str | None = None) -> AsyncIterator[Hall]:
    """url: a REDIRECT_URL that is not this host's own. {port} in it is the port where a proxy would find us."""
    port = free_port()
    own = f"http://127.0.0.1:{port}{PATH}"
    page = SecretPage(url or own, listen=None if url is None else ("127.0.0.1", port))
    accounts = HandMadeAccounts(clock)
    told: list[tuple[int, str]] = []
    opened: list[str] = []
    secret_entry = SecretEntry(
        accounts=accounts,
        logins=accounts,
        page=page,
        clock=clock,
        random=random.Random(7).randbytes,
        linked=opened.append,
        tell=lambda person, say: told.append((person, say)),
    )
    try:
        yield Hall(accounts=accounts, page=page, secret_entry=secret_entry, port=port, told=told, opened=opened)
    finally:
        await secret_entry.close()
