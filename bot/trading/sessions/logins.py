"""The broker sessions of linked accounts: linking, logging in, renewing, logging out."""

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from bot.domain.clock import Clock, ist
from bot.domain.errors import (
    BrokerError,
    LoginRefused,
    NotAllowed,
    NotFound,
    NotSent,
    PasswordRefused,
    PersonError,
)
from bot.domain.news.connections import SessionReplaced
from bot.domain.news.people import ActionKind
from bot.domain.people.account import (
    Account,
    Actor,
    CodeKind,
    Credentials,
    KnownAccount,
    NoLogin,
    Permission,
    Role,
    Session,
    User,
)
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import BrokerConnection, BrokerConnections, RandomBytes
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.proposals.proposal import CodeWanted, LoggedIn, SessionState
from bot.trading.actor import account_of, demand_role
from bot.trading.safety.announce import tell_all, tell_of
from bot.trading.safety.lockdown import LIFT, WHY, is_locked_down
from bot.trading.sessions.spent_codes import spend

log = logging.getLogger(__name__)

TotpCode = Callable[[Secret], Awaitable[str]]  # seed -> the six digits of now; may wait for fresh ones

LABEL = re.compile(r"[\w-]{1,32}")  # it leads cards and travels in buttons
CODE_LIFE = timedelta(minutes=5)
CODE_STEP = 30.0  # seconds, after which the authenticator shows the next code
QUIET_HOURS = ((7, 0), (8, 30))  # BOD: the broker works on its books; no login of our own accord (mstock-type-b.md 1.7)
COOL_DOWN, SOON = 600.0, 30.0  # seconds after a renewal that was refused, or that failed otherwise


