"""The counter where REST calls are taken: headers, session, faults before and after, the answer put on the wire."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime

from aiohttp import web

from bot.simulators.broker.accounts.records import Account
from bot.simulators.broker.accounts.session import refuse_address
from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.faults.errors import Refusal
from bot.simulators.broker.market.hours import ist
from bot.simulators.broker.rest import spoiled_answers
from bot.simulators.broker.rest.order_routes import Answer, Call, Route, problem
from bot.simulators.broker.rest.stale_books import show

BASE = "/openapi/typeb/"
# Calls a bucket allows in so many seconds (1.6).
LIMITS = {
    "orders": ((30, 1), (250, 60), (1000, 3600)), "data": ((1, 1), (1000, 60), (5000, 3600)), "quotes": ((20, 1),),
}  # fmt: skip


class Endpoint:
    """Turns HTTP requests into calls of the route table and misbehaves as told."""

    def __init__(self, broker: PaperBroker) -> None:
        self._broker = broker
        self._seen: dict[tuple[str, str], deque[float]] = {}
        self.calls: dict[str, int] = {}  # how often each route was called, for the desk and for tests

    def handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            response = await self._take(route, request)
            if not response.prepared:
                response.headers["Date"] = self._date()
            return response

        return handle

    def _date(self) -> str:
        """The Date header follows the broker's clock, as a client measures its own against it."""
        now = self._broker.clock.now()
        skewed = self._broker.faults.on("clock_skewed")
        if skewed is not None:
            now += timedelta(seconds=skewed.seconds())
        return format_datetime(now.astimezone(UTC), usegmt=True)

    async def _take(self, route: Route, request: web.Request) -> web.StreamResponse:
        self.calls[route.name] = self.calls.get(route.name, 0) + 1
        body = await self._body(request)
        client = self._who(request, route, body)
        if route.is_act:
            self._note(route, request, body, client)
        before = self._broker.faults.take("before", route.name, client)
        if before is not None:
            if before.fault.name == "connection_dropped":
                return spoiled_answers.cut(request)
            if before.fault.name == "problem_body":
                return self._put(problem({"orders": ["The orders field is required."]}, self._broker))
            if before.fault.name != "request_late":
                return spoiled_answers.instead(before, route.name == "place")
            await asyncio.sleep(before.seconds())
        answer = self._answer(route, request, body)
        response = self._strange(route, answer, client)
        after = self._broker.faults.take("after", route.name, client)
        return response if after is None else await spoiled_answers.afterwards(after, response, request)

    # Reading.

    @staticmethod
    async def _body(request: web.Request) -> dict[str, object] | None:
        """The JSON object of the body whatever its content type. A GET may carry its fields in the query (1.3)."""
        raw = await request.read()
        try:
            parsed = json.loads(raw) if raw else None
        except (ValueError, RecursionError):
            return {}
        if isinstance(parsed, dict):
            return parsed
        return dict(request.query) if request.method == "GET" and request.query else None if parsed is None else {}

    def _who(self, request: web.Request, route: Route, body: dict[str, object] | None) -> str | None:
        """Whose call it is, for faults meant for one client. None when nobody can tell yet."""
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
                raise spoiled_answers.version_refusal()
            self._broker.roll()
            if self._broker.faults.on("maintenance_hours") and in_maintenance(self._broker.clock.now()):
                raise spoiled_answers.gateway_refusal()
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

    def _strange(self, route: Route, answer: Answer, client: str | None) -> web.Response:
        """Less than the truth, or the truth in an odd form."""
        if answer.http == 200:
            book = self._broker.faults.take("book", route.name, client)
            if book is not None:
                answer = Answer(show(self._broker, route, answer.payload, book, client or ""), answer.http)
        odd = self._broker.faults.take("answer", route.name, client)
        if odd is None or (answer.http != 200 and odd.fault.name != "status_as"):
            return self._put(answer)
        if odd.fault.name == "cancel_answers_nothing":
            return web.Response(status=204)
        response = self._put(Answer(spoiled_answers.reshape(answer.payload, odd), answer.http))
        if odd.fault.name == "gzipped":
            response.enable_compression(web.ContentCoding.gzip)
        return response

    @staticmethod
    def _put(answer: Answer) -> web.Response:
        if isinstance(answer.payload, str):
            return web.Response(text=answer.payload, status=answer.http, content_type=answer.content_type)
        return spoiled_answers.json_answer(answer.payload, answer.http, answer.content_type)


def _bearer(request: web.Request) -> str:
    word, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if word.lower() == "bearer" else ""


def in_maintenance(moment: datetime) -> bool:
    """The broker's busy windows, morning and evening, IST (1.7)."""
    at = ist(moment).time()
    return time(7, 0) <= at < time(8, 30) or time(19, 0) <= at < time(21, 0)
