"""The suite itself: every folder has a floor of coverage, every family of journeys a story in the core."""

import re

from tests.house.floors import FLOORS, misfits, product, report, row_of
from tests.house.source import ROOT


def test_every_file_counts_for_a_folder_and_every_folder_has_files() -> None:
    assert misfits(product()) == []


def test_where_money_moves_nine_in_ten_lines_and_branches_run_at_least() -> None:
    for folder in ("bot/broker", "bot/domain", "bot/trading", "storage"):
        assert min(FLOORS[folder]) >= 90


def test_a_folder_below_its_floor_and_a_file_that_was_not_measured_are_seen() -> None:
    full = {"num_statements": 10, "covered_lines": 10, "num_branches": 100, "covered_branches": 100}
    files = {file: {"summary": full} for file in product()}
    assert all(holds for _, holds in report(files))
    fewer = {file: {"summary": full | {"covered_branches": 50}} for file in files if row_of(file) == "storage"}
    (low,) = (line for line, holds in report(files | fewer) if not holds)
    assert low == "storage          lines 100.00 (floor 90)  branches  50.00 (floor 90)  BELOW"
    del files["bot/domain/orders/order.py"]
    assert [line for line, holds in report(files) if not holds] == ["bot/domain/orders/order.py was not measured"]
    assert misfits([*product(), "elsewhere/new.py"]) == ["elsewhere/new.py"]
    assert misfits(["storage/store.py"]) == [folder for folder in FLOORS if folder != "storage"]


def test_every_family_of_journeys_has_a_story_in_the_core_or_is_exhaustive_as_a_whole() -> None:
    families = sorted((ROOT / "tests" / "journeys").rglob("test_*.py"))
    assert len(families) > 10
    texts = {family.name: family.read_text("utf-8") for family in families}
    whole = re.compile(r"^pytestmark = .*pytest\.mark\.exhaustive", re.MULTILINE)
    assert [name for name, text in texts.items() if "pytest.mark.core" not in text and not whole.search(text)] == []


def test_ci_runs_the_checks_the_suite_what_is_exhaustive_and_the_campaign() -> None:
    steps = [line for line in (ROOT / ".ci" / "run").read_text("utf-8").splitlines() if line.startswith("make ")]
    assert steps == ["make check", "make test", "make test-all", "make campaign SEEDS=300 SECONDS=240"]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in ("test-all", "canaries"):
        recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        assert recipe is not None
        assert "$(SUITE) $(WHOLE)" in recipe[1], "nothing is left out"
