"""Which room may import which: house.md section 1, held sentence by sentence."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.house.source import FRONT_DOOR, PACKAGES, Source, is_in, ours

NEIGHBOURS = ("bot.simulators",)


@dataclass(frozen=True, kw_only=True)
class Wall:
    """Files in `room` do not import `not_from`."""

    says: str
    room: tuple[str, ...]
    not_from: tuple[str, ...]
    but: frozenset[str] = frozenset()


WALLS = (
    Wall(
        says="the face sees neither the memory nor the wire, nor the neighbours, nor the front door",
        room=("handlers",),
        not_from=("storage", "bot.broker", *NEIGHBOURS, *sorted(FRONT_DOOR)),
    ),
    Wall(
        says="nothing in the heart knows the face or the memory, but the front door",
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
        says="the neighbours are imported by the front door and the tests only",
        room=("bot", "handlers", "storage"),
        not_from=NEIGHBOURS,
        but=FRONT_DOOR,
    ),
)

# (room, what of ours it may import besides itself); a room named here imports nothing else of ours.
ONLY = {
    "storage": ("bot.domain",),
    "bot.domain": (),
    "bot.trading": ("bot.domain", "bot.runtime"),
    "bot.broker": ("bot.domain",),
    "bot.reference": ("bot.domain",),
    "bot.web": ("bot.domain", "bot.trading"),
    "bot.simulators": (),
    "bot.simulators.broker": ("bot.simulators.door",),
    "bot.simulators.door": (),
}
WITHOUT_LIBRARIES = ("bot.domain", "bot.trading")

# Library -> the rooms that may import it: each is one seam.
SEAMS = {
    # connections.py only names the type of a wire that a test may put in.
    "httpx": ("bot.broker.transport", "bot.broker.connections"),
    "telegram": ("handlers",),
    "sqlalchemy": ("storage",),
    "alembic": ("storage",),
    "cryptography": ("storage",),
    "pyotp": ("bot.broker", "bot.simulators.broker"),
    "aiohttp": (
        *("bot.broker", "bot.simulators", "bot.web", "bot.demo.simulators"),
        *("bot.cli.check", "bot.cli.main", "bot.demo.practice", "bot.demo.live_prices", "handlers.telegram.http"),
    ),
    "msgspec": ("bot.broker", "bot.reference", "bot.simulators.telegram", "storage"),
    "sqlite3": ("bot.simulators", "storage"),
}


def through_walls(source: Source) -> Iterator[str]:
    for wall in WALLS:
        if not is_in(source.module, *wall.room) or source.module in wall.but:
            continue
        for module, line in source.imports:
            # What a neighbour may import stands in ONLY.
            if is_in(module, *wall.not_from) and not (is_in(module, *NEIGHBOURS) and is_in(source.module, *NEIGHBOURS)):
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


@pytest.mark.parametrize("rule", [through_walls, beyond_their_room, outside_the_seams])
def test_no_import_goes_where_it_may_not(rule: object) -> None:
    assert callable(rule)
    assert [each for source in ours() for each in rule(source)] == []


def loops(graph: dict[str, set[str]]) -> list[list[str]]:
    """Circles of imports, each once."""
    found: list[list[str]] = []
    done: set[str] = set()

    def walk(module: str, path: list[str]) -> None:
        if module in path:
            found.append([*path[path.index(module) :], module])
            return
        if module in done:
            return
        for other in sorted(graph.get(module, ())):
            walk(other, [*path, module])
        done.add(module)

    for module in sorted(graph):
        walk(module, [])
    return found


def test_imports_go_round_in_no_circle() -> None:
    modules = {source.module: source for source in ours()}
    graph = {
        name: {target for module in source.needs if (target := _module_of(module, modules)) and target != name}
        for name, source in modules.items()
    }
    assert loops(graph) == []


def test_the_folders_of_trading_go_round_in_no_circle_either() -> None:
    graph: dict[str, set[str]] = {}
    for source in ours():
        folder = _trading_folder(source.module)
        if folder is not None:
            needed = {_trading_folder(name) for name in source.needs if name.startswith("bot.trading.")}
            graph.setdefault(folder, set()).update(name for name in needed if name is not None and name != folder)
    assert "orders" in graph["services"], "the graph is that of our own imports"
    assert loops({name: needed & graph.keys() for name, needed in graph.items()}) == []


def _trading_folder(module: str) -> str | None:
    """The folder of a module of bot.trading; a file at its top stands for itself."""
    path = module.split(".")
    return path[2] if path[:2] == ["bot", "trading"] and len(path) > 2 else None


def _module_of(name: str, modules: dict[str, Source]) -> str | None:
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name or None


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("handlers.commands.order", "from storage.store import SqlStore"),
        ("handlers.commands.order", "def f():\n    import bot.broker.client"),
        ("handlers.commands.order", "from bot import broker"),
        ("handlers.commands.order", "from bot.app import open_app"),
        ("bot.trading.orders.order_desk", "from handlers import order"),
        ("bot.trading.orders.order_desk", "from bot.broker import client"),
        ("bot.trading.orders.order_desk", "import pydantic"),
        ("bot.broker.client", "from bot.trading.orders.order_desk import TradingDesk"),
        ("bot.broker.client", "import httpx"),
        ("bot.domain.orders.order", "import msgspec"),
        ("bot.domain.orders.order", "from bot.trading import desk"),
        ("bot.simulators.broker.rest.order_routes", "from bot.domain.money import exact"),
        ("bot.simulators.broker.rest.order_routes", "from bot.simulators.loop import DemoLoop"),
        ("bot.simulators.telegram.api", "from bot.domain.clock import Clock"),
        ("bot.simulators.door", "from bot.simulators.broker.server import serve"),
        ("bot.delivery.notifier", "import storage"),
        ("bot.delivery.notifier", "from bot.simulators.broker.server import serve"),
        ("storage.repos.orders", "from bot.trading import desk"),
        ("storage.repos.orders", "from bot import settings"),
        ("handlers.views.order", "import sqlalchemy as sa"),
        ("bot.delivery.notifier", "from telegram import Bot"),
    ],
)
def test_each_wall_is_seen_when_it_is_broken(module: str, text: str) -> None:
    source = Source(module, text)
    assert [*through_walls(source), *beyond_their_room(source), *outside_the_seams(source)]


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("bot.app", "from storage.store import SqlStore\nfrom handlers.application import build_application"),
        (
            "handlers.commands.order",
            "from bot.domain.orders.order import Order\nfrom telegram import Update\nfrom bot.config.settings import Settings",
        ),
        (
            "bot.simulators.broker.rest.order_routes",
            "from bot.simulators.broker.accounts.ledger import Ledger\nfrom aiohttp import web",
        ),
        ("bot.demo.simulators", "from bot.simulators.broker.server import serve"),
        ("bot.simulators.broker.server", "from bot.simulators.door import listening"),
        ("storage.repos.orders", "from bot.domain.orders.order import Order\nimport sqlalchemy"),
        ("bot.broker.transport", "import httpx"),
    ],
)
def test_what_is_allowed_is_let_through(module: str, text: str) -> None:
    source = Source(module, text)
    assert [*through_walls(source), *beyond_their_room(source), *outside_the_seams(source)] == []


def test_a_circle_is_seen() -> None:
    assert loops({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c", "a"]]
    assert loops({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
