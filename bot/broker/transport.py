"""One request to mStock: send it, bound it in time and size, say whether a byte left, and repeat it only if its route allows.

It hands httpx's requests to a road (road.py) itself: httpx's client between them would add redirects, cookies and a login of its
own, all of which we do without. What the answer means is answers.py's business.
"""

import asyncio
import email.utils
import json
import logging
import random
import ssl
from collections.abc import AsyncIterable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import quote, urlsplit

import httpx

from bot.broker.feed.backoff import delays
from bot.broker.rate_limits import BrokerRateLimits
from bot.broker.road import Road
from bot.broker.routes import PREFIX, Bucket, Route
from bot.broker.wire.answers import Answer, envelope, transient
from bot.domain.clock import Clock
from bot.domain.errors import NotLinked, NotSent, SettingsError, Unclear, Unreadable
from bot.domain.latency import Latency
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import Leaving

log = logging.getLogger(__name__)

_HEADERS = (
    (b"Accept", b"application/json"),
    (b"Accept-Encoding", b"gzip"),
    (b"Connection", b"keep-alive"),
    (b"User-Agent", b"mstock-phone/1"),
    (b"X-Mirae-Version", b"1"),
)
FRESH = 60.0  # seconds for which an answer says how far our clock is off
TRIES = 3  # of a call that may be repeated
FAREWELL = 5.0  # seconds that a request under way has yet when the road is closed
_NOT_YET_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)

Sink = Callable[[bytes], object]  # takes the body piece by piece
OpenSink = Callable[[], Sink]  # opened anew for each attempt, so that half a body never stays


def tls_context() -> ssl.SSLContext:
    """The one context that all accounts share. Certificates are always checked, and the environment has no say in it."""
    return httpx.create_ssl_context(verify=True, trust_env=False)


def check_address(url: str, *, schemes: tuple[str, str]) -> str:
    """A base address without its closing slash. SettingsError unless it is encrypted or on this very machine."""
    parts = urlsplit(url)
    plain, encrypted = schemes
    if parts.username or parts.query or parts.fragment or not parts.hostname or parts.scheme not in schemes:
        raise SettingsError(f"The broker's address must be {encrypted}://host[/path], without a user or a query.")
    if parts.scheme == plain and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise SettingsError(f"The broker's address must begin with {encrypted}:// unless it is on this machine.")
    return url.rstrip("/")


class Superseded(NotSent):
    """While a call waited for its turn the session that it was to go under ended, or another took its place."""


