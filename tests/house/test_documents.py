"""What stands beside the code: the README knows every command and setting, the locks are hashed, the migrations are one chain."""

import re
import tomllib
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from bot.settings import SETTINGS
from handlers.commands import COMMANDS
from tests.house.source import ROOT

README = ROOT / "README.md"
LOCKS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
LOCKED = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[A-Za-z0-9.+!]+( ;[^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
MOST_DEPENDENCIES = 16


def readme() -> str:
    if not README.exists():
        pytest.skip("README.md is not written yet; from its first line on it must name every command and setting")
    return README.read_text("utf-8")


def project() -> dict[str, list[str]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        loaded: dict[str, list[str]] = tomllib.load(file)["project"]
    return loaded


def test_every_command_is_in_the_readme() -> None:
    def written(name: str) -> str:
        return rf"`/{name}\b" if name.isidentifier() else rf"`{re.escape(name)}"  # `?` is typed without a slash

    assert [each.name for each in COMMANDS if not re.search(written(each.name), readme())] == []


def test_every_setting_is_in_the_readme() -> None:
    assert [each.name for each in SETTINGS if f"`{each.name}`" not in readme()] == []


def test_the_readme_names_no_command_that_does_not_exist() -> None:
    known = {word for each in COMMANDS for word in (each.name, *each.short)}
    named = set(re.findall(r"`/([a-z_]+)\b", readme()))
    # Addresses written in code style begin with a slash too; those of the demo are named here.
    assert named - known - {"exchange"} == set()


def test_there_are_few_direct_dependencies_and_each_has_bounds() -> None:
    dependencies = project()["dependencies"]
    assert len(dependencies) <= MOST_DEPENDENCIES
    for each in dependencies:
        assert re.fullmatch(r"[a-z0-9-]+>=[\d.]+,<[\d.]+", each), each


def requirements(lock: Path) -> list[str]:
    """Each requirement with its hashes on one line."""
    joined = lock.read_text("utf-8").replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_line_is_one_version_with_hashes_and_no_address(lock: Path) -> None:
    lines = requirements(lock)
    assert len(lines) > 10
    for line in lines:
        assert re.fullmatch(
            r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[A-Za-z0-9.+!]+( ;[^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", line
        ), line
    assert "://" not in lock.read_text("utf-8")
    assert "--index-url" not in lock.read_text("utf-8")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_direct_dependency_is_locked_and_both_locks_agree(lock: Path) -> None:
    def versions(of: Path) -> dict[str, str]:
        return {line.split("==")[0].partition("[")[0].lower(): line.split("==")[1].split()[0] for line in requirements(of)}

    run, this = versions(LOCKS[0]), versions(lock)
    for each in project()["dependencies"]:
        assert re.split(r"[>\[]", each)[0] in run
    assert {name: version for name, version in this.items() if name in run and version != run[name]} == {}


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


def test_a_lock_line_without_a_hash_or_with_an_address_is_seen(tmp_path: Path) -> None:
    bad = tmp_path / "requirements.txt"
    for line in ("httpx==0.28.1", "httpx>=0.28 --hash=sha256:" + "0" * 64, "httpx @ https://example.org/httpx.whl"):
        bad.write_text("\n".join([line] * 11))
        with pytest.raises(AssertionError):
            test_every_locked_line_is_one_version_with_hashes_and_no_address(bad)
