"""Measures the scrip master: decode and index of 150,000 rows beside a bare orjson.loads, and the memory that stays."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

import orjson

from bench.master import TODAY, make
from bot.broker.scrips.scrip_decoder import read_master
from bot.domain.market.instrument import Instrument
from bot.trading.instruments.finder import Instruments

ROUNDS = 9
_KINDS = {
    "EQUITY": "EQ", "INDEX_OPTION": "OPTIDX", "STOCK_OPTION": "OPTSTK", "INDEX_FUTURE": "FUTIDX", "STOCK_FUTURE": "FUTSTK",
    "INDEX": "INDEX",
}  # fmt: skip

Row = dict[str, object]


def measure() -> list[Row]:
    """Times in milliseconds, memory in MB of 2**20 bytes. A ratio is ours divided by the floor."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "master.json"
        rows = write(path)
        body = path.read_bytes()
        ours, floor, searched = [], [], []
        for _ in range(ROUNDS):  # turn about, so that a busy machine troubles all alike
            floor.append(_timed(lambda: orjson.loads(body)))
            ours.append(_timed(lambda: read_master(path)))
            searched.append(ours[-1] + _timed(Instruments(read_master(path), day=TODAY).index))
        memory, with_search = _resident(path)
    name = f"scrip master: decode and index of {rows:,} rows, {len(body) / 1e6:.0f} MB, floor orjson.loads"
    return [
        {
            "name": name, "unit": "ms", "ours_p50": _p50(ours), "ours_p99": max(ours), "floor_p50": _p50(floor),
            "floor_p99": max(floor), "ratio_p50": _p50(ours) / _p50(floor), "ratio_p99": max(ours) / max(floor),
            "aim": "ratio_p50 at most 2.5",
        },
        {
            "name": "scrip master: the same and the index of the search", "unit": "ms", "ours_p50": _p50(searched),
            "ours_p99": max(searched), "floor_p50": _p50(floor), "floor_p99": max(floor),
            "ratio_p50": _p50(searched) / _p50(floor), "ratio_p99": max(searched) / max(floor), "aim": "none; told for honesty",
        },
        _memory("scrip master: resident memory added", memory, "under 120"),
        _memory("scrip master: resident memory added, with the index of the search", with_search, "under 120"),
    ]  # fmt: skip


def _memory(name: str, megabytes: float, aim: str) -> Row:
    return {
        "name": name, "unit": "MB", "ours_p50": megabytes, "ours_p99": megabytes, "floor_p50": None, "floor_p99": None,
        "ratio_p50": None, "ratio_p99": None, "aim": aim,
    }  # fmt: skip


def write(path: Path) -> int:
    """The made master as the broker would send it: every value a string."""
    made = make().rows
    path.write_bytes(b"[" + b",".join(json.dumps(_row(each), separators=(",", ":")).encode() for each in made) + b"]")
    return len(made)


def _row(each: Instrument) -> dict[str, str]:
    return {
        "token": each.token, "symbol": each.symbol, "name": each.name,
        "expiry": each.expiry.strftime("%d%b%Y") if each.expiry else "",
        "strike": "" if each.strike is None else format(each.strike, "f"), "lotsize": str(each.lot),
        "instrumenttype": _KINDS[each.kind], "exch_seg": each.exchange.value, "tick_size": format(each.tick, "f"),
    }  # fmt: skip


def _resident(path: Path) -> tuple[float, float]:
    """What a fresh process grows by when it reads the master and still holds afterwards, without and with the search's index."""
    code = (
        "import sys, gc, pathlib\n"
        "from datetime import date\n"
        "from bot.broker.scrips.scrip_decoder import read_master\n"
        "from bot.trading.instruments.finder import Instruments\n"
        "def resident():\n"
        "    return int(pathlib.Path('/proc/self/statm').read_text().split()[1]) * 4096 / 2**20\n"
        "before = resident(); master = read_master(pathlib.Path(sys.argv[1])); gc.collect(); print(resident() - before)\n"
        "index = Instruments(master, day=date(2026, 11, 20)); index.index(); gc.collect(); print(resident() - before)\n"
    )
    told = subprocess.run(  # noqa: S603 - this interpreter, our own code
        [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "."}
    )
    alone, with_search = map(float, told.stdout.split())
    return alone, with_search


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def _p50(times: list[float]) -> float:
    return quantiles(times, n=2)[0]
