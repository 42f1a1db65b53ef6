"""Every rule, failure and threat that is cited by number stands in docs/, and no page is cited that nobody can read."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from tests.house.source import ROOT, Source, ours, sources

RULES, SECURITY = (ROOT / "docs" / name for name in ("rules.md", "security.md"))
DEFINED = re.compile(r"^\| ([IFT]\d+) \|", re.MULTILINE)
TEST = re.compile(r"`(test_\w+)`")
CITED = re.compile(r"(?<![\w\"'.#/-])([IFT][1-9]\d?)(?:(?:\s?-\s?| to )([IFT]?[1-9]\d?))?(?![\w\"'.])")
PAGES = re.compile(r"\b([a-z][a-z-]*[a-z])\.md\b")
FILE = re.compile(r"(?<![\w/.-])((?:[\w-]+/)*[\w-]+\.py)\b")
FACTS = ("mstock-type-b", "market-rules", "telegram")  # sources that docs/rules.md lists


def defined() -> frozenset[str]:
    return frozenset(number for page in (RULES, SECURITY) for number in DEFINED.findall(page.read_text("utf-8")))


def cited(text: str) -> set[str]:
    """The numbers in a line. A range counts with both its ends."""
    numbers: set[str] = set()
    for first, last in CITED.findall(text):
        numbers.add(first)
        if last:
            numbers.add(last if last[0].isalpha() else first[0] + last)
    return numbers


def undefined(source: Source, known: frozenset[str]) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        for rule in sorted(cited(line) - known):
            yield f"{source.at(number)} cites {rule}, which stands in no page of docs/"


def out_of_reach(source: Source) -> Iterator[str]:
    """A page that is neither in the repository nor a listed source of facts."""
    for number, line in enumerate(source.text.splitlines(), 1):
        for page in PAGES.findall(line):
            if page not in FACTS and not (ROOT / "docs" / f"{page}.md").exists():
                yield f"{source.at(number)} cites {page}.md, which is not in the repository"
        if re.search(r"\bfailure-modes\b(?!\.md)", line):
            yield f"{source.at(number)} cites failure-modes, which is not in the repository"


def lost_files(source: Source, there: Collection[str]) -> Iterator[str]:
    """A file of ours that is named in words and has gone, or has another name now. there: every path, with / before it."""
    for number, line in enumerate(source.text.splitlines(), 1):
        for file in FILE.findall(line):
            if not any(path.endswith(f"/{file}") for path in there):
                yield f"{source.at(number)} names {file}, which is not in the repository"


def everything() -> tuple[Source, ...]:
    return tuple(source for source in (*ours(), *sources("tests", "bench")) if source.path.name != Path(__file__).name)


def test_every_number_that_is_cited_is_defined() -> None:
    known = defined()
    assert [fault for source in everything() for fault in undefined(source, known)] == []


def test_no_page_is_cited_that_is_not_in_the_repository() -> None:
    assert [fault for source in everything() for fault in out_of_reach(source)] == []


def test_no_file_is_named_that_is_not_in_the_repository() -> None:
    there = [f"/{source.path.relative_to(ROOT).as_posix()}" for source in (*ours(), *sources("tests", "bench"))]
    pages = [ROOT / "README.md", *(page for page in (ROOT / "docs").glob("*.md") if page.name != "gone.md")]
    written = (*ours(), *(Source(page.name, page.read_text("utf-8")) for page in pages))
    assert [fault for source in written for fault in lost_files(source, there)] == []


def test_the_rules_are_numbered_without_a_gap_and_each_names_tests_that_exist() -> None:
    text = RULES.read_text("utf-8")
    assert DEFINED.findall(text) == [f"I{n}" for n in range(1, 13)] + [f"F{n}" for n in range(1, 41)]
    there = {name for source in sources("tests") for name in re.findall(r"def (test_\w+)\(", source.text)}
    for row in re.findall(r"^\| [IF]\d+ \|.*$", text, re.MULTILINE):
        assert TEST.findall(row), row
        assert set(TEST.findall(row)) <= there, row


def test_every_source_of_facts_is_listed() -> None:
    listed = RULES.read_text("utf-8").split("## Sources of facts")[1]
    assert [page for page in FACTS if f"| {page}.md |" not in listed] == []


def test_a_number_that_is_not_defined_and_a_page_that_is_not_there_are_seen() -> None:
    known = frozenset({"I1", "F5", "F8"})
    assert list(undefined(Source("bot.x", "# never twice (I1), whatever happens (F5-F8)"), known)) == []
    assert list(undefined(Source("bot.x", "# never twice (invariant I77)"), known))
    assert list(lost_files(Source("bot.x", '"""Words (`words.py`, domain/orders.py)."""'), ["/bot/words.py", "/bot/orders.py"]))
    assert list(lost_files(Source("bot.x", "# as words.py has it"), ["/bot/words.py"])) == []
    assert list(out_of_reach(Source("bot.x", "# as drawn (secret-plan.md section 4)")))
    assert list(out_of_reach(Source("bot.x", "# threats are in security.md, packets in mstock-type-b.md 14.4"))) == []
