"""One account's session: two login steps, when the token dies, one renewal at a time, and no code or password tried twice."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pyotp

from bot.broker import routes
from bot.broker.transport import Transport
from bot.broker.wire import answers, models
from bot.domain.clock import MOST_SKEW, Clock, ist, next_midnight
from bot.domain.errors import BotError, LoginRefused, NotSent, PasswordRefused, SessionExpired, Unclear, Unreadable
from bot.domain.people.account import CodeKind, Credentials, LoginStep, Session
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import Renewer

log = logging.getLogger(__name__)

MARGIN = timedelta(seconds=10)  # a token this close to its end is not worth a call
STEP_LIFE = 300.0  # seconds of the token between password and code (3.1)
_CODE_LIFE = 120.0  # seconds: a code, its neighbours in time, and room for skewed clocks
_PASSWORD_PAUSE = 600.0  # seconds
_AFTER_FAILURE = 60.0  # seconds
_TOO_YOUNG = 120.0  # seconds; a session that dies at this age was refused for some other reason
_IN_THE_MORNING = 600.0  # seconds
_MORNING = (time(7, 0), time(8, 30))  # the broker's beginning of day: half of its servers are away (1.7)


def token_dies(token: str, now: datetime) -> datetime:
    """When a session token ends, UTC: at its own claim or at India's next midnight, whichever comes first (1.7)."""
    midnight = next_midnight(now)
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        claim = datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError, binascii.Error):
        return midnight  # an opaque token: the rule of the day holds
    return min(midnight, claim)


def seconds_left(now: datetime) -> float:
    """Seconds until the authenticator shows the next code."""
    return 30.0 - now.timestamp() % 30.0


