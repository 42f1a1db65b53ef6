"""Every date of 2025 and 2026: which are trading days, and the hours of each class of instrument."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest

from bot.domain.clock import at_ist, ist
from bot.domain.market.instrument import Exchange
from bot.domain.market.market_days import DayKind
from bot.domain.market.sessions import Phase, PhaseKind, SessionClass, WindowKind
from bot.domain.terms import Product
from tests.stage.values.market import REFERENCE_DATA, a_future, a_share, an_option, ist_at

CALENDAR = REFERENCE_DATA.calendar
EVERY_DAY = [date(2025, 1, 1) + timedelta(days=n) for n in range(730)]

PRE_OPEN = "09:00 PRE_OPEN ~09:07 09:08 PRE_OPEN_MATCH 09:12 PRE_OPEN_BUFFER"
PRE_OPEN_CUT = "09:00 PRE_OPEN 09:05 PRE_OPEN_LIMIT ~09:08 09:10 PRE_OPEN_MATCH 09:12 PRE_OPEN_BUFFER"
AUCTION = "15:15 REFERENCE 15:20 AUCTION 15:25 AUCTION_LIMIT ~15:28 15:30 AUCTION_MATCH 15:35 BETWEEN 15:50 POST_CLOSE 16:00 SHUT"

# Written out from market-rules.md 4.3, one line an era: (first day, class) -> the day's phases from midnight.
ERAS: list[tuple[date, dict[SessionClass, str]]] = [
    (
        date(2025, 1, 1),
        {
            SessionClass.CASH: f"00:00 SHUT {PRE_OPEN} 09:15 CONTINUOUS 15:30 BETWEEN 15:40 POST_CLOSE 16:00 SHUT",
            SessionClass.CASH_AUCTION: f"00:00 SHUT {PRE_OPEN} 09:15 CONTINUOUS 15:30 BETWEEN 15:40 POST_CLOSE 16:00 SHUT",
            SessionClass.NEAR_FUTURE: "00:00 SHUT 09:15 CONTINUOUS 15:30 SHUT",
            SessionClass.DERIVATIVE: "00:00 SHUT 09:15 CONTINUOUS 15:30 SHUT",
        },
    ),
    (date(2025, 12, 8), {SessionClass.NEAR_FUTURE: f"00:00 SHUT {PRE_OPEN} 09:15 CONTINUOUS 15:30 SHUT"}),
    (
        date(2026, 8, 3),
        {
            SessionClass.CASH: f"00:00 SHUT {PRE_OPEN} 09:15 CONTINUOUS 15:30 BETWEEN 15:50 POST_CLOSE 16:00 SHUT",
            SessionClass.CASH_AUCTION: f"00:00 SHUT {PRE_OPEN} 09:15 CONTINUOUS {AUCTION}",
            SessionClass.NEAR_FUTURE: f"00:00 SHUT {PRE_OPEN} 09:15 CONTINUOUS 15:40 SHUT",
            SessionClass.DERIVATIVE: "00:00 SHUT 09:15 CONTINUOUS 15:40 SHUT",
        },
    ),
    (
        date(2026, 9, 7),
        {
            SessionClass.CASH: f"00:00 SHUT {PRE_OPEN_CUT} 09:15 CONTINUOUS 15:30 BETWEEN 15:50 POST_CLOSE 16:00 SHUT",
            SessionClass.CASH_AUCTION: f"00:00 SHUT {PRE_OPEN_CUT} 09:15 CONTINUOUS {AUCTION}",
            SessionClass.NEAR_FUTURE: f"00:00 SHUT {PRE_OPEN_CUT} 09:15 CONTINUOUS 15:40 SHUT",
        },
    ),
]
MUHURAT_CASH = "00:00 SHUT 13:30 PRE_OPEN 13:45 CONTINUOUS 14:45 BETWEEN 14:55 POST_CLOSE 15:05 SHUT"
MUHURAT_FNO = "00:00 SHUT 13:45 CONTINUOUS 14:45 SHUT"
SPECIAL_HOURS = {
    date(2025, 10, 21): {
        SessionClass.CASH: MUHURAT_CASH,
        SessionClass.CASH_AUCTION: MUHURAT_CASH,
        SessionClass.NEAR_FUTURE: MUHURAT_FNO,
        SessionClass.DERIVATIVE: MUHURAT_FNO,
    },
    date(2026, 11, 8): dict.fromkeys(SessionClass, "00:00 UNKNOWN"),
}


def written(phases: tuple[Phase, ...]) -> str:
    words = []
    for phase in phases:
        words.append(f"{ist(phase.start):%H:%M} {phase.kind}")
        if phase.random_from is not None:
            words.append(f"~{ist(phase.random_from):%H:%M}")
    return " ".join(words)


def test_weekday_holidays_are_the_exchange_lists_word_for_word() -> None:
    holidays = [day for day in EVERY_DAY if day.weekday() < 5 and not CALENDAR.is_trading(day)]
    assert [f"{day:%d %b}" for day in holidays if day.year == 2025] == [
        "26 Feb", "14 Mar", "31 Mar", "10 Apr", "14 Apr", "18 Apr", "01 May", "15 Aug", "27 Aug", "02 Oct", "21 Oct", "22 Oct",
        "05 Nov", "25 Dec",
    ]  # fmt: skip
    assert [f"{day:%d %b}" for day in holidays if day.year == 2026] == [
        "15 Jan", "26 Jan", "03 Mar", "26 Mar", "31 Mar", "03 Apr", "14 Apr", "01 May", "28 May", "26 Jun", "14 Sep", "02 Oct",
        "20 Oct", "10 Nov", "24 Nov", "25 Dec",
    ]  # fmt: skip
    assert {CALENDAR.day(day).name for day in holidays} > {"Republic Day", "Maharashtra municipal elections", "Christmas"}


@pytest.mark.parametrize("session", list(SessionClass))
def test_every_date_has_the_hours_of_its_era(session: SessionClass) -> None:
    for day in EVERY_DAY:
        expected = "00:00 SHUT"
        if day in SPECIAL_HOURS:
            expected = SPECIAL_HOURS[day][session]
        elif CALENDAR.is_trading(day):
            expected = [table[session] for first, table in ERAS if first <= day and session in table][-1]
        assert written(CALENDAR.phases_of(session, day)) == expected, day


@pytest.mark.parametrize("session", list(SessionClass))
def test_phases_tile_every_day_without_a_gap_or_an_overlap(session: SessionClass) -> None:
    for day in [*EVERY_DAY, date(2024, 12, 31), date(2027, 1, 1)]:
        phases = CALENDAR.phases_of(session, day)
        assert phases[0].start == at_ist(day, 0)
        assert phases[-1].end == at_ist(day + timedelta(days=1), 0)
        for before, after in pairwise(phases):
            assert before.end == after.start
        assert all(phase.start < phase.end for phase in phases)


def test_every_fact_about_a_covered_day_has_a_source() -> None:
    for day in EVERY_DAY:
        assert CALENDAR.day(day).source
        assert all(phase.source for phase in CALENDAR.phases_of(SessionClass.CASH_AUCTION, day))


def test_a_holiday_declared_three_days_ahead_was_a_trading_day_until_then() -> None:
    election = date(2026, 1, 15)
    assert CALENDAR.day(election, as_of=date(2026, 1, 11)).kind is DayKind.TRADING
    assert CALENDAR.day(election, as_of=date(2026, 1, 12)).kind is DayKind.HOLIDAY
    assert CALENDAR.day(election).announced == date(2026, 1, 12)


def test_the_muhurat_hour_of_2025_was_a_plain_holiday_until_its_hours_were_announced() -> None:
    diwali = date(2025, 10, 21)
    assert CALENDAR.day(diwali, as_of=date(2025, 9, 21)).kind is DayKind.HOLIDAY
    assert CALENDAR.day(diwali).kind is DayKind.SPECIAL
    assert CALENDAR.day(diwali).trading is False  # the hour is open, yet the day does not count


def test_a_muhurat_day_has_trades_to_settle_and_counts_for_no_expiry() -> None:
    for day in (date(2025, 10, 21), date(2026, 11, 8)):
        assert CALENDAR.has_session(day) is True
        assert CALENDAR.is_trading(day) is False
        assert CALENDAR.expiries(day) == ()
    assert CALENDAR.has_session(date(2026, 2, 1)) is True  # the Budget's Sunday counts for both
    assert CALENDAR.is_trading(date(2026, 2, 1)) is True
    assert CALENDAR.has_session(date(2026, 11, 10)) is False
    assert CALENDAR.has_session(date(2026, 11, 7)) is False
    assert CALENDAR.has_session(date(2027, 3, 1)) is None
    assert CALENDAR.has_session(date(2025, 10, 21), as_of=date(2025, 9, 1)) is False


def test_the_hours_of_the_muhurat_session_of_2026_are_openly_unknown() -> None:
    for session in SessionClass:
        (phase,) = CALENDAR.phases_of(session, date(2026, 11, 8))
        assert phase.kind is PhaseKind.UNKNOWN


def test_the_end_of_the_calendar_is_seen_sixty_days_ahead_and_not_before() -> None:
    assert CALENDAR.uncovered_within(date(2026, 11, 1)) is None
    assert CALENDAR.uncovered_within(date(2026, 11, 2)) == date(2027, 1, 1)
    assert CALENDAR.uncovered_within(date(2027, 1, 5)) == date(2027, 1, 5)


def test_focused_it_expires_on_the_last_thursday_since_may_2026() -> None:
    def families(day: date) -> set[str]:
        return {expiry.underlying for expiry in CALENDAR.expiries(day)}

    assert "FOCIT" in families(date(2026, 5, 27))  # the 28th is a holiday
    assert "FOCIT" in families(date(2026, 11, 26))
    assert "FOCIT" not in families(date(2026, 4, 30))
    assert "FOCIT" not in families(date(2026, 11, 19))


def test_a_year_outside_the_data_is_said_and_not_guessed() -> None:
    for day in (date(2024, 12, 31), date(2027, 1, 2), date(2027, 1, 26), date(2031, 6, 4)):
        entry = CALENDAR.day(day)
        assert entry.kind is DayKind.UNCOVERED
        assert entry.trading is None
        assert str(day.year) in entry.name


def test_counting_trading_days_steps_over_holidays_and_counts_budget_sundays() -> None:
    assert CALENDAR.trading_day_after(date(2026, 11, 20)) == date(2026, 11, 23)
    assert CALENDAR.trading_day_after(date(2026, 11, 23)) == date(2026, 11, 25)
    assert CALENDAR.trading_day_before(date(2026, 11, 25)) == date(2026, 11, 23)
    assert CALENDAR.trading_day_after(date(2026, 1, 30)) == date(2026, 2, 1)
    assert CALENDAR.trading_days_between(date(2026, 11, 16), date(2026, 11, 23)) == 5
    assert CALENDAR.trading_days_between(date(2026, 11, 23), date(2026, 11, 16)) == 0


def test_counting_past_the_last_covered_year_says_that_it_does_not_know() -> None:
    assert CALENDAR.trading_day_after(date(2026, 12, 31)) is None
    assert CALENDAR.trading_day_before(date(2025, 1, 1)) is None
    assert CALENDAR.trading_days_between(date(2026, 12, 30), date(2027, 1, 5)) is None


def test_stepping_forth_and_back_between_trading_days_returns() -> None:
    trading = [day for day in EVERY_DAY if CALENDAR.is_trading(day)]
    for earlier, later in pairwise(trading):
        assert CALENDAR.trading_day_after(earlier) == later
        assert CALENDAR.trading_day_before(later) == earlier
        assert CALENDAR.trading_days_between(earlier, later) == 1


def test_only_the_current_future_has_a_pre_open_until_the_last_five_days() -> None:
    near, later, far = (a_future(expiry=expiry) for expiry in (date(2026, 11, 23), date(2026, 12, 29), date(2027, 1, 26)))
    early = date(2026, 11, 2)
    assert CALENDAR.session_class(near, early, in_auction=False) is SessionClass.NEAR_FUTURE
    assert CALENDAR.session_class(later, early, in_auction=False) is SessionClass.DERIVATIVE
    for day, expected in ((date(2026, 11, 16), SessionClass.DERIVATIVE), (date(2026, 11, 17), SessionClass.NEAR_FUTURE)):
        assert CALENDAR.session_class(later, day, in_auction=False) is expected
        assert CALENDAR.session_class(far, day, in_auction=False) is SessionClass.DERIVATIVE
    assert CALENDAR.session_class(near, date(2026, 11, 23), in_auction=False) is SessionClass.NEAR_FUTURE, "on its last day too"


def test_a_stock_future_follows_the_stock_expiry_of_its_exchange() -> None:
    future = a_future("RELIANCE", date(2026, 11, 23), lot=500, stock=True)
    assert CALENDAR.session_class(future, date(2026, 11, 2), in_auction=False) is SessionClass.NEAR_FUTURE
    assert CALENDAR.session_class(an_option(), date(2026, 11, 2), in_auction=False) is SessionClass.DERIVATIVE


def test_square_off_is_dated_by_product_and_segment() -> None:
    day = date(2026, 11, 20)
    cash = CALENDAR.square_off(a_share(), Product.MIS, day)
    derivative = CALENDAR.square_off(an_option(), Product.MIS, day)
    assert cash is not None
    assert derivative is not None
    assert cash.at == ist_at("2026-11-20 15:10")
    assert cash.proven
    assert not derivative.proven
    assert CALENDAR.square_off(a_share(), Product.CNC, day) is None
    assert CALENDAR.square_off(an_option(), Product.NRML, day) is None


def test_square_off_on_a_short_session_is_not_known() -> None:
    assert CALENDAR.square_off(a_share(), Product.MIS, date(2025, 10, 21)) is None
    assert CALENDAR.square_off(a_share(), Product.MIS, date(2026, 11, 24)) is None


def test_the_broker_windows_hold_by_indias_wall_clock() -> None:
    def kinds(text: str) -> list[WindowKind]:
        return [window.kind for window in CALENDAR.broker_windows(ist_at(text))]

    assert kinds("2026-11-20 06:59") == []
    assert kinds("2026-11-20 07:00") == [WindowKind.BOD]
    assert kinds("2026-11-20 08:30") == []
    assert kinds("2026-11-20 19:00") == [WindowKind.EOD]
    assert kinds("2026-11-20 21:00") == []


def test_new_hours_of_the_broker_hold_from_their_day_on() -> None:
    known = CALENDAR.amo(date(2026, 11, 20))
    assert known is not None
    later = replace(known, since=date(2026, 11, 23), start=time(16), end=time(8, 50))
    days = replace(CALENDAR, broker=(later, *CALENDAR.broker))
    assert (days.amo(date(2026, 11, 22)), days.amo(date(2026, 11, 23))) == (known, later)


def test_the_hours_for_after_market_orders_are_not_known_and_say_so() -> None:
    amo = CALENDAR.amo(date(2026, 11, 20))
    assert amo is not None
    assert amo.start is None
    assert amo.end is None
    assert "not known" in amo.says


@pytest.mark.parametrize(
    ("exchange", "at", "running"),
    [
        (Exchange.NSE, ist_at("2026-11-20 09:14:59"), False),
        (Exchange.NSE, ist_at("2026-11-20 09:15:00"), True),
        (Exchange.NSE, ist_at("2026-11-20 15:20:00"), False),
        (Exchange.NFO, ist_at("2026-11-20 15:35:00"), True),
        (Exchange.BFO, ist_at("2026-11-20 15:40:00"), False),
        (Exchange.NFO, ist_at("2026-11-24 11:00:00"), False),
        (Exchange.BSE, ist_at("2026-11-21 11:00:00"), False),
        (Exchange.NSE, ist_at("2031-01-01 11:00:00"), None),
    ],
)
def test_prices_are_expected_in_continuous_trading_and_on_no_holiday(exchange: Exchange, at: datetime, running: object) -> None:
    assert CALENDAR.is_continuous(exchange, at) is running
