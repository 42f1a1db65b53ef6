"""The door of the simulators: programs of this machine come in, and no page of another site, by whatever way it knocks."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from bot.simulators.door import HEADERS, listening

NAVIGATES = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@dataclass
class House:
    """A server whose acts are counted, and where it is."""

    port: int = 0
    acts: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Reply:
    """One raw answer."""

    status: int
    headers: Mapping[str, str]
    body: str


@asynccontextmanager
async def a_house() -> AsyncIterator[House]:
    """`/` is a page, `/act` acts by every method, `/ws` is a socket, `/broken` fails. A mounted application acts too."""
    house = House()

    async def act(request: web.Request) -> web.Response:
        house.acts.append(f"{request.method} {request.path}")
        return web.Response(text="done")

    async def socket(request: web.Request) -> web.WebSocketResponse:
        house.acts.append("socket")
        line = web.WebSocketResponse()
        await line.prepare(request)
        await line.close()
        return line

    async def broken(_: web.Request) -> web.Response:
        raise ZeroDivisionError("a secret of the program")

    app, mounted = web.Application(), web.Application()
    mounted.router.add_route("*", "/act", act)
    app.add_subapp("/exchange", mounted)
    for path in ("/", "/act"):
        app.router.add_route("*", path, act)
    app.router.add_get("/ws", socket)
    app.router.add_get("/broken", broken)
    async with listening(app, pages=frozenset({"/"})) as url:
        house.port = int(url.rpartition(":")[2])
        yield house


async def knock(house: House, raw: str) -> Reply:
    """Sends the bytes as they are and reads to the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(raw.encode("latin-1"))
    await writer.drain()
    head, _, body = (await asyncio.wait_for(reader.read(), 30)).decode("latin-1").partition("\r\n\r\n")
    writer.close()
    first, *lines = head.split("\r\n")
    return Reply(int(first.split(" ")[1]), {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}, body)


async def ask(house: House, method: str, target: str, headers: Mapping[str, str], *, host: str | None = None) -> Reply:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {house.host if host is None else host}", "Connection: close"]
    return await knock(house, "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items())]) + "\r\n\r\n")


SOCKET = {"Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
FOREIGN: list[tuple[str, str, str, dict[str, str]]] = [
    ("a form of another site", "POST", "/act", {"Origin": "http://evil.example", "Content-Type": "text/plain"}),
    ("a sandboxed frame", "POST", "/act", {"Origin": "null"}),
    ("a page on another port", "POST", "/act", {"Origin": "http://127.0.0.1:1"}),
    ("the same name over https", "POST", "/act", {"Origin": "https://{host}"}),
    ("a script of another site", "GET", "/act", {"Origin": "http://evil.example"}),
    ("a mounted application", "POST", "/exchange/act", {"Origin": "http://evil.example"}),
    ("the question before a request", "OPTIONS", "/act", {"Origin": "http://evil.example"}),
    ("a look at the headers alone", "HEAD", "/act", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}),
    ("a picture of another site", "GET", "/act", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}),
    ("a page of a sister site", "GET", "/act", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}),
    ("a link on another site", "GET", "/act", {"Sec-Fetch-Site": "cross-site", **NAVIGATES}),
    ("a link in a mail, or one that was typed", "GET", "/act", {"Sec-Fetch-Site": "none", **NAVIGATES}),
    ("a frame on another site", "GET", "/", {"Sec-Fetch-Site": "cross-site", **NAVIGATES, "Sec-Fetch-Dest": "iframe"}),
    ("a form that navigates", "POST", "/", {"Sec-Fetch-Site": "cross-site", **NAVIGATES}),
    ("a socket of another site", "GET", "/ws", {"Origin": "http://evil.example", "Connection": "Upgrade", **SOCKET}),
    ("a method nobody knows", "PROPFIND", "/act", {"Origin": "http://evil.example"}),
    ("a path that is not there", "GET", "/nothing", {"Origin": "http://evil.example"}),
    ("another server named in the line", "GET", "http://evil.example/act", {}),
    ("this server named in the line", "GET", "http://{host}/act", {}),
    ("every path at once", "OPTIONS", "*", {}),
    ("two hosts", "GET", "/act", {"host": "evil.example"}),
    ("two origins", "GET", "/act", {"Origin": "http://{host}", "origin": "http://evil.example"}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "target", "headers"), [each[1:] for each in FOREIGN], ids=[each[0] for each in FOREIGN])
async def test_a_page_of_another_site_does_nothing_here(method: str, target: str, headers: dict[str, str]) -> None:
    async with a_house() as house:
        filled = {name: value.format(host=house.host) for name, value in headers.items()}
        reply = await ask(house, method, target.format(host=house.host), filled)
        assert reply.status in (400, 403)
        assert house.acts == []
        assert {name: reply.headers.get(name.lower()) for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]", "[", "", "evil.example@127.0.0.1"]
)
async def test_a_foreign_name_for_this_machine_reads_and_does_nothing(host: str) -> None:
    async with a_house() as house:
        for path in ("/", "/act", "/exchange/act", "/ws"):
            named = host if host != "evil.example@127.0.0.1" else "127.0.0.1@evil.example"
            assert (await ask(house, "GET", path, {}, host=named)).status in (400, 403)
        assert house.acts == []


async def test_a_program_that_is_no_browser_comes_in_by_every_method_and_over_the_socket() -> None:
    async with a_house() as house, aiohttp.ClientSession(f"http://{house.host}") as program:
        for method in ("GET", "POST", "PUT", "DELETE"):
            async with program.request(method, "/act") as answer:
                assert answer.status == 200
        async with program.ws_connect("/ws"):
            pass
        # A library for sockets that names the server itself as the origin is none the worse for it.
        async with program.ws_connect("/ws", origin=f"http://{house.host}"):
            pass
        assert house.acts == ["GET /act", "POST /act", "PUT /act", "DELETE /act", "socket", "socket"]


async def test_its_own_page_comes_in_and_a_link_leads_to_the_page_alone() -> None:
    async with a_house() as house:
        own = {"Origin": f"http://{house.host}", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
        assert (await ask(house, "POST", "/act", own)).status == 200
        for site in ("cross-site", "none"):
            assert (await ask(house, "GET", "/", {"Sec-Fetch-Site": site, **NAVIGATES})).status == 200
        assert house.acts == ["POST /act", "GET /", "GET /"]


@pytest.mark.parametrize(
    "raw",
    [
        "GET /?secret-of-a-person HTTP/9.9\r\nHost: x\r\n\r\n",
        "secret-of-a-person\r\n\r\n",
        "GET / HTTP/1.1\r\nsecret-of-a-person\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: secret-of-a-person\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\nX: secret-of-a-person\r\n\r\n",
        "GET /" + "secret-of-a-person" * 2000 + " HTTP/1.1\r\n\r\n",
        "GET /broken HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX: secret-of-a-person\r\n\r\n",
    ],
)
async def test_what_cannot_be_read_is_answered_like_everything_else_and_not_repeated(raw: str) -> None:
    async with a_house() as house:
        reply = await knock(house, raw)
        assert reply.status in (400, 403, 500)
        assert {name: reply.headers.get(name.lower()) for name in HEADERS} == HEADERS
        assert "secret" not in reply.body
        assert "aiohttp" not in f"{reply.headers}{reply.body}"
