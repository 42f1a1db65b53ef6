"""Measures tick decoding: one 379-byte packet into a Tick, beside a bare struct loop over the same bytes."""

import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from bot.broker.feed.frames import ticks

PACKET = Path("tests/fixtures/broker/nifty-25400-ce.bin")
BATCHES, OF = 400, 250

Row = dict[str, object]

_HEAD = struct.Struct("<BB25sqqqqqqddqqqqqqq")
_LEVEL = struct.Struct("<hqqh")
_TAIL = struct.Struct("<qqqq")


def measure() -> list[Row]:
    """Times in microseconds for one packet. A ratio is ours divided by the floor."""
    frames = _frames()
    received = datetime(2025, 10, 17, 4, 11, 26, tzinfo=UTC)
    floor, ours, seen = [], [], []
    for _ in range(BATCHES):  # turn about, so that a busy machine troubles all alike
        floor.append(_timed(_bare, frames))
        ours.append(_timed(lambda frame: ticks(frame, received), frames))
        seen.append(_timed(lambda frame: [(tick.last, tick.bids, tick.asks) for tick in ticks(frame, received)], frames))
    return [
        _row("tick: 379-byte packet to a Tick, floor a bare struct loop", ours, floor, "ratio at most 2"),
        _row("tick: the same, with last price and all ten levels made exact", seen, floor, "none; told for honesty"),
    ]


def _frames() -> list[bytes]:
    """The recorded packet under many tokens and prices, so that nothing is answered from memory but the names."""
    recorded = PACKET.read_bytes()
    return [
        recorded[:2]
        + str(40_000 + at % 50).encode().ljust(25, b"\0")
        + recorded[27:43]
        + struct.pack("<q", 20_000 + 5 * at)
        + recorded[51:]
        for at in range(OF)
    ]


def _bare(frame: bytes) -> object:
    """What one has to do at the least: unpack the head, each of ten levels, and the tail, into raw numbers."""
    return (
        _HEAD.unpack_from(frame),
        [_LEVEL.unpack_from(frame, 147 + 20 * level) for level in range(10)],
        _TAIL.unpack_from(frame, 347),
    )


def _timed(work: Callable[[bytes], object], frames: list[bytes]) -> float:
    began = time.perf_counter()
    for frame in frames:
        work(frame)
    return (time.perf_counter() - began) / len(frames) * 1e6


def _row(name: str, ours: list[float], floor: list[float], aim: str) -> Row:
    (a50, a99), (b50, b99) = ((quantiles(each, n=100)[49], quantiles(each, n=100)[98]) for each in (ours, floor))
    return {
        "name": name, "unit": "us", "ours_p50": a50, "ours_p99": a99, "floor_p50": b50, "floor_p99": b99,
        "ratio_p50": a50 / b50, "ratio_p99": a99 / b99, "aim": aim,
    }  # fmt: skip
