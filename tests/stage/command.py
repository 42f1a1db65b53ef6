"""The command line, called as `python -m bot` calls it, in this process: only the starting of a program is left out."""

import io
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path

from bot.cli.main import main
from bot.runtime.hardening import Whoami

SET_UP = {"MODE": "paper", "TELEGRAM_BOT_TOKEN": "123456789:" + "A" * 35, "KEY_SOURCE": "file"}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


def run(
    *words: str, at: Path, given: Mapping[str, str] = SET_UP, whoami: Whoami | None = None, err: io.StringIO | None = None
) -> Ended:
    """Runs a command in a directory, with no settings but these and nobody at the keyboard.

    The process is not hardened: that cannot be taken back, and the tests go on in it.
    """
    out, err = io.StringIO(), err or io.StringIO()
    keyboard, sys.stdin = sys.stdin, io.StringIO()
    try:
        with chdir(at), redirect_stdout(out), redirect_stderr(err):
            code = copy_context().run(main, words, environ=given, whoami=whoami, harden=lambda: None)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdin = keyboard
    return Ended(code=code, out=out.getvalue(), err=err.getvalue())
