"""One request: bounded in time and size, never led elsewhere, never repeated unless its route says so."""

import asyncio
import gzip
import random
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from aiohttp import web

from bot.broker import routes
from bot.broker.rate_limits import BrokerRateLimits
from bot.broker.routes import ROUTES, Route
from bot.broker.transport import FAREWELL, Transport, check_address, tls_context
from bot.domain.errors import BotError, NotLinked, NotSent, SettingsError, Unclear, Unreadable
from bot.domain.people.secret import Secret
from bot.simulators.loop import LoopClock
from tests.stage.brokers.selfsigned import self_signed
from tests.stage.loop import HostClock

TLS = tls_context()
KEY, TOKEN = Secret("KEY-canary+/="), Secret("TOKEN-canary")
NAMES = {"orderid": "1191241106101", "exchange": "2", "expiry": "1", "token": "22"}


def a_transport(clock: LoopClock, base: str = "https://127.0.0.1:9", wire: httpx.AsyncBaseTransport | None = None) -> Transport:
    return Transport(base_url=base, tls=TLS, clock=clock, chance=random.Random(1), rate_limits=BrokerRateLimits(), wire=wire)


class Wire(httpx.AsyncBaseTransport):
    """A wire that does what it is told and remembers what went over it."""

    def __init__(self, act: Callable[[httpx.Request], httpx.Response]) -> None:
        self.act = act
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return self.act(request)


@asynccontextmanager
async def a_server(
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, keepalive_timeout=1e6)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
async def test_a_route_is_repeated_only_where_the_table_allows_it(clock: LoopClock, route: Route) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("with https://secret.example/?ACCESS_TOKEN=TOKEN-canary")

    wire = Wire(fail)
    transport = a_transport(clock, wire=wire)
    with pytest.raises((Unclear, Unreadable)) as told:
        await transport.call(route, key=KEY, token=TOKEN, body={}, names=NAMES)
    assert len(wire.sent) == (3 if route.repeat else 1)
    assert isinstance(told.value, Unreadable) is route.repeat
    assert "canary" not in repr(told.value) + told.value.say
    assert told.value.__cause__ is None


async def test_acts_are_marked_as_not_to_be_repeated() -> None:
    acts = (routes.PLACE, routes.MODIFY, routes.CANCEL, routes.CANCEL_ALL, routes.CONVERT, routes.LOGIN)
    assert not any(route.repeat for route in acts)


async def test_nobody_at_the_address_means_not_sent(clock: LoopClock) -> None:
    async def never(_request: web.Request) -> web.Response:
        return web.Response()

    async with a_server(never) as address:
        pass
    transport = a_transport(clock, address)
    with pytest.raises(NotSent):
        await transport.call(routes.PLACE, key=KEY, token=TOKEN, body={})
    await transport.close()


async def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said(clock: LoopClock, tmp_path: Path) -> None:
    heard: list[str] = []

    async def listen(request: web.Request) -> web.Response:
        heard.append(str(request.headers))
        return web.json_response({"status": True, "data": []})

    async with a_server(listen, self_signed(tmp_path)) as address:
        transport = a_transport(clock, address)
        with pytest.raises(NotSent):
            await transport.call(routes.PLACE, key=KEY, token=TOKEN, body={})
        await transport.close()
    assert heard == []


async def test_a_redirect_is_not_followed_and_the_key_stays_here(clock: LoopClock) -> None:
    elsewhere: list[str] = []

    async def other(request: web.Request) -> web.Response:
        elsewhere.append(request.path)
        return web.json_response({"status": True, "data": []})

    async with a_server(other) as second:

        async def first(_request: web.Request) -> web.Response:
            return web.Response(status=307, headers={"Location": f"{second}/stolen"})

        async with a_server(first) as address:
            transport = a_transport(clock, address)
            answer = await transport.call(routes.FUNDS, key=KEY, token=TOKEN)
            assert answer.http == 307
            await transport.close()
    assert elsewhere == []


