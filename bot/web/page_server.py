"""The server behind the page: who may speak to it, and how a form is read.

It answers one path. A request must name the address's own host (DNS rebinding), a form must come from the page itself
(another site's cannot), and where the address is https the proxy must say that the browser used it. Whatever is wrong
with a request, nothing of it is echoed and nothing of it is logged.
"""

import asyncio
import hmac
import logging
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from urllib.parse import SplitResult

from aiohttp import web

from bot.domain.clock import ist
from bot.domain.people.secret import Secret
from bot.domain.people.secret_entry import Entered, EntryKind, Outcome, Ticket
from bot.domain.value import value
from bot.trading.sessions.secret_entry import SecretEntry
from bot.web import html

LARGEST = 8 * 1024  # bytes of a form
LONGEST = 200  # characters of a field
REMEMBERED = 8  # codes that were tried
PATIENCE = 10.0  # seconds for a form to arrive
SHUTDOWN = 2.0  # seconds for an answer that is on its way when the page closes
FIELDS = {
    EntryKind.LINK: frozenset({"client_code", "api_key", "password", "totp_seed", "code"}),
    EntryKind.LOGIN: frozenset({"code"}),
}
HEADERS = {
    "Content-Security-Policy": html.POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "Server": "-",
}
STRICTLY_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}

_SIX = re.compile(r"[0-9]{6}")
DEFAULT_PORT = {"http": 80, "https": 443}
_NOT_OPEN = "This link is not open any more, or it never was. Ask for a new one in the chat."


@value
class _Tried:
    """What was sent with a code, as a mark that only the same form has, and what comes of it."""

    kind: EntryKind
    mark: bytes
    outcome: asyncio.Task[Outcome]


class PageServer:
    """Answers requests for the page at `url`, while it listens. What is typed there goes to `entry`."""

    def __init__(self, url: SplitResult, entry: SecretEntry) -> None:
        self._url = url
        self._entry = entry
        self._headers = HEADERS | (STRICTLY_HTTPS if url.scheme == "https" else {})
        self._listener: tuple[asyncio.Server, web.Server] | None = None
        self._tried: OrderedDict[str, _Tried] = OrderedDict()  # by code, the last few

    @property
    def listens(self) -> bool:
        return self._listener is not None

    async def listen(self, host: str, port: int) -> None:
        """Begins to answer. Raises OSError where the port is taken or not ours to take."""
        loop = asyncio.get_running_loop()
        server = web.Server(self._answer, request_factory=partial(web.BaseRequest, loop=loop, client_max_size=LARGEST))
        connection = partial(_Connection, server, loop=loop, headers=self._headers)
        self._listener = await loop.create_server(connection, host, port), server

    async def close(self) -> None:
        """Ends it, with what is being answered."""
        if self._listener is not None:
            (listener, server), self._listener = self._listener, None
            listener.close()
            server.pre_shutdown()
            await server.shutdown(SHUTDOWN)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        response = await self._answered(request)
        response.headers.update(self._headers)
        return response

    async def _answered(self, request: web.BaseRequest) -> web.Response:
        why = self._against(request)
        if why:
            return _page(403, "Not from here", why)
        if request.path != (self._url.path or "/") or request.method not in ("GET", "POST"):
            return _page(404, "Nothing here", _NOT_OPEN)
        try:
            return await (self._show(request) if request.method == "GET" else self._take(request))
        except web.HTTPException as error:  # aiohttp's own pages repeat the request
            return _page(error.status, "Nothing here", _NOT_OPEN)

    def _against(self, request: web.BaseRequest) -> str:
        """Says why this request is not the page's own. Empty: it may be."""
        headers = request.headers
        # A line that names a server of its own goes before Host.
        if headers.getall("Host", []) != [_host(self._url)] or not request.raw_path.startswith("/"):
            return "This page answers to its own address only."
        if self._url.scheme == "https" and headers.getall("X-Forwarded-Proto", []) != ["https"]:
            return "This page answers over https only."
        site = headers.get("Sec-Fetch-Site", "none")
        if request.method == "GET":
            followed = headers.get("Sec-Fetch-Dest", "document") == "document" and headers.get("Sec-Fetch-Mode") in (
                None,
                "navigate",
            )
            return "" if site in ("none", "same-origin") or followed else "Another site may not speak for you."
        origin = headers.getall("Origin", [])
        # A page that sends no referrer has no origin to name in its form; then only the browser's own word counts.
        own = origin == [f"{self._url.scheme}://{_host(self._url)}"] and site in ("none", "same-origin")
        return "" if own or (origin == ["null"] and site == "same-origin") else "Another site may not speak for you."

    async def _show(self, request: web.BaseRequest) -> web.Response:
        ticket = self._ticket(request)
        if ticket is None:
            return _page(404, "Nothing here", _NOT_OPEN)
        return _html(200, html.form(ticket, until=f"{ist(ticket.until):%H:%M} IST"))

    async def _take(self, request: web.BaseRequest) -> web.Response:
        ticket, code = self._ticket(request), request.query.get("code", "")
        kind = ticket.kind if ticket is not None else self._tried[code].kind if code in self._tried else None
        if kind is None:
            return _page(404, "Nothing here", _NOT_OPEN)
        odd = any(name in request.headers for name in ("Content-Encoding", "Expect"))
        if request.content_type != "application/x-www-form-urlencoded" or odd:
            return _page(415, "Not a form", "The page's own form is the only way to send something here.")
        try:
            async with asyncio.timeout(PATIENCE):
                form = await request.post()
        except (TimeoutError, ValueError):
            return _page(400, "Not a form", "The form did not arrive whole. Nothing was tried.")
        entered, problem = _read(kind, [(name, value) for name, value in form.items() if isinstance(value, str)])
        tried = self._tried.get(code)
        if tried is None:
            if ticket is None:
                return _page(404, "Nothing here", _NOT_OPEN)
            if entered is None:
                return _html(422, html.form(ticket, until=f"{ist(ticket.until):%H:%M} IST", problem=problem))
            # From here the code is spent. A browser that goes away does not end a login half-way.
            enter = asyncio.create_task(self._entry.enter(code, entered), name="what was typed on the page")
            tried = self._tried[code] = _Tried(kind=kind, mark=_mark(code, entered), outcome=enter)
            while len(self._tried) > REMEMBERED:
                self._tried.popitem(last=False)
        elif entered is None or not hmac.compare_digest(tried.mark, _mark(code, entered)):
            return _page(404, "Nothing here", _NOT_OPEN)
        # A double click sends the form twice, and a browser shows what the second one is answered.
        outcome = await asyncio.shield(tried.outcome)
        return _page(200 if outcome.done else 409, "Done" if outcome.done else "It did not work", outcome.say)

    def _ticket(self, request: web.BaseRequest) -> Ticket | None:
        codes = request.query.getall("code", [])
        return self._entry.ticket(codes[0]) if len(codes) == 1 else None


