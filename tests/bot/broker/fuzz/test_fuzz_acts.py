"""What the broker answers to an act, bent in any way, is never an invented refusal."""

import json
import random
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broker.session import token_dies
from bot.broker.wire import answers, translate
from bot.broker.wire.answers import Answer, envelope
from bot.domain.errors import BotError, OrderOver, Refused, Unclear
from tests.bot.broker.fuzz.mutants import BATCH, fuzzed, mutated
from tests.bot.broker.fuzz.test_fuzz import NOW
from tests.bot.broker.quirks.rows import ID, bad, good

PLACED = [good({"script": "ACC-EQ", "orderid": ID, "uniqueorderid": ID})]


REFUSALS: list[Any] = [
    [bad(f"RMS:{ID}:NSE EQUITY 22 ACC INTRADAY EQ XXXXX B 1 I FUND LIMIT INSUFFICIENT", "MA200")],
    bad("Trigger price can not be blank.", "IA400"), bad("Enter valid trigger price.", "400"),
    bad("Incorrect auth. Please try again.", "IA401"),
    bad("API is suspended/expired for use.", "APIKeyException", key="error_type"),
    {"type": "t", "title": "One or more validation errors occurred.", "status": 400, "errors": {"orders": ["needed"]},
     "traceId": "0"},
]  # fmt: skip


_CODES = ("IA400", "400", "IA401", "IA403", "APIKeyException", "MA0034")


def understood(raw: bytes) -> bool:
    """Whether a no can be read in it at all, worked out apart from the code under test."""
    try:
        told = json.loads(raw.decode("utf-8-sig"))
    except ValueError:
        return False
    told = told[0] if isinstance(told, list) and len(told) == 1 else told
    if (
        not isinstance(told, dict)
        or told.get("status") is True
        or str(told.get("status")).strip().lower() in ("true", "success", "ok")
    ):
        return False
    said = json.dumps(told, ensure_ascii=False)
    named = any(str(told.get(name)).strip() in _CODES for name in ("errorcode", "error_type", "errorCode", "status"))
    return named or "ip address" in said.lower() or re.search(r"RMS:\s*\d{6,24}\s*:", said) is not None


def _act(raw: bytes, http: int, act: str = "order") -> tuple[BotError | None, str]:
    told = envelope(raw)
    failure = answers.failure_of_act(Answer(http, raw), told, act)
    return failure, translate.placed_id(told.data) if told is not None and failure is None else ""


@given(seed=st.integers(0, 2**63))
@fuzzed
def test_a_place_answer_becomes_a_refusal_only_in_understood_words(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(BATCH):
        raw = mutated(chance.choice(REFUSALS), chance)
        http = chance.choice((200, 200, 400, 401, 403, 404, 429, 500, 502))
        failure, broker_id = _act(raw, http)
        assert failure is None or isinstance(failure, Refused | Unclear), raw
        if isinstance(failure, Refused):
            assert http < 500, raw
            assert http != 429, raw
            assert understood(raw), raw
            assert not isinstance(failure, OrderOver), raw
            if failure.final:
                assert b"RMS:" in raw, raw
                assert failure.broker_id, raw
                assert failure.broker_id.encode() in raw, raw
        assert not broker_id or broker_id.encode() in raw, raw


OVER = [bad("Order is Cancelled.Kindly refresh your OrderBook", code) for code in ("RS-00093", "RS-0034")]


@pytest.mark.parametrize("act", ["change", "cancel", "conversion", "cancel of all orders"])
@given(seed=st.integers(0, 2**63))
@fuzzed
def test_an_answer_to_another_act_is_a_refusal_only_in_understood_words(act: str, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(BATCH):
        raw = mutated(chance.choice((*REFUSALS, *OVER, *PLACED)), chance)
        http = chance.choice((200, 200, 400, 401, 403, 404, 429, 500, 502))
        failure, _ = _act(raw, http, act)
        assert failure is None or isinstance(failure, Refused | Unclear), raw
        assert http < 300 or failure is not None, raw
        if isinstance(failure, OrderOver):
            assert act in ("change", "cancel"), raw
            assert b"RS-00" in raw, raw
        elif isinstance(failure, Refused):
            assert understood(raw), raw


@given(seed=st.integers(0, 2**63))
@fuzzed
def test_a_success_bent_in_any_way_is_a_success_or_unclear_and_never_a_refusal(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(BATCH):
        raw = mutated(PLACED, chance)
        http = chance.choice((200, 200, 200, 201, 204, 302, 400, 401, 403, 429, 500, 502, 504))
        failure, broker_id = _act(raw, http)
        if b"RMS:1:" not in raw:
            assert failure is None or isinstance(failure, Unclear), raw
        assert http < 300 or failure is not None, raw
        if broker_id and failure is None:
            assert broker_id in raw.decode("utf-8", "replace"), raw


@given(seed=st.integers(0, 2**63))
@fuzzed
def test_login_answers_end_in_a_handle_or_a_typed_error(seed: int) -> None:
    chance = random.Random(seed)
    bases: list[Any] = [
        good({"jwtToken": "a.b.c", "refreshToken": ""}),
        bad("Invalid username or password. 9 attempts remaining ", "MA500"),
    ]
    for _ in range(BATCH):
        raw = mutated(chance.choice(bases), chance)
        told = envelope(raw)
        failure = answers.failure_of_login(Answer(chance.choice((200, 400, 403, 502)), raw), told)
        assert failure is None or isinstance(failure, BotError)
        token = raw.decode("utf-8", "replace")
        assert token_dies(token, NOW) <= datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
