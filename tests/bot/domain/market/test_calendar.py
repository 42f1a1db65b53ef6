"""What may be done with an instrument, in a product, at a moment: told by the hours of real days."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import ist
from bot.domain.market.calendar import Window
from bot.domain.market.instrument import Exchange, Instrument
from bot.domain.market.market_days import DayKind
from bot.domain.market.sessions import AuctionException, PhaseKind
from bot.domain.terms import OrderKind, Product
from tests.stage.values.market import REFERENCE_DATA, a_future, a_share, an_index, an_option, ist_at

CALENDAR = REFERENCE_DATA.calendar
PLAIN = {OrderKind.LIMIT, OrderKind.MARKET}
ALL = set(OrderKind)
ROOT = Path(__file__).parents[4]

ZONES = [
    "UTC",
    "Asia/Kolkata",
    "America/New_York",
    "America/Los_Angeles",
    "Europe/Berlin",
    "Asia/Tokyo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
]


def look(instrument: Instrument, text: str, product: Product = Product.CNC, *, in_auction: bool | None = True) -> Window:
    return CALENDAR.may(instrument, product, ist_at(text), in_auction=in_auction)


@pytest.mark.parametrize(
    ("clock", "phase", "kinds", "after", "then"),
    [
        ("08:59", PhaseKind.SHUT, set(), PhaseKind.PRE_OPEN, "09:00"),
        ("09:00", PhaseKind.PRE_OPEN, PLAIN, PhaseKind.PRE_OPEN_LIMIT, "09:05"),
        ("09:05", PhaseKind.PRE_OPEN_LIMIT, {OrderKind.LIMIT}, PhaseKind.PRE_OPEN_MATCH, "09:10"),
        ("09:11", PhaseKind.PRE_OPEN_MATCH, set(), PhaseKind.PRE_OPEN_BUFFER, "09:12"),
        ("09:14", PhaseKind.PRE_OPEN_BUFFER, set(), PhaseKind.CONTINUOUS, "09:15"),
        ("09:15", PhaseKind.CONTINUOUS, ALL, PhaseKind.REFERENCE, "15:15"),
        ("15:14", PhaseKind.CONTINUOUS, ALL, PhaseKind.REFERENCE, "15:15"),
        ("15:15", PhaseKind.REFERENCE, set(), PhaseKind.AUCTION, "15:20"),
        ("15:20", PhaseKind.AUCTION, PLAIN, PhaseKind.AUCTION_LIMIT, "15:25"),
        ("15:25", PhaseKind.AUCTION_LIMIT, {OrderKind.LIMIT}, PhaseKind.AUCTION_MATCH, "15:30"),
        ("15:30", PhaseKind.AUCTION_MATCH, set(), PhaseKind.BETWEEN, "15:35"),
        ("15:35", PhaseKind.BETWEEN, set(), PhaseKind.POST_CLOSE, "15:50"),
        ("15:50", PhaseKind.POST_CLOSE, {OrderKind.MARKET}, PhaseKind.SHUT, "16:00"),
    ],
)
def test_a_share_with_futures_goes_through_its_day(
    clock: str, phase: PhaseKind, kinds: set[OrderKind], after: PhaseKind, then: str
) -> None:
    window = look(a_share(), f"2026-11-20 {clock}")
    assert window.phase.kind is phase
    assert window.kinds == kinds
    assert window.may_enter is window.may_exit is bool(kinds)
    assert window.next is not None
    assert window.next.kind is after
    assert f"{ist(window.next.start):%H:%M}" == then
    assert bool(window.reasons) is not window.may_enter


def test_a_share_without_futures_trades_on_until_half_past_three() -> None:
    window = look(a_share("SMALLCO"), "2026-11-20 15:20", in_auction=False)
    assert window.phase.kind is PhaseKind.CONTINUOUS
    assert window.may_enter
    assert window.closes == ist_at("2026-11-20 15:30")
    assert window.band is None


@pytest.mark.parametrize("symbol", ["CDSL", "BSE"])
def test_bse_leaves_two_shares_out_of_its_auction_and_nse_does_not(symbol: str) -> None:
    for text in ("2026-11-20 15:17", "2026-11-20 15:29"):
        left_out = look(a_share(symbol, exchange=Exchange.BSE), text)
        assert left_out.phase.kind is PhaseKind.CONTINUOUS
        assert left_out.band is None
        assert left_out.may_enter
        assert look(a_share(symbol, exchange=Exchange.BSE), text, in_auction=None).known, "it makes no difference here"
    assert look(a_share(symbol), "2026-11-20 15:17").phase.kind is PhaseKind.REFERENCE
    assert look(a_share(exchange=Exchange.BSE), "2026-11-20 15:17").phase.kind is PhaseKind.REFERENCE


def test_a_share_left_out_of_the_auction_for_one_day_is_back_on_the_next() -> None:
    row = AuctionException(
        exchange=Exchange.NSE,
        symbols=frozenset({"RELIANCE"}),
        since=date(2026, 11, 19),
        until=date(2026, 11, 19),
        source="a host",
    )
    calendar = replace(CALENDAR, auction_exceptions=(row,))
    kinds = [
        calendar.may(a_share(), Product.CNC, ist_at(f"2026-11-{day} 15:17"), in_auction=True).phase.kind for day in (18, 19, 20)
    ]
    assert kinds == [PhaseKind.REFERENCE, PhaseKind.CONTINUOUS, PhaseKind.REFERENCE]


def test_before_the_third_of_august_every_share_traded_until_half_past_three() -> None:
    window = look(a_share(), "2026-07-31 15:20")
    assert window.phase.kind is PhaseKind.CONTINUOUS
    assert window.kinds == ALL
    assert look(a_share(), "2026-08-03 15:20").phase.kind is PhaseKind.AUCTION


def test_options_trade_until_twenty_to_four_since_august() -> None:
    option = an_option(expiry=date(2026, 11, 23))
    assert look(option, "2026-11-20 15:39", Product.NRML).may_enter
    assert not look(option, "2026-11-20 15:40", Product.NRML).may_enter
    older = an_option(expiry=date(2026, 8, 4))
    assert not look(older, "2026-07-31 15:30", Product.NRML).may_enter


def test_a_share_whose_part_in_the_auction_is_not_known_fails_closed_for_entries_only_where_it_matters() -> None:
    share = a_share("SOMECO")
    for clock in ("15:16", "15:22", "15:27"):
        window = look(share, f"2026-11-20 {clock}", in_auction=None)
        assert not window.known
        assert not window.may_enter
        assert window.may_exit  # the day of a share without futures still runs
        assert "closing auction" in window.reasons[0]
    for clock in ("11:00", "15:14", "15:52"):
        assert look(share, f"2026-11-20 {clock}", in_auction=None).may_enter


def test_the_auction_allows_three_percent_and_no_special_orders() -> None:
    window = look(a_share(), "2026-11-20 15:21")
    assert window.band == Decimal(3)
    assert not window.ioc
    assert not window.disclosed
    assert OrderKind.SL not in window.kinds
    last = look(a_share(), "2026-11-20 15:26")
    assert any("15:28" in note for note in last.notes)
    assert any("no longer be placed, changed or cancelled" in note for note in last.notes)


def test_stock_futures_have_the_auctions_band_while_index_futures_do_not() -> None:
    stock = a_future("RELIANCE", date(2026, 11, 23), lot=500, stock=True)
    assert look(stock, "2026-11-20 15:15", Product.NRML).band == Decimal(3)
    assert look(stock, "2026-11-20 15:39:59", Product.NRML).band == Decimal(3)
    assert look(stock, "2026-11-20 15:14", Product.NRML).band is None
    assert look(a_future(), "2026-11-20 15:16", Product.NRML).band is None


def test_a_shares_auction_band_holds_from_a_quarter_past_three_until_the_match_is_over() -> None:
    inside = [CALENDAR.band(a_share(), ist_at(f"2026-11-20 {clock}"), in_auction=True) for clock in ("15:15", "15:34:59")]
    outside = [CALENDAR.band(a_share(), ist_at(f"2026-11-20 {clock}"), in_auction=True) for clock in ("15:14:59", "15:35")]
    assert [row.percent for row in inside if row is not None] == [Decimal(3), Decimal(3)]
    assert outside == [None, None]
    assert CALENDAR.band(a_share(), ist_at("2026-07-31 15:20"), in_auction=True) is None


def test_half_an_hour_before_the_auction_the_note_says_what_becomes_of_stops() -> None:
    assert any("cancels stop" in note for note in look(a_share(), "2026-11-20 15:05").notes)
    assert any("cancels stop" in note for note in look(a_share(), "2026-11-20 14:45").notes)
    assert not any("cancels stop" in note for note in look(a_share(), "2026-11-20 14:44").notes)
    assert not any("cancels stop" in note for note in look(a_share(), "2026-11-20 11:00").notes)
    assert not any("cancels stop" in note for note in look(a_share("X"), "2026-11-20 15:05", in_auction=False).notes)


def test_the_post_close_session_is_for_delivery_alone() -> None:
    assert look(a_share(), "2026-11-20 15:55").kinds == {OrderKind.MARKET}
    for product in (Product.MIS, Product.MTF):
        window = look(a_share(), "2026-11-20 15:55", product)
        assert not window.may_exit
        assert "delivery (CNC)" in window.reasons[0]
        assert window.opens == ist_at("2026-11-23 09:00")


def test_intraday_entries_end_when_mstock_begins_to_close_positions() -> None:
    before = look(a_share(), "2026-11-20 15:09", Product.MIS)
    after = look(a_share(), "2026-11-20 15:10", Product.MIS)
    assert before.may_enter
    assert not after.may_enter
    assert after.may_exit
    assert "15:10" in after.reasons[0]


def test_an_unproven_square_off_time_warns_and_refuses_nothing() -> None:
    window = look(an_option(), "2026-11-20 15:20", Product.MIS)
    assert window.may_enter
    assert any("not proven" in note for note in window.notes)
    assert window.square_off is not None
    assert not window.square_off.proven


def test_stop_market_orders_are_left_only_in_nse_cash_and_futures() -> None:
    noon = "2026-11-20 12:00"
    assert OrderKind.SL_M in look(a_share(), noon).kinds
    assert OrderKind.SL_M in look(a_future(), noon, Product.NRML).kinds
    assert OrderKind.SL_M not in look(an_option(), noon, Product.NRML).kinds
    assert OrderKind.SL_M not in look(a_share(exchange=Exchange.BSE), noon).kinds
    assert OrderKind.SL_M not in look(a_future("SENSEX", date(2026, 11, 26), lot=20), noon, Product.NRML).kinds
    assert OrderKind.SL in look(an_option(), noon, Product.NRML).kinds


def test_friday_night_names_monday_morning_and_monday_night_steps_over_the_holiday() -> None:
    friday = look(a_share(), "2026-11-20 22:00")
    assert friday.opens == ist_at("2026-11-23 09:00")
    assert friday.reasons[0].startswith("The market is closed.")
    assert look(a_share(), "2026-11-21 11:00").reasons[0].startswith("The exchange is closed on Saturday.")
    monday = look(a_share(), "2026-11-23 22:00")
    assert monday.opens == ist_at("2026-11-25 09:00")
    assert "Wed 25 Nov 2026 at 09:00" in monday.reasons[0]


def test_a_holiday_is_named_and_takes_nothing() -> None:
    window = look(a_share(), "2026-11-24 11:00")
    assert window.day.kind is DayKind.HOLIDAY
    assert not window.may_enter
    assert not window.may_exit
    assert "Guru Nanak" in window.reasons[0]
    assert window.known


def test_the_budget_sunday_is_a_day_like_others() -> None:
    window = look(a_share(), "2026-02-01 12:00")
    assert window.day.kind is DayKind.SPECIAL
    assert window.may_enter
    assert window.kinds == ALL


def test_a_special_session_whose_hours_are_not_known_takes_no_entry_and_leaves_exits_to_the_broker() -> None:
    window = look(a_share(), "2026-11-08 18:15")
    assert not window.known
    assert not window.may_enter
    assert window.may_exit
    assert "hours I do not know" in window.reasons[0]


def test_an_uncovered_year_is_said_and_fails_closed_for_entries() -> None:
    window = look(a_share(), "2027-01-04 11:00")
    assert window.day.kind is DayKind.UNCOVERED
    assert not window.known
    assert not window.may_enter
    assert window.may_exit
    assert "no calendar for 2027" in window.reasons[0]
    assert window.opens is None


def test_the_last_evening_of_the_data_says_that_it_does_not_know_the_morning() -> None:
    window = look(a_share(), "2026-12-31 20:00")
    assert window.opens is None
    assert window.next is not None
    assert window.next.kind is PhaseKind.UNKNOWN


def test_an_index_takes_no_order_and_an_expired_contract_neither() -> None:
    assert "takes no order" in look(an_index(), "2026-11-20 11:00").reasons[0]
    expired = look(an_option(expiry=date(2026, 11, 17)), "2026-11-20 11:00", Product.NRML)
    assert not expired.may_exit
    assert "expired on Tue 17 Nov 2026" in expired.reasons[0]
    assert expired.opens is None


def test_a_contract_trades_to_the_end_of_its_last_day() -> None:
    contract = an_option(expiry=date(2026, 11, 23))
    assert look(contract, "2026-11-23 15:39", Product.NRML).may_enter
    assert not look(contract, "2026-11-25 11:00", Product.NRML).may_exit


def test_only_the_auctions_own_phases_say_that_its_leftovers_are_cancelled() -> None:
    for clock, said in (("15:14", False), ("15:16", True), ("15:22", True), ("15:27", True), ("15:31", True), ("15:36", False)):
        notes = look(a_share(), f"2026-11-20 {clock}").notes
        assert any("does not fill" in note for note in notes) is said, clock


def test_what_was_known_on_a_day_can_be_asked_again() -> None:
    moment = ist_at("2026-01-15 11:00")
    assert not CALENDAR.may(a_share(), Product.CNC, moment).may_enter
    assert CALENDAR.may(a_share(), Product.CNC, moment, as_of=date(2026, 1, 11)).may_enter


def test_a_shut_market_says_what_is_known_of_after_market_orders() -> None:
    assert any("after-market" in note for note in look(a_share(), "2026-11-20 22:00").notes)
    assert any("may not answer" in note for note in look(a_share(), "2026-11-20 07:30").notes)


def test_every_answer_names_its_sources() -> None:
    assert any("CMTR74466" in source for source in look(a_share(), "2026-11-20 15:21").sources)
    assert any("CMTR72349" in source for source in look(a_share(), "2026-02-01 12:00").sources)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        CALENDAR.may(a_share(), Product.CNC, datetime(2026, 11, 20, 11, 0))  # noqa: DTZ001 - the fault under test


INSTRUMENTS = st.sampled_from([a_share(), a_share(exchange=Exchange.BSE), a_future(), an_option(), an_index()])
MOMENTS = st.datetimes(datetime(2024, 12, 1), datetime(2027, 2, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds of aware times


@given(INSTRUMENTS, st.sampled_from(list(Product)), MOMENTS, st.sampled_from([True, False, None]))
def test_entries_are_taken_only_where_the_day_and_the_hour_are_known(
    instrument: Instrument, product: Product, moment: datetime, in_auction: bool | None
) -> None:
    window = CALENDAR.may(instrument, product, moment, in_auction=in_auction)
    assert window.phase.start <= moment < window.phase.end
    if window.may_enter:
        assert window.known
        assert window.kinds
        assert window.may_exit
        assert not window.reasons
        assert window.day.kind in {DayKind.TRADING, DayKind.SPECIAL}
    else:
        assert window.reasons
    if window.opens is not None:
        assert window.opens > moment
        then = CALENDAR.may(instrument, product, window.opens, in_auction=in_auction)
        assert then.kinds or instrument.expiry is not None
    if window.next is not None:
        assert window.next.start >= window.phase.end


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_the_zone_in_which_a_moment_is_written_changes_nothing(moment: datetime, minutes: int) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert CALENDAR.may(a_share(), Product.MIS, elsewhere) == CALENDAR.may(a_share(), Product.MIS, moment)


SWEEP = """
import hashlib, os, sys, time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from bot.domain.terms import Product
from bot.domain.market.sessions import SessionClass
from tests.stage.values.market import REFERENCE_DATA, a_share

for zone in sys.argv[1:]:
    os.environ["TZ"] = zone
    time.tzset()
    seen = hashlib.sha256()
    day = date(2025, 1, 1)
    while day.year < 2027:
        seen.update(repr(REFERENCE_DATA.calendar.phases_of(SessionClass.CASH_AUCTION, day)).encode())
        for expiry in REFERENCE_DATA.calendar.expiries(day):
            seen.update(f"{expiry.underlying} {expiry.day}".encode())
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=day.toordinal() * 97 % 1440)
        seen.update(repr(REFERENCE_DATA.calendar.may(a_share(), Product.MIS, moment)).encode())
        day += timedelta(days=1)
    print(time.timezone, seen.hexdigest())
"""


@pytest.mark.exhaustive
def test_ten_host_time_zones_give_the_same_answers_for_every_day_of_both_years() -> None:
    command = [sys.executable, "-c", SWEEP, *ZONES]
    done = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers = [line.split() for line in done.stdout.splitlines()]
    offsets = {offset for offset, _ in answers}
    assert len(offsets) == 10  # the zones took effect, so the sameness below means something
    assert len({digest for _, digest in answers}) == 1
