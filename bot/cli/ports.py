"""A port as an argument of a command that listens."""

import argparse

LAST = 65_535


def port(words: str) -> int:
    """Reads the number of a port. 0 takes any free one."""
    number = int(words)
    if not 0 <= number <= LAST:
        raise argparse.ArgumentTypeError(f"{number} is no port: 0 to {LAST}")
    return number
