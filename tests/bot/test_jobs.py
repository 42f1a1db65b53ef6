"""The dates and hours of the jobs: by the calendar, its holidays, Sundays and evenings."""

from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import at_ist, next_midnight
from bot.reference.load import load_reference
from bot.simulators.loop import LoopClock
from bot.trading.market_times import MarketTimes
from bot.trading.safety.uncovered_year import UncoveredYear
from tests.stage.values.market import REFERENCE_DATA
from tests.storage.samples import a_store

SUMMARY, MONDAY = time(16, 15), date(2026, 11, 23)
TIMES = MarketTimes(calendar=REFERENCE_DATA.calendar, summary=SUMMARY)
EVENING = """
[[days]]
date = 2026-11-08
what = "special"
name = "Muhurat trading"
counts = false
source = "the exchange's circular"
hours.cash = [
  { phase = "CONTINUOUS", start = 18:15:00, end = 19:15:00 },
  { phase = "POST_CLOSE", start = 19:25:00, end = 19:35:00 },
]
hours.derivative = [{ phase = "CONTINUOUS", start = 18:15:00, end = 19:15:00 }]
"""


def with_host(tmp_path: Path, text: str) -> MarketTimes:
    (tmp_path / "host.toml").write_text(text, encoding="utf-8")
    return MarketTimes(calendar=load_reference(tmp_path / "host.toml").calendar, summary=SUMMARY)


@pytest.mark.parametrize(
    ("day", "is_one"),
    [
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), False),  # a Saturday
        (date(2026, 11, 24), False),  # a holiday
        (date(2026, 11, 8), True),  # a Sunday with a muhurat hour, which counts for no expiry
        (date(2026, 2, 1), True),  # a Sunday with the Union Budget
        (date(2027, 1, 1), True),  # a Friday of a year that is not covered: nobody knows better
        (date(2027, 1, 2), False),
    ],
)
def test_a_day_of_trading_is_each_on_which_there_are_trades(day: date, is_one: bool) -> None:
    assert TIMES.trading(day) is is_one
    assert MarketTimes(calendar=None, summary=SUMMARY).trading(day), "a practice market never closes"


def test_a_day_of_trading_ends_with_its_contracts_and_a_day_without_trades_has_no_end(tmp_path: Path) -> None:
    for day, ends in ((date(2026, 11, 20), (15, 40)), (date(2026, 7, 31), (15, 30))):
        assert TIMES.day_ends(at_ist(day, 8, 50)) == at_ist(day, *ends)
    assert TIMES.day_ends(at_ist(date(2026, 11, 21), 11)) is None, "a Saturday"
    assert with_host(tmp_path, EVENING).day_ends(at_ist(date(2026, 11, 8), 12)) == at_ist(date(2026, 11, 8), 19, 15)
    for unknown, at in ((TIMES, at_ist(date(2027, 1, 1), 11)), (MarketTimes(calendar=None, summary=SUMMARY), at_ist(MONDAY, 11))):
        assert unknown.day_ends(at) == next_midnight(at)


def test_the_summary_of_an_evening_session_comes_after_it(tmp_path: Path) -> None:
    muhurat = date(2026, 11, 8)
    assert with_host(tmp_path, EVENING).summary_at(muhurat) == time(19, 50)
    assert TIMES.summary_at(muhurat) == time(23, 30), "its hours are not known"
    assert TIMES.summary_at(date(2025, 10, 21)) == SUMMARY, "a session at noon"
    for usual in (date(2026, 2, 1), date(2026, 11, 20), date(2026, 11, 24)):
        assert TIMES.summary_at(usual) == SUMMARY


@pytest.mark.parametrize(
    ("week", "last"),
    [
        (date(2026, 11, 16), date(2026, 11, 20)),
        (date(2026, 12, 21), date(2026, 12, 24)),  # Christmas is a Friday
        (date(2026, 11, 2), date(2026, 11, 8)),  # muhurat on Sunday
    ],
)
def test_a_week_ends_with_its_last_session(week: date, last: date) -> None:
    days = [week + timedelta(days=n) for n in range(7)]
    assert [day for day in days if TIMES.weeks_last(day)] == [last]


@given(st.integers(2025, 2026), st.integers(1, 12))
def test_each_month_has_one_last_session_and_no_session_follows_it(year: int, month: int) -> None:
    days = [date(year, month, 1) + timedelta(days=n) for n in range(31)]
    (last,) = [day for day in days if day.month == month and TIMES.months_last(day)]
    assert not any(TIMES.trading(day) for day in days if day.month == month and day > last)


async def test_owners_hear_of_a_year_that_is_not_covered_sixty_days_ahead_and_monthly_until_it_is(
    clock: LoopClock, tmp_path: Path
) -> None:
    dates = [date(2026, 1, 1) + timedelta(days=n) for n in range(430)]
    year = UncoveredYear(store=await a_store(), calendar=REFERENCE_DATA.calendar, clock=clock)
    told = [date(2026, 11, 2), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1)]
    assert [day for day in dates if year.is_day(day)] == told
    covered = with_host(tmp_path, '[[years]]\nyear = 2027\nsource = "NSE"\n')
    year.calendar = covered.calendar
    assert [day for day in dates if year.is_day(day)] == []
