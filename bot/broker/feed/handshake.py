"""Opens an account's socket: its address with two secrets, verified TLS, no redirect, nothing from the environment."""

import asyncio
import ssl
from socket import AF_INET
from urllib.parse import quote

import aiohttp
import yarl

from bot.domain.errors import Unreadable
from bot.domain.people.secret import Secret

LARGEST_FRAME = 1024 * 1024
_OPEN_SECONDS = 10.0
_PING_SECONDS = 20.0


class HandshakeRefused(Unreadable):
    """The handshake was answered with a status instead of a socket."""


def feed_url(base: str, key: Secret, token: Secret, *, raw: bool = False) -> Secret:
    """The socket's address, which holds two secrets (14.1): made here, opened once, and in nobody's log.

    raw leaves the key as it is. Sources disagree on which the server wants.
    """
    first, second = (text if raw else quote(text, safe="") for text in (key.reveal(), token.reveal()))
    return Secret(f"{base}?API_KEY={first}&ACCESS_TOKEN={second}")


async def _stay_here(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """A handshake is never led to another server, which the library would do: what follows it is the session's token."""
    response = await send(request)
    if 300 <= response.status < 400:
        response.close()
        raise aiohttp.WSServerHandshakeError(response.request_info, (), status=response.status)
    return response


def socket_session(tls: ssl.SSLContext | None) -> aiohttp.ClientSession:
    """What all accounts' sockets are opened with: IPv4 alone, no cookies, no redirects, nothing taken from the environment."""
    return aiohttp.ClientSession(
        # limit 0: the library would stop at a hundred sockets, and each account needs one
        connector=aiohttp.TCPConnector(family=AF_INET, ssl=tls or True, force_close=True, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        middlewares=(_stay_here,),
    )


async def open_socket(
    http: aiohttp.ClientSession, base: str, key: Secret, token: Secret, *, tls: ssl.SSLContext | None, raw: bool
) -> aiohttp.ClientWebSocketResponse:
    """A socket in ten seconds, or HandshakeRefused, or Unreadable where none could be made."""
    url = feed_url(base, key, token, raw=raw)
    try:
        async with asyncio.timeout(_OPEN_SECONDS):
            return await http.ws_connect(
                yarl.URL(url.reveal(), encoded=True),
                ssl=tls or True,
                heartbeat=_PING_SECONDS,
                max_msg_size=LARGEST_FRAME,
                timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
            )
    except aiohttp.WSServerHandshakeError as refused:
        # Its words hold the address, and the address the token: only the status goes on.
        status = refused.status
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as broken:
        raise Unreadable(f"no socket ({type(broken).__name__})") from None
    raise HandshakeRefused(f"the socket was refused (HTTP {status})")
