"""The mode is a pair of addresses, never a branch: no room of the product knows whether the broker is a paper one."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.source import FRONT_DOOR, Source, is_in, ours

# The simulators themselves, the front door that chooses the addresses, and the setting that names the pair.
MAY_KNOW = (*FRONT_DOOR, "bot.simulators", "bot.config.addresses", "bot.config.settings")
MODES = frozenset({"paper", "live", "demo"})


def branches_on_the_mode(source: Source) -> Iterator[str]:
    if is_in(source.module, *MAY_KNOW):
        return
    for node in source.nodes:
        for name in _names(node):
            if "paper" in name.lower() or name.lower() in ("is_live", "is_demo"):
                yield f"{source.at(node.lineno)} {name}: nothing here may know of it"  # type: ignore[attr-defined]  # every named node has a line
        for side in _compared(node):
            if isinstance(side, ast.Constant) and isinstance(side.value, str) and side.value.lower() in MODES:
                yield f"{source.at(side.lineno)} compares with {side.value!r}"
            elif isinstance(side, ast.Attribute) and ast.unparse(side.value).rpartition(".")[2] == "Mode":
                yield f"{source.at(side.lineno)} compares with {ast.unparse(side)}"


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.keyword | ast.alias):
        yield (node.arg if isinstance(node, ast.keyword) else node.name) or ""
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name


def _compared(node: ast.AST) -> Iterator[ast.expr]:
    """What stands on either side of a comparison, in a match, or among the keys of something looked up by the mode."""
    if isinstance(node, ast.Compare):
        for side in (node.left, *node.comparators):
            yield from side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else (side,)
    elif isinstance(node, ast.MatchValue):
        yield node.value
    elif isinstance(node, ast.Dict):
        yield from (key for key in node.keys if key is not None)


def test_no_room_branches_on_the_mode() -> None:
    assert [fault for source in ours() for fault in branches_on_the_mode(source)] == []


@pytest.mark.parametrize(
    "text",
    [
        "if settings.mode == 'paper': ...",
        "x = 1 if mode != 'LIVE' else 2",
        "if mode in ('demo', 'paper'): ...",
        "from bot.config.addresses import Mode\nif settings.mode is Mode.LIVE: ...",
        "if is_paper: ...",
        "class PaperDesk: ...",
        "def f(*, paper: bool): ...",
        "f(paper_trading=True)",
        "match mode:\n    case 'live': ...",
        "limit = {'live': 1, 'paper': 2}[mode]",
    ],
)
def test_a_branch_on_the_mode_is_seen(text: str) -> None:
    assert list(branches_on_the_mode(Source("bot.trading.desk.order_desk", text)))
    assert list(branches_on_the_mode(Source("bot.simulators.broker.desk.routes", text))) == []


@pytest.mark.parametrize(
    "text", ["if mode is FeedMode.DEPTH: ...", "title = f'{side} {mode}'", "x = services.mode", "live = tick.fresh"]
)
def test_showing_the_mode_is_let_through(text: str) -> None:
    assert list(branches_on_the_mode(Source("handlers.views.orders.order", text))) == []
