"""Frames that nobody can read yet: counted, and a few kept with every figure and name rubbed out."""

import json
import re
from collections import Counter
from typing import Any

MOST = 8  # distinct shapes kept
_NAME = re.compile(r"[A-Za-z_]{1,40}")


class Samples:
    """How many unreadable frames came, and what the first of each shape looked like."""

    def __init__(self) -> None:
        self.count = 0
        self.shapes: Counter[str] = Counter()

    def add(self, frame: str | bytes) -> None:
        """Counts a frame; keeps its shape while there is room."""
        self.count += 1
        shape = scrubbed(frame)
        if shape in self.shapes or len(self.shapes) < MOST:
            self.shapes[shape] += 1


def scrubbed(frame: str | bytes) -> str:
    """What a frame looks like: keys of JSON stay, every letter becomes a, every digit 9; other bytes are told by their number."""
    text = frame if isinstance(frame, str) else _text(frame)
    if text is None:
        return f"{len(frame)} bytes, first {min(frame[:4])}-{max(frame[:4])}" if isinstance(frame, bytes) and frame else "nothing"
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
    return "".join("9" if sign.isdigit() else "a" if sign.isalpha() else sign for sign in text if sign.isprintable())
