"""One aiohttp application: the bot's door `/bot<token>/<method>` and `/file/bot<token>/...`, the people's door `/person/...`.

    GET  /person/<id>/history?after=<event>&wait=<seconds>   {"event": number, "messages": [...]}
    POST /person/<id>/say     {"text", "reply_to"?}          POST /person/<id>/tap     {"message_id", "data"}
    POST /person/<id>/edit    {"message_id", "text"}         POST /person/<id>/remove  {"message_id"}
    GET  /person/file/<file id>

Other applications (the paper exchange, the page) can be mounted beside it under one port.
"""

import asyncio
import base64
import random
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import BodyPartReader, hdrs, web

from bot.simulators.door import listening
from bot.simulators.telegram.bot_api.api import BotApi
from bot.simulators.telegram.bot_api.attachments import LARGEST_UPLOAD
from bot.simulators.telegram.bot_api.calls import Call, Upload
from bot.simulators.telegram.chat.chats import Chats, Person
from bot.simulators.telegram.errors import ApiError, PersonError
from bot.simulators.telegram.faults import Fault
from bot.simulators.telegram.flood_limits import FloodLimits

BOT_ID: Final = 7_000_000_001
_WELL_FORMED: Final = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{30,80}")
_ROOM_FOR_FIELDS: Final = 1024 * 1024  # bytes beside the file itself
_FOR_EVER: Final = 86_400.0  # seconds; a client that hangs has long given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One call that reached the bot's door, for tests that count."""

    at: float
    method: str
    params: Mapping[str, Any]
    #: The HTTP status answered; 0 when the connection ended without an answer.
    status: int


def new_token(chance: random.Random) -> str:
    """A token of the demo's bot that nobody else knows. The bot's id, by which it is known again, stays the same."""
    return f"{BOT_ID}:{base64.urlsafe_b64encode(chance.randbytes(27)).decode()}"


class DemoServer:
    """The two doors over the chats."""

    def __init__(self, chats: Chats, *, token: str, flood_limits: FloodLimits | None = None) -> None:
        self.chats = chats
        self.token = token
        #: The last calls served, oldest first.
        self.served: deque[Served] = deque(maxlen=10_000)
        self._api = BotApi(chats)
        self._flood_limits = flood_limits
        chats.bot.id = int(token.partition(":")[0])

    def application(self) -> web.Application:
        """The routes. Mount it at the root, for the bot's library composes its addresses so."""
        app = web.Application(client_max_size=LARGEST_UPLOAD + _ROOM_FOR_FIELDS)
        app.router.add_route("*", "/bot{token}/{method}", self._bot)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        app.router.add_get("/person/file/{file_id}", self._persons_file)
        app.router.add_get("/person/{user_id:[0-9]+}/history", self._history)
        app.router.add_post("/person/{user_id:[0-9]+}/{act}", self._act)
        return app

    def sent(self, method: str) -> list[Served]:
        """The calls of one method, whatever became of them."""
        return [each for each in self.served if each.method.lower() == method.lower()]

    async def _bot(self, request: web.Request) -> web.StreamResponse:
        if self.chats.faults.down:
            return _cut(request)
        self._check(request)
        call = await read(request)
        fault = self.chats.faults.take(call.method)
        try:
            response = await self._answer(call, fault)
        except ApiError as error:
            response = _refusal(error)
        self.served.append(
            Served(
                at=asyncio.get_running_loop().time(),
                method=call.method,
                params=call.params,
                status=response.status if response else 0,
            )
        )
        # An outage that began while a poll waited swallows its answer too.
        return _cut(request) if response is None or self.chats.faults.down else response

    async def _answer(self, call: Call, fault: Fault | None) -> web.Response | None:
        """The answer, or nothing when the connection is to end without one."""
        name = fault.name if fault else ""
        seconds = fault.seconds if fault else 0.0
        if name == "dropped":
            return None
        if name == "bad_gateway":
            page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
            return web.Response(status=502, text=page, content_type="text/html")
        if name in _REFUSALS:
            status, words = _REFUSALS[name]
            after = max(1, round(seconds)) if name == "flood" else None
            raise ApiError(status, words.format(seconds=after), retry_after=after)
        if name == "slow":
            await asyncio.sleep(seconds)
        if self._flood_limits is not None and call.method.lower().startswith(("send", "edit")):
            self._flood_limits.step(call.number("chat_id"), asyncio.get_running_loop().time())
        result = await self._api.call(call)
        if name == "hanging":
            await asyncio.sleep(_FOR_EVER)
        return None if name == "lost_answer" else web.json_response({"ok": True, "result": result})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        path = request.match_info["path"]
        file = next((each for each in self.chats.state.files.values() if each.path == path), None)
        if file is None:
            return _refusal(ApiError(404, "Not Found"))
        return web.Response(body=file.content, content_type="application/octet-stream")

    def _check(self, request: web.Request) -> None:
        token = request.match_info["token"]
        if not _WELL_FORMED.fullmatch(token):
            raise web.HTTPNotFound(
                text='{"ok":false,"error_code":404,"description":"Not Found"}', content_type="application/json"
            )
        if token != self.token:
            raise web.HTTPUnauthorized(
                text='{"ok":false,"error_code":401,"description":"Unauthorized"}', content_type="application/json"
            )

    # The people's door

    async def _history(self, request: web.Request) -> web.StreamResponse:
        person = self._person(request)
        after = int(request.query.get("after", "-1"))
        wait = min(float(request.query.get("wait", "0")), 60.0)
        try:
            async with asyncio.timeout(wait):
                while self.chats.event_number <= after:
                    await self.chats.change()
        except TimeoutError:
            pass
        return web.json_response({"event": self.chats.event_number, "messages": person.history()})

    async def _act(self, request: web.Request) -> web.StreamResponse:
        # A foreign page cannot send this content type without asking first, and nobody answers that question.
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType(text="send application/json")
        person = self._person(request)
        try:
            body = await request.json()
            result = _do(person, request.match_info["act"], body)
        except PersonError as error:
            return web.json_response({"error": str(error)}, status=409)
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"cannot read that: {error}"}, status=400)
        return web.json_response(result)

    async def _persons_file(self, request: web.Request) -> web.StreamResponse:
        file = self.chats.state.files.get(request.match_info["file_id"])
        if file is None:
            raise web.HTTPNotFound
        # Only pictures are shown in place; anything else is offered as a download and never as a page.
        headers = {} if file.width else {hdrs.CONTENT_DISPOSITION: "attachment"}
        mime = file.mime if file.width and file.mime.startswith("image/") else "application/octet-stream"
        return web.Response(body=file.content, content_type=mime, headers=headers)

    def _person(self, request: web.Request) -> Person:
        user_id = int(request.match_info["user_id"])
        if self.chats.chat(user_id) is None:
            raise web.HTTPNotFound(text="nobody of that number is here")
        return self.chats.person(user_id)


