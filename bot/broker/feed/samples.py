"""Frames of the feed that are no packets: counted, and a few kept with every figure and name rubbed out."""

import json
import re
from typing import Any

MOST = 8  # distinct shapes
_NAME = re.compile(r"[A-Za-z_]{1,40}")
_RUNS = re.compile(r"9+|a+")


class Samples:
    """How many frames came that nobody can read, and what the first of each shape looked like."""

    def __init__(self) -> None:
        self.count = 0
        self._looks: dict[str, tuple[str, int]] = {}

    def add(self, frame: str | bytes) -> None:
        """Counts a frame. Keeps its look while there is room for another shape."""
        self.count += 1
        look = scrubbed(frame)
        shape = _RUNS.sub(lambda run: run[0][0], look)
        if shape in self._looks or len(self._looks) < MOST:
            first, seen = self._looks.get(shape, (look, 0))
            self._looks[shape] = (first, seen + 1)

    @property
    def looks(self) -> tuple[tuple[str, int], ...]:
        """(what it looks like, how often), in the order of first sight."""
        return tuple(self._looks.values())


def scrubbed(frame: str | bytes) -> str:
    """What a frame looks like: names of JSON fields stay, letters become a and digits 9. Other bytes are counted."""
    text = frame if isinstance(frame, str) else _text(frame)
    if text is None:
        return f"{len(frame)} bytes beginning {frame[0]}, {frame[1]}" if isinstance(frame, bytes) and len(frame) > 1 else "1 byte"
    try:
        return json.dumps(_masked(json.loads(text)))[:2000]
    except (ValueError, RecursionError):
        return _mask(text[:1000])


def _text(frame: bytes) -> str | None:
    try:
        return frame.decode()
    except UnicodeDecodeError:
        return None


def _masked(told: Any) -> Any:
    if isinstance(told, dict):
        return {(key if _NAME.fullmatch(key) else _mask(key[:40])): _masked(value) for key, value in list(told.items())[:60]}
    if isinstance(told, list):
        return [_masked(each) for each in told[:3]]
    return _mask(told[:60]) if isinstance(told, str) else type(told).__name__


def _mask(text: str) -> str:
    return "".join("9" if sign.isdigit() else "a" if sign.isalnum() else sign for sign in text if sign.isprintable())
