"""A report has no door for free text: whatever could hold a secret is refused where the fact is made."""

import typing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnostics.renderings import lines, on_a_phone
from bot.diagnostics.safe_facts import Fact, ListedWord, Plain, Version, facts
from bot.domain.people.secret import Secret

NAME = ListedWord.of("vault key", {"vault key"})


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
    shown = str(ListedWord.of(text, {"passphrase", "always", "file"}))
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


def a_report(**database: Plain) -> list[Fact]:
    """What a bot in good order tells, sixty lines of it, with these of its database otherwise."""
    sound: dict[str, Plain] = {
        "people": 2, "phones sealed": 0, "accounts": 1, "accounts stopped": 0, "alarm": False, "updates waiting": 0,
        "notices waiting": 1, "notices buried": 0, "audit broken at row": None,
    }  # fmt: skip
    return [
        *facts("program", {"version": Version.of("0.1.0"), "python": Version.of("3.12.1")}),
        *facts("library", {f"library{number}": Version.of("1.0") for number in range(10)}),
        *facts("process", {"linux": True, "core dumps": False, "dumpable": False, "private files": True}),
        *facts(
            "setting",
            {"MODE": ListedWord.of("paper", ["paper"]), **{f"SETTING{n} given": False for n in range(24)}, "warnings": 0},
        ),
        *facts("file", {"database bytes": 4096, "heartbeat age": timedelta(seconds=12)}),
        *facts("vault", {"without key": False, "secrets that open": 5, "seed key": True}),
        *facts("database", sound | {name.replace("_", " "): value for name, value in database.items()}),
        *facts("unsettled orders", {"open": 1}),
    ]


def test_on_a_phone_stands_what_matters_and_the_rest_is_left_to_the_host() -> None:
    shown = on_a_phone(a_report())
    assert shown[0] == "🟢 nothing found wrong"
    assert "vault secrets that open: 5" in shown
    assert "unsettled orders open: 1" in shown
    assert [line for line in shown if "given" in line or "library" in line or line.startswith("🔴")] == []
    assert len(shown) <= 16
    assert max(map(len, shown)) <= 34


def test_what_is_wrong_stands_first_on_a_phone() -> None:
    shown = on_a_phone(a_report(notices_buried=3, alarm=True, audit_broken_at_row=7))
    assert shown[:3] == ["🔴 database alarm: yes", "🔴 database audit broken at row: 7", "🔴 database notices buried: 3"]
    assert not shown[3].startswith("🔴")


@pytest.mark.parametrize(
    ("room", "values", "line"),
    [
        ("file", {"heartbeat age": timedelta(seconds=61)}, "🔴 file heartbeat age: 61 s"),
        ("file", {"heartbeat age": None}, "🔴 file heartbeat age: none"),
        ("vault", {"without key": False, "secrets that open": None}, "🔴 vault secrets that open: none"),
        ("process", {"private files": False}, "🔴 process private files: no"),
        ("setting", {"warnings": 2}, "🔴 setting warnings: 2"),
    ],
)
def test_each_kind_of_fault_is_marked(room: str, values: dict[str, Plain], line: str) -> None:
    assert on_a_phone(facts(room, values))[0] == line


def test_each_warning_of_the_settings_is_read_in_place_of_their_count() -> None:
    report = facts("setting", {"warnings": 2}) + facts("file", {"heartbeat age": None})
    shown = on_a_phone(report, ("A: chmod 600", "B: use B_FILE"))
    assert shown == ["🔴 A: chmod 600", "🔴 B: use B_FILE", "🔴 file heartbeat age: none"]


def test_a_bot_that_was_started_without_its_key_is_marked_once() -> None:
    shown = on_a_phone(facts("vault", {"without key": True, "secrets that open": None}))
    assert [line for line in shown if line.startswith("🔴")] == ["🔴 vault without key: yes"]