_REFUSALS: Final[Mapping[str, tuple[int, str]]] = {
    "flood": (429, "Too Many Requests: retry after {seconds}"),
    "server_error": (500, "Internal Server Error"),
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "chat_not_found": (400, "Bad Request: chat not found"),
    "revoked": (401, "Unauthorized"),
    "conflict": (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    ),
}


def _do(person: Person, act: str, body: Mapping[str, Any]) -> Any:
    match act:
        case "say":
            return person.say(str(body["text"]), body.get("reply_to"))
        case "tap":
            return {"query_id": person.tap(int(body["message_id"]), str(body["data"]))}
        case "edit":
            return person.edit(int(body["message_id"]), str(body["text"]))
        case "remove":
            person.remove(int(body["message_id"]))
            return {}
        case _:
            raise PersonError(f"a person cannot {act}")


def _refusal(error: ApiError) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": error.status, "description": error.words}
    if error.retry_after is not None:
        body["parameters"] = {"retry_after": error.retry_after}
    return web.json_response(body, status=error.status)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # nobody is left to read it


async def read(request: web.Request) -> Call:
    """A call from any of the ways Telegram takes: query, form, multipart with files, JSON."""
    params: dict[str, Any] = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.content_type == "application/json":
        try:
            params |= await request.json()
        except ValueError:
            params = {}
    elif request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or not part.name:
                continue
            content = await part.read(decode=True)
            if part.filename is None:
                params[part.name] = bytes(content).decode()
            else:
                mime = part.headers.get(hdrs.CONTENT_TYPE, "application/octet-stream")
                uploads[part.name] = Upload(name=part.filename, mime=mime, content=bytes(content))
    elif request.can_read_body:
        params |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return Call(method=request.match_info["method"], params=params, uploads=uploads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A server that runs: `url` without a slash at the end, and the two base addresses for the bot's library."""

    url: str
    token: str
    server: DemoServer

    @property
    def base_url(self) -> str:
        """The token is put right behind it."""
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        """The token is put right behind it."""
        return f"{self.url}/file/bot"


@asynccontextmanager
async def serve(
    chats: Chats,
    *,
    token: str = f"{BOT_ID}:a-token-of-nobody-but-this-server",
    port: int = 0,
    mounts: Mapping[str, web.Application] | None = None,
    extend: Iterable[Callable[[web.Application], None]] = (),
    flood_limits: FloodLimits | None = None,
) -> AsyncIterator[Serving]:
    """Serve on 127.0.0.1 (a free port by default) until the block ends.

    `mounts` are applications that hang beside it under their path. `extend` is given the whole application before it
    starts (the page's `add_to`). `flood_limits` makes Telegram count the messages.
    """
    server = DemoServer(chats, token=token, flood_limits=flood_limits)
    app = server.application()
    for path, mounted in (mounts or {}).items():
        app.add_subapp(path, mounted)
    for add_to in extend:
        add_to(app)
    async with listening(app, port=port) as url:
        yield Serving(url=url, token=token, server=server)
