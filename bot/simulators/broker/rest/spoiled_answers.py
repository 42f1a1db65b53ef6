"""Spoiled answers: what goes out instead of the truth when a fault was armed, and the truth in strange forms."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from bot.simulators.broker.accounts.session import refuse_address, refuse_key, refuse_token
from bot.simulators.broker.faults.armed import ActiveFault
from bot.simulators.broker.faults.errors import Refusal

PAGE = (
    "<html>\r\n<head><title>{0} {1}</title></head>\r\n<body>\r\n<center><h1>{0} {1}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
BOT_PAGE = (
    '<!DOCTYPE html><html><head><script src="https://validate.perfdrive.com/aperture.js"></script></head>'
    "<body>Please wait</body></html>"
)
STATUS_WORDS = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests", 500: "Internal Server Error",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out",
}  # fmt: skip
MEGABYTE = 1 << 20


def version_refusal() -> Refusal:
    return Refusal("Please provide valid api version.", http=400, code="VersionException", typed=True, status="error")


def gateway_refusal() -> Refusal:
    return Refusal("status code = 502", code="MAInternalServerError")


def json_answer(payload: object, status: int = 200, content_type: str = "application/json") -> web.Response:
    text = json.dumps(payload, separators=(",", ":"))
    return web.Response(text=text, status=status, content_type=content_type)


def error_answer(status: int, body: str) -> web.Response:
    """An answer of that status with a body of the named kind: json, html, empty, truncated, wrong_type."""
    if body == "html":
        return web.Response(status=status, text=PAGE.format(status, STATUS_WORDS.get(status, "Error")), content_type="text/html")
    if body == "empty":
        return web.Response(status=status, body=b"")
    whole = json.dumps(Refusal("Something went wrong. Please try again", code=f"IA{status}").body())
    text = {"json": whole, "truncated": whole[: len(whole) // 2], "wrong_type": '"OK"'}.get(body, whole)
    return web.Response(status=status, text=text, content_type="application/json")


def refusal_of(armed: ActiveFault) -> Refusal:
    """The refusal that an armed fault pretends. A plain 500 for those that have no words of their own."""
    name = armed.fault.name
    if name == "gateway_502":
        return gateway_refusal()
    if name == "session_invalid":
        return Refusal("invalid session. Kindly logout and login again", code="MAInternalServerError")
    if name == "version_refused":
        return version_refusal()
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


def instead(armed: ActiveFault, place: bool) -> web.Response:  # noqa: FBT001 - a fact about the route, not an option
    """The answer of a call that was given no chance. `place` wraps what comes with HTTP 200 in its list."""
    name = armed.fault.name
    if name == "html_page":
        return web.Response(text=BOT_PAGE, content_type="text/html")
    if name == "redirected":
        return web.Response(status=302, headers={"Location": str(armed["to"])})
    if name == "answer_huge":
        return web.Response(body=b"[" + b" " * (armed.whole("megabytes") * MEGABYTE), content_type="application/json")
    if name == "rate_limited":
        response = error_answer(429, str(armed["body"]))
        if armed.whole("retry_after"):
            response.headers["Retry-After"] = str(armed.whole("retry_after"))
        return response
    if name == "error_instead":
        return error_answer(armed.whole("status"), str(armed["body"]))
    refusal = refusal_of(armed)
    body: object = [refusal.body()] if place and refusal.http == 200 else refusal.body()
    return json_answer(body, refusal.http)


async def afterwards(armed: ActiveFault, true: web.Response, request: web.Request) -> web.StreamResponse:
    """What goes out when the call has had its effect."""
    name = armed.fault.name
    if name == "answer_lost":
        return cut(request)
    if name == "answer_late":
        await asyncio.sleep(armed.seconds())
        return true
    if name == "answer_empty":
        return web.Response(body=b"", content_type="application/json")
    whole = true.body if isinstance(true.body, bytes) else b""
    if name == "answer_truncated":
        return web.Response(body=whole[: len(whole) // 2], content_type="application/json")
    if name == "answer_trickles":
        return await trickle(request, whole, armed.seconds())
    return error_answer(armed.whole("status"), str(armed["body"]))


async def trickle(request: web.Request, body: bytes, seconds: float) -> web.StreamResponse:
    """The true answer in ten pieces over so many seconds."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await response.prepare(request)
    size = -(-len(body) // 10)
    for start in range(0, len(body), size):
        await asyncio.sleep(seconds / 10)
        try:
            await response.write(body[start : start + size])
        except ConnectionError:
            break  # nobody waits any longer
    return response


def cut(request: web.Request) -> web.Response:
    """Ends the connection without a byte of answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def reshape(payload: object, armed: ActiveFault) -> object:
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
