"""What a summary says of the days ahead, by the exchanges' own calendar of 2026."""

from datetime import date, time

from bot.domain.market.coming_days import coming_days
from bot.trading.market_times import MarketTimes
from tests.stage.values.market import REFERENCE_DATA

CALENDAR = REFERENCE_DATA.calendar
SUMMARY = time(16, 15)
TIMES = MarketTimes(calendar=CALENDAR, summary=SUMMARY)


def test_before_a_week_end_the_expiry_that_a_holiday_moved_and_the_holiday_are_named() -> None:
    monday, tuesday = coming_days(CALENDAR, date(2026, 11, 20))
    assert monday.day == date(2026, 11, 23)
    assert {"NIFTY", "BANKNIFTY", "stocks"} <= set(monday.expiring)
    assert tuesday.day == date(2026, 11, 24)
    assert tuesday.closed


def test_a_usual_day_ahead_is_not_mentioned() -> None:
    assert coming_days(CALENDAR, date(2026, 11, 26)) == ()


def test_before_a_muhurat_sunday_it_is_named_and_without_a_calendar_nothing_is() -> None:
    ahead = coming_days(CALENDAR, date(2026, 11, 6))
    assert ahead[0].day == date(2026, 11, 8)
    assert ahead[0].special
    assert coming_days(None, date(2026, 11, 6)) == ()


def test_beyond_the_covered_years_nothing_is_made_up() -> None:
    assert coming_days(CALENDAR, date(CALENDAR.uncovered_within(date(2026, 12, 1), 400).year - 1, 12, 31)) == ()  # type: ignore[union-attr] # one is


def test_a_muhurat_day_is_the_day_before_the_next_one_for_it_has_a_close_of_its_own() -> None:
    assert TIMES.day_before(date(2026, 11, 9)) == date(2026, 11, 8)
    assert TIMES.day_before(date(2026, 11, 25)) == date(2026, 11, 23)
    assert MarketTimes(calendar=None, summary=SUMMARY).day_before(date(2026, 11, 9)) == date(2026, 11, 8)


def test_the_last_thursday_ends_the_stock_contracts_of_bse_alone() -> None:
    (thursday,) = coming_days(CALENDAR, date(2026, 11, 25))
    assert "BSE stocks" in thursday.expiring
    assert "stocks" not in thursday.expiring
