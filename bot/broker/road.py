"""The wire of an account's calls: httpx's requests and answers, carried by aiohttp in half the time.

It begins each request once, keeps no cookies, follows no redirect and takes nothing from the environment.
"""

import ssl
from collections.abc import AsyncIterator
from socket import AF_INET

import aiohttp
import httpx
import yarl

CONNECT = 5.0  # seconds in which a call has a connection, a free one or one that is opened, or was surely not sent
KEPT = 25.0  # seconds that an idle connection is kept
MOST = 8  # connections
_OWN = frozenset({"host", "content-length"})  # headers that aiohttp writes itself
_NOT_OURS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")  # that it would add
# Silence is bounded by the time of the whole call.
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=CONNECT, sock_connect=CONNECT, sock_read=None)


class Road(httpx.AsyncBaseTransport):
    """Raises ConnectError or ConnectTimeout where surely no byte left, and another of httpx's errors where one may have."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer's head. Its body is read from the stream."""
        headers = [(name, value) for name, value in request.headers.multi_items() if name not in _OWN]
        try:
            answer = await self._open().request(
                request.method,
                yarl.URL(str(request.url), encoded=True),
                data=request.content or None,
                headers=headers,
                skip_auto_headers=_NOT_OURS,
                allow_redirects=False,
                timeout=_TIMEOUT,
                middlewares=(_Once(),),
            )
        except aiohttp.ConnectionTimeoutError:
            raise httpx.ConnectTimeout("no connection in time") from None
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
            raise httpx.ConnectError(type(error).__name__) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:  # their words carry addresses
            raise httpx.ReadError(type(error).__name__) from None
        return httpx.Response(answer.status, headers=list(answer.raw_headers), stream=_Body(answer))

    async def aclose(self) -> None:
        """Lets go of the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # IPv4 only: the address that is registered with the broker is one (mstock-type-b.md 1.8).
            connector = aiohttp.TCPConnector(limit=MOST, keepalive_timeout=KEPT, family=AF_INET, ssl=self._tls)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
            )
        return self._session


class _Once:
    """The library sends what it takes for harmless, a change and a cancel among it, a second time where a line broke."""

    def __init__(self) -> None:
        self._begun = False

    async def __call__(self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        if self._begun:
            raise httpx.RemoteProtocolError("the line broke")
        self._begun = True
        return await send(request)


class _Body(httpx.AsyncByteStream):
    """The body as it was sent, piece by piece. A line that is left before its end is not used again."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._answer.content.iter_any():
                yield piece
        except (aiohttp.ClientError, OSError) as error:
            raise httpx.ReadError(type(error).__name__) from None

    async def aclose(self) -> None:
        self._answer.close()  # which gives a line back whose answer has ended
