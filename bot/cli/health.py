"""`python -m bot health`: whether the running bot's heart beats."""

import argparse
import sys
from pathlib import Path

from bot.cli.exit_codes import DONE, FAILED
from bot.domain.clock import SystemClock
from bot.runtime.heartbeat import health


def run(parsed: argparse.Namespace) -> int:
    """Says when the last heartbeat was."""
    beats, line = health(parsed.environ, Path(), SystemClock())
    print(line, file=sys.stdout if beats else sys.stderr)
    return DONE if beats else FAILED
