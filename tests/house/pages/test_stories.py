"""The page that says which story shows which rule cannot rot: every test that it names exists, and each rule has one."""

import re
from pathlib import Path

from tests.house.source import ROOT

PAGE = ROOT / "tests" / "journeys" / "RULES.md"
ROW = re.compile(r"^\| (?!rule |---)(?P<rule>[^|]+) \| (?P<tests>[^|]+) \|$", re.MULTILINE)
DEFINED = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)


def rows() -> list[tuple[str, list[str]]]:
    return [(match["rule"], re.findall(r"`(test_\w+)`", match["tests"])) for match in ROW.finditer(PAGE.read_text("utf-8"))]


def written() -> set[str]:
    return {name for file in (ROOT / "tests").rglob("test_*.py") for name in DEFINED.findall(Path(file).read_text("utf-8"))}


def test_every_rule_names_a_test_that_exists() -> None:
    known = written()
    assert len(rows()) > 50
    assert [rule for rule, tests in rows() if not tests or set(tests) - known] == []


def test_no_rule_stands_twice() -> None:
    rules = [rule for rule, _ in rows()]
    assert sorted(set(rules)) == sorted(rules)
