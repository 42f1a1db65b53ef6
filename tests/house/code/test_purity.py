"""Time, chance, ids and the environment come in as arguments.

Tests use no patches and wait for no real clock.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from tests.house.source import Source, is_in, ours, sources

RAW = (
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.perf_counter_ns",
    "time.localtime",
    "time.gmtime",
    "time.ctime",
    "time.strftime",
    "time.sleep",
    "uuid",
    "secrets",
    "os.urandom",
    "os.getrandom",
    "random",
)
PASSED_IN = ("random.Random", "uuid.UUID")  # made from a seed, from bytes that were passed in
SOURCES = ("bot.domain.clock", "bot.runtime.randomness")  # SystemClock; the system's random numbers
THE_ENVIRONMENT = ("os.environ", "os.getenv", "os.environb", "os.putenv", "os.unsetenv")
PATCHES = ("unittest.mock", "mock", "pytest_mock", "pytest.MonkeyPatch", "_pytest.monkeypatch")


def raw_calls(source: Source) -> Iterator[str]:
    """Any use counts, not only a call: `default_factory=datetime.now` reads the clock as well."""
    if source.module in SOURCES:
        return
    for name, line in source.uses():
        if is_in(name, *RAW) and name not in PASSED_IN and name != "random":
            yield f"{source.at(line)} uses {name}: take a clock, a generator or a Callable[[int], bytes] as an argument"
    yield from _annotations_aside(source)


def _annotations_aside(source: Source) -> Iterator[str]:
    """`from random import choice` is found by its name, and `r.choice` behind `import random as r` by its use.
    Nothing else may be pulled out.
    """
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom) and node.module in ("random", "uuid", "secrets", "time"):
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if is_in(full, *RAW) and full not in PASSED_IN:
                    yield f"{source.at(node.lineno)} imports {full}"


def environment(source: Source) -> Iterator[str]:
    if source.module == "bot.runtime.hardening":
        return
    for name, line in (*source.uses(), *source.imports):
        if is_in(name, *THE_ENVIRONMENT):
            yield f"{source.at(line)} reads {name}: only bot/runtime/hardening.py looks at the environment"


def patches(source: Source) -> Iterator[str]:
    for name, line in source.imports:
        if is_in(name, *PATCHES):
            yield f"{source.at(line)} imports {name}: put a fake behind a narrow seam instead"
    for node in source.nodes:
        if isinstance(node, ast.arg) and node.arg in ("monkeypatch", "mocker"):
            yield f"{source.at(node.lineno)} asks for {node.arg}"


def real_waiting(source: Source) -> Iterator[str]:
    for name, line in source.uses():
        if name in ("time.sleep", "threading.Event.wait"):
            yield f"{source.at(line)} uses {name}: waiting is asyncio's, on a loop that can leap"


def unexplained_ignores(source: Source) -> Iterator[str]:
    """`# type: ignore[code]  # why`: a code and a reason, or none at all."""
    if "type: ignore" not in source.text:
        return
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type != tokenize.COMMENT or "type: ignore" not in token.string:
            continue
        if not re.search(r"type: ignore\[[\w, -]+\]\s*#\s*\w", token.string):
            yield f"{source.at(token.start[0])} {token.string}: give the code and the reason"


def test_time_and_chance_are_arguments_everywhere_but_in_the_one_file_of_each() -> None:
    assert [fault for source in ours() for fault in raw_calls(source)] == []


def test_the_environment_is_read_in_one_place() -> None:
    assert [fault for source in ours() for fault in environment(source)] == []


def test_tests_use_no_patches_and_wait_for_no_real_clock() -> None:
    assert [fault for source in sources("tests") for rule in (patches, real_waiting) for fault in rule(source)] == []


def test_every_type_ignore_has_its_code_and_its_reason() -> None:
    assert [fault for source in (*ours(), *sources("tests", "bench")) for fault in unexplained_ignores(source)] == []


@pytest.mark.parametrize(
    "text",
    [
        "from datetime import datetime\nx = datetime.now()",
        "import datetime as dt\nx = dt.datetime.now(dt.UTC)",
        "from datetime import date\nfield(default_factory=date.today)",
        "import time\ntime.time()",
        "from time import monotonic",
        "import random\nrandom.choice([1])",
        "import random\nrandom.SystemRandom()",
        "from random import choice",
        "import uuid\nx = uuid.uuid4()",
        "import secrets\nsecrets.token_hex()",
        "import os\nf(os.urandom)",
        "from os import urandom\nurandom(2)",
    ],
)
def test_raw_time_and_chance_are_seen(text: str) -> None:
    assert list(raw_calls(Source("bot.simulators.broker.market.prices", text)))


@pytest.mark.parametrize(
    "text",
    [
        "import random\ndef f(rng: random.Random) -> None:\n    rng.random()",
        "import random\nr = random.Random(1)",
        "from datetime import datetime\nx = datetime.fromtimestamp(0)",
        "import asyncio\nasyncio.get_running_loop().time()",
        "from bot.domain.clock import Clock\ndef f(clock: Clock) -> None:\n    clock.now()",
    ],
)
def test_passed_in_time_and_chance_are_let_through(text: str) -> None:
    assert list(raw_calls(Source("bot.simulators.broker.market.prices", text))) == []


@pytest.mark.parametrize(
    "text", ["import os\nos.environ['X']", "from os import environ", "import os\nx = os.getenv", "import os as o\no.environ"]
)
def test_a_look_at_the_environment_is_seen(text: str) -> None:
    assert list(environment(Source("handlers.commands.orders.order", text)))
    assert list(environment(Source("bot.runtime.hardening", text))) == []


@pytest.mark.parametrize(
    "text",
    ["from unittest import mock", "from unittest.mock import patch", "def test_x(monkeypatch): ...", "def test_x(mocker): ..."],
)
def test_a_patch_is_seen(text: str) -> None:
    assert list(patches(Source("tests.x", text)))


def test_a_real_wait_is_seen() -> None:
    assert list(real_waiting(Source("tests.x", "import time\ntime.sleep(1)")))
    assert list(real_waiting(Source("tests.x", "import asyncio\nasyncio.sleep(1)"))) == []


def test_an_unexplained_ignore_is_seen() -> None:
    hush = "# type: " + "ignore"
    assert list(unexplained_ignores(Source("bot.x", f"x = 1  {hush}")))
    assert list(unexplained_ignores(Source("bot.x", f"x = 1  {hush}[misc]")))
    assert list(unexplained_ignores(Source("bot.x", f"x = 1  {hush}[misc]  # the library lies"))) == []
