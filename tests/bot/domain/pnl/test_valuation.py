"""A result that is kept up tick by tick is the one that is worked out anew."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.plans.pnl_exit import Mark, ScopeResult
from bot.domain.pnl.valuation import OpenUnits, Valuation
from tests.stage.values.market import a_share

SHARES = [a_share(name) for name in ("ITC", "TCS", "INFY")]

rows = st.lists(
    st.tuples(st.integers(0, 2), st.integers(-500, 500), st.decimals("0.05", "9999", places=2)), max_size=5
)  # fmt: skip
ticks = st.lists(st.tuples(st.integers(0, 2), st.one_of(st.none(), st.decimals("0.05", "9999", places=2))), max_size=30)


@given(rows, ticks, st.decimals(-9999, 9999, places=2))
def test_a_value_by_ticks_is_the_value_from_the_start(
    opened: list[tuple[int, int, Decimal]], tape: list[tuple[int, Decimal | None]], made: Decimal
) -> None:
    units = [
        OpenUnits(name=SHARES[share].symbol, key=SHARES[share].key, units=size, price=price) for share, size, price in opened
    ]
    valuation, last = Valuation(made, units), dict[int, Decimal | None]()
    for share, price in tape:
        valuation.price(SHARES[share].key, Mark(price=price) if price is not None else None)
        last[share] = price
    known = [(size, price, last.get(share)) for share, size, price in opened]
    blind = {SHARES[share].symbol for share, _, _ in opened if last.get(share) is None}
    figure = valuation.figure
    assert set(figure.missing) == blind
    if not blind:
        assert figure.value == made + sum((now - then) * size for size, then, now in known if now is not None)


def test_what_is_not_known_of_the_start_stays_unknown() -> None:
    assert Valuation(None).figure == ScopeResult(value=None)
    assert Valuation(Decimal(5), missing=("ITC",)).figure == ScopeResult(value=None, missing=("ITC",))
    assert Valuation(Decimal(5), flat=True).figure == ScopeResult(value=Decimal(5), flat=True)
