"""The counter where REST calls are taken: headers, session, faults before and after, the answer put on the wire."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.paper.books import show
from bot.paper.broker import PaperBroker
from bot.paper.errors import Refusal
from bot.paper.facts import Account
from bot.paper.faults import Armed
from bot.paper.rest import Answer, Call, Route, problem
from bot.paper.session import refuse_address, refuse_key, refuse_token

BASE = "/openapi/typeb/"
# Calls a bucket allows in so many seconds (1.6).
LIMITS = {
    "orders": ((30, 1), (250, 60), (1000, 3600)), "data": ((1, 1), (1000, 60), (5000, 3600)), "quotes": ((20, 1),),
}  # fmt: skip
HTML = (
    "<html>\r\n<head><title>{0} {1}</title></head>\r\n<body>\r\n<center><h1>{0} {1}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
BOT_PAGE = (
    '<!DOCTYPE html><html><head><script src="https://validate.perfdrive.com/aperture.js"></script></head>'
    "<body>Please wait</body></html>"
)
REASON_WORDS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests",
                500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}  # fmt: skip


class Counter:
    """Turns HTTP requests into calls of the route table and misbehaves as told."""

    def __init__(self, broker: PaperBroker) -> None:
        self._broker = broker
        self._seen: dict[tuple[str, str], deque[float]] = {}
        self.calls: dict[str, int] = {}  # how often each route was called, for the desk and for tests

    def handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._take(route, request)

        return handle

    async def _take(self, route: Route, request: web.Request) -> web.StreamResponse:
        self.calls[route.name] = self.calls.get(route.name, 0) + 1
        body = await self._body(request)
        client = self._who(request, route, body)
        if route.is_act:
            self._note(route, request, body, client)
        before = self._broker.faults.take("before", route.name, client)
        if before is not None:
            if before.fault.name == "request_late":
                await asyncio.sleep(before.seconds())
            elif before.fault.name == "connection_dropped":
                return self._cut(request)
            else:
                return self._spoiled(before)
        answer = self._answer(route, request, body)
        answer = self._strange(route, answer, client)
        after = self._broker.faults.take("after", route.name, client)
        if after is None:
            return self._put(answer)
        name = after.fault.name
        if name == "answer_lost":
            return self._cut(request)
        if name == "answer_late":
            await asyncio.sleep(after.seconds())
            return self._put(answer)
        if name == "answer_empty":
            return web.Response(body=b"", content_type="application/json")
        if name == "answer_truncated":
            whole = json.dumps(answer.payload).encode()
            return web.Response(body=whole[: len(whole) // 2], content_type="application/json")
        return self._error(after.whole("status"), str(after["body"]))

    # Reading.

    @staticmethod
    async def _body(request: web.Request) -> dict[str, object] | None:
        """The JSON object of the body whatever its content type; a GET may carry its fields in the query (1.3)."""
        raw = await request.read()
        try:
            parsed = json.loads(raw) if raw else None
        except ValueError:
            return {}
        if isinstance(parsed, dict):
            return parsed
        return dict(request.query) if request.method == "GET" and request.query else None if parsed is None else {}

    def _who(self, request: web.Request, route: Route, body: dict[str, object] | None) -> str | None:
        """Whose call it is, for faults meant for one client; None when nobody can tell yet."""
        if route.open:
            named = (body or {}).get("clientcode")
            return named if isinstance(named, str) else None
        try:
            return self._broker.sessions.account_of(_bearer(request), self._broker.clock.now()).client
        except Refusal:
            return None

    def _note(self, route: Route, request: web.Request, body: dict[str, object] | None, client: str | None) -> None:
        """Every act that reached us goes into the truth log, whatever becomes of it."""
        names = ("ordertag", "symboltoken", "transactiontype", "quantity", "ordertype", "price", "triggerprice")
        asked = {name: (body or {}).get(name) for name in names if name in (body or {})}
        with self._broker.ledger.change():
            self._broker.ledger.tell(self._broker.clock.now(), client or "", "asked", route=route.name,
                                     order=request.match_info.get("order", ""), **asked)  # fmt: skip

    def _answer(self, route: Route, request: web.Request, body: dict[str, object] | None) -> Answer:
        try:
            if request.headers.get("X-Mirae-Version") != "1":
                raise _version()
            self._broker.roll()
            account = None if route.open else self._admit(route, request)
            call = Call(account=account, token=_bearer(request), key=request.headers.get("X-PrivateKey", ""), body=body,
                        path=dict(request.match_info))  # fmt: skip
            return route.handler(self._broker, call)
        except Refusal as refusal:
            wrapped = route.name == "place" and refusal.http == 200
            return Answer([refusal.body()] if wrapped else refusal.body(), refusal.http)

    def _admit(self, route: Route, request: web.Request) -> Account:
        now = self._broker.clock.now()
        account = self._broker.sessions.account_of(_bearer(request), now)
        self._broker.sessions.check_key(account, request.headers.get("X-PrivateKey", ""), now)
        if route.is_act and account.allowed_ips and request.remote not in account.allowed_ips:
            raise refuse_address()
        if self._broker.faults.on("limits_enforced", account.client) and not self._within(route.bucket, account.client):
            raise Refusal("Too many requests. Please try again later.", http=429, code="IA429")
        return account

    def _within(self, bucket: str, client: str) -> bool:
        now = asyncio.get_running_loop().time()
        seen = self._seen.setdefault((bucket, client), deque(maxlen=5000))
        if any(sum(1 for at in seen if at > now - seconds) >= most for most, seconds in LIMITS.get(bucket, ())):
            return False
        seen.append(now)
        return True

    # Answering.

    def _strange(self, route: Route, answer: Answer, client: str | None) -> Answer:
        """Less than the truth, or the truth in an odd form."""
        if answer.http == 200:
            book = self._broker.faults.take("book", route.name, client)
            if book is not None:
                answer = Answer(show(self._broker, route, answer.payload, book, client or ""), answer.http)
        odd = self._broker.faults.take("answer", route.name, client)
        if odd is None or (answer.http != 200 and odd.fault.name != "status_as"):
            return answer
        if odd.fault.name == "cancel_answers_nothing":
            return Answer(None, 204)
        return Answer(reshape(answer.payload, odd), answer.http)

    @staticmethod
    def _put(answer: Answer) -> web.Response:
        if answer.http == 204:
            return web.Response(status=204)
        if isinstance(answer.payload, str):
            return web.Response(text=answer.payload, status=answer.http, content_type=answer.content_type.split(";")[0])
        text = json.dumps(answer.payload, separators=(",", ":"))
        return web.Response(text=text, status=answer.http, content_type=answer.content_type)

    def _spoiled(self, armed: Armed) -> web.Response:
        """The answer of a call that was given no chance."""
        name = armed.fault.name
        if name == "html_page":
            return web.Response(text=BOT_PAGE, content_type="text/html")
        if name == "rate_limited":
            response = self._error(429, str(armed["body"]))
            if armed.whole("retry_after"):
                response.headers["Retry-After"] = str(armed.whole("retry_after"))
            return response
        if name == "problem_body":
            return self._put(problem({"orders": ["The orders field is required."]}, self._broker))
        if name == "error_instead":
            return self._error(armed.whole("status"), str(armed["body"]))
        refusal = self._refusal(armed)
        return self._put(Answer(refusal.body(), refusal.http))

    @staticmethod
    def _refusal(armed: Armed) -> Refusal:
        name = armed.fault.name
        if name == "gateway_502":
            return Refusal("status code = 502", code="MAInternalServerError")
        if name == "session_invalid":
            return Refusal("invalid session. Kindly logout and login again", code="MAInternalServerError")
        if name == "version_refused":
            return _version()
        if name == "token_expired":
            refusal = refuse_token()
            refusal.http = armed.whole("http")
            return refusal
        if name in ("key_expired", "ip_mismatch", "ip_mismatch_everywhere"):
            refusal = refuse_key() if name == "key_expired" else refuse_address()
            if armed["typed"]:
                refusal.code, refusal.typed, refusal.status = "APIKeyException", True, "error"
            return refusal
        return Refusal("Something went wrong. Please try again", http=500, code="IA500")

    @staticmethod
    def _error(status: int, body: str) -> web.Response:
        """An answer of that status with a body of the named kind."""
        if body == "html":
            page = HTML.format(status, REASON_WORDS.get(status, "Error"))
            return web.Response(status=status, text=page, content_type="text/html")
        if body == "empty":
            return web.Response(status=status, body=b"")
        whole = json.dumps(Refusal("Something went wrong. Please try again", code=f"IA{status}").body())
        text = {"json": whole, "truncated": whole[: len(whole) // 2], "wrong_type": '"OK"'}.get(body, whole)
        return web.Response(status=status, text=text, content_type="application/json")

    @staticmethod
    def _cut(request: web.Request) -> web.Response:
        """Ends the connection without a byte of answer."""
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)


def reshape(payload: object, armed: Armed) -> object:
    """A true answer in the strange form that an armed fault names."""
    name = armed.fault.name
    if name == "nulls_as_text":
        return _texts_for_null(payload)
    rows = payload if isinstance(payload, list) else [payload]
    if not rows or not isinstance(rows[0], dict) or "status" not in rows[0]:
        return payload
    row = dict(rows[0])
    data = row.get("data")
    if name == "status_as":
        wanted = str(armed["text"])
        words = {"true": ("true", "false"), "True": ("True", "False"), "success": ("success", "error")}.get(
            wanted, (wanted, "false")
        )
        row["status"] = words[0] if row["status"] is True else words[1] if row["status"] is False else row["status"]
    elif name == "data_null":
        row["data"] = None
    elif name == "changes_in_list":
        return [row]
    elif name == "blank_in_id" and isinstance(data, dict):
        row["data"] = {**data, "orderid": f" {data.get('orderid')}"}
    elif isinstance(data, dict) and data.get("orderid"):
        if name == "place_in_mock_form":
            return [{"status": "success", "data": {"order_id": data["orderid"]}}]
        if name == "success_called_false":
            row["status"] = False
        if name == "place_as_object":
            return {**row, "status": "true", "data": {**data, "uniqueorderid": ""}}
    elif name == "place_as_object":
        return row
    return [row] if isinstance(payload, list) else row


def _texts_for_null(value: object) -> object:
    if isinstance(value, dict):
        return {name: _texts_for_null(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_texts_for_null(inner) for inner in value]
    return "None" if value is None else value


def _bearer(request: web.Request) -> str:
    word, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if word.lower() == "bearer" else ""


def _version() -> Refusal:
    return Refusal("Please provide valid api version.", http=400, code="VersionException", typed=True, status="error")
