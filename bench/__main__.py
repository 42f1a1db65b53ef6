"""python -m bench: every measure in one run, as a table and as bench/results.json."""

import importlib
import json
import sys
from pathlib import Path

PARTS = (
    "orders.journey", "news.three", "reading.books", "news.drain", "reading.picture", "host.process", "reading.scrips",
    "reading.search", "reading.ticks", "reading.pnl", "orders.buy", "orders.exits", "orders.struck", "host.idle",
)  # fmt: skip
RESULTS = Path(__file__).parent / "results.json"
FIELDS = ("name", "unit", "ours_p50", "ours_p99", "floor_p50", "floor_p99", "ratio_p50", "ratio_p99", "aim")


def main(wanted: list[str]) -> int:
    """Runs the named parts, or all. The exit code is 0 whatever the figures say: they are for reading."""
    rows: list[dict[str, object]] = []
    for part in wanted or PARTS:
        rows += importlib.import_module(f"bench.{part}").measure()
    for row in rows:
        shown = "  ".join(f"{name}={_short(row.get(name))}" for name in FIELDS[1:])
        print(f"{row['name']}\n    {shown}")
    if not wanted:
        RESULTS.write_text(json.dumps(rows, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
    return 0


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


sys.exit(main(sys.argv[1:]))
