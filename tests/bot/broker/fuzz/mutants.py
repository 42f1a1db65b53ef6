"""Mutants of real-shaped answers, drawn from a seed, and what a sound value is."""

import copy
import dataclasses
import json
import os
import random
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings

from bot.broker.wire import models
from tests.stage.depth import examples

BATCH = 100


LONG = bool(os.environ.get("FUZZ"))


fuzzed = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "1200"))
    if LONG
    else examples(20),  # two thousand of each in a full run; one in eight is left whole
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    database=None,
)


ODD: list[Any] = [
    None, True, False, 0, -1, 1, 75, 10**30, -(10**30), 0.1, 1e308, -0.0, "",
    " ", "None", "null", "NA", "0", "-1", "0.00", "1e5", "1e400", "NaN",
    "Infinity", "-inf", "1,000", "\u0661\u0662", "75.5", "75.0", " 75 ", "x" * 5000, "\ud800", "\x00", "\u202e", [], {}, [None],
    {"a": {}}, [[[]]],
    "<b>", "RMS:", "RMS:1:", "2025-Oct-20", "99-99-9999 99:99:99", "2025-02-30 10:00", "Traded", "Rejected", "CANCELLED", "BUY",
    "SL-M", "OPTCUR", "MCX",
]  # fmt: skip


def leaves(told: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    pairs = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ()
    for key, value in pairs:
        yield from leaves(value, (*path, key))


def mutated(told: Any, chance: random.Random) -> bytes:
    """One to four changes of the tree, and sometimes of its bytes."""
    tree = copy.deepcopy(told)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
        path = chance.choice(list(leaves(tree)))
        tree = _changed(tree, path, chance)
    raw = json.dumps(tree, ensure_ascii=chance.random() < 0.8, allow_nan=True).encode("utf-8", "surrogatepass")
    return spoiled(raw, chance) if chance.random() < 0.3 else raw


def _changed(tree: Any, path: tuple[Any, ...], chance: random.Random) -> Any:
    if not path:
        return chance.choice((tree, [tree], [tree, tree], {"data": tree}, chance.choice(ODD)))
    holder = tree
    for step in path[:-1]:
        holder = holder[step]
    what, last = chance.randrange(6), path[-1]
    value = holder[last]
    if what == 0:
        del holder[last]
    elif what == 1 and isinstance(value, str | int | float) and not isinstance(value, bool):
        holder[last] = str(value) if not isinstance(value, str) else f" {value} "
    elif what == 2 and isinstance(value, list):
        value.append(copy.deepcopy(chance.choice(value)) if value else None)
    else:
        holder[last] = copy.deepcopy(chance.choice(ODD))
    return tree


def spoiled(raw: bytes, chance: random.Random) -> bytes:
    """Bytes flipped, cut, doubled or put in."""
    body = bytearray(raw)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(body) + 1)
        what = chance.randrange(4)
        if what == 0 and at < len(body):
            body[at] ^= 1 << chance.randrange(8)
        elif what == 1:
            del body[at:]
        elif what == 2:
            body[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif at:
            body[at:at] = body[: min(at, 40)]
    return bytes(body)


def figures(told: Any) -> Iterator[Decimal]:
    """Every number that stands in an answer, as a number or as a text."""
    if isinstance(told, dict):
        told = list(told.values())
    if isinstance(told, list):
        for each in told:
            yield from figures(each)
    elif isinstance(told, str | int | Decimal) and not isinstance(told, bool):
        for part in (told, *told.split(",")) if isinstance(told, str) else (str(told),):
            try:
                yield models.exact(part) or Decimal(0)
            except ValueError:
                continue


def values(told: Any) -> Iterator[Any]:
    """Every plain value inside a result."""
    if dataclasses.is_dataclass(told) and not isinstance(told, type):
        for each in dataclasses.fields(told):
            yield from values(getattr(told, each.name))
    elif isinstance(told, dict):
        for key, value in told.items():
            yield from values(key)
            yield from values(value)
    elif isinstance(told, list | tuple | set | frozenset):
        for each in told:
            yield from values(each)
    else:
        yield told


def is_sound(result: Any) -> None:
    """No float anywhere, numbers finite and within reason, texts that a database and a chat can hold."""
    for value in values(result):
        assert not isinstance(value, float)
        if isinstance(value, Decimal):
            assert value.is_finite()
            assert abs(value) < Decimal(10) ** 40
        if isinstance(value, str):
            value.encode()
            assert "\x00" not in value
        if isinstance(value, datetime):
            assert value.utcoffset() is not None
