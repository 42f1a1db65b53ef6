"""Leaks that the canary gate has to find.

Only test_gate.py runs them, and each is meant to fail there.
"""

import base64
import logging
from pathlib import Path

import pytest

from bot.simulators.loop import LoopClock
from tests.handlers.chat import a_stage
from tests.stage.gate.gate import SECRETS

_ours = logging.getLogger("bot.trading.sessions.logins")
PASSWORD = SECRETS["password"]


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_leak_of_each_secret_at_debug(name: str) -> None:
    _ours.debug("logging in with %s", SECRETS[name])


@pytest.mark.parametrize("form", ["hex", "base64", "backwards", "a piece"])
def test_leak_in_another_spelling(form: str) -> None:
    raw = PASSWORD.encode()
    piece = SECRETS["seed"][3:11]
    spelled = {"hex": raw.hex(), "base64": base64.b64encode(b"u:" + raw).decode(), "backwards": PASSWORD[::-1]}
    _ours.info("told: %s", spelled.get(form, piece))


def test_leak_in_a_traceback() -> None:
    try:
        int(PASSWORD)
    except ValueError:
        _ours.exception("something went wrong")


def test_leak_in_print() -> None:
    print(f"password {PASSWORD}")  # noqa: T201


def test_leak_in_a_database(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "bot.db-wal").write_bytes(b"\0" * 100 + PASSWORD.encode() + b"\0")


async def test_leak_in_a_message_to_a_person(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/menu", "Menu")
        await stage.application.bot.send_message(stage.me.user.id, f"Your password is {PASSWORD}.")


def test_no_leak_passes() -> None:
    _ours.debug("logging in with %s", "***")
