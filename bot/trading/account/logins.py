"""Linked accounts and their broker sessions: who acts on which, linking, logging in, renewing."""

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
from bot.domain.orders.notice import ActByOther, ActionKind
from bot.domain.orders.proposal import CodeWanted, LoggedIn, SessionState
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
from bot.trading.account.spent_codes import spend
from bot.trading.actor import account_of, demand_role
from bot.trading.safety.announce import tell_others
from bot.trading.safety.lockdown import LIFT, WHY, sounding

log = logging.getLogger(__name__)

TotpCode = Callable[[Secret], Awaitable[str]]  # seed -> the six digits of now; may wait for fresh ones

LABEL = re.compile(r"[\w-]{1,32}")  # it leads cards and travels in buttons
CODE_LIFE = timedelta(minutes=5)
CODE_STEP = 30.0  # seconds, after which the authenticator shows the next code
CHOSEN_LIFE = timedelta(minutes=30)  # /use falls back to the default after this
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
        conceal: Callable[[Secret], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._connections = connections  # late: the links are built with our renewal in their hands
        self._clock = clock
        self._random = random
        self._totp = totp
        self._logged_in = logged_in  # reads the books again: what happened while we were out
        self._conceal = conceal  # tells the log's scrubber of every secret as soon as it is in the clear
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._codes: dict[int, tuple[str, float]] = {}  # person -> (account, until when, in loop time, six digits are its code)
        self._not_before: dict[str, float] = {}  # when, in loop time, an account may be logged in by itself again

    async def actor(self, telegram_id: int, label: str | None = None) -> Actor | None:
        """Who acts on which account; None when not on the list, NotFound when no account of theirs has that label."""
        now = self._clock.now()

        def find(db: Repositories) -> Actor | None:
            user = db.people.find(telegram_id)
            if user is None or not user.active:
                return None
            account = self._account(db, telegram_id, label, now)
            role = db.people.role_on(telegram_id, account.id if account else None)
            if role is None:
                return None
            sealed = db.pins.phone_locked_since(telegram_id) is not None
            return Actor(user=user, role=role, account=account, phone_locked=sealed)

        return await self._store.transaction(find)

    def _account(self, db: Repositories, telegram_id: int, label: str | None, now: datetime) -> Account | None:
        mine = [each for each in db.accounts.all() if db.people.role_on(telegram_id, each.id) is not None]
        if label is not None:
            for account in mine:
                if account.label.casefold() == label.casefold():
                    return account
            names = ", ".join(account.label for account in mine) or "none"
            raise NotFound(f"There is no account “{label}”. Yours: {names}.")
        chosen = db.accounts.chosen(telegram_id, now, now + CHOSEN_LIFE)
        for account in mine:
            if account.id == chosen:
                return account
        return mine[0] if mine else None

    async def all(self, actor: Actor) -> tuple[tuple[Account, Role], ...]:
        """Every account this person may see, with the role on it; the default one first."""

        def read(db: Repositories) -> tuple[tuple[Account, Role], ...]:
            roles = ((each, db.people.role_on(actor.user.telegram_id, each.id)) for each in db.accounts.all())
            return tuple((account, role) for account, role in roles if role is not None)

        return await self._store.transaction(read)

    async def use(self, actor: Actor, label: str) -> Account:
        """The account that the next words go to, for 30 minutes."""
        now = self._clock.now()

        def choose(db: Repositories) -> Account:
            account = self._account(db, actor.user.telegram_id, label, now)
            if account is None:
                raise NotFound("No account is linked yet.")
            db.accounts.choose(actor.user.telegram_id, account.id, now + CHOSEN_LIFE)
            return account

        return await self._store.transaction(choose)

    async def people(self, actor: Actor) -> tuple[tuple[User, str | None, Role], ...]:
        """(person, label of the account or None for all, role)."""

        def read(db: Repositories) -> tuple[tuple[User, str | None, Role], ...]:
            demand_role(db, actor, Permission.ADMIN, "Only an owner sees the list of people.")
            labels = {account.id: account.label for account in db.accounts.all()}
            return tuple((user, labels.get(on) if on else None, role) for user, on, role in db.people.all())

        return await self._store.transaction(read)

    def alone(self, account_id: str) -> asyncio.Lock:
        """Held by whoever begins or ends a session of the account."""
        return self._locks[account_id]

    def forget(self, account_id: str) -> None:
        """The account is unlinked: no code is waited for, and a refusal of before holds nothing up."""
        self._not_before.pop(account_id, None)
        self._codes = {person: waiting for person, waiting in self._codes.items() if waiting[0] != account_id}

    def expects_code(self, telegram_id: int) -> bool:
        """Whether a bare message of six digits from this person would be the login code now."""
        _, until = self._codes.get(telegram_id, ("", 0.0))
        return asyncio.get_running_loop().time() < until

    async def login(self, actor: Actor, code: str | None = None) -> LoggedIn | CodeWanted:
        """Logs in at the broker in its two steps; CodeWanted when six digits are needed, LoginRefused when wrong."""
        account = account_of(actor)
        if code is not None and not (code.isascii() and code.isdigit() and len(code) == 6):
            raise PersonError("The code is the six digits of your authenticator app.")
        async with self._locks[account.id]:
            credentials = await self._credentials(account.id, by=actor)
            link = self._connections().of(account.id, credentials)
            if link.session is not None and link.session.alive(self._clock.now()):
                self._codes.pop(actor.user.telegram_id, None)
                return LoggedIn(account=account, session=link.session, already=True)
            if code is None and credentials.totp_seed is None:
                until = self._clock.now() + CODE_LIFE
                self._codes[actor.user.telegram_id] = (account.id, asyncio.get_running_loop().time() + CODE_LIFE.total_seconds())
                return CodeWanted(account=account, kind=CodeKind.TOTP, until=until)
            self._codes.pop(actor.user.telegram_id, None)
            try:
                session = await self._log_in(account.id, link, credentials, code, actor.user.telegram_id)
            except PasswordRefused:
                await self._leave_alone(account.id)
                raise
        self._logged_in(account.id)
        return LoggedIn(account=account, session=session)

    async def _credentials(self, account_id: str, *, by: Actor | None = None) -> Credentials:
        """by: the person who begins or ends the session; NotAllowed where the role does not carry that any more."""

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
        self, account_id: str, link: BrokerConnection, credentials: Credentials, code: str | None, who: int | None
    ) -> Session:
        if await self._store.transaction(sounding):
            raise NotAllowed(f"{WHY} {LIFT}")
        before = lived(link.session)
        try:
            step = await link.broker.begin_login(credentials)
            digits = await self._digits(account_id, credentials, code)
            session = await link.broker.finish_login(credentials, step, digits, CodeKind.TOTP)
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

        await self._store.transaction(keep)
        link.adopt(session)
        self._not_before.pop(account_id, None)
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
            link = self._connections().of(account_id)
            now, moment = self._clock.now(), asyncio.get_running_loop().time()
            present = link.session
            if present is not None and present.alive(now) and (stale is None or present.token != stale.token):
                return present
            if _quiet(now) or moment < self._not_before.get(account_id, moment) or await self._store.transaction(sounding):
                return None
            if await self._store.transaction(lambda db: db.flags.login_forbidden(account_id)):
                return None
            credentials = await self._credentials(account_id)
            if credentials.totp_seed is None:
                return None
            try:
                return await self._log_in(account_id, link, credentials, None, None)
            except BrokerError as error:
                if isinstance(error, PasswordRefused):
                    await self._leave_alone(account_id)
                # A refused code cools down; anything else (the line, a code that was used already) is tried again soon.
                wait = COOL_DOWN if isinstance(error, LoginRefused) else SOON
                self._not_before[account_id] = moment + wait
                log.warning("account %s: the session could not be renewed: %s", account_id, type(error).__name__)
                return None

    async def _leave_alone(self, account_id: str) -> None:
        """A refused password counts towards the lock of the account: no login of our own accord, nor after a restart."""
        now = self._clock.now()
        await self._store.transaction(lambda db: db.flags.forbid_login(account_id, NoLogin.REFUSED, now))

    async def restore(self) -> Sequence[str]:
        """At start: opens the line of every linked account, with its stored session where that still lives. Account ids."""

        def read(db: Repositories) -> list[tuple[Account, Credentials | None, Session | None, str | None]]:
            kept = db.accounts
            return [
                (account, kept.credentials(account.id), kept.session(account.id), kept.stop_words(account.id))
                for account in kept.all()
            ]

        alive = []
        for account, credentials, session, stop_words in await self._store.transaction(read):
            if credentials is not None:
                self._hide(credentials)
            if session is not None:
                self._conceal(session.token)
            link = self._connections().of(account.id, credentials)
            if stop_words is not None:
                link.broker.spell_stops(stop_words)
            if session is not None and session.alive(self._clock.now()):
                link.adopt(session)
                alive.append(account.id)
        return alive

    async def logout(self, actor: Actor) -> Account:
        """Ends the session here and at the broker; here in any case."""
        account = account_of(actor)
        async with self._locks[account.id]:
            link = self._connections().of(account.id, await self._credentials(account.id, by=actor))
            before, after = lived(link.session), "logged out"
            try:
                if link.session is not None:
                    await link.broker.logout()
            except BrokerError as error:
                after = "logged out here, at the broker not confirmed"
                log.info("account %s: logout at the broker: %s", account.id, type(error).__name__)
            link.adopt(None)
            now = self._clock.now()

            def forget(db: Repositories) -> None:
                db.accounts.keep_session(account.id, None)
                db.flags.forbid_login(account.id, NoLogin.LOGGED_OUT, now)  # else a stored seed would undo it with the next look
                db.audit.add(now, actor.user.telegram_id, "logout", account.id, before=before, after=after)
                tell_of(db, account.id, actor.user.telegram_id, ActionKind.LOGGED_OUT, now)

            await self._store.transaction(forget)
        return account

    async def session(self, actor: Actor) -> SessionState:
        """One account's line to the broker."""
        return await self.line_of(account_of(actor))

    async def line_of(self, account: Account) -> SessionState:
        """The state of one account's line."""
        credentials = await self._credentials(account.id)
        link = self._connections().of(account.id, credentials)
        session = link.session if link.session and link.session.alive(self._clock.now()) else None
        return SessionState(
            account=account,
            session=session,
            feed_connected=link.feed.connected,
            seed_stored=credentials.totp_seed is not None,
            skew=await link.broker.clock_skew(),
        )

    async def link(self, label: str, credentials: Credentials, code: str | None, *, by: User | None = None) -> Account:
        """Tries the login first, then stores the secrets: a wrong key is never kept.

        A client that was linked here before is the same account again, with its limits, locks, numbers, history and mark.
        by: who entered them, and will own the account; None: the host. PersonError when the label is taken; LoginRefused
        and the other broker errors when the login does not succeed.
        """
        if not LABEL.fullmatch(label):
            raise PersonError(f"“{label}” is no label: letters, digits, - and _, at most 32.")
        self._hide(credentials)
        now = self._clock.now()
        client = credentials.client_code.reveal()
        known = await self._store.transaction(lambda db: db.accounts.known(credentials.client_code))
        account = Account(
            id=known.account.id if known is not None else self._random(6).hex(),
            label=label,
            client=f"{client[:2]}••••{client[-1:]}",
            created_at=known.account.created_at if known is not None else now,
        )
        if await self._store.transaction(lambda db: db.accounts.by_label(label)) is not None:
            raise PersonError(f"An account named “{label}” is linked already.")
        if credentials.totp_seed is not None and not await self._store.transaction(lambda db: db.accounts.keeps_seeds):
            raise PersonError(
                "A TOTP seed is stored only under a key of its own, and there is none yet: python -m bot key new --seed, "
                "or link without the seed. Nothing was tried."
            )
        async with self._locks[account.id]:
            stop_words = await self._store.transaction(lambda db: _still_free(db, credentials.client_code, known))
            link = self._connections().of(account.id, credentials)
            if stop_words is not None:
                link.broker.spell_stops(stop_words)
            try:
                step = await link.broker.begin_login(credentials)
                digits = code or await self._totp(credentials.totp_seed or Secret(""))
                session = await link.broker.finish_login(credentials, step, digits, CodeKind.TOTP)
                self._conceal(session.token)

                def keep(db: Repositories) -> None:
                    _still_free(db, credentials.client_code, known)
                    db.accounts.add(account, credentials)
                    db.accounts.keep_session(account.id, session)
                    db.flags.allow_login(account.id)
                    tell_of(db, account.id, by.telegram_id if by else None, ActionKind.LINKED, now)
                    if by is not None and db.people.role_on(by.telegram_id, account.id) is not Role.OWNER:
                        db.people.add(by, Role.OWNER, account.id, now)
                    before = f"unlinked, then called {known.account.label}" if known is not None else "none"
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
            link.adopt(session)
        return account


def _still_free(db: Repositories, client_code: Secret, known: KnownAccount | None) -> str | None:
    """How the client's stop orders are spelled; PersonError where it is linked, perhaps since it was looked for."""
    present = db.accounts.known(client_code)
    if present is not None and (present.linked or present != known):
        raise PersonError("This mStock account is linked here already. /unlink it first, then link it anew.")
    return db.accounts.stop_words(known.account.id) if known is not None else None


def lived(session: Session | None) -> str:
    """How a session stood, for the record of acts."""
    return "logged out" if session is None else f"a session until {ist(session.expires):%d %b %H:%M} IST"


def tell_of(db: Repositories, account_id: str, who: int | None, deed: ActionKind, now: datetime) -> None:
    """An act of one person rings the others of the account; what the bot does by itself rings nobody."""
    user = db.people.find(who) if who is not None else None
    if user is None:
        return
    tell_others(db, account_id, {user.telegram_id}, ActByOther(name=user.name, deed=deed, at=now), now)


def _quiet(now: datetime) -> bool:
    wall = ist(now)
    return QUIET_HOURS[0] <= (wall.hour, wall.minute) < QUIET_HOURS[1]
