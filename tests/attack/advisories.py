"""Audits every locked package against an advisory database on disk, for places from which no advisory service is reached.

The database is a directory of OSV records, YAML or JSON, such as a checkout of pypa/advisory-database or of GitHub's. How a
version is judged is OSV's own schema (ossf.github.io/osv-schema, "Evaluation"). Run as:
python -m tests.attack.advisories DIRECTORY LOCK... It prints one line of JSON and ends with 1 when a locked package is affected,
or could not be judged, or when the directory holds no advisories.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ECOSYSTEM = "PyPI"
_LOCKED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==(?P<version>[^\s;\\]+)")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Record = Mapping[str, Any]


class Unjudgeable(Exception):
    """An advisory of a locked package that says something this program cannot weigh: never taken for harmless."""


@dataclass
class Audit:
    """What was looked at and what was found."""

    packages: int = 0
    audited: int = 0
    advisories: int = 0  # records of this ecosystem in the directory
    withdrawn: int = 0
    newest: str = ""  # the day on which the youngest record was changed last: what came out later is not known here
    skipped: list[str] = field(default_factory=list)  # what could not be judged, and why
    found: list[str] = field(default_factory=list)  # package, version, advisory

    @property
    def line(self) -> dict[str, Any]:
        return {
            "name": "audited",
            "packages": self.packages,
            "audited": self.audited,
            "skipped": self.skipped,
            "found": self.found,
            "advisories": self.advisories,
            "withdrawn": self.withdrawn,
            "newest_advisory": self.newest,
            "ok": self.packages == self.audited > 0 and self.advisories > 0 and not self.skipped and not self.found,
        }


def audit(directory: Path, locks: Sequence[Path]) -> Audit:
    """Every package of the locks against every record in the directory and below it."""
    told = Audit()
    locked: dict[tuple[str, str], Version] = {}
    for name, version in _locked(locks, told):
        told.packages += 1
        try:
            locked[name, version] = Version(version)
        except InvalidVersion:
            told.skipped.append(f"{name} {version}: no version that can be compared")
    concerned = {name for name, _ in locked}
    records: defaultdict[str, list[Record]] = defaultdict(list)
    for path in sorted(each for each in directory.rglob("*") if each.suffix in {".yaml", ".yml", ".json"}):
        record = _read(path, told)
        if record is None:
            continue
        told.advisories += 1
        told.newest = max(told.newest, str(record.get("modified") or "")[:10])
        if record.get("withdrawn"):
            told.withdrawn += 1
            continue
        for name in _names(record) & concerned:
            records[name].append(record)
    for (name, words), release in locked.items():
        _judge(name, words, release, records[name], told)
    return told


def _judge(name: str, words: str, version: Version, records: Iterable[Record], told: Audit) -> None:
    for record in records:
        try:
            if any(is_affected(version, each) for each in record["affected"] if _named(each) == name):
                told.found.append(f"{name} {words}: {record['id']}")
        except Unjudgeable as error:
            told.skipped.append(f"{name} {words}: {record['id']}: {error}")
            return
    told.audited += 1


def _locked(locks: Sequence[Path], told: Audit) -> Iterator[tuple[str, str]]:
    """Each (name, version) once. A line that is neither a pin nor a hash counts as a package that was skipped."""
    seen: set[tuple[str, str]] = set()
    for lock in locks:
        for line in lock.read_text("utf-8").splitlines():
            if not line.strip() or line.lstrip().startswith(("#", "--hash=")):
                continue
            match = _LOCKED.match(line)
            if match is None:
                told.packages += 1
                told.skipped.append(f"{lock.name}: {line.strip()[:60]}: no pinned version")
                continue
            pin = str(canonicalize_name(match["name"])), match["version"]
            if pin not in seen:
                seen.add(pin)
                yield pin


def _read(path: Path, told: Audit) -> Record | None:
    """The record, or None for a file of another ecosystem. A file that cannot be read counts as skipped."""
    try:
        text = path.read_text("utf-8")
        found = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=_LOADER)  # noqa: S506  # a safe loader
    except (OSError, ValueError, yaml.YAMLError):
        told.skipped.append(f"{path.name}: cannot be read")
        return None
    if not isinstance(found, dict) or "affected" not in found or "id" not in found:
        return None
    return found if _names(found) else None


def _names(record: Record) -> set[str]:
    return {name for each in record.get("affected") or () if (name := _named(each))}


def _named(affected: Record) -> str:
    package = affected.get("package") or {}
    if package.get("ecosystem") != ECOSYSTEM:
        return ""
    return str(canonicalize_name(str(package.get("name", ""))))


def is_affected(version: Version, affected: Record) -> bool:
    """Whether one "affected" entry covers a version: listed by name, or inside of one of the ranges. Unjudgeable when unsure."""
    if any(_same(version, str(each)) for each in affected.get("versions") or ()):
        return True
    ranges = [each for each in affected.get("ranges") or () if each.get("type") != "GIT"]  # of commits, not of releases
    if not ranges and not affected.get("versions"):
        raise Unjudgeable("names neither versions nor ranges")
    return any(_inside(version, each) for each in ranges)


def _same(version: Version, words: str) -> bool:
    try:
        return Version(words) == version
    except InvalidVersion:  # of before PEP 440; no lock of ours can name such a one
        return False


def _inside(version: Version, within: Record) -> bool:
    """The events in the order of their versions. Where two stand at one version, the one that ends a range comes first."""
    if within.get("type") not in {"ECOSYSTEM", "SEMVER"}:
        raise Unjudgeable(f"a range of the type {within.get('type')}")
    order = ("fixed", "limit", "last_affected", "introduced")
    events = []
    for event in within.get("events") or ():
        for kind, words in event.items():
            if kind not in order:
                raise Unjudgeable(f"an event called {kind}")
            events.append((_moment(kind, str(words)), order.index(kind), kind))
    affected = False
    for at, _, kind in sorted(events, key=lambda each: each[:2]):
        if kind == "introduced" and version >= at:
            affected = True
        elif (kind in {"fixed", "limit"} and version >= at) or (kind == "last_affected" and version > at):
            affected = False
    return affected


def _moment(kind: str, words: str) -> Version:
    try:
        return Version("0.dev0") if kind == "introduced" and words == "0" else Version(words)
    except InvalidVersion:
        raise Unjudgeable(f"a version that cannot be compared: {words}") from None


def main(words: Sequence[str]) -> int:
    """0 when every package was judged and none is affected."""
    directory, *locks = (Path(each) for each in words)
    told = audit(directory, locks)
    sys.stdout.write(json.dumps(told.line) + "\n")
    return 0 if told.line["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
