"""When the figure of a P&L exit is known, when it strikes, and what its best result is."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.prices import Level, Tick
from bot.domain.plans.pnl_exit import RECHECK, Mark, PnlExit, PnlLevel, Recheck, Scope, ScopeKind, mark_of
from bot.domain.terms import Product
from tests.stage.values.market import a_share, an_option
from tests.stage.values.orders import RELIANCE

T0 = datetime(2026, 11, 26, 4, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CALL = an_option()


def an_exit(*, stop: str = "", target: str = "", giveback: str = "") -> PnlExit:
    def level(said: str) -> Decimal | None:
        return Decimal(said) if said else None

    return PnlExit(
        id="token", account_id="a1", by=1, name="Asha", scope=Scope(kind=ScopeKind.ALL), until=T0 + timedelta(hours=6),
        created_at=T0, stop=level(stop), target=level(target), giveback=level(giveback),
    )  # fmt: skip


def a_tick(last: str = "100", *, traded: int = 0, heard: int = 0, bid: str = "", ask: str = "", stale: bool = False) -> Tick:
    return Tick(
        key=CALL.key, last=Decimal(last), at=T0 - traded * SECOND, received=T0 - heard * SECOND, stale=stale,
        bids=(Level(price=Decimal(bid), quantity=1),) if bid else (),
        asks=(Level(price=Decimal(ask), quantity=1),) if ask else (),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tick", "known"),
    [
        (a_tick(traded=60, heard=10), Mark(price=Decimal(100))),
        (a_tick(heard=11), None),
        (a_tick(stale=True), None),
        (a_tick("0"), None),
        (a_tick(traded=61), None),
        (a_tick(traded=61, bid="98", ask="102"), Mark(price=Decimal(100), at_mid=True)),
        (a_tick(traded=61, bid="97", ask="103"), None),
        (a_tick(traded=61, bid="98"), None),
        (a_tick("0", bid="98", ask="102"), Mark(price=Decimal(100), at_mid=True)),
        (None, None),
    ],
)
def test_a_price_of_now_is_a_fresh_trade_or_the_middle_of_a_narrow_book(tick: Tick | None, known: Mark | None) -> None:
    assert mark_of(tick, T0) == known


def test_delivery_and_margin_funding_are_in_no_scope() -> None:
    scopes = (
        Scope(kind=ScopeKind.ALL), Scope(kind=ScopeKind.UNDERLYING, underlying="RELIANCE"),
        Scope(kind=ScopeKind.POSITION, instrument=RELIANCE, product=Product.MIS),
    )  # fmt: skip
    for scope in scopes:
        assert [scope.takes_in(RELIANCE, product) for product in (Product.CNC, Product.MTF)] == [False, False]
        assert scope.takes_in(RELIANCE, Product.MIS)
    assert [scope.takes_in(CALL, Product.NRML) for scope in scopes] == [True, False, False]
    assert not scopes[2].takes_in(a_share("ITC"), Product.MIS)


def play(exit_: PnlExit, tape: list[tuple[float, int | None]]) -> tuple[list[PnlLevel | None], PnlExit]:
    """(seconds after the last, rupees or not known) -> what has struck after each, and the exit with its best."""
    recheck, now, struck = Recheck(), 0.0, []
    for seconds, value in tape:
        now += seconds
        if value is None:
            recheck.forget()
        else:
            recheck.saw(exit_, Decimal(value), now)
            if (stood := recheck.stood(now)) is not None:
                exit_ = exit_.with_best(stood)
        struck.append(recheck.struck(now))
    return struck, exit_


def test_it_strikes_after_three_seconds_beyond_and_not_by_a_spike_or_across_a_gap() -> None:
    exit_ = an_exit(stop="-5000")
    assert play(exit_, [(0, -5000), (1, -5100), (2, -5000)])[0] == [None, None, PnlLevel.STOP]
    assert play(exit_, [(0, -5000), (1, -4999), (2, -5100), (2, -5100)])[0] == [None] * 4
    assert play(exit_, [(0, -5000), (2, None), (1, -5100), (2, -5100)])[0] == [None] * 4


def test_what_it_may_give_back_counts_from_a_best_that_stood_and_arms_above_it() -> None:
    exit_ = an_exit(giveback="3000")
    assert play(exit_, [(0, 2900), (4, 2900), (1, -500), (4, -500)])[0][-1] is None, "not armed"
    struck, after = play(exit_, [(0, 4120), (1, 4120), (1, 4120), (1.5, 4120), (1, 1120), (3, 1100)])
    assert (struck[-1], after.best) == (PnlLevel.GIVEBACK, Decimal(4120))
    spike, after = play(exit_, [(0, 1000), (1, 9000), (1, 1000), (2, 1000), (4, 1000)])
    assert (spike[-1], after.best) == (None, Decimal(1000))


@given(st.lists(st.tuples(st.floats(0, 4), st.one_of(st.none(), st.integers(-8000, 8000))), max_size=40))
def test_nothing_strikes_but_after_three_seconds_of_known_figures_beyond(tape: list[tuple[float, int | None]]) -> None:
    exit_ = an_exit(stop="-5000", target="6000")
    struck, _ = play(exit_, tape)
    moments = list(itertools.accumulate(seconds for seconds, _ in tape))
    for number, level in enumerate(struck):
        if level is None:
            continue
        begun = number
        while begun and (before := tape[begun - 1][1]) is not None and exit_.reached(Decimal(before)) is level:
            begun -= 1
        assert moments[number] >= moments[begun] + RECHECK.total_seconds()


@pytest.mark.parametrize("levels", [{}, {"giveback": "0"}, {"stop": "100", "target": "100"}])
def test_levels_that_mean_nothing_are_no_exit(levels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no levels"):
        an_exit(**levels)


def test_whatever_its_card_shows_is_under_its_digest() -> None:
    exit_ = an_exit(stop="-5000")
    others = (
        replace(exit_, stop=Decimal(-4000)), replace(exit_, target=Decimal(100)), replace(exit_, after_charges=True),
        replace(exit_, blocks_until=T0), replace(exit_, scope=Scope(kind=ScopeKind.UNDERLYING, underlying="NIFTY")),
    )  # fmt: skip
    assert len({each.digest() for each in (exit_, *others)}) == 6
    assert replace(exit_, best=Decimal(5)).digest() == exit_.digest()