async def test_a_body_without_end_is_cut_off(clock: LoopClock) -> None:
    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(64):
            await response.write(b"x" * 1024 * 1024)
        return response

    async with a_server(flood) as address:
        transport = a_transport(clock, address)
        with pytest.raises(Unclear):
            await transport.call(routes.PLACE, key=KEY, token=TOKEN, body={})
        await transport.close()


async def test_a_small_body_that_unpacks_without_end_is_cut_off(clock: LoopClock) -> None:
    packed = gzip.compress(bytes(48 * 1024 * 1024), compresslevel=1)

    async def bomb(_request: web.Request) -> web.Response:
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with a_server(bomb) as address:
        transport = a_transport(clock, address)
        with pytest.raises(Unclear):
            await transport.call(routes.PLACE, key=KEY, token=TOKEN, body={})
        await transport.close()
    assert len(packed) < 500_000


async def test_a_body_that_trickles_is_given_up_in_time(clock: LoopClock, loop: asyncio.AbstractEventLoop) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(1)

    async with a_server(trickle) as address:
        transport = a_transport(clock, address)
        began = loop.time()
        with pytest.raises(Unclear):
            await transport.call(routes.PLACE, key=KEY, token=TOKEN, body={})
        assert loop.time() - began <= routes.PLACE.seconds + 1
        await transport.close()


async def test_the_headers_are_those_of_type_b(clock: LoopClock) -> None:
    wire = Wire(
        lambda _request: httpx.Response(
            200, json={"status": True, "data": None}, headers={"Date": "Fri, 20 Nov 2026 03:30:14 GMT"}
        )
    )
    transport = a_transport(clock, "https://127.0.0.1:1/exchange/", wire)
    await transport.call(routes.CANCEL, key=KEY, token=TOKEN, body={"orderid": "1"}, names={"orderid": "1/../x?"})
    (request,) = wire.sent
    assert str(request.url) == "https://127.0.0.1:1/exchange/openapi/typeb/orders/regular/1%2F..%2Fx%3F"
    assert request.method == "DELETE"
    assert request.content == b'{"orderid":"1"}'
    assert request.headers["X-Mirae-Version"] == "1"
    assert request.headers["X-PrivateKey"] == KEY.reveal()
    assert request.headers["Authorization"] == "Bearer TOKEN-canary"
    assert transport.skew == pytest.approx(14.5)


