"""Money is exact, and prices stand on the grid."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import exact, in_figures, on_tick, tick_down, tick_up

PRICES = st.decimals(min_value="0.01", max_value="200000", places=2)
TICKS = st.sampled_from([Decimal(text) for text in ("0.01", "0.05", "0.10", "0.20", "0.50", "1", "5")])


@given(PRICES, TICKS)
def test_rounding_to_a_tick_stays_within_one_tick_and_on_the_grid(price: Decimal, tick: Decimal) -> None:
    down, up = tick_down(price, tick), tick_up(price, tick)
    assert on_tick(down, tick)
    assert on_tick(up, tick)
    assert down <= price <= up
    assert up - down in (0, tick)


@pytest.mark.parametrize("text", ["", "ten", "NaN", "Infinity", "1,000", "--1"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        exact(text)


def test_a_float_is_refused_because_it_is_inexact_already() -> None:
    with pytest.raises(TypeError):
        exact(0.1)  # type: ignore[arg-type] # the point of the test


@pytest.mark.parametrize(
    ("rupees", "text"),
    [
        ("0", "0.00"),
        ("999.5", "999.50"),
        ("-1000", "1,000.00"),
        ("99999.994", "99,999.99"),
        ("123456.5", "1,23,456.50"),
        ("1234567890.125", "1,23,45,67,890.12"),
        ("100.005", "100.00"),
    ],
)
def test_rupees_are_written_in_indian_groups_to_the_even_paisa_and_without_a_sign(rupees: str, text: str) -> None:
    assert in_figures(Decimal(rupees)) == text
