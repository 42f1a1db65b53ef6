"""Figures in Indian grouping with their signs, times in India, rows that fit a narrow phone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.views.format import (
    age,
    amount,
    clock_time,
    columns,
    day_name,
    fit,
    mark,
    money_row,
    price,
    row,
    rupees,
    signed,
    signed_count,
    wrapped,
)

MONEY = st.decimals(-(10**12), 10**12, places=2, allow_nan=False)
ANY = st.text(st.characters(codec=None), max_size=80)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("123456.5", "1,23,456.50"),
        ("-123456.5", "−1,23,456.50"),
        ("0", "0.00"),
        ("999", "999.00"),
        ("1000", "1,000.00"),
        ("10000000", "1,00,00,000.00"),
        ("0.005", "0.00"),
        ("-0.004", "0.00"),
        ("99999.995", "1,00,000.00"),
    ],
)
def test_rupees_stand_in_indian_grouping(value: str, shown: str) -> None:
    assert amount(Decimal(value)) == shown


def test_signs_stand_always_but_never_on_zero() -> None:
    assert signed(Decimal("222.5")) == "+222.50"
    assert signed(Decimal("-357.5")) == "−357.50"
    assert signed(Decimal("0.001")) == "0.00"
    assert rupees(Decimal(-5)) == "−₹5.00"
    assert rupees(None) == "not known"
    assert signed_count(-65) == "−65"


@given(MONEY)
def test_a_shown_amount_is_the_amount(value: Decimal) -> None:
    shown = signed(value).replace(",", "").replace("−", "-")
    assert Decimal(shown) == value
    assert (mark(value) == "🟢") == (value > 0)
    assert (mark(value) == "🔴") == (value < 0)


@given(st.decimals(0, 10**7, places=4, allow_nan=False))
def test_a_price_loses_no_decimals(value: Decimal) -> None:
    shown = price(value)
    assert Decimal(shown.replace(",", "")) == value
    assert len(shown.partition(".")[2]) >= 2


@given(ANY, ANY)
def test_every_row_fits_thirty_columns(left: str, right: str) -> None:
    for line in (*row(left, right), *wrapped(left), fit(right)):
        assert len(line) <= 30
        assert columns(line) <= 30
        assert "\n" not in line


@given(ANY, MONEY)
def test_every_amount_fits_and_is_whole(label: str, value: Decimal) -> None:
    rows = money_row(label, value)
    assert all(columns(line) <= 30 for line in rows)
    assert signed(value) in rows[-1], "a figure is never cut"


def test_an_amount_that_is_not_known_says_so() -> None:
    assert "not known" in money_row("Net", None)[0]


def test_rows_line_up_their_figures() -> None:
    rows = [
        money_row("Open", Decimal(-135))[0],
        money_row("Booked today", Decimal("640.25"))[0],
        money_row("Charges ≈", Decimal("-81.30"), marked=False)[0],
    ]
    assert {line.index(".") for line in rows} == {rows[0].index(".")}


def test_times_are_indias() -> None:
    at = datetime(2026, 11, 20, 8, 32, 11, tzinfo=UTC)
    assert clock_time(at) == "14:02:11"
    assert day_name(date(2026, 11, 23)) == "23 Nov (Mon)"
    ages = [
        (0, "0 s ago"),
        (1, "1 s ago"),
        (119, "119 s ago"),
        (120, "2 min ago"),
        (3600 * 3, "at 11:02"),
        (86400, "19 Nov 14:02"),
        (-5, "just now"),
    ]
    for seconds, shown in ages:
        assert age(at - timedelta(seconds=seconds), at) == shown
    assert age(None, at) == "time unknown"