class Transport:
    """The road to one account's broker, with connections of its own. It keeps no cookies and follows no redirect."""

    def __init__(
        self,
        *,
        base_url: str,
        tls: ssl.SSLContext,
        clock: Clock,
        chance: random.Random,
        rate_limits: BrokerRateLimits,
        wire: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._base = check_address(base_url, schemes=("http", "https")) + PREFIX
        self.latency = Latency()
        self._urls: dict[Route, httpx.URL] = {}  # of the routes whose path names nothing
        self._clock = clock
        self._chance = chance
        self._rate_limits = rate_limits
        self._elapsed: Callable[[], float] = lambda: 0.0  # the loop's time, from the first answer on; the store's thread asks it
        # The two newest answers: loop time, and the broker's own clock.
        self._server_times: tuple[tuple[float, datetime], ...] = ()
        self._road = wire or Road(tls)
        self._under_way: set[asyncio.Timeout] = set()  # the time limit of each request that was begun and has not ended
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    @property
    def skew(self) -> float | None:
        """Seconds that the broker's clock is ahead of ours by its newest answer. None before the first."""
        return self._ahead(*self._server_times[-1]) if self._server_times else None

    @property
    def clock_off(self) -> float | None:
        """The same by its two newest answers, the one that is less. None unless both are at most a minute old."""
        times = self._server_times
        if len(times) < 2 or self._elapsed() - times[0][0] > FRESH:
            return None
        return min((self._ahead(*answer) for answer in times), key=abs)

    def _ahead(self, at: float, server_time: datetime) -> float:
        """Measured against our clock as it stands now, so that one that was set since the answer is seen at once."""
        return (server_time - self._clock.now()).total_seconds() + self._elapsed() - at

    @property
    def exits_at_once(self) -> int:
        """How many urgent orders would leave at this moment, with nobody before them."""
        return self._rate_limits.room(Bucket.ORDERS, urgent=True)

    async def close(self) -> None:
        """Begins no request any more, gives those under way FAREWELL seconds to end, and lets go of the connections."""
        self._closed = True
        latest = asyncio.get_running_loop().time() + FAREWELL
        for limit in [limit for limit in self._under_way if not limit.expired()]:
            limit.reschedule(min(limit.when() or latest, latest))
        await self._idle.wait()
        await self._road.aclose()

    async def call(
        self,
        route: Route,
        *,
        key: Secret | None = None,
        token: Secret | None = None,
        body: Mapping[str, object] | None = None,
        urgent: bool = False,
        leaving: Leaving | None = None,
        into: OpenSink | None = None,
        names: Mapping[str, str] | None = None,
        still: Callable[[], bool] = lambda: True,
    ) -> Answer:
        """The answer, whatever its status. NotSent, TooFast, Unclear (a call not to be repeated) or Unreadable (one that may).

        still: whether the token is good when the call's turn has come. Superseded where it is not.
        A route that may be repeated is asked up to three times while the answer is one of those that pass.
        """
        waits = delays(self._chance, first=0.5, longest=4.0)
        for attempt in range(1, (TRIES if route.repeat else 1) + 1):
            await self._rate_limits.enter(route.bucket, urgent=urgent)
            if self._closed:
                raise NotLinked("The connection of this account is closed. Nothing was sent.")
            if not still():
                raise Superseded("The session ended while this waited for its turn. Nothing was sent.")
            if leaving is not None:
                await leaving()
            last = attempt == TRIES or not route.repeat
            try:
                answer, wish = await self._once(route, self._request(route, key, token, body, names or {}), into)
            except (NotSent, Unreadable):
                if last:
                    raise
                wish = None
            else:
                if last or not _passes(answer):
                    return answer
            log.info("asking again: %s %s, attempt %d", route.method, route.path, attempt + 1)
            await asyncio.sleep(max(next(waits), min(wish or 0.0, 10.0)))
        raise AssertionError("the last attempt returns or raises")  # pragma: no cover

    def _request(
        self, route: Route, key: Secret | None, token: Secret | None, body: Mapping[str, object] | None, names: Mapping[str, str]
    ) -> httpx.Request:
        headers = list(_HEADERS)
        content = None
        if body is not None:
            headers.append((b"Content-Type", b"application/json"))
            content = json.dumps(body, separators=(",", ":")).encode()
        try:
            if key is not None:
                headers.append((b"X-PrivateKey", key.reveal().encode("ascii")))
            if token is not None:
                headers.append((b"Authorization", b"Bearer " + token.reveal().encode("ascii")))
            return httpx.Request(route.method, self._url(route, names), headers=headers, content=content)
        except (httpx.InvalidURL, ValueError):
            raise NotSent("A key or a number has characters that cannot be sent. Nothing was sent.") from None

    def _url(self, route: Route, names: Mapping[str, str]) -> httpx.URL:
        """ValueError or InvalidURL where a name cannot stand in an address."""
        if names:
            return httpx.URL(self._base + route.path.format(**{name: quote(value, safe="") for name, value in names.items()}))
        url = self._urls.get(route)
        if url is None:
            url = self._urls[route] = httpx.URL(self._base + route.path)
        return url

    async def _once(self, route: Route, request: httpx.Request, into: OpenSink | None) -> tuple[Answer, float | None]:
        try:
            async with asyncio.timeout(route.seconds) as limit:
                self._begin(limit)
                began = asyncio.get_running_loop().time()
                try:
                    response = await self._road.handle_async_request(request)
                    try:
                        self._note_time(response)
                        body = await _read(response, route.limit, into() if into and response.status_code == 200 else None)
                        self.latency.note(asyncio.get_running_loop().time() - began)
                    finally:
                        await response.aclose()
                finally:
                    self._end(limit)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, TimeoutError, OSError, Unreadable) as broken:
            # The library's words carry addresses, and its errors the request with its headers: only the kind is kept.
            log.info("%s %s broke off: %s", route.method, route.path, type(broken).__name__)
            if isinstance(broken, _NOT_YET_SENT):
                raise NotSent("mStock cannot be reached. Nothing was sent.") from None
            if route.repeat:
                raise Unreadable("mStock did not answer as it should. Try again.") from None
            raise Unclear("mStock's answer did not arrive. It may have happened; looking for it.") from None
        return Answer(response.status_code, body), retry_after(response)

    def _begin(self, limit: asyncio.Timeout) -> None:
        self._under_way.add(limit)
        self._idle.clear()

    def _end(self, limit: asyncio.Timeout) -> None:
        self._under_way.discard(limit)
        if not self._under_way:
            self._idle.set()

    def _note_time(self, response: httpx.Response) -> None:
        server_time = clock_of(response)
        if server_time is not None:
            self._elapsed = asyncio.get_running_loop().time
            self._server_times = (*self._server_times[-1:], (self._elapsed(), server_time))


def clock_of(response: httpx.Response) -> datetime | None:
    """The server's clock by its Date header. None when it has none that can be read."""
    try:
        server_time = email.utils.parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
        # The header counts whole seconds, so on average the true moment lies half a second later.
        return server_time + timedelta(seconds=0.5)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


async def _read(response: httpx.Response, limit: int, into: Sink | None) -> bytes:
    """The body, decoded. Where it streams into a sink only its first bytes are kept."""
    body = bytearray()
    size = 0
    as_sent = cast("AsyncIterable[bytes]", response.stream)  # the way round the decoders costs more than the reading
    async for chunk in response.aiter_bytes() if "content-encoding" in response.headers else as_sent:
        size += len(chunk)
        if size > limit:
            raise Unreadable("mStock's answer is far larger than any real one.")
        if into is None:
            body += chunk
        else:
            into(chunk)
            body += chunk[: max(0, 4096 - len(body))]
    return bytes(body)


def _passes(answer: Answer) -> bool:
    """Whether a read that was answered so is worth asking again."""
    if answer.http in (408, 425, 429) or answer.http >= 500:
        return True
    if answer.http < 300 and not answer.body.strip():
        return True
    if answer.body.lstrip()[:1] == b"<":
        return True
    if len(answer.body) > 4096:
        return False
    reply = envelope(answer.body)
    return reply is not None and not reply.ok and transient(reply) and "invalid session" not in reply.words.lower()


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the server wants to be left alone. None when it does not say, or says it in another way."""
    seconds = response.headers.get("retry-after", "")
    return float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 6 else None
