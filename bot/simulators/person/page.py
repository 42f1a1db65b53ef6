"""The same person in a browser: one static page, server-sent events out, words, taps and deletions in.

The page shows one person's chat and, beside it, the exchange's control desk. It is served on loopback only and it can move
(paper) money, so it trusts no other site: see bot/simulators/door.py. It speaks to four paths of its own,

    GET  /            the page; its parts under /static/
    GET  /config      names, the desk's address, the time
    GET  /chat/events server-sent events: first one `history` with the whole chat, then each change as it happens
    POST /chat/say    {"text", "reply_to"?}      POST /chat/tap    {"message_id", "data"}
    POST /chat/remove {"message_id"}
    GET  /clock       the time, and until when the clock runs ahead
    POST /clock       {"shift": seconds}: runs ahead, answers on arrival      DELETE /clock     stops it on the way
    POST /hours       {"hours": "always" or "real"}: whether the market ever closes

and, on the same origin, to the exchange's control desk, whose base path it is told. A stream that breaks is opened again by the
browser and begins with the whole chat again, so nothing has to be numbered or kept for stragglers.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeGuard

from aiohttp import web

from bot.simulators.telegram.chat.chats import Person
from bot.simulators.telegram.errors import PersonError

STATIC: Final = Path(__file__).parent / "static"
CONTENT_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
HEARTBEAT: Final = 15.0  # seconds; a silent line is how a browser's end goes unnoticed

FURTHEST_SHIFT: Final = 7 * 86_400  # seconds

_CLOSING: Final = web.AppKey("closing", asyncio.Event)


class PageError(web.HTTPException):
    """A request that the page's own script would not have made, answered as JSON with words."""

    def __init__(self, words: str) -> None:
        super().__init__(text=json.dumps({"error": words}), content_type="application/json")


class Refused(PageError):
    """No JSON."""

    status_code = 403


class BadRequest(PageError):
    """Words of the wrong shape."""

    status_code = 400


class Gone(PageError):
    """What the chat would not take: most often the message or button is gone."""

    status_code = 409


