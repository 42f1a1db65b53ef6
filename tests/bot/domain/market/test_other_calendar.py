"""Our trading days are those that an independent calendar of the exchange knows, but for days that are named here."""

import warnings
from datetime import date, timedelta

import pytest

from tests.stage.values.market import REFERENCE_DATA

EVERY_DAY = [date(2025, 1, 1) + timedelta(days=n) for n in range(730)]

# Where the bot's calendar and XBOM part, and why; everything else must agree.
PARTED = {
    date(2025, 2, 1): "a Saturday with the Budget's full session; XBOM has no special sessions",
    date(2026, 2, 1): "a Sunday with the Budget's full session; XBOM has no special sessions",
}


def xbom_days() -> set[date]:
    import exchange_calendars  # noqa: PLC0415 - brings pandas, a second that every collection of the tests would pay

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own talk with pandas
        sessions = exchange_calendars.get_calendar("XBOM", start="2025-01-01", end="2026-12-31").sessions
    return {session.date() for session in sessions}


@pytest.mark.exhaustive
def test_every_date_of_2025_and_2026_trades_exactly_when_xbom_does_except_for_the_named_days() -> None:
    sessions = xbom_days()
    parted = {day for day in EVERY_DAY if REFERENCE_DATA.calendar.is_trading(day) is not (day in sessions)}
    assert parted == set(PARTED)
