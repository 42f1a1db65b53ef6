"""Words for a day of the past."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UsageError
from handlers.context.words.dates import report_day

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("", None),
        ("today", None),
        ("yesterday", date(2026, 11, 19)),
        ("2026-11-18", date(2026, 11, 18)),
        ("18 nov", date(2026, 11, 18)),
        ("18nov", date(2026, 11, 18)),
        ("18 November 2025", date(2025, 11, 18)),
        ("18/11", date(2026, 11, 18)),
        ("18.11.2025", date(2025, 11, 18)),
        ("24 dec", date(2025, 12, 24)),
    ],
)
def test_a_day_is_read_as_people_write_it(words: str, day: date | None) -> None:
    assert report_day(words, TODAY) == day


@pytest.mark.parametrize("words", ["tomorrow", "31 feb", "2026-13-01", "2026-11-21", "x", "1/1/1", "٣ nov", "29 feb"])
def test_a_day_that_is_none_or_still_to_come_is_refused(words: str) -> None:
    with pytest.raises(UsageError):
        report_day(words, TODAY)


@given(st.text(max_size=30), st.dates())
def test_no_words_crash(words: str, today: date) -> None:
    try:
        found = report_day(words, today)
    except UsageError:
        return
    assert found is None or found <= today
