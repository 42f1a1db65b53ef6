"""The process itself: its environment, no core dumps, no memory for others to read, private files, and root only on purpose."""

import asyncio
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from bot.domain.errors import SettingsError
from bot.domain.value import value

PRIVATE = 0o077  # nothing that this process makes can be read by others
_SET_DUMPABLE, _GET_DUMPABLE = 4, 3  # prctl(2)
_ROOTS = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # where OpenSSL is told which roots this host trusts
_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")


def process_environment() -> Mapping[str, str]:
    """The environment of this process as a copy: the one place that looks at it."""
    return dict(os.environ)


@contextmanager
def trusting_nobody() -> Iterator[None]:
    """While it lasts, a TLS context that would take this host's roots takes none.

    aiohttp makes two such contexts when it is imported: a twelfth of a second and two megabytes. The bot gives its own
    context to every call, and a call that lacked it would now be refused.
    """
    before = {name: os.environ.get(name) for name in _ROOTS}
    os.environ.update(dict.fromkeys(_ROOTS, os.devnull))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@value
class Hardening:
    """How this process stands, read back from the kernel and not from what was asked."""

    core_dumps: bool
    dumpable: bool
    private_files: bool

    @property
    def complete(self) -> bool:
        return self.private_files and not self.core_dumps and not self.dumpable


def harden() -> Hardening:
    """Asks the kernel for all of it. It cannot be taken back, and programs started from here get a new say.

    What was closed of stdin, stdout and stderr (`<&-`) is opened to nothing: no file that is opened later takes its place.
    Python cannot promise that a secret is wiped from memory (T35): what ends with the process is locked.
    """
    os.umask(PRIVATE)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))  # the lowest number is free: its own
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_SET_DUMPABLE, 0)
    return standing()


def standing() -> Hardening:
    """Reads how the process stands now."""
    mask = os.umask(PRIVATE)
    os.umask(mask)
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    return Hardening(
        core_dumps=(soft, hard) != (0, 0), dumpable=_prctl(_GET_DUMPABLE) != 0, private_files=mask & PRIVATE == PRIVATE
    )


@value
class Whoami:
    """The user as whom the process runs, and where that is."""

    uid: int
    container: bool

    @classmethod
    def now(cls, marks: Sequence[str] = _CONTAINER_MARKS) -> Self:
        """Asks the kernel, and looks for the marks that container engines leave."""
        return cls(uid=os.geteuid(), container=any(Path(mark).exists() for mark in marks))


def refuse_root(whoami: Whoami, *, live: bool, allowed: bool) -> str | None:
    """Raises SettingsError where real money would be traded as root, outside a container, unless told. Else it may warn."""
    if whoami.uid != 0 or whoami.container:
        return None
    if live and not allowed:
        raise SettingsError(
            "The bot was started as root with MODE=live. Whoever takes it over would own the host: run it as a user of its own "
            "(docs/mstock-bot.service does), or say ALLOW_ROOT=yes."
        )
    return "The bot runs as root: give it a user of its own (docs/mstock-bot.service does)."


def _prctl(act: int, value: int = 0) -> int:
    """Returns the kernel's answer. Where there is no such call it is 1, as if readable."""
    try:
        answer = ctypes.CDLL(None, use_errno=True).prctl(act, value, 0, 0, 0)
    except (OSError, AttributeError):
        return 1
    return int(answer) if answer >= 0 else 1


def stop_on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Calls stop when the process is asked to end. Where the loop has no signals, Ctrl-C alone ends it."""
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(name, stop)
