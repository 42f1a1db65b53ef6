"""Profit and loss of today and of a range, as it stands on a narrow phone."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pnl.range_report import CurvePoint, RangeDay, RangeReport, RangeShare, Slip
from bot.domain.pnl.round_trips import Booked, RoundTrip
from bot.domain.positions.day_facts import DayFacts, Mismatch, Why
from bot.domain.positions.portfolio import Off, PnL, Reason
from bot.domain.terms import Product, Side
from bot.trading.money.range_pnl import TodayPnl
from handlers.views.format import columns
from handlers.views.message import Table, View
from handlers.views.money import pnl as views
from handlers.views.taps.taps import Listing, ListingTap
from tests.handlers.samples import LINES, NOW, a_report
from tests.stage.values.orders import NIFTY_CALL, RELIANCE

DAY = date(2026, 11, 20)
TAP = ListingTap(Listing.PNL, "main")
TODAY = PnL(booked=Decimal("640.25"), open=Decimal("-135.00"), charges=Decimal("81.30"), as_of=NOW, lines=LINES)
WEEK = (date(2026, 11, 16), DAY)


def rows(view: View) -> list[str]:
    return [line for part in view.parts if isinstance(part, Table) for line in part.rows]


def a_trip(gross: str, charges: str = "0", **changes: Any) -> RoundTrip:
    trip = RoundTrip(
        instrument=NIFTY_CALL, product=Product.NRML, day=DAY, quantity=65, opened=NOW - timedelta(minutes=90), closed=NOW,
        gross=Decimal(gross), charges=Decimal(charges),
    )  # fmt: skip
    return replace(trip, **changes)


def a_day(day: date, net: str, **changes: Any) -> RangeDay:
    report = a_report(date=day.isoformat(), booked=Decimal(net), open=Decimal(0), charges=Decimal(0), **changes)
    return RangeDay(day=day, report=report)


def a_range(*days: RangeDay, **changes: Any) -> RangeReport:
    return replace(RangeReport(account_id="a1", first=WEEK[0], last=WEEK[1], days=days), **changes)


def today(**changes: Any) -> View:
    report = changes.pop("report", a_range(first=DAY))
    closed = changes.pop("if_closed", {})
    return views.today(TodayPnl(pnl=replace(TODAY, **changes), report=report, if_closed=closed), TAP, "main", "PAPER")


def shown(report: RangeReport, section: views.Section = views.Section.WHOLE, page: int = 0) -> View:
    tap = ListingTap(Listing.PNL, "main", views.argument_of(report.first, report.last, section), page)
    return views.range_view(report, section, tap, "main", "PAPER")


def test_the_net_is_what_is_left_after_charges() -> None:
    shown = rows(today())
    assert shown[:2] == ["P&L main                 PAPER", " as of 14:02:11"]
    assert shown[-5:] == [
        "Open                −135.00 🔴",
        "Booked today        +640.25 🟢",
        "Charges ≈            −81.30",
        "Net                 +423.95 🟢",
        "Holdings today    not known",
    ]


def test_charges_that_are_not_known_leave_the_net_unsaid() -> None:
    view = today(charges=None)
    assert "Charges" + " " * 11 + "not known" in rows(view)
    assert "Before charges      +505.25 🟢" in rows(view)
    assert "Net" not in view.plain


def test_where_mstock_reckons_otherwise_the_rupees_and_the_reason_are_named() -> None:
    rounded = replace(LINES[0], broker=Decimal("223.15"), reasons=(Reason.ROUNDING,))
    same = replace(LINES[1], broker=Decimal("282.75"))
    view = today(lines=(rounded, same))
    assert "Before charges: by our own fills +505.25, by mStock's positions +505.90." in view.plain
    assert "RELIANCE −0.65: rounding" in view.plain
    assert "24500CE −" not in view.plain
    assert "by mStock's" not in today(lines=(same,)).plain
    parts = (Off(reason=Reason.CLOSE_ADJUSTMENT, rupees=Decimal("-13.00")), Off(reason=Reason.ROUNDING, rupees=Decimal("0.30")))
    told = today(lines=(replace(LINES[0], broker=Decimal("235.20"), off=parts), same)).plain
    assert "RELIANCE −12.70: close adjustment −13.00, rounding +0.30" in told


def test_of_days_that_are_over_mstocks_figure_is_the_one_that_was_kept_with_them() -> None:
    off = Mismatch(
        instrument=NIFTY_CALL, product=Product.NRML, rupees=Decimal("-13.00"), reasons=("close adjustment",),
        parts=(Why(reason="close adjustment", rupees=Decimal("-13.00")),),
    )  # fmt: skip
    kept = a_day(DAY, "1200.00", facts=DayFacts(mismatches=(off,), broker=Decimal("1213.00")))
    older = a_day(DAY - timedelta(days=1), "500.00", facts=None)
    view = shown(a_range(older, kept))
    assert "Before charges on 1 of 2 days: ours +1,200.00, mStock's positions +1,213.00." in view.plain
    assert "Between them −13.00: close adjustment −13.00." in view.plain
    agreed = a_day(DAY, "1200.00", facts=DayFacts(broker=Decimal("1200.00")))
    assert "mStock's" not in shown(a_range(older, agreed)).plain


def test_the_close_adjustment_is_a_line_of_its_own_and_in_the_net() -> None:
    shown = rows(today(adjustment=Decimal("-23.95")))
    assert shown[-4:-1] == ["Close adjustment     −23.95 🔴", "Charges ≈            −81.30", "Net                 +400.00 🟢"]


def test_the_holdings_change_stands_apart() -> None:
    view = today(holdings_change=Decimal(412))
    assert rows(view)[-1] == "Holdings today      +412.00 🟢"
    assert "not part of the net" in view.plain
    assert "Net                 +423.95 🟢" in rows(view)


def test_a_charge_that_is_not_known_is_named_and_the_net_is_of_the_others() -> None:
    shown = rows(today(charges_missing=("brokerage",)))
    at = shown.index("Charges ≈            −81.30")
    assert shown[at + 1 : at + 3] == [" brokerage        not known", "Net of these        +423.95 🟢"]


def test_what_each_row_would_leave_if_it_were_closed_now_stands_under_it() -> None:
    key = LINES[0].position.instrument.key, LINES[0].position.product
    view = today(if_closed={key: Decimal("-12.40")})
    assert " if closed now ≈     −12.40" in rows(view)


def test_the_net_of_a_week_stands_first_and_under_it_each_day() -> None:
    days = [a_day(DAY - timedelta(days=2), "1200.00"), a_day(DAY, "-200.00")]
    assert rows(shown(a_range(*days))) == [
        "P&L main                 PAPER",
        " 16–20 Nov 2026",
        "Net               +1,000.00 🟢",
        "------------------------------",
        "Booked            +1,000.00 🟢",
        "Open, change           0.00",
        "Charges ≈              0.00",
        "------------------------------",
        "Wed 18 Nov        +1,200.00 🟢",
        "Fri 20 Nov          −200.00 🔴",
    ]


def test_a_long_range_is_shown_by_months() -> None:
    days = [a_day(DAY - timedelta(days=n), "10.00") for n in range(59, -1, -1)]
    assert rows(shown(a_range(*days, first=days[0].day)))[-3:] == [
        "Sep 2026             +90.00 🟢",
        "Oct 2026            +310.00 🟢",
        "Nov 2026            +200.00 🟢",
    ]


def test_a_day_without_data_is_named_and_today_that_cannot_be_read_too() -> None:
    view = shown(a_range(a_day(DAY, "0", records_only=True), unread="Log in first."))
    assert "Fri 20 Nov          no data" in rows(view)
    assert "No data of 20 Nov" in view.plain
    assert "Today is left out: Log in first." in view.plain


def test_an_empty_range_says_so() -> None:
    assert rows(shown(a_range()))[-1] == "no day of it is on record"
    assert rows(shown(a_range(), views.Section.EXITS))[-1] == "nothing was closed"
    assert rows(shown(a_range(), views.Section.SLIPS))[-1] == "no order with a price in sight"


def test_round_trips_are_counted_after_charges_with_best_worst_and_how_long_they_were_held() -> None:
    trips = (a_trip("1000", "50"), a_trip("20", "50"), a_trip("-640"), replace(a_trip("0"), gross=None))
    low = CurvePoint(at=NOW, net=Decimal("-1105.00"))
    day = replace(a_day(DAY, "10.00"), curve=(low, CurvePoint(at=NOW, net=Decimal(5))))
    plain = shown(a_range(day, trips=trips)).plain
    assert "Round trips 3, won 1 (33 %), trades 18." in plain
    assert "Best +950.00 (NF 24500CE 23Nov), worst −640.00 (NF 24500CE 23Nov)." in plain
    assert "Held 90 min on average, 90 min at most." in plain
    assert "Of 1 more round trip the cost is not known." in plain
    won = (a_trip("1000"), a_trip("20"), a_trip("-640"))
    assert "Round trips 3, won 2 (67 %)" in shown(a_range(day, trips=won)).plain, "as the summary of the day rounds it"
    assert "Lowest −1,105.00 at 14:02 on 20 Nov, as far as I watched." in plain


def test_of_trips_that_all_lost_none_is_called_the_best() -> None:
    plain = shown(a_range(a_day(DAY, "10.00"), trips=(a_trip("-136.05"), a_trip("-640")))).plain
    assert "Worst −640.00 (NF 24500CE 23Nov); none won." in plain
    assert "Best" not in plain


def test_a_day_that_stands_at_its_lowest_is_told_no_time_that_another_look_would_move() -> None:
    day = replace(a_day(DAY, "-136.05"), curve=(CurvePoint(at=NOW - timedelta(minutes=9), net=Decimal(5)),))
    assert "Lowest −136.05 now, as far as I watched." in shown(a_range(day, as_of=NOW)).plain
    assert "Lowest −136.05 at 14:02 on 20 Nov, as far as I watched." in shown(a_range(day)).plain, "a day that is over"


def test_the_parts_stand_by_symbol_product_and_source_with_what_leaks_to_charges() -> None:
    infy = RangeShare(name="INFY", gross=Decimal("12.00"), charges=Decimal("20.00"))
    view = shown(a_range(a_day(DAY, "-8.00"), symbols=(infy,), products=(replace(infy, name="MIS"),)), views.Section.PARTS)
    assert "INFY                  −8.00 🔴" in rows(view)
    assert "MIS                   −8.00 🔴" in rows(view)
    assert "Green before charges, red after: INFY +12.00 → −8.00." in view.plain


def test_exits_are_paged_newest_first_and_their_buttons_keep_the_range() -> None:
    exits = [
        Booked(
            instrument=NIFTY_CALL, product=Product.NRML, day=DAY, at=NOW, order=f"{number}", quantity=65, entry=Decimal(100),
            price=Decimal(100 + number), amount=Decimal(65 * number),
        )
        for number in range(1, 11)
    ]  # fmt: skip
    view = shown(a_range(a_day(DAY, "3575.00"), booked_by=tuple(exits)), views.Section.EXITS)
    assert rows(view)[2:4] == ["20 Nov −65 NF 24500CE 23Nov", " 100.00 → 110.00    +650.00 🟢"]
    assert "Booked, all       +3,575.00 🟢" in rows(view)
    turns = [item for line in view.keyboard for item in line if item.label in ("1/2", "›")]
    assert [item.data for item in turns] == ["b:n:0:2026111620261120x:main", "b:n:1:2026111620261120x:main"]


def test_slippage_stands_by_symbol_and_by_the_hour_of_the_tap() -> None:
    slip = Slip(
        number=3, day=DAY, at=NOW, instrument=RELIANCE, side=Side.BUY, quantity=10,
        touch=Decimal(1480), average=Decimal("1480.50"),
    )  # fmt: skip
    lines = rows(shown(a_range(a_day(DAY, "1"), slips=(slip, replace(slip, side=Side.SELL))), views.Section.SLIPS))
    assert "RELIANCE               0.00" in lines
    lines = rows(shown(a_range(a_day(DAY, "1"), slips=(slip,)), views.Section.SLIPS))
    assert lines[-5:] == [
        "------------------------------",
        "Hour of the tap      rupees",
        "14–15 h               −5.00 🔴",
        "------------------------------",
        "1 order               −5.00 🔴",
    ]


@pytest.mark.parametrize("section", list(views.Section))
def test_a_tap_carries_range_and_section_there_and_back(section: views.Section) -> None:
    assert views.asked_by(views.argument_of(*WEEK, section)) == (WEEK, section)
    assert views.asked_by(str(section)) == (None, section)


MONEY = st.decimals(-(10**10), 10**10, places=2, allow_nan=False)


@given(st.text(st.characters(codec=None), max_size=40), MONEY, MONEY, st.none() | MONEY.map(abs), st.none() | MONEY)
def test_no_figure_makes_a_row_wider_than_a_phone(
    label: str, booked: Decimal, open_: Decimal, charges: Decimal | None, cash: Decimal | None
) -> None:
    now = replace(TODAY, booked=booked, open=open_, charges=charges, holdings_change=cash)
    made = [views.today(TodayPnl(pnl=now, report=a_range(), if_closed={}), TAP, label, "PAPER")]
    part = RangeShare(name=label, gross=booked, charges=charges or Decimal(0))
    exits = Booked(
        instrument=NIFTY_CALL, product=Product.NRML, day=DAY, at=NOW, order="", quantity=65, entry=abs(open_), price=abs(booked),
        amount=booked,
    )  # fmt: skip
    report = a_range(a_day(DAY, str(booked)), symbols=(part,), products=(part,), sources=(part,), booked_by=(exits,))
    made += [shown(report, section) for section in views.Section]
    assert all(columns(line) <= 30 for view in made for line in rows(view))


def test_a_range_from_the_first_of_a_month_is_a_calendar_with_gaps_where_nothing_is_known() -> None:
    first = date(2026, 11, 1)
    gone = a_day(DAY, "0", records_only=True)
    picture = views.month(a_range(a_day(first, "10.00"), gone, first=first, closed=(date(2026, 11, 10),)), "PAPER")
    assert picture is not None
    assert [(day.day, day.net) for day in picture.days] == [(first, Decimal("10.00")), (DAY, None)]
    assert picture.closed == (date(2026, 11, 10),)
    for other in (a_range(gone), a_range(first=first), a_range(gone, first=date(2026, 10, 1))):
        assert views.month(other, "PAPER") is None
