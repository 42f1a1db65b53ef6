"""What stands beside the code: the README knows every command and setting, the locks are hashed, the migrations are one chain."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bot.config.settings import table
from handlers.registry import COMMANDS
from storage.migrate import revisions
from tests.house.readme import README, commands, with_table
from tests.house.source import ROOT

LOCKS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
LOCKED = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[A-Za-z0-9.+!]+( ;[^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
MOST_DEPENDENCIES = 16
BY_DATE = {"certifi"}  # versions are days, and a list of roots must never be held back


def readme() -> str:
    return README.read_text("utf-8")


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        loaded: dict[str, Any] = tomllib.load(file)["project"]
    return loaded


def test_the_readmes_table_of_commands_is_the_one_that_make_readme_writes() -> None:
    assert with_table(readme(), commands()) == readme(), "run: make readme"


def test_the_readmes_table_of_settings_is_the_one_that_make_readme_writes() -> None:
    assert with_table(readme(), table()) == readme(), "run: make readme"


def test_the_readme_names_no_command_that_does_not_exist() -> None:
    words = {word for command in COMMANDS for word in (command.name, *command.short)}
    cited = set(re.findall(r"`/([a-z_]+)\b", readme()))
    # Addresses written in code style begin with a slash too; those of the demo are named here.
    assert cited - words - {"exchange"} == set()


def test_there_are_few_direct_dependencies_and_each_has_bounds() -> None:
    dependencies = project()["dependencies"]
    assert len(dependencies) <= MOST_DEPENDENCIES
    for requirement in dependencies:
        name = requirement.partition(">")[0]
        assert re.fullmatch(r"[a-z0-9-]+>=[\d.]+" + ("" if name in BY_DATE else r",<[\d.]+"), requirement), requirement


def requirements(lock: Path) -> list[str]:
    """Each requirement with its hashes on one line."""
    joined = lock.read_text("utf-8").replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_line_is_one_version_with_hashes_and_no_address(lock: Path) -> None:
    lines = requirements(lock)
    assert len(lines) > 10
    for line in lines:
        assert LOCKED.fullmatch(line), line
    assert "://" not in lock.read_text("utf-8")
    assert "--index-url" not in lock.read_text("utf-8")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_direct_dependency_is_locked_and_both_locks_agree(lock: Path) -> None:
    def versions(of: Path) -> dict[str, str]:
        return {line.split("==")[0].partition("[")[0].lower(): line.split("==")[1].split()[0] for line in requirements(of)}

    run, this = versions(LOCKS[0]), versions(lock)
    for requirement in project()["dependencies"]:
        assert re.split(r"[>\[]", requirement)[0] in run
    assert {name: version for name, version in this.items() if name in run and version != run[name]} == {}


def test_what_an_advisory_was_found_for_is_locked_at_or_above_its_fix_and_cannot_be_locked_below_it() -> None:
    fixed = {"certifi": "2026.10.19", "aiohttp": "3.14.5", "cryptography": "50.0.2"}
    bounds = {Requirement(requirement).name: Requirement(requirement).specifier for requirement in project()["dependencies"]}
    for lock in LOCKS:
        locked = {line.partition("==")[0]: Version(line.partition("==")[2].split()[0]) for line in requirements(lock)}
        assert {name for name, fix in fixed.items() if locked[name] < Version(fix)} == set()
    for name, fix in fixed.items():
        (lower,) = (bound.version for bound in bounds[name] if bound.operator == ">=")
        assert Version(lower) >= Version(fix), name


def test_one_lock_serves_every_python_that_the_project_admits() -> None:
    """A package whose versions differ by Python is locked for each of them, under a marker, and for none twice."""
    admitted = SpecifierSet(project()["requires-python"])
    versions = [f"3.{minor}" for minor in range(8, 20) if admitted.contains(f"3.{minor}")]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    for lock in LOCKS:
        for version in versions:
            here = {"python_version": version, "python_full_version": f"{version}.0", "sys_platform": "linux"}
            needed = [Requirement(line.partition(" --hash")[0].strip()) for line in requirements(lock)]
            names = [
                requirement.name for requirement in needed if requirement.marker is None or requirement.marker.evaluate(here)
            ]
            assert sorted(set(names)) == sorted(names)
            assert {requirement.name for requirement in needed} - set(names) <= {"colorama"}, "only Windows needs that one"


def test_the_dependency_audit_covers_both_locks_and_counts_a_skipped_package_as_a_failure() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipe = re.search(r"^audit:.*\nifdef ADVISORIES\n(\t.*\n)else\n((?:\t.*\n)+)endif\n", makefile, re.MULTILINE)
    assert recipe is not None
    assert recipe[1].split()[-2:] == [lock.name for lock in LOCKS]
    steps = recipe[2].splitlines()
    assert [step.split()[-1] for step in steps] == [lock.name for lock in LOCKS]
    for step in steps:
        assert "pip-audit --strict --require-hashes" in step
        assert "|| true" not in step
        assert not step.strip().startswith("-")


def test_the_migrations_are_one_chain() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "storage" / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    for revision in scripts.walk_revisions():
        assert not revision.is_branch_point
        assert not revision.is_merge_point
    assert revisions() == [script.revision for script in reversed([*scripts.walk_revisions()])], "a file is named by its revision"


def test_a_lock_line_without_a_hash_or_with_an_address_is_seen(tmp_path: Path) -> None:
    bad = tmp_path / "requirements.txt"
    for line in ("httpx==0.28.1", "httpx>=0.28 --hash=sha256:" + "0" * 64, "httpx @ https://example.org/httpx.whl"):
        bad.write_text("\n".join([line] * 11))
        with pytest.raises(AssertionError):
            test_every_locked_line_is_one_version_with_hashes_and_no_address(bad)
