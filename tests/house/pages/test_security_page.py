"""docs/security.md names every threat, says each sentence it must, and names no test that does not exist."""

import ast
import re
from functools import cache

from tests.house.source import ROOT

PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`([a-z_/]+\.py)::(test_\w+)`")
THREATS = [number for number in range(1, 39) if number not in (18, 19, 29)]  # those that are in use
ASVS = (
    "1.1.2", "1.2.1", "1.2.4", "1.2.10", "1.3.6", "2.3.1", "2.3.3", "2.3.4", "2.4.1", "2.4.2", "6.3.5", "6.3.7", "6.5.1", "6.5.5",
    "6.5.6", "6.5.8", "6.6.2", "6.6.3", "6.6.4", "7.3.1", "7.3.2", "7.4.1", "7.5.3", "8.2.1", "8.2.2", "8.3.2", "8.4.1", "11.2.2",
    "11.3.2", "11.3.3", "11.3.4", "11.4.4", "11.5.1", "11.7.2", "12.3.2", "13.2.4", "13.3.1", "13.4.2", "14.2.1", "14.2.6",
    "15.1.2", "15.2.4", "15.3.2", "15.3.5", "15.4.2", "16.2.5", "16.3", "16.4.1", "16.5.1", "16.5.3", "16.5.4",
)  # fmt: skip
SENTENCES = (
    "Telegram sees what you type.",
    "One factor if you store the seed.",
    "The host is the crown jewel.",
    "The broker's app is the final truth.",
)


def page() -> str:
    return PAGE.read_text("utf-8")


def named() -> list[tuple[str, str]]:
    return sorted(set(NAMED.findall(page())))


@cache
def names_in(file: str) -> frozenset[str]:
    path = ROOT / "tests" / file
    if not path.exists():
        return frozenset()
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_test_it_names_exists() -> None:
    assert len(named()) > 100
    assert [(file, test) for file, test in named() if test not in names_in(file)] == []


def test_every_threat_has_a_test_or_a_reason() -> None:
    for number in THREATS:
        (row,) = re.findall(rf"^\| T{number} \|.*$", page(), re.MULTILINE)
        _, _, threat, met, reason, _ = (cell.strip() for cell in row.split("|"))
        assert threat, row
        assert NAMED.search(met) or reason, f"neither a test nor a reason: {row}"


def test_every_item_of_the_self_check_has_a_test_or_an_exception() -> None:
    table = re.findall(r"^\| [\d., ]+ .*\|$", page(), re.MULTILINE)
    for item in ASVS:
        rows = [row for row in table if re.search(rf"(?<![\d.]){re.escape(item)}(?![\d.])", row)]
        assert rows, item
        assert any(NAMED.search(row) or "exception" in row for row in rows), item


def test_the_four_sentences_stand_at_the_top() -> None:
    top = page().split("## The threat model")[0]
    assert [sentence for sentence in SENTENCES if sentence not in top] == []


def test_the_figures_of_the_attacks_are_kept() -> None:
    figures = page().split("## Figures of `make attack`")[1]
    for name in ("forged", "tampered", "tapped", "flooded"):
        assert f'"name": "{name}"' in figures, name


def test_a_test_that_does_not_exist_is_seen() -> None:
    assert names_in("house/test_no_such_file.py") == frozenset()
    assert "test_no_such_test" not in names_in("house/pages/test_security_page.py")
    assert "test_a_test_that_does_not_exist_is_seen" in names_in("house/pages/test_security_page.py")
