"""Which room may import which, and what may not be in a room."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.house.source import FRONT_DOOR, PACKAGES, Source, is_in, ours

SIMULATORS = ("bot.simulators",)


@dataclass(frozen=True, kw_only=True)
class Wall:
    """Files in `room` do not import `not_from`."""

    says: str
    room: tuple[str, ...]
    not_from: tuple[str, ...]
    but: tuple[str, ...] = ()


WALLS = (
    Wall(
        says="handlers see neither the database nor the wire, nor the simulators, nor the front door",
        room=("handlers",),
        not_from=("storage", "bot.broker", *SIMULATORS, *FRONT_DOOR),
    ),
    Wall(
        says="nothing in bot/ knows handlers or storage, but the front door",
        room=("bot",),
        not_from=("handlers", "storage"),
        but=FRONT_DOOR,
    ),
    Wall(
        says="what we do and how mStock speaks meet in the domain's ports only",
        room=("bot.trading",),
        not_from=("bot.broker",),
    ),
    Wall(
        says="how mStock speaks and what we do meet in the domain's ports only",
        room=("bot.broker",),
        not_from=("bot.trading",),
    ),
    Wall(
        says="the simulators are imported by the front door and the tests only",
        room=("bot", "handlers", "storage"),
        not_from=SIMULATORS,
        but=FRONT_DOOR,
    ),
)

# (room, what of ours it may import besides itself); a room named here imports nothing else of ours.
ONLY = {
    "storage": ("bot.domain",),
    "bot.domain": (),
    "bot.trading": ("bot.domain", "bot.runtime"),
    "bot.broker": ("bot.domain",),
    "bot.charts": ("bot.domain", "bot.runtime"),
    "bot.reference": ("bot.domain",),
    "bot.web": ("bot.domain", "bot.trading"),
    "bot.diagnostics": ("bot.__version__", "bot.config", "bot.domain", "bot.runtime"),
    "bot.config": ("bot.domain",),
    "bot.simulators": (),
    "bot.simulators.broker": ("bot.simulators.door",),
    "bot.simulators.door": (),
}
COMMITTING = ("storage.store", "storage.migrate", "storage.migrations")
WITHOUT_LIBRARIES = ("bot.domain", "bot.trading")

# Library -> the rooms that may import it: each is one seam.
SEAMS = {
    # connections.py only names the type of a wire that a test may put in.
    "httpx": ("bot.broker.transport", "bot.broker.road", "bot.broker.connections"),
    "telegram": ("handlers",),
    "sqlalchemy": ("storage",),
    "alembic": ("storage",),
    "cryptography": ("storage",),
    "pyotp": ("bot.broker", "bot.simulators.broker"),
    "aiohttp": (
        *("bot.broker", "bot.simulators", "bot.web", "bot.demo.simulators"),
        *("bot.cli.check", "bot.demo.practice", "bot.demo.live_prices", "handlers.telegram.http"),
    ),
    "msgspec": ("bot.broker", "bot.reference", "bot.simulators.telegram", "storage"),
    "PIL": ("bot.charts",),
    "sqlite3": ("bot.simulators", "storage"),
}


def through_walls(source: Source) -> Iterator[str]:
    for wall in WALLS:
        if not is_in(source.module, *wall.room) or is_in(source.module, *wall.but):
            continue
        for module, line in source.imports:
            # What a simulator may import stands in ONLY.
            if is_in(module, *wall.not_from) and not (is_in(module, *SIMULATORS) and is_in(source.module, *SIMULATORS)):
                yield f"{source.at(line)} imports {module}: {wall.says}"


def beyond_their_room(source: Source) -> Iterator[str]:
    for room, allowed in ONLY.items():
        if not is_in(source.module, room):
            continue
        for module, line in source.imports:
            if is_in(module, *PACKAGES) and not is_in(module, room, *allowed):
                others = " and ".join(allowed) or "nothing"
                yield f"{source.at(line)} imports {module}: {room} imports {others} of ours besides itself"
            top = module.partition(".")[0]
            if room in WITHOUT_LIBRARIES and top not in PACKAGES and top not in sys.stdlib_module_names:
                yield f"{source.at(line)} imports {module}: {room} does without libraries"


def outside_the_seams(source: Source) -> Iterator[str]:
    for module, line in source.imports:
        rooms = SEAMS.get(module.partition(".")[0])
        if rooms is not None and not is_in(source.module, *rooms):
            yield f"{source.at(line)} imports {module}: only {', '.join(rooms)} does"


def unfit_for_their_room(source: Source) -> Iterator[str]:
    """What a room does without, beside imports of ours, each with its reason."""
    for node in source.nodes:
        line = getattr(node, "lineno", 1)
        waits = isinstance(node, ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith | ast.Await)
        if waits and is_in(source.module, "bot.domain") and not is_in(source.module, "bot.domain.ports"):
            yield f"{source.at(line)} is async: the domain is tested by plain calls"
        if waits and is_in(source.module, "handlers.views"):
            yield f"{source.at(line)} awaits: a view is tested by comparing strings"
        if is_in(source.module, "storage") and not is_in(source.module, *COMMITTING) and _commits(node):
            yield f"{source.at(line)} commits: a transaction ends where it began, in storage/store.py"
    for module, line in source.imports:
        if is_in(module, "logging", "pydantic") and is_in(source.module, "bot.domain"):
            yield f"{source.at(line)} imports {module}: the domain is values and rules"
        if is_in(module, "json", "html", "http", "urllib", "sqlite3") and is_in(source.module, "bot.trading"):
            yield f"{source.at(line)} imports {module}: those are the neighbours' words"


def _commits(node: ast.AST) -> bool:
    """A commit, or a connection's own transaction, which commits at its end."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    begins = node.func.attr == "begin" and ast.unparse(node.func.value).endswith("connection")
    return begins or node.func.attr == "commit"


