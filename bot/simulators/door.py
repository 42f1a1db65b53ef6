"""The guard before the simulators: they listen on loopback, and what a browser on this machine can be made to send is refused.

Every page that a browser shows may knock at loopback. So a request must name this machine (a foreign name that resolves to
127.0.0.1 is DNS rebinding), its origin, where it has one, must be this server, and a link that somebody follows leads to the
server's own pages and nowhere else. Programs send neither `Origin` nor `Sec-Fetch-Site` and come in by every route.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
# Nothing inline, nothing from elsewhere, no frame around it, and no string ever becomes markup (trusted types without a policy).
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "-",
}

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def listening(app: web.Application, *, port: int = 0, pages: frozenset[str] = frozenset()) -> AsyncIterator[str]:
    """Serves an application on 127.0.0.1 behind the guard. Returns the address without a slash at the end.

    `pages` are the paths that a link may lead to. The guard stands before what is mounted in the application, too.
    """

    @web.middleware
    async def guard(request: web.Request, handler: _Handler) -> web.StreamResponse:
        why = _against(request, pages)
        return web.json_response({"error": why}, status=403) if why else await handler(request)

    app.middlewares.append(guard)
    app.on_response_prepare.append(_dress)
    # Polls that wait when the server ends are not waited for.
    runner, loop = web.AppRunner(app, shutdown_timeout=0.1), asyncio.get_running_loop()
    await runner.setup()
    assert runner.server is not None  # noqa: S101 - setup made it
    connect = partial(_Connection, runner.server, loop=loop)
    try:
        server = await loop.create_server(connect, "127.0.0.1", port)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
    finally:
        await runner.cleanup()


class _Connection(web.RequestHandler):
    """One connection, whose requests that cannot be read are answered like all others."""

    __slots__ = ()

    def __init__(self, manager: web.Server, *, loop: asyncio.AbstractEventLoop) -> None:
        # Idle connections are kept (virtual hours pass in moments), and addresses with tokens are not logged.
        super().__init__(manager, loop=loop, access_log=None, keepalive_timeout=1e6)  # type: ignore[arg-type]  # None: no log

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        response = super().handle_error(request, status, exc)  # the message would repeat what was sent
        response.headers.update(HEADERS)
        return response


async def _dress(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def _against(request: web.Request, pages: frozenset[str]) -> str:
    """Why the request is refused. Empty when it may come in. The port is not compared: a tunnel may give it another one."""
    hosts = request.headers.getall(hdrs.HOST, [])
    # A line that names a server of its own goes before Host.
    if len(hosts) != 1 or _name_of(hosts[0]) not in LOOPBACK or not request.raw_path.startswith("/"):
        return "this server answers to 127.0.0.1 and localhost only"
    if any(origin != f"http://{hosts[0]}" for origin in request.headers.getall(hdrs.ORIGIN, [])):
        return "another site may not speak for you"
    site = request.headers.get("Sec-Fetch-Site", "none")
    navigates = request.headers.get("Sec-Fetch-Mode") == "navigate"
    if site == "same-origin" or (site == "none" and not navigates):
        return ""
    to_a_page = request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "document" and request.path in pages
    return "" if navigates and to_a_page else "another site may not speak for you, and a link leads to the page alone"


def _name_of(host: str) -> str:
    """The name in a `Host` header, without its port. Empty when it cannot be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
