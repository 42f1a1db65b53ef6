"""What a command asks of the person at the keyboard, always without echo."""

import getpass
import sys
import warnings
from collections.abc import Callable

from bot.domain.errors import SettingsError


def prompt() -> Callable[[str], str] | None:
    """Says how to ask whoever sits at the keyboard. None: nobody does."""
    return getpass.getpass if sys.stdin.isatty() else None


def without_echo(words: str) -> str:
    """Reads what is typed at the terminal, unseen. SettingsError: without a terminal it would be seen."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(words)
        except (getpass.GetPassWarning, EOFError):
            raise SettingsError("Secrets are asked for without echo: run this at a terminal.") from None
