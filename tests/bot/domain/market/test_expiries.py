"""Expiry days: weekday rules of each exchange, moved by holidays, against dates written out by hand."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from bot.domain.market.expiries import STOCKS, Cycle, Expiry, ExpiryRule, monthly_expiry, moved_back
from bot.domain.market.instrument import Exchange
from tests.stage.values.market import REFERENCE_DATA

CALENDAR = REFERENCE_DATA.calendar
EVERY_DAY = [date(2025, 1, 1) + timedelta(days=n) for n in range(730)]

# Where a holiday stands on the weekday of expiry: scheduled -> in fact (holiday lists of market-rules.md 4.4).
NIFTY_MOVED = {
    date(2025, 4, 10): date(2025, 4, 9),
    date(2025, 5, 1): date(2025, 4, 30),
    date(2025, 10, 21): date(2025, 10, 20),
    date(2026, 3, 3): date(2026, 3, 2),
    date(2026, 3, 31): date(2026, 3, 30),
    date(2026, 4, 14): date(2026, 4, 13),
    date(2026, 10, 20): date(2026, 10, 19),
    date(2026, 11, 10): date(2026, 11, 9),
    date(2026, 11, 24): date(2026, 11, 23),
}
SENSEX_MOVED = {
    date(2025, 10, 2): date(2025, 10, 1),
    date(2025, 12, 25): date(2025, 12, 24),
    date(2026, 1, 15): date(2026, 1, 14),
    date(2026, 3, 26): date(2026, 3, 25),
    date(2026, 5, 28): date(2026, 5, 27),
}


# Every monthly expiry of both years by hand: the last Thursday or Tuesday, or the trading day before it.
NSE_MONTHLY = [
    "2025-01-30", "2025-02-27", "2025-03-27", "2025-04-24", "2025-05-29", "2025-06-26", "2025-07-31", "2025-08-28", "2025-09-30",
    "2025-10-28", "2025-11-25", "2025-12-30", "2026-01-27", "2026-02-24", "2026-03-30", "2026-04-28", "2026-05-26", "2026-06-30",
    "2026-07-28", "2026-08-25", "2026-09-29", "2026-10-27", "2026-11-23", "2026-12-29",
]  # fmt: skip
BSE_MONTHLY = [
    "2025-01-28", "2025-02-25", "2025-03-25", "2025-04-29", "2025-05-27", "2025-06-24", "2025-07-29", "2025-08-26", "2025-09-25",
    "2025-10-30", "2025-11-27", "2025-12-24", "2026-01-29", "2026-02-26", "2026-03-25", "2026-04-30", "2026-05-27", "2026-06-25",
    "2026-07-30", "2026-08-27", "2026-09-24", "2026-10-29", "2026-11-26", "2026-12-31",
]  # fmt: skip


def all_of(underlying: str) -> list[Expiry]:
    return [expiry for day in EVERY_DAY for expiry in CALENDAR.expiries(day) if expiry.underlying == underlying]


@pytest.mark.parametrize(("underlying", "moved"), [("NIFTY", NIFTY_MOVED), ("SENSEX", SENSEX_MOVED)])
def test_every_weekly_expiry_moved_by_a_holiday_is_the_one_written_by_hand(underlying: str, moved: dict[date, date]) -> None:
    assert {expiry.scheduled: expiry.day for expiry in all_of(underlying) if expiry.moved} == moved


def test_nifty_expires_once_in_every_week_of_both_years_on_a_trading_day() -> None:
    expiries = all_of("NIFTY")
    assert all(CALENDAR.is_trading(expiry.day) for expiry in expiries)
    gaps = [(later.scheduled - earlier.scheduled).days for earlier, later in pairwise(expiries)]
    assert set(gaps) == {5, 7}  # five days once: from Thursday 28 August to Tuesday 2 September 2025
    assert gaps.count(5) == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("exchange", "underlying", "first", "written"),
    [
        *(
            (Exchange.NFO, name, 0, NSE_MONTHLY)
            for name in ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "NIFTYNXT50", STOCKS)
        ),
        *((Exchange.BFO, name, 0, BSE_MONTHLY) for name in ("SENSEX", "BANKEX", "SENSEX50")),
        (Exchange.BFO, STOCKS, 8, BSE_MONTHLY),  # the rule for BSE's stock contracts before September 2025 is in no source read
    ],
)
def test_every_monthly_expiry_of_every_family_is_the_one_written_by_hand(
    exchange: Exchange, underlying: str, first: int, written: list[str]
) -> None:
    expiries = [
        expiry.day.isoformat()
        for day in EVERY_DAY
        for expiry in CALENDAR.expiries(day)
        if (expiry.exchange, expiry.underlying, expiry.cycle) == (exchange, underlying, Cycle.MONTHLY)
    ]
    assert expiries == written[first:]


def test_nifty_moved_from_thursday_to_tuesday_in_september_2025_and_sensex_to_thursday() -> None:
    assert [expiry.day for expiry in all_of("NIFTY") if date(2025, 8, 20) < expiry.day < date(2025, 9, 12)] == [
        date(2025, 8, 21), date(2025, 8, 28), date(2025, 9, 2), date(2025, 9, 9),
    ]  # fmt: skip
    assert [expiry.day for expiry in all_of("SENSEX") if date(2025, 8, 18) < expiry.day < date(2025, 9, 12)] == [
        date(2025, 8, 19), date(2025, 8, 26), date(2025, 9, 4), date(2025, 9, 11),
    ]  # fmt: skip


def test_the_first_sensex_week_of_2025_kept_its_friday() -> None:
    assert [expiry.day for expiry in all_of("SENSEX")][:2] == [date(2025, 1, 3), date(2025, 1, 7)]


def test_contracts_seen_on_the_wire_expire_when_the_calendar_says() -> None:
    families = {expiry.underlying: expiry for expiry in CALENDAR.expiries(date(2025, 10, 20))}
    assert families["NIFTY"].cycle is Cycle.WEEKLY  # NIFTY25O2025800PE
    assert any(expiry.underlying == "NIFTY" for expiry in CALENDAR.expiries(date(2026, 9, 22)))  # NIFTY2692220350CE
    assert any(expiry.underlying == "NIFTY" for expiry in CALENDAR.expiries(date(2025, 10, 28)))  # NIFTY25OCTFUT


def test_the_november_monthlies_fall_on_monday_the_23rd_because_the_24th_is_a_holiday() -> None:
    expiries = CALENDAR.expiries(date(2026, 11, 23))
    assert [(expiry.underlying, expiry.cycle) for expiry in expiries] == [
        (name, Cycle.MONTHLY) for name in ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "NIFTY", "NIFTYNXT50", STOCKS)
    ]
    assert all(expiry.scheduled == date(2026, 11, 24) and expiry.moved for expiry in expiries)
    assert CALENDAR.expiries(date(2026, 11, 24)) == ()


def test_an_election_holiday_declared_late_moved_the_sensex_expiry_only_from_then_on() -> None:
    election = date(2026, 1, 15)
    known_before = CALENDAR.expiries(election, as_of=date(2026, 1, 11))
    assert [expiry.underlying for expiry in known_before] == ["SENSEX"]
    assert CALENDAR.expiries(election) == ()
    assert [expiry.underlying for expiry in CALENDAR.expiries(date(2026, 1, 14))] == ["SENSEX"]


def test_each_month_has_one_monthly_expiry_of_each_family_and_weeklies_exist_on_two_indices_only() -> None:
    months: dict[tuple[str, str, int, int], int] = {}
    weekly = set()
    for day in EVERY_DAY:
        for expiry in CALENDAR.expiries(day):
            if expiry.cycle is Cycle.MONTHLY:
                key = (expiry.exchange, expiry.underlying, expiry.scheduled.year, expiry.scheduled.month)
                months[key] = months.get(key, 0) + 1
            else:
                weekly.add(expiry.underlying)
    assert set(months.values()) == {1}
    assert weekly == {"NIFTY", "SENSEX"}
    assert sum(name == "NIFTY" for _, name, _, _ in months) == 24


def test_a_day_that_the_calendar_does_not_reach_has_no_expiry_rather_than_a_guessed_one() -> None:
    assert CALENDAR.expiries(date(2027, 1, 5)) == ()
    assert (
        monthly_expiry(Exchange.NFO, "NIFTY", date(2027, 1, 1), rules=CALENDAR.expiry_rules, is_trading=CALENDAR.is_trading)
        is None
    )
    assert moved_back(date(2027, 1, 5), CALENDAR.is_trading) is None


def test_a_rule_governs_only_between_its_dates_and_in_its_cycle() -> None:
    rule = ExpiryRule(
        exchange=Exchange.NFO,
        underlying="NIFTY",
        cycle=Cycle.MONTHLY,
        weekday=1,
        since=date(2026, 2, 1),
        until=date(2026, 3, 31),
        source="a test",
    )
    assert rule.governs(date(2026, 2, 24))
    assert not rule.governs(date(2026, 2, 17))  # a Tuesday, not the last
    assert not rule.governs(date(2026, 1, 27))
    assert not rule.governs(date(2026, 4, 28))