class Logins:
    """Sessions are renewed under a lock, looking twice: ten calls that find one dead cause one login."""

    def __init__(
        self,
        *,
        store: Store,
        connections: Callable[[], BrokerConnections],
        clock: Clock,
        random: RandomBytes,
        totp: TotpCode,
        logged_in: Callable[[str], None],
        renewed: Callable[[str], None],
        conceal: Callable[[Secret], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._connections = connections  # late: the connections are built with our renewal in their hands
        self._clock = clock
        self._random = random
        self._totp = totp
        self._logged_in = logged_in  # reads the books again: what happened while we were out
        self._renewed = renewed  # a login of our own accord may be the day's first, and the scrip master waits for one
        self._conceal = conceal  # tells the log's scrubber of every secret as soon as it is in the clear
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._codes: dict[int, tuple[str, float]] = {}  # person -> (account, until when, in loop time, six digits are its code)
        self._not_before: dict[str, float] = {}  # when, in loop time, an account may be logged in by itself again
        self._refused: set[str] = set()  # accounts whose code of a renewal was refused, and that nobody has logged in since

    def alone(self, account_id: str) -> asyncio.Lock:
        """Held by whoever begins or ends a session of the account."""
        return self._locks[account_id]

    def forget(self, account_id: str) -> None:
        """The account is unlinked: no code is waited for, and a refusal of before holds nothing up."""
        self._not_before.pop(account_id, None)
        self._refused.discard(account_id)
        self._codes = {person: waiting for person, waiting in self._codes.items() if waiting[0] != account_id}

    def expects_code(self, telegram_id: int) -> bool:
        """Whether a bare message of six digits from this person would be the login code now."""
        _, until = self._codes.get(telegram_id, ("", 0.0))
        return asyncio.get_running_loop().time() < until

    async def login(self, actor: Actor, code: str | None = None) -> LoggedIn | CodeWanted:
        """Logs in at the broker in its two steps. CodeWanted when six digits are needed, LoginRefused when wrong."""
        account = account_of(actor)
        if code is not None and not (code.isascii() and code.isdigit() and len(code) == 6):
            raise PersonError("The code is the six digits of your authenticator app.")
        async with self._locks[account.id]:
            credentials = await self._credentials(account.id, by=actor)
            connection = self._connections().of(account.id, credentials)
            if (session := self._connections().session_of(account.id, self._clock.now())) is not None:
                self._codes.pop(actor.user.telegram_id, None)
                return LoggedIn(account=account, session=session, already=True)
            if code is None and credentials.totp_seed is None:
                until = self._clock.now() + CODE_LIFE
                self._codes[actor.user.telegram_id] = (account.id, asyncio.get_running_loop().time() + CODE_LIFE.total_seconds())
                return CodeWanted(account=account, kind=CodeKind.TOTP, until=until)
            self._codes.pop(actor.user.telegram_id, None)
            try:
                session = await self._log_in(account.id, connection, credentials, code, actor.user.telegram_id)
            except PasswordRefused:
                await self._leave_alone(account.id)
                raise
        self._logged_in(account.id)
        return LoggedIn(account=account, session=session)

    async def _credentials(self, account_id: str, *, by: Actor | None = None) -> Credentials:
        """by: the person who begins or ends the session. NotAllowed where the role does not carry that any more."""

        def read(db: Repositories) -> Credentials | None:
            if by is not None:
                demand_role(db, by, Permission.SESSION, "You may not log in or out here any more.")
            return db.accounts.credentials(account_id)

        credentials = await self._store.transaction(read)
        if credentials is None:
            raise NotFound("This account has no stored credentials. Link it again on the host: python -m bot link.")
        self._hide(credentials)
        return credentials

    def _hide(self, credentials: Credentials) -> None:
        for secret in (credentials.client_code, credentials.password, credentials.api_key, credentials.totp_seed):
            if secret is not None:
                self._conceal(secret)

    async def _log_in(
        self,
        account_id: str,
        connection: BrokerConnection,
        credentials: Credentials,
        code: str | None,
        who: int | None,
        *,
        ended: bool = False,
    ) -> Session:
        if await self._store.transaction(is_locked_down):
            raise NotAllowed(f"{WHY} {LIFT}")
        before = lived(connection.session)
        try:
            step = await connection.broker.begin_login(credentials)
            digits = await self._digits(account_id, credentials, code)
            session = await connection.broker.finish_login(credentials, step, digits, CodeKind.TOTP)
        except LoginRefused:
            await self._note(who, "login refused", account_id, "mStock did not take it")
            raise
        self._conceal(session.token)
        now = self._clock.now()

        def keep(db: Repositories) -> None:
            db.accounts.keep_session(account_id, session)
            db.flags.allow_login(account_id)
            db.audit.add(now, who, "login", account_id, before=before, after=lived(session))
            tell_of(db, account_id, who, ActionKind.LOGGED_IN, now)
            if ended:
                notice = SessionReplaced(at=now)
                tell_all(db, account_id, notice, now)

        await self._store.transaction(keep)
        connection.adopt(session)
        self._not_before.pop(account_id, None)
        self._refused.discard(account_id)
        log.info("account %s: logged in until %s IST", account_id, ist(session.expires).strftime("%H:%M"))
        return session

    async def _note(self, who: int | None, what: str, account_id: str | None, detail: str) -> None:
        """What was refused, on record."""
        now = self._clock.now()
        await self._store.transaction(lambda db: db.audit.add(now, who, what, account_id, detail, before="", after=""))

    async def _digits(self, account_id: str, credentials: Credentials, code: str | None) -> str:
        """Six digits that were not submitted before: those that a person typed, or the stored seed's, waited for if need be."""
        if code is None:
            digits = await self._totp(credentials.totp_seed or Secret(""))
            with suppress(NotSent):
                return await self._spent(account_id, digits)
            await asyncio.sleep(CODE_STEP - self._clock.now().timestamp() % CODE_STEP)
            code = await self._totp(credentials.totp_seed or Secret(""))
        return await self._spent(account_id, code)

    async def _spent(self, account_id: str, digits: str) -> str:
        await self._store.transaction(lambda db: spend(db, account_id, digits, self._clock.now()))
        return digits

    async def renew(self, account_id: str, stale: Session | None) -> Session | None:
        """A living session in place of one found dead, or None when a person has to log in (ports.Renewer)."""
        async with self._locks[account_id]:
            connection = self._connections().of(account_id)
            now, moment = self._clock.now(), asyncio.get_running_loop().time()
            present = connection.session
            if present is not None and present.alive(now) and (stale is None or present.token != stale.token):
                return present
            if _quiet(now) or moment < self._not_before.get(account_id, moment) or await self._store.transaction(is_locked_down):
                return None
            if await self._store.transaction(lambda db: db.flags.login_forbidden(account_id)):
                return None
            credentials = await self._credentials(account_id)
            if credentials.totp_seed is None:
                return None
            try:
                ended = stale is not None and stale.alive(now)  # it should have lived: whoever ended it, it was not us
                session = await self._log_in(account_id, connection, credentials, None, None, ended=ended)
            except BrokerError as error:
                if isinstance(error, PasswordRefused):
                    await self._leave_alone(account_id)
                # A code may be refused for being used already, elsewhere: the next one is tried soon, as after any other failure.
                # A second refusal is none of that, and cools down (mstock-type-b.md 3.3).
                refused = isinstance(error, LoginRefused)
                again = refused and account_id in self._refused
                self._not_before[account_id] = moment + (COOL_DOWN if again else SOON)
                if refused:
                    self._refused.add(account_id)
                log.warning("account %s: the session could not be renewed: %s", account_id, type(error).__name__)
                return None
        self._renewed(account_id)
        return session

    async def _leave_alone(self, account_id: str) -> None:
        """A refused password counts towards the lock of the account: no login of our own accord, nor after a restart."""
        now = self._clock.now()
        await self._store.transaction(lambda db: db.flags.forbid_login(account_id, NoLogin.REFUSED, now))

    async def restore(self) -> Sequence[str]:
        """Opens at the start every linked account's connection. Returns the ids of those whose stored session still lives."""

        def read(db: Repositories) -> list[tuple[Account, Credentials | None, Session | None, str | None]]:
            accounts = db.accounts
            return [
                (account, accounts.credentials(account.id), accounts.session(account.id), accounts.stop_words(account.id))
                for account in accounts.all()
            ]

        alive = []
        for account, credentials, session, stop_words in await self._store.transaction(read):
            if credentials is not None:
                self._hide(credentials)
            if session is not None:
                self._conceal(session.token)
            connection = self._connections().of(account.id, credentials)
            if stop_words is not None:
                connection.broker.spell_stops(stop_words)
            if session is not None and session.alive(self._clock.now()):
                connection.adopt(session)
                alive.append(account.id)
        return alive

    async def logout(self, actor: Actor) -> Account:
        """Ends the session at the broker, and here in any case."""
        account = account_of(actor)
        async with self._locks[account.id]:
            connection = self._connections().of(account.id, await self._credentials(account.id, by=actor))
            before, after = lived(connection.session), "logged out"
            try:
                if connection.session is not None:
                    await connection.broker.logout()
            except BrokerError as error:
                after = "logged out here, at the broker not confirmed"
                log.info("account %s: logout at the broker: %s", account.id, type(error).__name__)
            connection.adopt(None)
            now = self._clock.now()

            def forget(db: Repositories) -> None:
                db.accounts.keep_session(account.id, None)
                db.flags.forbid_login(account.id, NoLogin.LOGGED_OUT, now)  # else a stored seed would undo it with the next read
                db.audit.add(now, actor.user.telegram_id, "logout", account.id, before=before, after=after)
                tell_of(db, account.id, actor.user.telegram_id, ActionKind.LOGGED_OUT, now)

            await self._store.transaction(forget)
        return account

    async def session(self, actor: Actor) -> SessionState:
        """The session of the account in use."""
        return await self.state_of(account_of(actor))

    async def state_of(self, account: Account) -> SessionState:
        """The state of one account's session and connection."""
        credentials = await self._credentials(account.id)
        connection = self._connections().of(account.id, credentials)
        return SessionState(
            account=account,
            session=self._connections().session_of(account.id, self._clock.now()),
            feed_connected=connection.feed.connected,
            seed_stored=credentials.totp_seed is not None,
            skew=await connection.broker.clock_skew(),
        )

    async def link(self, label: str, credentials: Credentials, code: str | None, *, by: User | None = None) -> Account:
        """Tries the login first, then stores the secrets: a wrong key is never kept.

        A client that was linked here before is the same account again, with its limits, locks, numbers, history and mark.
        by: who entered them, and will own the account. None: the host. PersonError when the label is taken. LoginRefused
        and the other broker errors when the login does not succeed.
        """
        if not LABEL.fullmatch(label):
            raise PersonError(f"“{label}” is no label: letters, digits, - and _, at most 32.")
        self._hide(credentials)
        now = self._clock.now()
        client = credentials.client_code.reveal()
        record = await self._store.transaction(lambda db: db.accounts.known(credentials.client_code))
        account = Account(
            id=record.account.id if record is not None else self._random(6).hex(),
            label=label,
            client=f"{client[:2]}••••{client[-1:]}",
            created_at=record.account.created_at if record is not None else now,
        )
        if await self._store.transaction(lambda db: db.accounts.by_label(label)) is not None:
            raise PersonError(f"An account named “{label}” is linked already.")
        if credentials.totp_seed is not None and not await self._store.transaction(lambda db: db.accounts.keeps_seeds):
            raise PersonError(
                "A TOTP seed is stored only under a key of its own, and there is none yet: python -m bot key new --seed, "
                "or link without the seed. Nothing was tried."
            )
        async with self._locks[account.id]:
            stop_words = await self._store.transaction(lambda db: _still_free(db, credentials.client_code, record))
            connection = self._connections().of(account.id, credentials)
            if stop_words is not None:
                connection.broker.spell_stops(stop_words)
            try:
                step = await connection.broker.begin_login(credentials)
                digits = code or await self._totp(credentials.totp_seed or Secret(""))
                session = await connection.broker.finish_login(credentials, step, digits, CodeKind.TOTP)
                self._conceal(session.token)

                def keep(db: Repositories) -> None:
                    _still_free(db, credentials.client_code, record)
                    db.accounts.add(account, credentials)
                    db.accounts.keep_session(account.id, session)
                    db.flags.allow_login(account.id)
                    tell_of(db, account.id, by.telegram_id if by else None, ActionKind.LINKED, now)
                    if by is not None and db.people.role_on(by.telegram_id, account.id) is not Role.OWNER:
                        db.people.add(by, Role.OWNER, account.id, now)
                    before = f"unlinked, then called {record.account.label}" if record is not None else "none"
                    after = f"{label} {account.client}, {'with' if credentials.totp_seed else 'without'} a TOTP seed"
                    db.audit.add(now, by.telegram_id if by else None, "link", account.id, before=before, after=after)

                await self._store.transaction(keep)
            except BaseException as error:
                if isinstance(error, LoginRefused):
                    await self._note(
                        by.telegram_id if by else None, "link refused", None, f"{label}: mStock did not take the login"
                    )
                await self._connections().close(account.id)
                raise
            connection.adopt(session)
        return account


def _still_free(db: Repositories, client_code: Secret, record: KnownAccount | None) -> str | None:
    """How the client's stop orders are spelled. PersonError where it is linked, perhaps since it was looked for."""
    present = db.accounts.known(client_code)
    if present is not None and (present.linked or present != record):
        raise PersonError("This mStock account is linked here already. /unlink it first, then link it anew.")
    return db.accounts.stop_words(record.account.id) if record is not None else None


def lived(session: Session | None) -> str:
    """How a session stood, for the record of acts."""
    return "logged out" if session is None else f"a session until {ist(session.expires):%d %b %H:%M} IST"


def _quiet(now: datetime) -> bool:
    wall = ist(now)
    return QUIET_HOURS[0] <= (wall.hour, wall.minute) < QUIET_HOURS[1]