@dataclass(slots=True, kw_only=True)
class Page:
    """The page of one person's private chat. `add_to` puts it at the root of an application.

    `desk` is the base path of the exchange's control desk on the same origin. `shift` moves the demo's clock forward by
    seconds and returns when everything in between has happened. Cancelled, it leaves the clock where it has come to.
    `keep_hours` sets the market's hours, which starts the bot and the exchange anew. None where that cannot be done.
    """

    person: Person
    desk: str
    shift: Callable[[float], Coroutine[Any, Any, None]]
    keep_hours: Callable[[str], None] | None = None
    _run: "asyncio.Task[None] | None" = field(default=None, init=False)
    _until: datetime | None = field(default=None, init=False)

    def add_to(self, app: web.Application) -> None:
        """Routes at the root. Streams end when the application shuts down, so that it need not wait for browsers."""
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/static/{name}", self._part),
                web.get("/config", self._config),
                web.get("/chat/events", self._events),
                web.post("/chat/say", self._say),
                web.post("/chat/tap", self._tap),
                web.post("/chat/remove", self._remove),
                web.get("/clock", self._clock),
                web.post("/clock", self._shift),
                web.delete("/clock", self._stop),
                web.post("/hours", self._set_hours),
            ]
        )
        app[_CLOSING] = asyncio.Event()
        app.on_shutdown.append(self._end)

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return _file("index.html")

    async def _part(self, request: web.Request) -> web.StreamResponse:
        return _file(request.match_info["name"])

    async def _config(self, _: web.Request) -> web.StreamResponse:
        switch = self.keep_hours is not None
        return _json({"bot": self.person.chats.bot.name, "desk": self.desk, "now": self._now(), "hours_switch": switch})

    async def _say(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        text, reply_to = body.get("text"), body.get("reply_to")
        if not isinstance(text, str) or not (reply_to is None or _is_id(reply_to)):
            raise BadRequest("text, or the message to reply to, is missing")
        with _refusals("Not sent: a message has 1 to 4096 characters, and what it replies to must still be there."):
            self.person.say(text, reply_to)
        return _json({})

    async def _tap(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        message_id, data = body.get("message_id"), body.get("data")
        if not _is_id(message_id) or not isinstance(data, str):
            raise BadRequest("message_id or data is missing")
        with _refusals("That button is gone."):
            self.person.tap(message_id, data)
        return _json({})

    async def _remove(self, request: web.Request) -> web.StreamResponse:
        message_id = (await _body(request)).get("message_id")
        if not _is_id(message_id):
            raise BadRequest("message_id is missing")
        with _refusals("That message is gone already."):
            self.person.remove(message_id)
        return _json({})

    async def _clock(self, _: web.Request) -> web.StreamResponse:
        return _json({"now": self._now(), "until": self._until.isoformat() if self._until is not None else None})

    async def _shift(self, request: web.Request) -> web.StreamResponse:
        seconds = (await _body(request)).get("shift")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= FURTHEST_SHIFT:
            raise BadRequest("shift is seconds forward, a week at most")
        if self._run is not None:
            raise Gone("The clock runs ahead already.")
        self._until = self.person.chats.clock.now() + timedelta(seconds=seconds)
        self._run = asyncio.create_task(self.shift(float(seconds)), name="clock that runs ahead")
        try:
            await asyncio.wait({self._run})
            if not self._run.cancelled():
                self._run.result()
        finally:
            self._run = self._until = None
        return await self._clock(request)

    async def _stop(self, request: web.Request) -> web.StreamResponse:
        if self._run is not None:
            self._run.cancel()
            await asyncio.wait({self._run})
        return await self._clock(request)

    async def _set_hours(self, request: web.Request) -> web.StreamResponse:
        hours = (await _body(request)).get("hours")
        if hours not in ("always", "real"):
            raise BadRequest("hours are always or real")
        if self.keep_hours is None:
            raise Gone("The hours of this market cannot be changed from here.")
        self.keep_hours(hours)
        return _json({})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        events = self.person.events()  # from here on nothing is missed, so the history, taken later, leaves no gap
        following = asyncio.ensure_future(anext(events))
        closing = asyncio.ensure_future(request.app[_CLOSING].wait())
        try:
            await stream.prepare(request)
            await stream.write(b"retry: 1000\n" + _event(self._history()))
            while not closing.done():
                await asyncio.wait({following, closing}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
                if following.done():
                    await stream.write(_event(following.result()))
                    following = asyncio.ensure_future(anext(events))
                else:
                    await stream.write(b":\n\n")
        except (ConnectionResetError, StopAsyncIteration):
            pass  # the browser went away, or the chat closed
        finally:
            closing.cancel()
            following.cancel()
            await asyncio.gather(following, closing, return_exceptions=True)
        return stream

    def _history(self) -> Mapping[str, Any]:
        return {
            "type": "history",
            "messages": self.person.history(),
            "commands": self.person.menu(),
            "now": self._now(),
        }

    async def _end(self, app: web.Application) -> None:
        app[_CLOSING].set()
        if self._run is not None:
            self._run.cancel()

    def _now(self) -> str:
        return self.person.chats.clock.now().isoformat()


def _file(name: str) -> web.StreamResponse:
    """One file of the page. Only names that stand in its folder are known, so there is no path to climb."""
    known = {path.name: path for path in STATIC.iterdir()}
    if name not in known:
        raise web.HTTPNotFound
    path = known[name]
    return web.Response(body=path.read_bytes(), content_type=CONTENT_TYPES[path.suffix], charset="utf-8")


def _json(value: Mapping[str, Any]) -> web.StreamResponse:
    return web.json_response(value)


def _event(value: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


async def _body(request: web.Request) -> dict[str, Any]:
    """The request's JSON object. A form of another site cannot claim this content type without being asked first."""
    if request.content_type != "application/json":
        raise Refused("send JSON")
    try:
        body = await request.json()
    except ValueError as error:
        raise BadRequest("that is no JSON") from error
    if not isinstance(body, dict):
        raise BadRequest("send a JSON object")
    return body


def _is_id(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


@contextmanager
def _refusals(words: str) -> Iterator[None]:
    """What the chat refuses the person, in words for them."""
    try:
        yield
    except PersonError as error:
        raise Gone(words) from error