class _Connection(web.RequestHandler):
    """One connection, whose requests that cannot be read are answered like all others."""

    __slots__ = ("_page_headers",)

    def __init__(self, manager: web.Server, *, loop: asyncio.AbstractEventLoop, headers: Mapping[str, str]) -> None:
        super().__init__(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None: no log
            logger=_silence(),
            keepalive_timeout=15,
            auto_decompress=False,
        )
        self._page_headers = headers

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        response = super().handle_error(request, status, exc)  # the message would repeat what was sent
        response.headers.update(self._page_headers)
        return response


def _silence() -> logging.Logger:
    """aiohttp would log what it could not read, which is somebody else's text."""
    quiet = logging.getLogger("aiohttp.page")
    quiet.setLevel(logging.CRITICAL)
    return quiet


def _read(kind: EntryKind, pairs: list[tuple[str, str]]) -> tuple[Entered | None, str]:
    """Reads the fields, or says what is wrong with them. Nothing is tried with a form that cannot succeed."""
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)) or not FIELDS[kind].issuperset(names):
        return None, "These are not the fields of this page."
    typed = {name: value.strip() for name, value in pairs if value.strip()}
    if any(len(value) > LONGEST or not value.isprintable() for value in typed.values()):
        return None, "A field holds more than it can, or something that cannot be typed."
    if "totp_seed" in typed:
        typed["totp_seed"] = typed["totp_seed"].replace(" ", "").replace("-", "").upper()
        if not re.fullmatch(r"[A-Z2-7]{16,128}=*", typed["totp_seed"]):
            return None, "A TOTP seed is a run of the letters A to Z and the digits 2 to 7."
    if "code" in typed and not _SIX.fullmatch(typed["code"]):
        return None, "The code is six digits."
    if kind is EntryKind.LOGIN and "code" not in typed:
        return None, "The code is six digits."
    if kind is EntryKind.LINK:
        if not {"client_code", "api_key", "password"} <= typed.keys():
            return None, "Client code, API key and password are all needed."
        if "totp_seed" not in typed and "code" not in typed:
            return None, "Without a TOTP seed the six digits of now are needed."
    return Entered(**{name: Secret(value) for name, value in typed.items()}), ""


def _mark(code: str, entered: Entered) -> bytes:
    typed = [(field.name, secret.reveal()) for field in fields(entered) if (secret := getattr(entered, field.name)) is not None]
    return hmac.digest(code.encode(), repr(typed).encode(), "sha256")


def _page(status: int, title: str, say: str) -> web.Response:
    return _html(status, html.message(title, say))


def _html(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", charset="utf-8")


def _host(url: SplitResult) -> str:
    """The host as a browser writes it: without the scheme's own port."""
    name = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname or ""
    return name if url.port in (None, DEFAULT_PORT[url.scheme]) else f"{name}:{url.port}"
