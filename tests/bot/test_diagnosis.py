"""A report has no door for free text: whatever could hold a secret is refused where the fact is made."""

import typing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis import Fact, Plain, Version, Word, facts, lines
from bot.domain.secret import Secret

NAME = Word.of("vault key", {"vault key"})


@pytest.mark.parametrize(
    "value",
    ["text", b"bytes", Secret("opensesame"), Decimal("1.5"), 1.5, ["x"], {"a": "b"}, ValueError("words"), ("x",), object()],
    ids=lambda value: type(value).__name__,
)
def test_nothing_that_could_hold_a_secret_becomes_a_fact(value: object) -> None:
    with pytest.raises(TypeError) as caught:
        Fact(name=NAME, value=value)  # type: ignore[arg-type]  # what mypy would refuse as well
    assert "opensesame" not in str(caught.value)
    with pytest.raises(TypeError):
        Fact(name="opensesame", value=1)  # type: ignore[arg-type]  # a name is a word of ours


def test_a_subclass_does_not_slip_through_either() -> None:
    class Sly(int):
        def __str__(self) -> str:
            return "opensesame"

    with pytest.raises(TypeError):
        Fact(name=NAME, value=Sly(1))


def test_no_type_of_a_fact_is_text() -> None:
    assert str not in typing.get_args(Plain)
    assert bytes not in typing.get_args(Plain)
    assert object not in typing.get_args(Plain)


@given(st.text(max_size=60))
def test_a_word_that_is_not_ours_is_told_as_other(text: str) -> None:
    shown = str(Word.of(text, {"passphrase", "always", "file"}))
    assert shown in {"passphrase", "always", "file", "other"}
    assert (shown == text) is (text in {"passphrase", "always", "file", "other"})


@given(st.text(max_size=200))
def test_of_a_version_only_its_first_numbers_are_told(text: str) -> None:
    shown = str(Version.of(text))
    assert all(part.isdigit() and len(part) <= 6 for part in shown.split(".") if part)
    assert shown.count(".") <= 3


def test_values_read_as_people_read_them() -> None:
    at = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    report = facts(
        "bot",
        {
            "on": True,
            "off": False,
            "count": 3,
            "at": at,
            "age": timedelta(seconds=90),
            "none": None,
            "python": Version.of("3.11.7+x"),
        },
    )
    assert lines(report) == [
        "bot on: yes", "bot off: no", "bot count: 3", "bot at: 2026-11-20 09:30:00 IST", "bot age: 90 s", "bot none: none",
        "bot python: 3.11.7",
    ]  # fmt: skip
