"""What the pages of dated data have in common: the data, and a day as an argument."""

import argparse
from datetime import date
from pathlib import Path

from bot.config.settings import market_data
from bot.reference.load import ReferenceData, load_reference

_YEARS = range(1990, 2101)


def reference_of(parsed: argparse.Namespace) -> ReferenceData:
    """Reads the dated data with the host's own rows, if MARKET_DATA names a file. No other setting is needed."""
    return load_reference(market_data(parsed.environ, Path()))


def day(words: str) -> date:
    """Reads a day as an argument."""
    try:
        parsed = date.fromisoformat(words)
    except ValueError:
        parsed = date.min
    if parsed.year not in _YEARS:
        raise argparse.ArgumentTypeError(f"{words!r} is no date such as 2026-11-24")
    return parsed