@pytest.mark.parametrize("rule", [through_walls, beyond_their_room, outside_the_seams, unfit_for_their_room])
def test_no_import_goes_where_it_may_not(rule: object) -> None:
    assert callable(rule)
    assert [fault for source in ours() for fault in rule(source)] == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("handlers.commands.orders.order", "from storage.store import SqlStore"),
        ("handlers.commands.orders.order", "def f():\n    import bot.broker.client"),
        ("handlers.commands.orders.order", "from bot import broker"),
        ("handlers.commands.orders.order", "from bot.app import open_app"),
        ("bot.trading.desk.order_desk", "from handlers import order"),
        ("bot.trading.desk.order_desk", "from bot.broker import client"),
        ("bot.trading.desk.order_desk", "import pydantic"),
        ("bot.broker.client", "from bot.trading.desk.order_desk import TradingDesk"),
        ("bot.broker.client", "import httpx"),
        ("bot.domain.orders.order", "import msgspec"),
        ("bot.domain.orders.order", "from bot.trading import desk"),
        ("bot.simulators.broker.rest.order_routes", "from bot.domain.money import exact"),
        ("bot.simulators.broker.rest.order_routes", "from bot.simulators.loop import DemoLoop"),
        ("bot.simulators.telegram.bot_api.api", "from bot.domain.clock import Clock"),
        ("bot.simulators.door", "from bot.simulators.broker.server import serve"),
        ("bot.delivery.notifier", "import storage"),
        ("bot.delivery.notifier", "from bot.simulators.broker.server import serve"),
        ("storage.repos.orders.orders", "from bot.trading import desk"),
        ("storage.repos.orders.orders", "from bot import settings"),
        ("handlers.views.orders.order", "import sqlalchemy as sa"),
        ("bot.trading.account.reports", "from bot.charts.draw import draw"),
        ("handlers.views.orders.order", "from PIL import Image"),
        ("bot.delivery.notifier", "from telegram import Bot"),
        ("bot.config.settings", "from storage.secrets.vault import Vault"),
        ("bot.diagnostics.facts", "from storage.store import SqlStore"),
        ("bot.domain.orders.order", "async def f() -> None: ..."),
        ("bot.domain.orders.order", "import logging"),
        ("bot.trading.desk.order_desk", "import json"),
        ("handlers.views.orders.order", "async def f() -> None:\n    await x"),
        ("storage.repos.orders.orders", "connection.commit()"),
        ("storage.repos.orders.orders", "with self._connection.begin(): ..."),
    ],
)
def test_each_wall_is_seen_when_it_is_broken(module: str, text: str) -> None:
    source = Source(module, text)
    assert [*through_walls(source), *beyond_their_room(source), *outside_the_seams(source), *unfit_for_their_room(source)]


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("bot.app", "from storage.store import SqlStore\nfrom handlers.application import build_application"),
        (
            "handlers.commands.orders.order",
            "from bot.domain.orders.order import Order\nfrom telegram import Update\nfrom bot.config.settings import Settings",
        ),
        (
            "bot.simulators.broker.rest.order_routes",
            "from bot.simulators.broker.accounts.ledger import Ledger\nfrom aiohttp import web",
        ),
        ("bot.demo.simulators", "from bot.simulators.broker.server import serve"),
        ("bot.simulators.broker.server", "from bot.simulators.door import listening"),
        ("storage.repos.orders.orders", "from bot.domain.orders.order import Order\nimport sqlalchemy"),
        ("bot.broker.transport", "import httpx"),
        ("bot.domain.ports.broker", "class Broker(Protocol):\n    async def funds(self) -> None: ..."),
        ("storage.store", "connection.commit()"),
    ],
)
def test_what_is_allowed_is_let_through(module: str, text: str) -> None:
    source = Source(module, text)
    assert [*through_walls(source), *beyond_their_room(source), *outside_the_seams(source), *unfit_for_their_room(source)] == []
