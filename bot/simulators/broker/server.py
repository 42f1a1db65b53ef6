"""One aiohttp application: REST routes, the socket and the control desk, as a server of its own or mounted in another."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.desk.routes import ControlPanel
from bot.simulators.broker.exchange.orderbook import Clock
from bot.simulators.broker.faults.errors import Refusal
from bot.simulators.broker.market_day import MarketDay
from bot.simulators.broker.rest import basket_routes, candle_routes, chain_routes, market_routes, order_routes
from bot.simulators.broker.rest.endpoint import BASE, Endpoint
from bot.simulators.broker.settings import PaperSettings
from bot.simulators.broker.stream import Stream
from bot.simulators.door import listening

ROUTES = [*order_routes.ROUTES, *market_routes.ROUTES, *candle_routes.ROUTES, *chain_routes.ROUTES, *basket_routes.ROUTES]
BODY_LIMIT = 1 << 20
PAGES = frozenset({"/desk/state"})  # what the start names for a person to open
PARTS: web.AppKey[Parts]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a test or the demo may hold on to beside the wire."""

    broker: PaperBroker
    stream: Stream
    counter: Endpoint


PARTS = web.AppKey("paper parts", Parts)


def build_app(settings: PaperSettings, *, clock: Clock, rng: random.Random) -> web.Application:
    """The application. Mount it with `add_subapp("/exchange", app)` or run it alone. Its parts are `app[PARTS]`.

    REST below `/openapi/typeb/`, the socket at `/ws`, the desk below `/desk` (unless the settings leave it out).
    """
    broker = PaperBroker(settings, clock=clock, rng=rng)
    broker.faults.routes = frozenset(route.name for route in ROUTES)
    stream = Stream(broker)
    counter = Endpoint(broker)
    desk = ControlPanel(broker, stream, counter)
    app = web.Application(client_max_size=BODY_LIMIT)
    app[PARTS] = Parts(broker, stream, counter)
    for route in ROUTES:
        for method in route.methods:
            app.router.add_route(method, BASE + route.path, counter.handler(route))
    app.router.add_get("/ws", stream.serve)
    app.router.add_get("/", stream.serve)
    if settings.desk:
        app.add_routes(desk.routes("/desk"))
    app.router.add_route("*", BASE + "{rest:.*}", _unknown)
    app.cleanup_ctx.append(_running)
    app.on_shutdown.append(_close_sockets)
    return app


async def _unknown(request: web.Request) -> web.Response:
    return web.json_response(Refusal("Not found.", code="IA404").body(), status=404)


async def _running(app: web.Application) -> AsyncIterator[None]:
    """Orders move and days end while the application runs. Then sockets and books are closed."""
    parts = app[PARTS]
    bell = MarketDay(parts.broker)
    bell.ring()
    parts.broker.matcher.resume()
    tasks = [asyncio.create_task(parts.broker.matcher.run()), asyncio.create_task(bell.run())]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    parts.broker.ledger.close()


async def _close_sockets(app: web.Application) -> None:
    await app[PARTS].stream.close()


@dataclass(frozen=True, slots=True)
class Running:
    """A paper broker that answers. Addresses without a trailing slash."""

    rest_url: str  # the client adds /openapi/typeb/...
    ws_url: str
    desk_url: str
    broker: PaperBroker
    stream: Stream
    counter: Endpoint


@contextlib.asynccontextmanager
async def serve(settings: PaperSettings, *, clock: Clock, rng: random.Random, port: int = 0) -> AsyncIterator[Running]:
    """Starts a server on the running loop (port 0: any free one) and stops it on leaving."""
    app = build_app(settings, clock=clock, rng=rng)
    parts = app[PARTS]
    async with listening(app, port=port, pages=PAGES) as url:
        ws_url = f"{url.replace('http', 'ws', 1)}/ws"
        yield Running(url, ws_url, f"{url}/desk", parts.broker, parts.stream, parts.counter)


async def run(
    settings: PaperSettings,
    *,
    clock: Clock,
    rng: random.Random,
    port: int = 0,
    ready: Callable[[Running], None] = lambda running: None,
) -> None:
    """Serves until cancelled. `ready` is told the addresses once they answer."""
    async with serve(settings, clock=clock, rng=rng, port=port) as running:
        ready(running)
        await asyncio.Event().wait()
