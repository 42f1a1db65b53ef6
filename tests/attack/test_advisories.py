"""The audit without a network finds a planted advisory, weighs ranges as OSV does, and takes nothing unclear for harmless."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from tests.attack.advisories import Unjudgeable, audit, is_affected, main
from tests.house.source import ROOT

LOCKS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
HARMLESS = {"id": "PYSEC-0", "affected": [{"package": {"name": "elsewhere", "ecosystem": "PyPI"}, "versions": ["1.0"]}]}


def plant(directory: Path, *records: dict[str, Any], name: str = "planted") -> Path:
    place = directory / "vulns" / name
    place.mkdir(parents=True, exist_ok=True)
    for number, record in enumerate(records):
        whole = {"id": f"PYSEC-2026-{number}", "modified": "2026-11-01T10:00:00Z"} | record
        (place / f"{number}.yaml").write_text(yaml.safe_dump(whole))
    return directory


def of(name: str, *events: dict[str, str], versions: list[str] | None = None, kind: str = "ECOSYSTEM") -> dict[str, Any]:
    """An "affected" entry."""
    ranges = [{"type": kind, "events": list(events)}] if events else []
    return {"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges, "versions": versions or []}


def locked(name: str) -> str:
    """The version of a package that is locked here."""
    for line in LOCKS[0].read_text("utf-8").splitlines():
        if line.startswith(f"{name}=="):
            return line.split("==")[1].split()[0]
    raise AssertionError(name)


def test_our_locks_against_an_advisory_for_nobody_of_them(tmp_path: Path) -> None:
    told = audit(plant(tmp_path, HARMLESS), LOCKS)
    assert told.line["ok"]
    assert told.packages == told.audited > 60
    assert (told.advisories, told.newest) == (1, "2026-11-01")


@pytest.mark.parametrize(
    "events",
    [
        [{"introduced": "0"}],
        [{"introduced": "0"}, {"last_affected": "{here}"}],
        [{"introduced": "{here}"}],
        [{"introduced": "0"}, {"fixed": "0.1"}, {"introduced": "{here}"}, {"fixed": "9999"}],
    ],
)
def test_an_advisory_planted_for_one_locked_version_fails_the_audit(tmp_path: Path, events: list[dict[str, str]]) -> None:
    here = locked("aiohttp")
    given = [{kind: words.replace("{here}", here) for kind, words in event.items()} for event in events]
    plant(tmp_path, HARMLESS, {"affected": [of("AioHTTP", *given)]})
    told = audit(tmp_path, LOCKS)
    assert told.found == [f"aiohttp {here}: PYSEC-2026-1"]
    assert not told.line["ok"]
    assert main([str(tmp_path), *map(str, LOCKS)]) == 1


def test_the_same_in_json_and_by_a_list_of_versions_and_in_the_second_entry(tmp_path: Path) -> None:
    here = locked("httpx")
    record = {"id": "GHSA-1", "affected": [of("other", {"introduced": "0"}), of("httpx", versions=["0.1", here])]}
    (tmp_path / "one.json").write_text(json.dumps(record))
    assert audit(tmp_path, LOCKS).found == [f"httpx {here}: GHSA-1"]


@pytest.mark.parametrize(
    "record",
    [
        {"affected": [of("aiohttp", {"introduced": "0"}, {"fixed": "{here}"})]},
        {"affected": [of("aiohttp", {"introduced": "0"}, {"last_affected": "3.0"})]},
        {"affected": [of("aiohttp", {"introduced": "9999"})]},
        {"affected": [of("aiohttp", versions=["3.8.0"])]},
        {"affected": [of("aiohttp", {"introduced": "0"})], "withdrawn": datetime(2026, 11, 2, tzinfo=UTC)},
        {"affected": [{"package": {"name": "aiohttp", "ecosystem": "npm"}, "ranges": []}]},
    ],
    ids=["fixed here", "last affected before", "introduced later", "others by name", "withdrawn", "of another ecosystem"],
)
def test_what_does_not_concern_the_locked_version_passes(tmp_path: Path, record: dict[str, Any]) -> None:
    text = yaml.safe_dump(record).replace("{here}", locked("aiohttp"))
    plant(tmp_path, HARMLESS, yaml.safe_load(text))
    told = audit(tmp_path, LOCKS)
    assert told.line["ok"], told


@pytest.mark.parametrize(
    "entry",
    [
        of("aiohttp"),
        of("aiohttp", {"introduced": "0"}, kind="OTHER"),
        of("aiohttp", {"introduced": "0"}, {"reverted": "2"}),
        of("aiohttp", {"introduced": "one of these days"}),
    ],
)
def test_an_advisory_that_cannot_be_weighed_fails_the_audit(tmp_path: Path, entry: dict[str, Any]) -> None:
    plant(tmp_path, HARMLESS, {"affected": [entry]})
    told = audit(tmp_path, LOCKS)
    assert len(told.skipped) == 1
    assert told.audited == told.packages - 1
    assert not told.line["ok"]


def test_nothing_to_judge_by_or_nothing_to_judge_fails_the_audit(tmp_path: Path) -> None:
    assert not audit(tmp_path, LOCKS).line["ok"], "an empty directory knows of no advisory, which is no good news"
    plant(tmp_path, HARMLESS)
    (tmp_path / "vulns" / "torn.yaml").write_text("id: [")
    assert audit(tmp_path, LOCKS).skipped == ["torn.yaml: cannot be read"]
    (tmp_path / "vulns" / "torn.yaml").unlink()
    lock = tmp_path / "lock.txt"
    lock.write_text("aiohttp==3.14.5 \\\n    --hash=sha256:00\nhttpx @ git+https://example.com/httpx\nodd==one\n")
    told = audit(tmp_path, [lock])
    assert (told.packages, told.audited, len(told.skipped)) == (3, 1, 2)
    lock.write_text("# nothing\n")
    assert not audit(tmp_path, [lock]).line["ok"]


RELEASES = [Version(f"{major}.{minor}") for major in range(6) for minor in range(4)]


@given(st.lists(st.sampled_from(RELEASES), min_size=1, max_size=8, unique=True), st.sampled_from(RELEASES), st.randoms())
def test_several_ranges_in_any_order_are_the_stretches_between_their_ends(ends: list[Version], one: Version, chance: Any) -> None:
    marks = sorted(ends)
    events = [{"introduced" if number % 2 == 0 else "fixed": str(mark)} for number, mark in enumerate(marks)]
    chance.shuffle(events)
    inside = sum(mark <= one for mark in marks) % 2 == 1
    assert is_affected(one, of("x", *events)) is inside


@pytest.mark.parametrize(
    ("version", "affected"),
    [("1.0", True), ("1.0.post1", False), ("0.9rc1", True), ("2.0", False), ("2.0rc1", True), ("2.1", True), ("0", True)],
)
def test_releases_are_compared_as_the_packagers_do(version: str, affected: bool) -> None:
    first = [{"introduced": "0"}, {"last_affected": "1.0"}]
    second = [{"introduced": "2.0rc1"}, {"fixed": "2.0"}, {"introduced": "2.1"}]
    entry = {"ranges": [{"type": "ECOSYSTEM", "events": first}, {"type": "SEMVER", "events": second}]}
    assert is_affected(Version(version), entry) is affected


def test_a_range_of_commits_alone_is_not_taken_for_harmless() -> None:
    with pytest.raises(Unjudgeable):
        is_affected(Version("1.0"), {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]})
