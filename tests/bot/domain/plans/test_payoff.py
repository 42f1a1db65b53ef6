"""What contracts are worth when they end: known shapes, and what holds for any set of legs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.instrument import Right
from bot.domain.plans.payoff import PayoffLeg, break_evens, corners, extremes, profit

D = Decimal


def leg(right: Right | None, strike: str | None, quantity: int, average: str) -> PayoffLeg:
    return PayoffLeg(
        name="x", right=right, strike=D(strike) if strike is not None else None, quantity=quantity, average=D(average)
    )


LONG_CALL = leg(Right.CE, "24500", 65, "100")
SHORT_CALL = leg(Right.CE, "24800", -65, "40")
SHORT_PUT = leg(Right.PE, "24200", -65, "60")
LONG_FUTURE = leg(None, None, 65, "24500")


@pytest.mark.parametrize(
    ("legs", "zeros", "least", "most"),
    [
        ([LONG_CALL], ["24600"], "-6500", None),
        ([LONG_CALL, SHORT_CALL], ["24560"], "-3900", "15600"),
        ([SHORT_CALL, SHORT_PUT], ["24100", "24900"], None, "6500"),
        ([LONG_FUTURE], ["24500"], "-1592500", None),
        ([LONG_FUTURE, leg(None, None, -65, "24510")], [], "650", "650"),
        ([], ["0"], "0", "0"),
    ],
    ids=["long call", "call spread", "short strangle", "long future", "a locked pair", "nothing"],
)
def test_known_shapes(legs: list[PayoffLeg], zeros: list[str], least: str | None, most: str | None) -> None:
    assert break_evens(legs) == tuple(D(zero) for zero in zeros)
    assert extremes(legs) == (D(least) if least is not None else None, D(most) if most is not None else None)


LEGS = st.lists(
    st.builds(
        PayoffLeg,
        name=st.just("x"),
        right=st.sampled_from(list(Right)),
        strike=st.integers(1, 40).map(lambda strike: D(strike * 50)),
        quantity=st.integers(-5, 5).filter(bool),
        average=st.integers(0, 4000).map(lambda paise: D(paise * 5) / 100),
    )
    | st.builds(
        PayoffLeg,
        name=st.just("x"),
        right=st.none(),
        strike=st.none(),
        quantity=st.integers(-5, 5).filter(bool),
        average=st.integers(1, 40000).map(lambda paise: D(paise * 5) / 100),
    ),
    max_size=5,
)


@given(legs=LEGS, spot=st.integers(0, 300_000).map(lambda paise: D(paise) / 100))
def test_nothing_lies_beyond_the_extremes_and_a_change_of_sign_crosses_a_break_even(legs: list[PayoffLeg], spot: Decimal) -> None:
    here = profit(legs, spot)
    least, most = extremes(legs)
    assert least is None or here >= least
    assert most is None or here <= most
    zeros = break_evens(legs)
    assert all(abs(profit(legs, zero)) < D("1e-15") for zero in zeros)
    below = max((zero for zero in zeros if zero <= spot), default=None)
    if here and below is not None:  # between the break-even before it and this price the sign is one
        between = profit(legs, (below + spot) / 2)
        assert between * here >= 0
    for bend in corners(legs):
        there = profit(legs, bend)
        if there * here < 0:
            assert any(min(bend, spot) <= zero <= max(bend, spot) for zero in zeros)
