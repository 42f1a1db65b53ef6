"""The usual factor behind a new base, and levels and quantities on it."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.positions.held import NewBase
from bot.domain.positions.rebase import Rebase
from tests.stage.values.orders import RELIANCE

PAISE = Decimal("0.05")


def factor(before: str, now: str) -> str | None:
    rebase = Rebase.suspected(NewBase(instrument=RELIANCE, before=Decimal(before), now=Decimal(now)))
    return str(rebase) if rebase is not None else None


@pytest.mark.parametrize(
    ("before", "now", "read"),
    [
        ("1490", "745", "×0.5"),  # a bonus of 1:1
        ("1490", "757.10", "×0.5"),  # the same by a trade of the day
        ("900", "600", "×2/3"),  # a bonus of 1:2
        ("1000", "100.20", "×0.1"),  # a split of 10
        ("1000", "800", "×0.8"),
        ("12.40", "124", "×10"),  # put together
        ("1000", "620", None),  # a demerger
        ("1000", "0", None),
    ],
)
def test_the_usual_factor_that_comes_near_is_named_and_no_other(before: str, now: str, read: str | None) -> None:
    assert factor(before, now) == read


@given(st.fractions(Fraction(1, 10), 10, max_denominator=10), st.integers(100, 10_000_000), st.integers(1, 100_000))
def test_a_level_keeps_its_place_beside_the_price_and_no_share_is_made_of_nothing(by: Fraction, paise: int, shares: int) -> None:
    rebase, before = Rebase(factor=by), Decimal(paise) / 100
    after = rebase.price(before, PAISE)
    assert after > 0
    assert after % PAISE == 0
    assert abs(Fraction(after) - Fraction(before) * by) <= Fraction(PAISE)
    assert rebase.quantity(shares) * by <= shares < (rebase.quantity(shares) + 1) * by
