"""The words for a range of days, read as a trader says them."""

from datetime import date

import pytest

from bot.domain.errors import UsageError
from handlers.context.words.ranges import names_a_span, range_of

TODAY = date(2026, 11, 25)  # a Wednesday


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("", TODAY, TODAY),
        ("aaj", TODAY, TODAY),
        ("yesterday", date(2026, 11, 24), date(2026, 11, 24)),
        ("Week", date(2026, 11, 23), TODAY),
        ("last week", date(2026, 11, 16), date(2026, 11, 22)),
        ("month", date(2026, 11, 1), TODAY),
        ("last month", date(2026, 10, 1), date(2026, 10, 31)),
        ("nov", date(2026, 11, 1), TODAY),
        ("december", date(2025, 12, 1), date(2025, 12, 31)),
        ("nov 2025", date(2025, 11, 1), date(2025, 11, 30)),
        ("year", date(2026, 4, 1), TODAY),
        ("last year", date(2025, 4, 1), date(2026, 3, 31)),
        ("2025-26", date(2025, 4, 1), date(2026, 3, 31)),
        ("20 nov", date(2026, 11, 20), date(2026, 11, 20)),
        ("16/11..20/11", date(2026, 11, 16), date(2026, 11, 20)),
        ("2026-11-16..today", date(2026, 11, 16), TODAY),
        ("28 oct to 3 nov", date(2026, 10, 28), date(2026, 11, 3)),
        ("1 jan..31 dec", date(2026, 1, 1), TODAY),
        ("1 jan..31 dec 2026", date(2026, 1, 1), TODAY),
        ("1 dec..15 jan", date(2025, 12, 1), date(2026, 1, 15)),
        ("1 nov..30/11", date(2026, 11, 1), TODAY),
    ],
)
def test_words_become_two_dates(words: str, first: date, last: date) -> None:
    assert range_of(words, TODAY, example="/pnl week") == (first, last)


@pytest.mark.parametrize("words", ["20 nov..16 nov", "tuesday", "31 feb", "2025-27", "0000-00-00", "nov 2027", "..", "a..b"])
def test_what_is_no_range_is_told_with_an_example_that_works(words: str) -> None:
    with pytest.raises(UsageError) as told:
        range_of(words, TODAY, example="/pnl week")
    assert told.value.example == "/pnl week"


@pytest.mark.parametrize(
    ("words", "wide"), [("", False), ("Today", False), ("25 nov", False), ("week", True), ("this month", True), ("nov", True)]
)
def test_a_week_or_month_stays_one_though_it_has_one_day_so_far(words: str, wide: bool) -> None:
    assert names_a_span(words, TODAY) is wide
