"""Telegram's calls over aiohttp, which carries one in about half of httpx's time (telegram.md, Speed)."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import aiohttp
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECT, UPLOAD, POOL = 10.0, 20.0, 5.0  # seconds
KEPT = 300.0  # seconds that an idle connection is kept
LOST = "The line broke before the answer came"
_FORM = "application/x-www-form-urlencoded"


class TelegramHttp(BaseRequest):
    """One pool of kept connections. No proxy or .netrc of the host stands between us and Telegram (T22)."""

    def __init__(
        self, *, connections: int, read: float, tls: ssl.SSLContext | None = None, measured: Callable[[float], None] | None = None
    ) -> None:
        """read: seconds of silence after which a call has failed. tls: whom to trust. None: whom this host trusts.

        measured: told how many seconds each answer took.
        """
        self._measured = measured or _nobody
        self._connections = connections
        self._read = read
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return self._read

    async def initialize(self) -> None:
        """Opens the pool. A second call does nothing."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEPT, ssl=self._tls or True),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
                trust_env=False,
            )

    async def shutdown(self) -> None:
        """Closes the pool."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(  # noqa: PLR0917 - the library's own signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One call. Its errors never carry the address in their words, for the token is part of it.

        After TimedOut, and a NetworkError whose words are LOST, the call may have been done. After any other it was not.
        """
        if self._session is None:
            raise RuntimeError("the wire is not open")
        body, headers = _body(request_data)
        connect, silence = _or(connect_timeout, CONNECT), _or(read_timeout, self._read)
        if request_data is not None and request_data.contains_files:  # the silence counts from before the file has left
            silence += _or(write_timeout, UPLOAD)
        timeout = aiohttp.ClientTimeout(
            total=None, connect=_or(pool_timeout, POOL) + connect, sock_connect=connect, sock_read=silence
        )
        began = asyncio.get_running_loop().time()
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                content = await answer.read()
                self._measured(asyncio.get_running_loop().time() - began)
                return answer.status, content
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NetworkError(type(error).__name__) from None
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NetworkError(f"{LOST} ({type(error).__name__})") from None


def _nobody(_seconds: float) -> None:
    return


def _body(data: RequestData | None) -> tuple[str | aiohttp.FormData | None, dict[str, str]]:
    if data is None:
        return None, {}
    if not data.contains_files:
        return urlencode(data.json_parameters), {"Content-Type": _FORM}
    form = aiohttp.FormData(data.json_parameters)
    for name, (filename, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form, {}


def _or(value: object, usual: float) -> float:
    """Seconds. What the library passes where nobody named a figure is an object of its own."""
    return float(value) if isinstance(value, int | float) else usual
