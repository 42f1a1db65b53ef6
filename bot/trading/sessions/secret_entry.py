"""Entering secrets on a page: one-time links made in the chat, each good for one person, one purpose, one try, ten minutes."""

import asyncio
import base64
import contextlib
import hashlib
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from bot.domain.clock import Clock, ist
from bot.domain.errors import BotError, NotAllowed, PersonError, UsageError
from bot.domain.people.account import Actor, Credentials, Permission, Role
from bot.domain.people.origin import PAGE, origin
from bot.domain.people.secret import Secret
from bot.domain.people.secret_entry import Entered, EntryKind, Offered, Outcome, Ticket
from bot.domain.ports.broker import RandomBytes
from bot.domain.proposals.proposal import CodeWanted
from bot.trading.account.accounts import Accounts
from bot.trading.actor import account_of
from bot.trading.sessions.logins import LABEL, Logins

log = logging.getLogger(__name__)

LIFE = timedelta(minutes=10)  # NIST SP 800-63B and ASVS 6.5.5: a code sent by another way dies in ten minutes
CODE_BYTES = 16  # 128 random bits
_GONE = Outcome(done=False, say="This link is not open any more. Ask for a new one in the chat.")

Tell = Callable[[int, str], None]  # a person's Telegram id and words for their chat; returns at once, never raises


class Page(Protocol):
    """Where the page is served."""

    @property
    def on_host(self) -> bool:
        """Whether only this host itself reaches it."""
        ...

    def address(self, code: str) -> str:
        """The address of the page for that code. PersonError when no page may be served at REDIRECT_URL."""
        ...

    async def open(self, desk: "SecretEntry") -> None:
        """Begins to answer. Returns at once when it does already. PersonError when the port is taken."""
        ...

    async def close(self) -> None:
        """Answers no more, once what is being answered has ended."""
        ...


class SecretEntry:
    """Tickets live in memory alone, under the hash of their code: a restart ends all links, and nothing can be read out."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        logins: Logins,
        page: Page,
        clock: Clock,
        random: RandomBytes,
        linked: Callable[[str], None],
        tell: Tell,
    ) -> None:
        self._accounts = accounts
        self._logins = logins
        self._page = page
        self._clock = clock
        self._random = random
        self._linked = linked  # reads an account's books for the first time
        self._tell = tell
        self._offered: dict[bytes, tuple[Ticket, float]] = {}  # each with its end in loop time
        self._trying = 0
        self._watch: asyncio.Task[None] | None = None

    async def link(self, actor: Actor, label: str) -> Offered:
        """A link with which this owner enters the secrets of an account that will be called label."""
        if not LABEL.fullmatch(label):
            raise UsageError("An account is called by one word of at most 32 letters or digits.", example="/link papa")
        if any(account.label.casefold() == label.casefold() for account, _ in await self._accounts.all(actor)):
            raise PersonError(f"An account named “{label}” is linked already. /unlink {label} first, or choose another name.")
        return await self._offer(actor.user.telegram_id, EntryKind.LINK, label)

    async def login(self, actor: Actor) -> Offered:
        """A link with which this person types six digits where Telegram does not see them."""
        return await self._offer(actor.user.telegram_id, EntryKind.LOGIN, account_of(actor).label)

    async def _offer(self, person: int, kind: EntryKind, label: str) -> Offered:
        code = base64.b32encode(self._random(CODE_BYTES)).decode().rstrip("=")
        address = self._page.address(code)
        ticket = Ticket(person=person, kind=kind, label=label, until=self._clock.now() + LIFE)
        await self._page.open(self)
        for name, (other, _) in list(self._offered.items()):  # the newest link of a person is the only one
            if other.person == person:
                del self._offered[name]
        self._offered[_named(code)] = (ticket, asyncio.get_running_loop().time() + LIFE.total_seconds())
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._close_when_unused(), name="entry page")
        return Offered(ticket=ticket, address=address, on_host=self._page.on_host)

    def ticket(self, code: str) -> Ticket | None:
        """What that code is for. None for one that was never made, was used, or is over."""
        ticket, until = self._offered.get(_named(code), (None, 0.0))
        return ticket if asyncio.get_running_loop().time() < until else None

    async def enter(self, code: str, given: Entered) -> Outcome:
        """One try with what was typed. The code is spent whatever comes of it. Never raises what is ours."""
        origin.set(PAGE)
        ticket = self.ticket(code)
        self._offered.pop(_named(code), None)
        if ticket is None:
            return _GONE
        self._trying += 1
        try:
            outcome = await self._try(ticket, given)
        finally:
            self._trying -= 1
        if outcome is not _GONE:  # somebody who was taken off the list meanwhile hears nothing
            self._tell(ticket.person, outcome.say)
        return outcome

    async def _try(self, ticket: Ticket, given: Entered) -> Outcome:
        try:
            label = ticket.label if ticket.kind is EntryKind.LOGIN else None
            actor = await self._accounts.actor(ticket.person, label)  # the role may have changed since the link was made
            if actor is None:
                return _GONE
            say = await (self._link(actor, ticket, given) if ticket.kind is EntryKind.LINK else self._login(actor, given))
        except BotError as error:
            log.info("what was entered for %s did not succeed: %s", ticket.label, type(error).__name__)
            again = f"/link {ticket.label}" if ticket.kind is EntryKind.LINK else f"{ticket.label}: /login page"
            said = error.say.rstrip(".")  # mStock's own words come without one
            return Outcome(done=False, say=f"{said}. Nothing was stored. For another try: {again}")
        return Outcome(done=True, say=say)

    async def _link(self, actor: Actor, ticket: Ticket, given: Entered) -> str:
        owns = any(role is Role.OWNER for _, role in await self._accounts.all(actor))  # not only the account in use
        if actor.phone_locked or not (owns or actor.may(Permission.ADMIN)):
            raise NotAllowed("Only an owner links an account.")
        if given.client_code is None or given.api_key is None or given.password is None:
            raise PersonError("Client code, API key and password are all needed.")
        if given.totp_seed is None and given.code is None:
            raise PersonError("Without a TOTP seed six digits are needed.")
        credentials = Credentials(
            client_code=given.client_code, password=given.password, api_key=given.api_key, totp_seed=given.totp_seed
        )
        code = None if given.totp_seed is not None else _revealed(given.code)
        account = await self._logins.link(ticket.label, credentials, code, by=actor.user)
        self._linked(account.id)
        asks = f"Is a DDPI on file for it at mStock? {account.label}: /ddpi yes, or /ddpi no."
        return f"{account.label} ({account.client}) is linked, and logged in. {asks}"

    async def _login(self, actor: Actor, given: Entered) -> str:
        outcome = await self._logins.login(actor, _revealed(given.code))
        if isinstance(outcome, CodeWanted):
            raise PersonError("Six digits are needed.")
        return f"{outcome.account.label} is logged in until {ist(outcome.session.expires):%H:%M}."

    async def _close_when_unused(self) -> None:
        while self._trying or self._offered:
            await asyncio.sleep(1)
            now = asyncio.get_running_loop().time()
            self._offered = {name: offer for name, offer in self._offered.items() if now < offer[1]}
        await self._page.close()

    async def close(self) -> None:
        """Ends every link and the page."""
        self._offered.clear()
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._page.close()


def _named(code: str) -> bytes:
    """Looked up by its hash, so that how long a look-up takes says nothing about a code."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()


def _revealed(secret: Secret | None) -> str | None:
    return secret.reveal() if secret is not None else None