def six_digits(key: bytes, at: datetime) -> str:
    """The code of RFC 6238 for a key, SHA-1, 30 s."""
    mac = hmac.digest(key, (int(at.timestamp()) // 30).to_bytes(8, "big"), "sha1")
    start = mac[-1] & 15
    return f"{(int.from_bytes(mac[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def _bits(seed: str) -> bytes:
    """A Base32 seed decoded. ValueError for anything shorter than ten bytes (six digits typed into the wrong field)."""
    key = base64.b32decode(seed + "=" * (-len(seed) % 8))
    if len(key) < 10:
        raise ValueError("too short for a seed")
    return key


async def code_from_seed(seed: Secret, clock: Clock) -> str:
    """The six digits of this moment. Waits for the next ones when these are about to end. NotSent for a seed that is none."""
    left = seconds_left(clock.now())
    if left < 3.0:
        await asyncio.sleep(left + 0.2)
    text = seed.reveal().replace(" ", "").upper()
    try:
        # pyotp refuses seeds below 112 bits, yet 80 is what many services hand out.
        return six_digits(_bits(text), clock.now()) if len(text) < 24 else pyotp.TOTP(text).at(clock.now())
    except (binascii.Error, ValueError, TypeError):
        raise NotSent("The stored authenticator seed is not a Base32 text. Store it again.") from None


class LoginMemory:
    """What was submitted and what was refused, by digest. One serves the whole process: no second connection tries it again."""

    def __init__(self) -> None:
        self._spent: dict[bytes, float] = {}  # codes, until when, in loop time, each could still be taken
        self._refused: dict[bytes, tuple[float, str]] = {}  # passwords, when and in which words

    def spend(self, mark: bytes, now: float) -> bool:
        """Whether this code may be submitted: True once."""
        self._spent = {mark: until for mark, until in self._spent.items() if until > now}
        if mark in self._spent:
            return False
        self._spent[mark] = now + _CODE_LIFE
        return True

    def refuse(self, mark: bytes, now: float, said: str) -> None:
        """This password was refused."""
        self._refused[mark] = (now, said)

    def refused(self, mark: bytes, now: float) -> str | None:
        """Why this password is not sent now. None when it may be."""
        when, said = self._refused.get(mark, (None, ""))
        if when is None or now - when >= _PASSWORD_PAUSE:
            return None
        minutes = int((when + _PASSWORD_PAUSE - now) // 60) + 1
        return f"{said} This password was not sent again; it can be in {minutes} min, a new one at once."


class Login:
    """The two steps. Nothing leaves it in the clear."""

    def __init__(self, transport: Transport, clock: Clock, memory: LoginMemory, *, address: str | None = None) -> None:
        self._transport = transport
        self._clock = clock
        self._memory = memory
        self._address = address

    async def begin(self, credentials: Credentials) -> LoginStep:
        """Password step. PasswordRefused without a call when this very password was refused moments ago: the account locks."""
        now = asyncio.get_running_loop().time()
        mark = _digest(credentials.client_code.reveal(), credentials.password.reveal())
        if (why := self._memory.refused(mark, now)) is not None:
            raise PasswordRefused(why)
        body = {
            "clientcode": credentials.client_code.reveal(),
            "password": credentials.password.reveal(),
            "totp": "",
            "state": "",
        }
        try:
            reply = await self._ask(routes.LOGIN, credentials, body)
        except LoginRefused as refused:
            self._memory.refuse(mark, now, refused.say)
            raise PasswordRefused(refused.say) from None
        handle = models.read(models.LoginData, _one(reply.data), "login answer").handle
        if not handle:
            raise Unreadable("mStock's login answer holds no token. Try again in a minute.")
        return LoginStep(handle=Secret(handle), begun=now)

    async def finish(self, credentials: Credentials, step: LoginStep, code: str, kind: CodeKind) -> Session:
        """Code step. NotSent when this code was submitted before or the step is too old. LoginRefused when it is wrong."""
        now = asyncio.get_running_loop().time()
        if now - step.begun >= STEP_LIFE:
            raise NotSent("The code came too late: the password step is good for five minutes. Start the login again.")
        mark = _digest(credentials.client_code.reveal(), kind.value, code)
        if not self._memory.spend(mark, now):
            raise NotSent("This code was used already. Wait for the next one.")
        route, name = (routes.SESSION_BY_TOTP, "totp") if kind is CodeKind.TOTP else (routes.SESSION_BY_SMS, "otp")
        try:
            reply = await self._ask(route, credentials, {"refreshToken": step.handle.reveal(), name: code})
        except LoginRefused as refused:
            raise LoginRefused(refused.say + self._skew_words(kind)) from None
        token = models.read(models.SessionData, _one(reply.data), "login answer").jwtToken
        if not token:
            raise Unreadable("mStock's login answer holds no session token. Try again in a minute.")
        issued = self._clock.now()
        return Session(token=Secret(token), issued=issued, expires=token_dies(token, issued))

    async def _ask(self, route: routes.Route, credentials: Credentials, body: dict[str, str]) -> answers.Envelope:
        try:
            answer = await self._transport.call(route, key=credentials.api_key, body=body)
        except Unclear:
            raise Unreadable("mStock's login did not answer. Try again in a minute.") from None
        reply = answers.envelope(answer.body)
        failure = answers.failure_of_login(answer, reply)
        if failure is not None:
            raise answers.naming(failure, self._address)
        if reply is None:  # failure_of_login has an error for it; this line is for the type checker
            raise Unreadable("mStock's login did not answer sensibly.")
        return reply

    def _skew_words(self, kind: CodeKind) -> str:
        skew = self._transport.skew
        if kind is not CodeKind.TOTP or skew is None or abs(skew) <= MOST_SKEW:
            return ""
        way = "behind" if skew > 0 else "ahead of"
        return f" This server's clock is {abs(skew):.0f} s {way} mStock's: codes it makes will be refused until it is set right."


class SessionKeeper:
    """Holds the session of one account, and has it renewed once however many calls find it dead."""

    def __init__(self, account_id: str, clock: Clock, renewer: Renewer, changed: Callable[[], None]) -> None:
        self._account_id = account_id
        self._clock = clock
        self._renewer = renewer
        self._changed = changed
        self._lock = asyncio.Lock()
        self._session: Session | None = None
        self._lost: Session | None = None  # the one found dead, for the renewer to compare with
        self._renewed: tuple[Session, float] | None = None  # the last one that was not brought by a person, and its loop time
        self._not_before: float | None = None  # loop time

    @property
    def session(self) -> Session | None:
        """The session, if it is alive now."""
        return self._session if self._session is not None and self._session.alive(self._clock.now() + MARGIN) else None

    def adopt(self, session: Session | None) -> None:
        """Takes a session, or drops the present one. After a login a person made, renewals may be tried again."""
        self._session = session
        self._not_before = None
        self._changed()

    def found_dead(self, session: Session) -> None:
        """The broker does not know this token any more. Nothing is renewed before somebody needs it."""
        if self._session is not None and self._session.token == session.token:
            self._session, self._lost = None, self._session
            now, (renewed, at) = asyncio.get_running_loop().time(), self._renewed or (None, 0.0)
            if session == renewed and now - at < _TOO_YOUNG:
                # Logging in did not help, so doing it again at once will not either.
                self._not_before = now + _pause(self._clock.now())
            self._changed()

    async def living(self) -> Session:
        """A session that is alive, renewed if need be. SessionExpired when a person has to log in."""
        return self.session or await self._renew()

    async def _renew(self) -> Session:
        before = self._session or self._lost
        async with self._lock:
            session = self.session  # the second look: whoever held the lock may have renewed it
            if session is not None:
                return session
            now = asyncio.get_running_loop().time()
            if self._not_before is not None and now < self._not_before:
                raise SessionExpired("No session at mStock. Log in with /login.")
            self._not_before = now + _pause(self._clock.now())
            try:
                renewed = await self._renewer(self._account_id, before)
            except SessionExpired:
                raise
            except BotError as failed:
                log.warning("account %s: the session could not be renewed: %s", self._account_id, type(failed).__name__)
                raise SessionExpired(f"The session ended and could not be renewed. {failed.say}") from None
            if renewed is None or not renewed.alive(self._clock.now()):
                raise SessionExpired("The session at mStock ended. Log in with /login.")
            self._renewed = (renewed, asyncio.get_running_loop().time())
            self.adopt(renewed)
            return renewed


def _pause(now: datetime) -> float:
    """How many seconds after a renewal that failed the next may be tried: no login loop, least of all in the broker's morning."""
    return _IN_THE_MORNING if _MORNING[0] <= ist(now).time() < _MORNING[1] else _AFTER_FAILURE


def _one(data: object) -> object:
    return data[0] if isinstance(data, list) and len(data) == 1 else data


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).digest()
