"""Log lines: one line each with India's time, a level and a correlation id, redacted after the traceback is rendered.

The redaction sits in the formatter of the root logger's only handler, so that it meets records of child loggers and of
libraries, their arguments and their tracebacks alike (T20). Control characters are escaped (T28).
"""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TextIO

from bot.domain.clock import Clock, ist
from bot.runtime.redaction import Redactor

# The id of the update, job or frame that is being worked on; handlers show it to the person when something goes wrong.
correlation: ContextVar[str] = ContextVar("correlation", default="----")

# Libraries that log addresses and bodies below WARNING: Telegram's address holds the bot token, the broker's socket both keys.
QUIET = ("aiohttp", "alembic", "asyncio", "httpcore", "httpx", "hpack", "sqlalchemy", "telegram", "urllib3", "websockets")

_log = logging.getLogger(__name__)
# C0, C1, the line and paragraph separators, the marks that turn the reading direction round, and what has no width.
# Joiners stay: names in Indian scripts are written with them.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def new_id(random_bytes: Callable[[int], bytes]) -> str:
    """Four hex digits: enough to find a line of the day's log, short enough to be read out."""
    return random_bytes(2).hex()


def escaped(text: str) -> str:
    """Writes the text in one line, with control characters shown instead of obeyed."""
    return _CONTROL.sub(lambda match: _shown(match[0]), text)


def _shown(character: str) -> str:
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(
        character, f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"
    )


class Formatter(logging.Formatter):
    """Renders a record whole, redacts it, and only then escapes it. as_json: one JSON object a line."""

    def __init__(self, redactor: Redactor, clock: Clock, *, as_json: bool = False) -> None:
        super().__init__()
        self._redactor = redactor
        self._clock = clock
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Writes the line. A traceback follows in lines that begin with a bar, so that none of it passes for a line."""
        moment = ist(self._clock.now())
        message = self._redactor.redact(_message(record))
        trace = self._redactor.redact(_trace(record))
        logger = self._redactor.redact(record.name)
        if self._as_json:
            fields = {
                "at": moment.isoformat(timespec="milliseconds"),
                "level": record.levelname,
                "id": correlation.get(),
                "logger": logger,
                "message": message,
            }
            return json.dumps(fields | ({"trace": trace} if trace else {}))
        stamp = f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"
        line = f"{stamp} {record.levelname:<7} {correlation.get()} {escaped(logger)}: {escaped(message)}"
        return "\n".join([line, *(f"    | {escaped(part)}" for part in trace.splitlines())])


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001  # last resort: an argument's __str__ may raise anything, and must not cost the line
        return f"{record.msg} (its arguments could not be written: {type(error).__name__})"


def _trace(record: logging.LogRecord) -> str:
    """Renders the traceback anew. record.exc_text is shared, and somebody else's formatter rendered it."""
    parts = []
    if record.exc_info and record.exc_info[1] is not None:
        parts.append("".join(traceback.format_exception(record.exc_info[1])))
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(part.rstrip("\n") for part in parts)


@contextmanager
def logging_to(
    stream: TextIO, *, redactor: Redactor, clock: Clock, level: str = "INFO", as_json: bool = False
) -> Iterator[logging.Handler]:
    """Sends all that is logged, warned or not caught, redacted, to the stream and nowhere else, while it lasts."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter(redactor, clock, as_json=as_json))
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.raiseExceptions, sys.excepthook, threading.excepthook, sys.unraisablehook)
    levels = {name: logging.getLogger(name).level for name in QUIET}
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)
    # Off, for what it prints when a line cannot be written holds the record's raw arguments.
    logging.raiseExceptions = False
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _log.error("an error in a place that cannot raise it", exc_info=args.exc_value)
    try:
        yield handler
    finally:
        root.handlers[:], level_before, logging.raiseExceptions, sys.excepthook, threading.excepthook, sys.unraisablehook = before
        root.setLevel(level_before)
        logging.captureWarnings(False)
        for name, was in levels.items():
            logging.getLogger(name).setLevel(was)


def _uncaught(kind: type[BaseException], error: BaseException | None, _trace_of_it: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _log.critical("not caught by anybody", exc_info=error or kind())
