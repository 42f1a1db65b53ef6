"""`make attack`: every attack at full size, with one line of JSON for each.

It ends with 1 when one of them got through.

Names may be given to run only those: forged, tampered, tapped, flooded.
"""

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.simulators.loop import VirtualLoop
from tests.attack.flooded import flood
from tests.attack.forged import forge
from tests.attack.tampered import tamper
from tests.attack.tapped import tap_at_once

FORGED = 100_000
QUESTIONS, TAPS = 1_000, 100
ACCOUNTS = 3  # each with four credentials and a session, under keys of its own
STRANGERS, SECONDS = 1_000, 30.0  # a second; without and with them


def _forged(_: Path) -> dict[str, Any]:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(forge(FORGED)).line


def _tampered(directory: Path) -> dict[str, Any]:
    return tamper(directory, accounts=ACCOUNTS).line


def _tapped(directory: Path) -> dict[str, Any]:
    return asyncio.run(tap_at_once(QUESTIONS, TAPS, directory)).line


def _flooded(directory: Path) -> dict[str, Any]:
    return asyncio.run(flood(directory, strangers=STRANGERS, seconds=SECONDS)).line


ATTACKS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "forged": _forged,
    "tampered": _tampered,
    "tapped": _tapped,
    "flooded": _flooded,
}


def main(names: list[str]) -> int:
    """0 when nothing got through."""
    logging.disable(logging.CRITICAL)  # each refusal is logged, and here they are by the hundred thousand
    lines = []
    for name in names or list(ATTACKS):
        with tempfile.TemporaryDirectory() as directory:
            lines.append(ATTACKS[name](Path(directory)))
        sys.stdout.write(json.dumps(lines[-1]) + "\n")
        sys.stdout.flush()
    return 0 if all(line["ok"] for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
