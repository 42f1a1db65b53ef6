"""How much of each folder the suite runs, by lines and by branches, against its floor.

`make test-all` ends with it.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.house.source import ROOT, ours

# Folder -> the share of its lines and of its branches that must run, in hundredths. A file counts for the longest folder that
# it is in. What runs only in programs that tests start does not count. A floor is raised by hand when its folder has grown
# better, and never lowered to let something in.
FLOORS: dict[str, tuple[int, int]] = {
    "bot": (90, 80),
    "bot/broker": (90, 90),
    "bot/charts": (90, 90),
    "bot/reference": (90, 90),
    "bot/simulators/telegram": (90, 80),
    "bot/domain": (90, 90),
    "bot/simulators/broker": (90, 90),
    "bot/trading": (90, 90),
    "bot/web": (90, 90),
    "handlers": (90, 90),
    "handlers/views": (90, 90),
    "storage": (90, 90),
}


def row_of(file: str) -> str | None:
    """The folder that a file counts for."""
    return next((str(folder) for folder in Path(file).parents if str(folder) in FLOORS), None)


def misfits(files: Iterable[str]) -> list[str]:
    """Files that count for no folder, and folders without a file."""
    rows = {file: row_of(file) for file in files}
    return [file for file, row in rows.items() if row is None] + [folder for folder in FLOORS if folder not in rows.values()]


def product() -> list[str]:
    return [source.path.relative_to(ROOT).as_posix() for source in ours()]


def shares(files: Mapping[str, Mapping[str, Mapping[str, int]]]) -> dict[str, tuple[float, float]]:
    """Folder -> (lines, branches) that ran. files: as coverage.py writes them as JSON."""
    sums: dict[str, Counter[str]] = {folder: Counter() for folder in FLOORS}
    for file, measured in files.items():
        if (row := row_of(file)) is not None:
            sums[row].update(measured["summary"])
    return {
        folder: (share(total, "covered_lines", "num_statements"), share(total, "covered_branches", "num_branches"))
        for folder, total in sums.items()
    }


def share(counts: Counter[str], part: str, whole: str) -> float:
    return 100 * counts[part] / counts[whole] if counts[whole] else 100.0


def report(files: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Iterator[tuple[str, bool]]:
    """(line, whether it holds) for every folder, and for every file that was not measured."""
    for folder, ran in shares(files).items():
        lines, branches = ran
        floor = FLOORS[folder]
        holds = lines >= floor[0] and branches >= floor[1]
        low = "" if holds else "  BELOW"
        yield f"{folder:16} lines {lines:6.2f} (floor {floor[0]})  branches {branches:6.2f} (floor {floor[1]}){low}", holds
    for file in product():
        if file not in files:
            yield f"{file} was not measured", False


def main(path: str) -> int:
    """Prints the figures of a report. The answer is 1 when a folder is below its floor."""
    rows = list(report(json.loads(Path(path).read_text("utf-8"))["files"]))
    sys.stdout.writelines(f"{line}\n" for line, _ in rows)
    return 0 if all(holds for _, holds in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
