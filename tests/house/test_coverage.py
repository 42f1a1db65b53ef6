"""Every file of the product has its test: one of its own name, or a named group of tests that reaches it."""

from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache

from tests.house.source import ROOT, Source, is_in, ours, sources


@dataclass(frozen=True, kw_only=True)
class Together:
    """Files that are tested as one thing, where; each of them must be reached by the imports of one of those tests."""

    files: str
    tests: str
    why: str


TOGETHER = (
    Together(
        files="bot/paper/*",
        tests="tests/bot/paper/*",
        why="a broker is met on the wire",
    ),
    Together(files="bot/demo/*", tests="tests/bot/demo/*", why="a Telegram is met on the wire"),
    Together(files="bot/broker/*", tests="tests/bot/broker/*", why="the client is met against the paper broker"),
    Together(files="bot/domain/*", tests="tests/bot/*", why="values and ports are used all over"),
    Together(files="bot/trading/*", tests="tests/bot/trading/*", why="parts of the desk are met through the desk"),
    Together(files="bot/*", tests="tests/journeys/*", why="the front door is met by whole journeys"),
    Together(
        files="handlers/*",
        tests="tests/handlers/*",
        why="commands are met through the chat",
    ),
    Together(files="handlers/*", tests="tests/journeys/*", why="news and cards are met by whole journeys"),
    Together(files="storage/*", tests="tests/storage/*", why="tables, engine and drawers are met through the store"),
)

# No test reaches these yet. The list only shrinks: a file that a test reaches is to be taken off it.
AWAITED: frozenset[str] = frozenset()


@cache
def graph() -> dict[str, frozenset[str]]:
    files = {source.module: source for source in (*ours(), *sources("tests"))}

    def file_of(name: str) -> str | None:
        while name and name not in files:
            name = name.rpartition(".")[0]
        return name or None

    return {
        module: frozenset(found for name, _ in source.imports if (found := file_of(name)) is not None)
        for module, source in files.items()
    }


@cache
def reached_from(test: str) -> frozenset[str]:
    seen: set[str] = set()
    waiting = [test]
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting += graph()[module]
    return frozenset(seen)


def files_of_tests() -> list[Source]:
    """Files of tests; those of the house itself read the product and do not run it."""
    return [each for each in sources("tests") if each.path.name.startswith("test_") and not is_in(each.module, "tests.house")]


def product() -> list[Source]:
    return [each for each in ours() if not each.path.name.startswith("__") and "migrations" not in each.path.parts]


def has_its_own(source: Source) -> bool:
    return (ROOT / "tests" / source.path.relative_to(ROOT).parent / f"test_{source.path.name}").exists()


@cache
def reached_by(pattern: str) -> frozenset[str]:
    """All that the tests of that pattern reach."""
    tests = (each.module for each in files_of_tests() if fnmatch(where(each), pattern))
    return frozenset().union(*(reached_from(test) for test in tests))


def where(source: Source) -> str:
    return source.path.relative_to(ROOT).as_posix()


def has_a_group(source: Source) -> bool:
    return any(fnmatch(where(source), group.files) and source.module in reached_by(group.tests) for group in TOGETHER)


def test_every_file_has_its_test() -> None:
    missing = {each.module for each in product() if not has_its_own(each) and not has_a_group(each)}
    assert sorted(missing - AWAITED) == [], "these have no test of their own name, and none of their group reaches them"
    assert sorted(AWAITED - missing) == [], "these are reached now: take them off AWAITED"


def test_following_imports_finds_what_is_used_and_not_what_is_not() -> None:
    reached = reached_from("tests.house.test_coverage")
    assert "tests.house.source" in reached
    assert "bot.app" not in reached
    assert "bot.domain.errors" in reached_from("tests.house.test_errors")
