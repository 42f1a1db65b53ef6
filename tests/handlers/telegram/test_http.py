"""Telegram's calls on a real loopback connection: what is sent, what is refused, and that no error carries the token."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from telegram import InputFile
from telegram.error import NetworkError, TimedOut
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from handlers.telegram.http import TelegramHttp
from tests.stage.brokers.selfsigned import self_signed

TOKEN = "123456:AA-secret-of-the-bot"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"{'https' if tls else 'http'}://{host}:{port}/bot{TOKEN}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def a_wire(read: float = 5.0) -> AsyncIterator[TelegramHttp]:
    wire = TelegramHttp(connections=2, read=read)
    await wire.initialize()
    try:
        yield wire
    finally:
        await wire.shutdown()


def said(**parameters: object) -> RequestData:
    return RequestData([RequestParameter.from_input(name, value) for name, value in parameters.items()])


async def test_a_call_is_a_form_and_a_file_goes_beside_it() -> None:
    forms: list[dict[str, object]] = []

    async def note(request: web.Request) -> web.Response:
        form = await request.post()
        forms.append({name: part.file.read() if isinstance(part, web.FileField) else part for name, part in form.items()})
        return web.json_response({"ok": True})

    async with serving(note) as root, a_wire() as wire:
        assert await wire.do_request(f"{root}/sendMessage", "POST", said(text="₹ & 100 %", chat_id=7)) == (200, b'{"ok": true}')
        await wire.do_request(f"{root}/sendDocument", "POST", said(document=InputFile(b"a,b", "x.csv", attach=False), chat_id=7))
    assert forms == [{"text": "₹ & 100 %", "chat_id": "7"}, {"document": b"a,b", "chat_id": "7"}]


async def test_a_redirect_is_not_followed() -> None:
    visited: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        visited.append(request.path)
        raise web.HTTPFound("/elsewhere")

    async with serving(elsewhere) as root, a_wire() as wire:
        status, _ = await wire.do_request(f"{root}/getMe", "POST")
    assert status == 302
    assert visited == [f"/bot{TOKEN}/getMe"]


async def test_silence_and_a_dropped_line_are_told_apart_and_neither_error_carries_the_token() -> None:
    async def mute(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def drop(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with serving(mute) as root, a_wire(read=0.05) as wire:
        with pytest.raises(TimedOut) as silent:
            await wire.do_request(f"{root}/getUpdates", "POST")
    async with serving(drop) as root, a_wire() as wire:
        with pytest.raises(NetworkError) as dropped:
            await wire.do_request(f"{root}/getUpdates", "POST")
    async with a_wire() as wire:
        with pytest.raises(NetworkError) as nobody:
            await wire.do_request(f"http://127.0.0.1:1/bot{TOKEN}/getUpdates", "POST")
    assert not isinstance(dropped.value, TimedOut)
    for error in (silent.value, dropped.value, nobody.value):
        assert TOKEN not in f"{error!r} {error.__cause__!r}"
        assert error.__cause__ is None


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async def never(request: web.Request) -> web.Response:
        raise AssertionError("reached over an unproven line")

    async with serving(never, self_signed(tmp_path)) as root, a_wire() as wire:
        with pytest.raises(NetworkError, match="Certificate"):
            await wire.do_request(f"{root}/getMe", "POST")


async def test_no_proxy_of_the_environment_stands_between_us_and_telegram() -> None:
    async def reached(request: web.Request) -> web.Response:
        return web.Response(text="telegram")

    names = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "http://127.0.0.1:1"))
    try:
        async with serving(reached) as root, a_wire() as wire:
            assert await wire.do_request(f"{root}/getMe", "POST") == (200, b"telegram")
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
