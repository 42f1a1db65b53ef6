"""Log lines: redacted whatever they carry, one line each, and the world's own way of printing errors is closed too."""

import asyncio
import io
import json
import logging
import random
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.people.secret import Secret
from bot.runtime.logs import QUIET, correlation, escaped, logging_to, new_id
from bot.runtime.redaction import Redactor
from tests.stage.gate.canaries import Canaries, Planted, plant

PLANTED = plant(random.Random(3))
CANARIES = Canaries(PLANTED)
SECRETS = [getattr(PLANTED, name) for name in Planted.__slots__]


class Stopped:
    """A clock that stands at 09:00:01.250 IST on 20 November 2026."""

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 3, 30, 1, 250_000, tzinfo=UTC)


@contextmanager
def written(*, level: str = "DEBUG", as_json: bool = False) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with logging_to(stream, redactor=Redactor(map(Secret, SECRETS)), clock=Stopped(), level=level, as_json=as_json):
        yield stream


def boom(secret: str) -> None:
    local = f"inner {secret}"
    raise RuntimeError(secret, {"url": f"https://x/{secret}", "local": local})


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("secret", SECRETS)
def test_no_canary_comes_through_any_way_of_logging(secret: str, as_json: bool) -> None:
    with written(as_json=as_json) as stream:
        log = logging.getLogger("some.library.deep.child")
        log.debug("plain %s", secret)
        log.info("as data %r", {"token": secret, "nested": [secret.encode()]})
        log.warning(f"in the format itself {secret}")  # noqa: G004  # what a careless library does
        log.error("arguments that do not fit %d", secret)
        logging.getLogger(f"named.{secret}").error("a logger's name")
        log.info("stack", stack_info=True)
        try:
            boom(secret)
        except RuntimeError:
            log.exception("a traceback with %s", secret)
        try:
            try:
                boom(secret)
            except RuntimeError as error:
                raise ValueError("outer " + secret) from error
        except ValueError:
            log.exception("chained")
        group = ExceptionGroup("many", [ValueError(secret), OSError(2, "no", f"/x/{secret}")])
        log.error("a group", exc_info=group)
        sys.excepthook(RuntimeError, RuntimeError(secret), None)
        thread = threading.Thread(target=boom, args=(secret,))
        thread.start()
        thread.join()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(f"a warning {secret}", stacklevel=1)
    text = stream.getvalue()
    assert CANARIES.leaks(text) == []
    assert text.count("not caught by anybody") == 2
    for words in ("plain ", "a traceback with", "chained", "a group", "a warning", "arguments that do not fit"):
        assert words in text, words
    assert "RuntimeError" in text


async def test_an_error_that_a_task_leaves_behind_is_redacted_too() -> None:
    with written() as stream:
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"Task exception {PLANTED.api_key}", "exception": ValueError(PLANTED.access_token)}
        )
    assert "Task exception" in stream.getvalue()
    assert CANARIES.leaks(stream.getvalue()) == []


def test_a_line_tells_indias_time_the_level_the_id_and_who_speaks() -> None:
    with written() as stream:
        token = correlation.set("7f3a")
        logging.getLogger("bot.trading.desk.order_desk").info("order %s placed", 12)
        correlation.reset(token)
        logging.getLogger("bot").warning("nobody's")
    assert stream.getvalue().splitlines() == [
        "2026-11-20 09:00:01.250 INFO    7f3a bot.trading.desk.order_desk: order 12 placed",
        "2026-11-20 09:00:01.250 WARNING ---- bot: nobody's",
    ]


def test_a_json_line_holds_the_same_and_the_traceback() -> None:
    with written(as_json=True) as stream:
        logging.getLogger("bot").error("no", exc_info=ValueError("a\nb"))
    line = json.loads(stream.getvalue())
    assert line["at"] == "2026-11-20T09:00:01.250+05:30"
    assert (line["level"], line["id"], line["logger"], line["message"]) == ("ERROR", "----", "bot", "no")
    assert line["trace"].endswith("ValueError: a\nb")


@given(st.text(max_size=100), st.text(max_size=40))
def test_no_words_can_begin_a_line_of_their_own(message: str, name: str) -> None:
    with written() as stream:
        logging.getLogger("bot." + name).info("%s", message)
    text = stream.getvalue()
    assert text.endswith("\n")
    assert len(text.splitlines()) == 1
    assert text[:-1].isprintable() or not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in text[:-1])


def test_a_traceback_cannot_pass_for_a_line() -> None:
    forged = "x\n2026-11-20 09:00:01.250 INFO    7f3a bot: order 1 placed\x1b[2J\r"
    with written() as stream:
        logging.getLogger("bot").error("real", exc_info=ValueError(forged))
    real, *rest = stream.getvalue().splitlines()
    assert "real" in real
    assert all(line.startswith("    | ") for line in rest)
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\nb\r\t", "a\\nb\\r\\t"),
        ("\x1b[1m\x00\x85", "\\x1b[1m\\x00\\x85"),
        ("\u202e", "\\u202e"),
        ("\u061c\u200b", "\\u061c\\u200b"),
        ("क्\u200dष", "क्\u200dष"),
    ],
)
def test_control_characters_are_shown_and_not_obeyed(raw: str, shown: str) -> None:
    assert escaped(raw) == shown


class Unprintable:
    """An argument that cannot be written."""

    def __str__(self) -> str:
        raise RuntimeError(PLANTED.password)


def test_an_argument_that_cannot_be_written_costs_its_words_and_nothing_else() -> None:
    with written() as stream:
        logging.getLogger("bot").info("value %s", Unprintable())
    assert stream.getvalue().rstrip().endswith("value %s (its arguments could not be written: RuntimeError)")


@pytest.mark.parametrize("name", QUIET)
def test_talkative_libraries_say_nothing_below_a_warning(name: str) -> None:
    with written() as stream:
        logging.getLogger(name).info("https://api/%s", Fraction(1, 2))
        logging.getLogger(f"{name}.child").debug("body")
        logging.getLogger(f"{name}.child").warning("trouble")
    assert [line.rpartition(" ")[2] for line in stream.getvalue().splitlines()] == ["trouble"]


def test_afterwards_logging_is_as_it_was() -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook, sys.unraisablehook, logging.raiseExceptions)
    with written():
        assert root.handlers != before[0]
    after = (root.handlers[:], root.level, sys.excepthook, threading.excepthook, sys.unraisablehook, logging.raiseExceptions)
    assert after == before
    assert logging.getLogger("httpx").level == logging.NOTSET


def test_an_id_is_four_hex_digits_of_the_given_randomness() -> None:
    assert new_id(lambda count: b"\x7f\x3a"[:count]) == "7f3a"
