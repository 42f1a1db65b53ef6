"""A stop that was said in any way lies on its side of the entry and on the tick.

A number with two meanings keeps both.
"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import on_tick
from bot.domain.orders.legs import Leg, Measure, Portion
from bot.trading.drafts.attached import is_passed, stops_meant, targets_meant

TICK = Decimal("0.05")


def stops(said: Leg, *, entry: str = "100", last: str = "100", long: bool = True) -> list[str]:
    return [f"{stop:.2f}" for stop in stops_meant(said, entry=Decimal(entry), last=Decimal(last), long=long, tick=TICK)]


@pytest.mark.parametrize(
    ("said", "long", "meant"),
    [
        (Leg(value=Decimal(95)), True, ["95.00"]),
        (Leg(value=Decimal(20)), True, ["80.00", "20.00"]),  # a bare 20 on a ₹100 option
        (Leg(value=Decimal(20)), False, ["120.00", "20.00"]),
        (Leg(value=Decimal(20), measure=Measure.POINTS), True, ["80.00"]),
        (Leg(value=Decimal(2), measure=Measure.PERCENT), True, ["98.00"]),
        (Leg(value=Decimal(2), measure=Measure.PERCENT), False, ["102.00"]),
        (Leg(value=Decimal("0.33"), measure=Measure.POINTS), True, ["99.65"]),
        (Leg(value=Decimal(50)), True, ["50.00"]),  # as points it makes no sense
        (Leg(value=Decimal(120), measure=Measure.POINTS), True, []),  # below zero
        (Leg(value=Decimal(95), measure=Measure.POINTS), True, ["5.00", "95.00"]),  # sl -95 on a ₹100 option
        (Leg(value=Decimal(250), measure=Measure.POINTS), True, []),
    ],
)
def test_a_stop_is_where_it_was_said_and_a_question_where_that_is_not_clear(said: Leg, long: bool, meant: list[str]) -> None:
    assert stops(said, long=long) == meant


@pytest.mark.parametrize(
    ("said", "long", "meant"),
    [
        (Leg(value=Decimal(120)), True, ["120.00"]),
        (Leg(value=Decimal(20)), True, ["120.00", "20.00"]),  # t 20 on a ₹100 option
        (Leg(value=Decimal(20)), False, ["80.00", "20.00"]),
        (Leg(value=Decimal(20), measure=Measure.POINTS), False, ["80.00"]),
        (Leg(value=Decimal(300)), True, ["300.00"]),
        (Leg(value=Decimal(120), measure=Measure.POINTS), True, ["220.00", "120.00"]),  # t +120
    ],
)
def test_a_target_is_read_like_a_stop_on_the_other_side(said: Leg, long: bool, meant: list[str]) -> None:
    found = targets_meant(said, entry=Decimal(100), last=Decimal(100), long=long, tick=TICK)
    assert [f"{target:.2f}" for target in found] == meant


def test_points_count_from_the_entry_and_not_from_the_price_of_now() -> None:
    assert stops(Leg(value=Decimal(10), measure=Measure.POINTS), entry="80", last="100") == ["70.00"]


@given(st.integers(1, 10_000), st.sampled_from([Measure.POINTS, Measure.PERCENT]), st.booleans())
def test_points_and_per_cent_never_lie_on_the_wrong_side(value: int, measure: Measure, long: bool) -> None:
    entry = Decimal("101.35")
    for stop in stops_meant(Leg(value=Decimal(value) / 100, measure=measure), entry=entry, last=entry, long=long, tick=TICK):
        assert on_tick(stop, TICK)
        assert not is_passed(stop, entry, long=long)


@given(st.integers(0, 10**6), st.integers(1, 2000))
def test_a_part_of_what_is_held_is_whole_lots_and_never_more_than_there_is(held: int, lot: int) -> None:
    whole, half = Portion.ALL.of(held, lot), Portion.HALF.of(held, lot)
    assert 0 <= half * 2 <= held
    assert half <= whole <= held < whole + lot
    assert whole % lot == half % lot == 0
