"""The canary gate: a pytest plugin that runs every test at DEBUG and fails the one that lets a secret out (T20).

Used by `make canaries` (-p tests.stage.gate.gate). What our own code logs, and every message that goes
out to a person, is looked through before any scrubbing, tracebacks included: our code is not to log a secret even where the
scrubber would catch it. What libraries log is looked through behind the product's own formatter. Then what was printed, and
every database and log file that the test left.
"""

import logging
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.domain.people.secret import Secret
from bot.runtime.logs import Formatter
from bot.runtime.redaction import Redactor
from bot.simulators.broker.settings import PaperAccount
from tests.attack import rig
from tests.bot import test_database
from tests.bot.config import test_addresses
from tests.bot.web import test_browser
from tests.handlers import samples
from tests.handlers.telegram import test_http
from tests.journeys.people.test_people import PIN
from tests.stage.brokers import exchange
from tests.stage.gate.canaries import Canaries
from tests.storage.samples import CREDENTIALS

_OURS = ("bot", "handlers", "storage")
_LIBRARIES = (
    "telegram",
    "httpx",
    "httpcore",
    "aiohttp",
    "asyncio",
    "sqlalchemy",
    "alembic",
    "websockets",
    "hpack",
    "py.warnings",
)
_SAID = "Calling Bot API endpoint"  # the one line of Telegram's client that is looked through raw: what goes out to people

PAPER = PaperAccount()
_LINKED = exchange.credentials_of(PAPER)


def _bare(token: str) -> str:
    return token.rpartition(":")[2]  # what stands before the colon is the bot's id, which everybody may know


# The secrets that the suite's stages work with: the broker's, the keys', the tokens, what is typed and tapped.
SECRETS: dict[str, str] = {
    "client code": CREDENTIALS.client_code.reveal(),
    "password": CREDENTIALS.password.reveal(),
    "api key": CREDENTIALS.api_key.reveal(),
    "seed": CREDENTIALS.totp_seed.reveal() if CREDENTIALS.totp_seed else "",
    "paper password": PAPER.password,
    "paper api key": PAPER.api_key,
    "paper seed": PAPER.totp_seed or "",
    "typed password": test_browser.PASSWORD,
    "typed api key": test_browser.KEY,
    "passphrase": test_database.WORDS,
    "token of the rig": _bare(rig.TOKEN),
    "token of the wire": _bare(test_http.TOKEN),
    "token of the settings": _bare(test_addresses.TOKEN),
    "token of a question": samples.TOKEN,
    "pin": PIN,
    "pan": PAPER.pan,
}
# Not looked for: what the paper broker prints about itself (print), and six digits among numbers (files).
_PRINTED = {name for name in SECRETS if name.startswith("paper")} | {"passphrase"}
_LOOKED = {"token of a question"}  # a question's code is meant to be in its own buttons
# Words, digits, one letter many times: only the whole of these counts.
_ORDINARY = {"passphrase", "pin", "token of the rig", "password", "api key", "pan"}


def _but(*names: str) -> Canaries:
    return Canaries({name: secret for name, secret in SECRETS.items() if name not in names}, whole=_ORDINARY)


EVERYWHERE = _but(*_LOOKED)
IN_PRINT = _but(*_LOOKED, *_PRINTED)
IN_FILES = _but(*_LOOKED, "pin")


class _Still:
    def now(self) -> datetime:
        return datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


class _Heard(logging.Handler):
    """Keeps every line of a test."""

    def __init__(self, formatter: logging.Formatter, only: str = "") -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(formatter)
        self._only = only
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if self._only in str(record.msg):
            self.lines.append(self.format(record))


_KNOWING = Formatter(Redactor([Secret(secret) for secret in SECRETS.values()]), _Still())
HEARD = {"tests": 0, "lines": 0}


@pytest.fixture(autouse=True)
def no_secret_leaves(request: pytest.FixtureRequest) -> Iterator[None]:
    """Around every test but those of logging itself, which look at the very levels and handlers that this one changes."""
    if request.node.nodeid.startswith("tests/bot/runtime/test_logs.py"):
        yield
        return
    raw = logging.Formatter("%(name)s %(message)s")
    ours, said, libraries = _Heard(raw), _Heard(raw, only=_SAID), _Heard(_KNOWING)
    pairs = [(logging.getLogger(name), ours) for name in _OURS] + [(logging.getLogger(name), libraries) for name in _LIBRARIES]
    pairs.append((logging.getLogger("telegram"), said))
    levels = [(logger, logger.level) for logger, _ in pairs]
    for logger, handler in pairs:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    yield
    for logger, handler in pairs:
        logger.removeHandler(handler)
    for logger, level in levels:
        logger.setLevel(level)
    HEARD["tests"] += 1
    lines = ours.lines + said.lines + libraries.lines
    HEARD["lines"] += len(lines)
    found = {f"log: {name}" for name in EVERYWHERE.leaks("\n".join(lines))}
    found |= set(_in_files(request.node.funcargs.get("tmp_path")))
    if found:
        pytest.fail(f"secrets left: {', '.join(sorted(found))}", pytrace=False)


def _in_files(directory: Any) -> Iterator[str]:
    if not isinstance(directory, Path):
        return
    for file in directory.rglob("*"):
        if file.is_file() and (".db" in file.name or file.suffix == ".log"):
            for name in IN_FILES.leaks(file.read_bytes()):
                yield f"{file.name}: {name}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test printed."""
    report = yield
    if report.when == "call" and report.passed:
        found = IN_PRINT.leaks(report.capstdout + report.capstderr)
        if found:
            report.outcome = "failed"
            report.longrepr = f"secrets printed: {', '.join(found)}"
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """How much was looked through, so that a gate that hears nothing is seen."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["canaries"] = dict(HEARD)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """One worker's share, where there are several."""
    for name, count in getattr(node, "workeroutput", {}).get("canaries", {}).items():
        HEARD[name] += count


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The figures."""
    terminalreporter.write_line(f"canaries: {len(SECRETS)} secrets, {HEARD['tests']} tests, {HEARD['lines']} lines of log")
