"""How files are written: a first sentence, frozen facts, named by what is in them, each with its own test."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from tests.house.source import ROOT, Source, is_in, ours, sources

# Names that say nothing of what is in a file.
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base", "core", "tools"})
MOST_FILES = 13
MOST_LINES = 400
LISTS = {"bot/cli", "storage/migrations/versions"}  # a file for each command of the host, and for each step of the schema
EMPTY_WORDS = re.compile(r"(Manager|Helper|Util|Utils)$")


def without_a_first_sentence(source: Source) -> Iterator[str]:
    """The first line is one whole sentence: it ends there, and none ends before."""
    words = ast.get_docstring(source.tree)
    first = words.split("\n", 1)[0].strip() if words else ""
    if not first:
        yield f"{source.at(1)} has no docstring"
    elif not re.search(r"[.?!]$", first):
        yield f"{source.at(1)} the first line is no whole sentence: {first!r}"
    elif re.search(r"[.?!]\s+[A-Z]", first):
        yield f"{source.at(1)} the first line is more than one sentence: {first!r}"


def chained_sentences(source: Source) -> Iterator[str]:
    """A docstring begins with a plain sentence, and not with two that a semicolon chains."""
    for node in source.nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = (ast.get_docstring(node) or "").split("\n", 1)[0]
            if ";" in first:
                yield f"{source.at(node.body[0].lineno)} the first line is chained: {first!r}"


def thawed_facts(source: Source) -> Iterator[str]:
    """Domain values are frozen, have slots and take their fields by name: @value makes them so."""
    if not is_in(source.module, "bot.domain") or source.module == "bot.domain.value":
        return
    for node in source.nodes:
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(called).rpartition(".")[2] == "dataclass":
                yield f"{source.at(node.lineno)} {node.name} is made by dataclass: @value freezes it"


def empty_names(source: Source) -> Iterator[str]:
    if source.module.rpartition(".")[2] in EMPTY_NAMES:
        yield f"{source.at(1)} a file has a noun that says what is in it"
    for node in source.nodes:
        if isinstance(node, ast.ClassDef) and EMPTY_WORDS.search(node.name):
            yield f"{source.at(node.lineno)} {node.name}: say what it is"


def floats_for_money(source: Source) -> Iterator[str]:
    """float() and float annotations have no place where prices are. Seconds are the exception, and say so by their name."""
    if not is_in(source.module, "bot.domain", "bot.trading", "storage", "handlers"):
        return
    for node in source.nodes:
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None and "float" in ast.unparse(node.annotation):
            name = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
            if MONEY.search(name):
                yield f"{source.at(node.lineno)} {name} is a float"


MONEY = re.compile(
    r"price|amount|rupees|value|average|margin|cash|charge|premium|strike|tick|trigger|pnl|profit|loss", re.IGNORECASE
)


@pytest.mark.parametrize("rule", [without_a_first_sentence, chained_sentences, thawed_facts, empty_names, floats_for_money])
def test_every_file_keeps_to_it(rule: object) -> None:
    assert callable(rule)
    files = (*ours(), *sources("bench"))
    assert [fault for source in files for fault in rule(source)] == []


def test_every_test_file_says_what_it_tells() -> None:
    said = (without_a_first_sentence, chained_sentences)
    assert [fault for source in sources("tests") for rule in said for fault in rule(source)] == []


def test_a_class_name_means_one_thing() -> None:
    """In all of the product but the simulators, which speak for other systems in those systems' words."""
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for source in ours():
        for node in source.nodes:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not is_in(source.module, "bot.simulators"):
                homes[node.name].append(source.module)
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


def test_a_folder_holds_about_a_dozen_files_but_for_lists_of_like_things() -> None:
    everything = (*ours(), *sources("tests", "bench"))
    files = Counter(source.path.parent for source in everything if source.path.name not in {"__init__.py", "conftest.py"})
    crowded = {folder.relative_to(ROOT).as_posix() for folder, count in files.items() if count > MOST_FILES}
    assert crowded == LISTS


def test_a_file_is_read_in_one_sitting() -> None:
    everything = (*ours(), *sources("tests", "bench"))
    long = {source.at(1): lines for source in everything if (lines := source.text.count("\n")) > MOST_LINES}
    assert long == {}, "look for the second responsibility"


def test_tests_are_not_packages() -> None:
    assert sorted((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (without_a_first_sentence, "x = 1"),
        (without_a_first_sentence, '"""The values"""'),
        (without_a_first_sentence, '"""One. Two."""'),
        (without_a_first_sentence, '"""A sentence that\ngoes on."""'),
        (chained_sentences, 'def f() -> None:\n    """One; two."""'),
        (thawed_facts, "@dataclass\nclass A: ..."),
        (thawed_facts, "@dataclasses.dataclass(frozen=True, slots=True)\nclass A: ..."),
        (thawed_facts, "@dataclass(frozen=True, slots=True, kw_only=True)\nclass A: ..."),
        (empty_names, "class OrderManager: ..."),
        (floats_for_money, "def f(price: float) -> None: ..."),
        (floats_for_money, "class A:\n    average: float | None"),
    ],
)
def test_each_fault_is_seen(rule: object, text: str) -> None:
    assert callable(rule)
    assert list(rule(Source("bot.domain.x", text)))


def test_good_form_is_let_through() -> None:
    text = '"""Values: what a price is."""\n@value\nclass A:\n    seconds: float\n'
    for rule in (without_a_first_sentence, chained_sentences, thawed_facts, empty_names, floats_for_money):
        assert list(rule(Source("bot.domain.x", text))) == []
    assert list(empty_names(Source("bot.utils", text)))