class Searches(MetaPathFinder):
    """Finds no module and remembers which were searched for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        del path, target
        self.names.append(fullname)


async def test_a_request_searches_the_disk_for_no_module(clock: LoopClock) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"status": True})

    searches = Searches()
    async with a_server(answer) as base:
        transport = a_transport(clock, base)
        await transport.call(routes.FUNDS)  # what is loaded late is loaded by the first
        sys.meta_path.insert(0, searches)
        try:
            await transport.call(routes.FUNDS)
        finally:
            sys.meta_path.remove(searches)
            await transport.close()
    assert searches.names == []


def dated(clock: LoopClock) -> Callable[[httpx.Request], httpx.Response]:
    """A server that tells the time of that clock."""
    return lambda _: httpx.Response(200, json={}, headers={"Date": format_datetime(clock.now(), usegmt=True)})


async def test_two_answers_of_the_last_minute_say_how_far_the_clock_is_off_and_one_or_an_old_one_does_not(
    clock: LoopClock,
) -> None:
    transport = a_transport(clock, "https://127.0.0.1:1", Wire(dated(clock)))
    assert transport.clock_off is None
    await transport.call(routes.FUNDS)
    assert transport.clock_off is None
    await asyncio.sleep(30)
    await transport.call(routes.FUNDS)
    assert transport.clock_off == pytest.approx(0, abs=1)
    assert await asyncio.to_thread(lambda: transport.clock_off) is not None, "the store's thread asks it"
    await asyncio.sleep(31)
    assert transport.clock_off is None, "the first of the two is older than a minute"


@pytest.mark.parametrize("step", [-7200, -120, 120, 7200])
async def test_a_clock_that_is_set_is_off_at_once_and_one_strange_answer_does_not_say_so(
    clock: LoopClock, host_clock: HostClock, step: int
) -> None:
    transport = a_transport(host_clock, "https://127.0.0.1:1", Wire(dated(clock)))
    await transport.call(routes.FUNDS)
    await transport.call(routes.FUNDS)
    host_clock.step(step)
    assert transport.clock_off == pytest.approx(-step, abs=1)
    assert transport.skew == pytest.approx(-step, abs=1)
    host_clock.step(-step)
    answers = iter((timedelta(0), timedelta(hours=1)))
    mixed = Wire(
        lambda _: httpx.Response(200, json={}, headers={"Date": format_datetime(clock.now() + next(answers), usegmt=True)})
    )
    other = a_transport(host_clock, "https://127.0.0.1:1", mixed)
    await other.call(routes.FUNDS)
    await other.call(routes.FUNDS)
    assert other.clock_off == pytest.approx(0, abs=1)


async def test_a_key_that_cannot_be_a_header_is_not_sent_and_not_shown(clock: LoopClock) -> None:
    wire = Wire(lambda _request: httpx.Response(200))
    transport = a_transport(clock, wire=wire)
    with pytest.raises(BotError) as told:
        await transport.call(routes.PLACE, key=Secret("bad\u20b9canary"), token=TOKEN, body={})
    assert isinstance(told.value, NotSent)
    assert "canary" not in repr(told.value)
    assert wire.sent == []


@pytest.mark.parametrize(
    "address",
    [
        "http://api.mstock.trade",
        "ftp://127.0.0.1",
        "https://user:pw@host",
        "https://host/?q=1",
        "https://",
        "//host",
        "http://127.0.0.1.evil",
    ],
)
def test_an_address_that_is_not_safe_stops_the_start(address: str) -> None:
    with pytest.raises(SettingsError):
        check_address(address, schemes=("http", "https"))


class SlowWire(httpx.AsyncBaseTransport):
    """Takes its time for every answer."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.sent: list[httpx.Request] = []
        self.closed_while: int | None = None  # requests that had no answer yet when the wire was closed
        self._open = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        self._open += 1
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self._open -= 1
        return httpx.Response(200, content=b'{"status":"success","data":{}}')

    async def aclose(self) -> None:
        self.closed_while = self._open


async def test_a_road_that_is_closed_lets_what_is_under_way_end_first(clock: LoopClock) -> None:
    wire = SlowWire(2)
    transport = a_transport(clock, wire=wire)
    placing = asyncio.create_task(transport.call(routes.PLACE, key=KEY, token=TOKEN, body={}))
    await asyncio.sleep(1)
    began = clock.now()
    await transport.close()
    assert (await placing).http == 200
    assert (clock.now() - began).total_seconds() == pytest.approx(1)
    assert wire.closed_while == 0


@pytest.mark.parametrize(("route", "outcome"), [(routes.PLACE, Unclear), (routes.ORDERS, NotLinked)])
async def test_what_does_not_end_is_cut_off_in_bounded_time_and_says_what_became_of_it(
    clock: LoopClock, route: Route, outcome: type[BotError]
) -> None:
    wire = SlowWire(3600)
    transport = a_transport(clock, wire=wire)
    calling = asyncio.create_task(transport.call(route, key=KEY, token=TOKEN, body={}))
    await asyncio.sleep(1)
    began = clock.now()
    await transport.close()
    assert (clock.now() - began).total_seconds() <= FAREWELL + 0.1
    with pytest.raises(outcome):
        await calling
    assert (len(wire.sent), wire.closed_while) == (1, 0)


async def test_nothing_begins_on_a_closed_road_not_even_what_waited_for_its_turn(clock: LoopClock) -> None:
    wire = SlowWire(0)
    transport = a_transport(clock, wire=wire)
    waiting = [asyncio.create_task(transport.call(routes.PLACE, key=KEY, token=TOKEN, body={})) for _ in range(12)]
    await asyncio.sleep(0)
    await transport.close()
    sent = len(wire.sent)
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(each, NotLinked) for each in outcomes) == len(outcomes) - sent > 0
    with pytest.raises(NotLinked, match="closed"):
        await transport.call(routes.FUNDS, key=KEY, token=TOKEN)
    assert len(wire.sent) == sent
