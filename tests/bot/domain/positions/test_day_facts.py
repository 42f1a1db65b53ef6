"""Days one after the other: what they gained on the capital, and how far they fell."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.positions.day_facts import DayNet, deepest_fall, gained, summed

FIRST = date(2026, 11, 16)
NETS = st.lists(st.none() | st.decimals(-50_000, 50_000, places=2), max_size=12)


def days(*nets: str | Decimal | None, capital: int | None = 100_000) -> tuple[DayNet, ...]:
    return tuple(
        DayNet(
            day=FIRST + timedelta(days=at),
            net=Decimal(net) if net is not None else None,
            capital=Decimal(capital) if capital is not None else None,
        )
        for at, net in enumerate(nets)
    )


def test_money_that_is_paid_in_between_two_days_is_no_gain() -> None:
    first = DayNet(day=FIRST, net=Decimal(1_000), capital=Decimal(100_000))
    second = DayNet(day=FIRST + timedelta(days=1), net=Decimal(0), capital=Decimal(500_000))
    assert gained((first, second)) == Decimal("0.01")


def test_a_day_that_does_not_say_what_it_began_with_leaves_the_return_unsaid() -> None:
    assert gained(days("100", capital=None)) is None
    assert gained(days(None, None)) is None
    assert gained(days(None, "1000")) == Decimal("0.01")


@given(NETS)
def test_the_fall_is_the_worst_stretch_of_days(nets: list[Decimal | None]) -> None:
    made = days(*nets)
    known = [each.net or Decimal(0) for each in made]
    stretches = [sum(known[start:end], Decimal(0)) for start in range(len(known)) for end in range(start, len(known) + 1)]
    assert deepest_fall(made) == min(stretches, default=Decimal(0))


@given(NETS, st.integers(0, 12))
def test_any_cut_of_the_days_adds_up_to_the_whole(nets: list[Decimal | None], at: int) -> None:
    made = days(*nets)
    assert summed(made[:at]) + summed(made[at:]) == summed(made)
