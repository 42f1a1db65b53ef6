"""What each part of a market day takes, and windows that reach past midnight."""

from datetime import date, datetime, time

import pytest

from bot.domain.market.instrument import Exchange
from bot.domain.market.sessions import BrokerWindow, PhaseKind, WindowKind, takes, usual_hours
from bot.domain.terms import OrderKind
from tests.stage.values.market import ist_at


@pytest.mark.parametrize("kind", list(PhaseKind))
def test_only_continuous_trading_takes_stops_and_special_orders(kind: PhaseKind) -> None:
    rules = takes(kind)
    continuous = kind is PhaseKind.CONTINUOUS
    assert (OrderKind.SL in rules.kinds) is continuous
    assert (OrderKind.SL_M in rules.kinds) is continuous
    assert rules.special is continuous


def test_limit_only_parts_take_limits_only() -> None:
    for kind in (PhaseKind.PRE_OPEN_LIMIT, PhaseKind.AUCTION_LIMIT):
        assert takes(kind).kinds == {OrderKind.LIMIT}


def test_nothing_is_taken_while_the_exchange_works_or_sleeps() -> None:
    quiet = {
        PhaseKind.SHUT, PhaseKind.PRE_OPEN_MATCH, PhaseKind.PRE_OPEN_BUFFER, PhaseKind.REFERENCE, PhaseKind.AUCTION_MATCH,
        PhaseKind.BETWEEN, PhaseKind.UNKNOWN,
    }  # fmt: skip
    for kind in PhaseKind:
        assert bool(takes(kind).kinds) is (kind not in quiet)


def a_window(start: time | None, end: time | None) -> BrokerWindow:
    return BrokerWindow(kind=WindowKind.AMO, since=date(2025, 1, 1), start=start, end=end, says="a window", source="a test")


def test_a_window_past_midnight_holds_on_both_sides_of_it() -> None:
    window = a_window(time(16, 30), time(8, 50))
    assert window.holds(time(23, 59))
    assert window.holds(time(0, 0))
    assert window.holds(time(16, 30))
    assert not window.holds(time(8, 50))
    assert not window.holds(time(12, 0))


def test_a_window_whose_hours_are_not_known_never_holds() -> None:
    for window in (a_window(None, None), a_window(time(9), None), a_window(None, time(9))):
        assert not any(window.holds(time(hour)) for hour in range(24))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (ist_at("2033-03-01 09:14"), False),
        (ist_at("2033-03-01 09:15"), True),
        (ist_at("2033-03-01 15:29"), True),
        (ist_at("2033-03-01 15:30"), False),
        (ist_at("2033-03-05 11:00"), False),  # a Saturday
    ],
)
def test_usual_hours_are_a_weekdays_from_a_quarter_past_nine_to_half_past_three(at: datetime, expected: bool) -> None:
    assert usual_hours(Exchange.NSE, at) is expected
