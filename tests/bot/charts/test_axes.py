"""Figures along an axis: Indian grouping, signs, one unit, and round values only."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts.axes import Scale, figure, short_figure, ticks
from bot.charts.results import middle_of

D = Decimal


@pytest.mark.parametrize(
    ("value", "places", "signed", "words"),
    [
        ("123456.5", 2, False, "1,23,456.50"),
        ("-222.5", 2, True, "−222.50"),
        ("222.5", 0, True, "+222"),
        ("0.004", 2, True, "0.00"),
        ("-0.004", 2, True, "0.00"),
        ("10000000", 0, False, "1,00,00,000"),
    ],
)
def test_figures_are_grouped_as_in_india_and_zero_has_no_sign(value: str, places: int, signed: bool, words: str) -> None:
    assert figure(D(value), places, signed=signed) == words


@pytest.mark.parametrize(
    ("value", "beside", "words"),
    [
        ("9999", "0", "+9,999"),
        ("12500", "0", "+12.5k"),
        ("-125000", "0", "−1.25L"),
        ("34000000", "0", "+3.4Cr"),
        ("50000", "150000", "+0.5L"),
        ("5000", "20000", "+5k"),
        ("0", "20000", "0"),
    ],
)
def test_large_figures_are_shortened_and_those_of_one_axis_share_a_unit(value: str, beside: str, words: str) -> None:
    assert short_figure(D(value), signed=True, beside=D(beside)) == words


@given(
    low=st.integers(-(10**10), 10**10).map(lambda paise: D(paise) / 100),
    reach=st.integers(1, 10**10).map(lambda paise: D(paise) / 100),
    most=st.integers(2, 8),
)
def test_ticks_are_on_the_scale_evenly_apart_and_never_too_many(low: Decimal, reach: Decimal, most: int) -> None:
    values, places = ticks(Scale(low=low, high=low + reach, start=0, end=100), most)
    assert len(values) <= most
    assert all(low <= value <= low + reach for value in values)
    assert len({value - before for before, value in pairwise(values)}) <= 1
    assert len({figure(value, places) for value in values}) == len(values)


@pytest.mark.parametrize(
    ("pixels", "middle"),
    [
        ([20, 300, 520, 800, 1000], 2),
        ([20, 30, 850, 930, 1000], None),  # no point has room for its time between those of the ends
        ([20, 1000], None),
        ([20], None),
        ([], None),
    ],
)
def test_a_time_stands_in_the_middle_of_an_axis_only_where_it_has_room(pixels: list[float], middle: int | None) -> None:
    assert middle_of(pixels) == middle
