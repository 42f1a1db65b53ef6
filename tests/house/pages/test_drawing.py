"""The README's drawing of the house is true, and imports go round in no circle, neither of files nor of folders."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from tests.house.readme import README
from tests.house.source import ROOT, Source, ours

MOST_ROOMS = 20


def file_graph() -> dict[str, set[str]]:
    """File -> the files that it imports, also those only for the type checker or inside a function."""
    modules = {source.module: source for source in ours()}
    graph: dict[str, set[str]] = {}
    for name, source in modules.items():
        targets = {_module_of(module, modules) for module, _ in source.imports}
        graph[name] = {target for target in targets if target is not None and target != name}
    return graph


def _module_of(name: str, modules: Mapping[str, Source]) -> str | None:
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name or None


def folder_of(module: str) -> str:
    """The folder of a file. A file that lies beside folders stands for itself, since it puts them together."""
    path = next(source.path for source in ours() if source.module == module)
    beside = _has_folders(path.parent)
    whole = path.with_suffix("") if beside and path.name != "__init__.py" else path.parent
    return whole.relative_to(ROOT).as_posix()


@cache
def _has_folders(folder: Path) -> bool:
    return any((other / "__init__.py").exists() for other in folder.iterdir() if other.suffix == "")


def room_of(module: str) -> str:
    """The room of a file in the drawing: a file or folder of bot/, or another package as a whole."""
    parts = module.split(".")
    return parts[0] if parts[0] != "bot" else "/".join(parts[:2]) if len(parts) > 1 else "bot/__init__"


def grouped(graph: Mapping[str, set[str]], places: Mapping[str, str]) -> dict[str, set[str]]:
    """The same graph between places. An import within one place is left out."""
    between: dict[str, set[str]] = {place: set() for place in places.values()}
    for module, targets in graph.items():
        between[places[module]] |= {places[target] for target in targets} - {places[module]}
    return between


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups whose members all reach one another (Tarjan), each sorted."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    groups: list[list[str]] = []

    def visit(node: str) -> None:
        number[node] = lowest[node] = len(number)
        path.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in number:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in path:
                lowest[node] = min(lowest[node], number[other])
        if lowest[node] == number[node]:
            group = path[path.index(node) :]
            del path[path.index(node) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for node in sorted(graph):
        if node not in number:
            visit(node)
    return groups


def test_files_import_one_another_in_no_circle() -> None:
    assert circles(file_graph()) == []


def test_folders_import_one_another_in_no_circle() -> None:
    graph = file_graph()
    folders = grouped(graph, {module: folder_of(module) for module in graph})
    assert circles(folders) == []


def test_the_process_that_trades_never_loads_the_library_that_draws_pictures() -> None:
    graph = file_graph()
    reached, fresh = set[str](), {"bot.app", "bot.cli.run", "bot.charts.process"}
    while fresh:
        reached |= fresh
        fresh = {target for module in fresh for target in graph[module]} - reached
    assert {module for module in reached if room_of(module) == "bot/charts"} <= {"bot.charts.process", "bot.charts.album"}


Drawing = list[list[list[str]]]  # levels from the top; on each, chains of rooms


def drawing(readme: str) -> Drawing:
    """The fenced block under "The house" whose first line begins with a room."""
    block = re.search(r"^## The house\n.*?^```\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert block is not None
    levels = [line.partition("#")[0] for line in block[1].splitlines()]
    return [[re.split(r"\s*>\s*", chain) for chain in re.split(r"\s{2,}", level.strip())] for level in levels if level.strip()]


def up(drawn: Drawing, graph: Mapping[str, set[str]]) -> list[str]:
    """Imports that go neither to a lower line nor along a chain."""
    places = {
        room: (level, chain, place)
        for level, chains in enumerate(drawn)
        for chain, rooms in enumerate(chains)
        for place, room in enumerate(rooms)
    }

    def falls(room: str, target: str) -> bool:
        (level, chain, place), (other_level, other_chain, other_place) = places[room], places[target]
        return level < other_level or ((level, chain) == (other_level, other_chain) and place < other_place)

    return [f"{room} imports {target}" for room in graph for target in sorted(graph[room]) if not falls(room, target)]


def rooms_of(drawn: Drawing) -> list[str]:
    return [room for chains in drawn for rooms in chains for room in rooms]


def rooms(modules: Iterable[str]) -> dict[str, str]:
    return {module: room_of(module) for module in modules}


def test_the_readme_draws_every_room_once_and_no_import_goes_up_in_it() -> None:
    drawn, graph = drawing(README.read_text("utf-8")), file_graph()
    assert sorted(rooms_of(drawn)) == sorted(set(rooms(graph).values()))
    assert len(rooms_of(drawn)) <= MOST_ROOMS
    assert up(drawn, grouped(graph, rooms(graph))) == []


def test_an_arrow_that_goes_up_or_sideways_is_seen() -> None:
    drawn = drawing("## The house\n\nWords.\n\n```\na > b > c   d   # front\ne\n```\n")
    assert drawn == [[["a", "b", "c"], ["d"]], [["e"]]]
    assert up(drawn, {"a": {"c", "e"}, "b": {"a"}, "c": {"d"}, "d": {"e"}, "e": {"d"}}) == [
        "b imports a",
        "c imports d",
        "e imports d",
    ]


def test_a_circle_is_seen() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
    assert circles({"a": {"b"}, "b": {"a", "c"}, "c": {"d"}, "d": {"c"}}) == [["c", "d"], ["a", "b"]]
