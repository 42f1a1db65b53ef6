"""Profit and loss before and after charges, and the summary of a day."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import at_ist
from bot.domain.market.coming_days import ComingDay
from bot.domain.news.days.period_summary import PeriodSummary, Span
from bot.domain.positions.day_facts import ChargeLine, DayFacts, DayNet, LeftOut, Low, Mismatch, SymbolNet, Trip, TripCount, Why
from bot.domain.terms import Product
from handlers.views.format import columns
from handlers.views.message import Table, View
from handlers.views.money import money as views
from tests.handlers.samples import LINES, NOW, a_report
from tests.stage.values.orders import NIFTY_CALL, RELIANCE


def rows(view: View) -> list[str]:
    return [line for part in view.parts if isinstance(part, Table) for line in part.rows]


FACTS = DayFacts(
    capital=Decimal(500_000),
    month=Decimal("18204.10"),
    month_gaps=(date(2026, 11, 12),),
    margin=Decimal("154200.00"),
    mismatches=(
        Mismatch(instrument=RELIANCE, product=Product.CNC, rupees=Decimal("-0.65"), reasons=("rounding",)),
        Mismatch(
            instrument=NIFTY_CALL,
            product=Product.NRML,
            rupees=Decimal("-12.70"),
            reasons=("close adjustment", "rounding"),
            parts=(
                Why(reason="close adjustment", rupees=Decimal("-13.00")),
                Why(reason="rounding", rupees=Decimal("0.30")),
            ),
        ),
    ),
    broker=Decimal("3870.85"),
    coming=(
        ComingDay(day=date(2026, 11, 23), expiring=("NIFTY",)),
        ComingDay(day=date(2026, 11, 24), closed="Guru Nanak Jayanti"),
    ),
    charges=(ChargeLine(name="STT", rupees=Decimal(268)), ChargeLine(name="brokerage", rupees=Decimal(55))),
    symbols=(SymbolNet(name="NIFTY", net=Decimal("3500.00")), SymbolNet(name="rounding, other", net=Decimal("-87.30"))),
    trips=TripCount(
        closed=9,
        known=9,
        won=6,
        best=Trip(instrument=NIFTY_CALL, net=Decimal(1820)),
        worst=Trip(instrument=RELIANCE, net=Decimal(-640)),
    ),
    slippage=Decimal("-96.25"),
    lowest=Low(net=Decimal(-1105), at=at_ist(date(2026, 11, 20), 11, 42)),
)


def test_the_summary_of_a_day() -> None:
    view = views.report(a_report(facts=FACTS, carried=(replace(LINES[1], guarded=False),)), "main", "LIVE")
    assert rows(view) == [
        "20 NOV 2026  main         LIVE",
        "Net               +3,412.70 🟢",
        " +0.68 % · Nov +18,204.10 🟢",
        "------------------------------",
        "Booked            +4,180.00 🟢",
        "Open, change        −322.50 🔴",
        "Charges ≈           −444.80",
        "            11.5 % of gross",
        "Carried",
        " −65 NF 24500CE 23Nov NRML",
        "                    −357.50 🔴",
        "   no stop ⚠️",
        "Margin now      1,54,200.00",
        "Cash now        2,45,310.55",
        "mStock's books    +3,870.85",
        "Ours less theirs",
        " RELIANCE CNC         −0.65",
        "  rounding",
        " NF 24500CE 23Nov NRML",
        "                     −12.70",
        "  close adjustment   −13.00",
        "  rounding            +0.30",
        "Mon 23 Nov: NIFTY expires",
        "Tue 24 Nov: holiday (Guru",
        " Nanak Jayanti)",
    ]
    assert view.plain.splitlines()[len(rows(view)) :] == [
        "Charges: STT 268.00 · brokerage 55.00.",
        "Orders 14, filled 11, rejected 1. Trades 18.",
        "Round trips 9, won 6 (67 %), best NF 24500CE 23Nov +1,820.00, worst RELIANCE −640.00.",
        "Lowest −1,105.00 at 11:42. Slippage −96.25.",
        "By symbol: NIFTY +3,500.00 · rounding, other −87.30.",
        "November leaves out 12 Nov: no data.",
    ]
    assert [item.label for line in view.keyboard for item in line] == ["Trades", "Week", "Export"]


def test_a_day_whose_only_round_trip_lost_has_no_best_and_where_it_stands_lowest_no_time() -> None:
    trip = Trip(instrument=RELIANCE, net=Decimal("-136.05"))
    lost = TripCount(closed=1, known=1, won=0, best=trip, worst=trip)
    facts = replace(FACTS, trips=lost, lowest=Low(net=Decimal("-136.05"), at=NOW))
    plain = views.report(a_report(facts=facts, made_at=NOW), "main", "LIVE").plain
    assert "Round trips 1, won 0 (0 %), worst RELIANCE −136.05." in plain
    assert "It stands at its lowest." in plain


def test_a_row_of_an_earlier_version_has_its_sums_and_no_more() -> None:
    view = views.report(a_report(), "main", "LIVE")
    assert rows(view)[1:3] == ["Net               +3,412.70 🟢", "------------------------------"]
    assert "Margin" not in view.plain


def test_a_day_out_of_our_own_records_says_what_its_figures_are_made_of_and_no_cash_of_another_day() -> None:
    facts = DayFacts(approximate=("fills as I noted them", "closes as mStock gave them later"))
    view = views.report(a_report(facts=facts, late=True, cash=None), "main", "LIVE")
    assert "mStock's books of this day are gone: fills as I noted them, closes as mStock gave them later." in view.plain
    assert "Cash" not in view.plain
    late = replace(a_report(facts=facts), made_at=NOW + timedelta(days=2))
    assert "Trades" not in [item.label for line in views.report(late, "main", "LIVE").keyboard for item in line]


def test_a_sale_of_unknown_cost_is_named_and_what_sales_brought_is_no_margin() -> None:
    facts = DayFacts(left_out=(LeftOut(instrument=RELIANCE, product=Product.CNC, missing=("cost",)),), margin=Decimal("-3380.30"))
    view = views.report(a_report(facts=facts, complete=False), "main", "LIVE")
    assert "⚠️ Not known, and in no sum: RELIANCE CNC (cost)." in view.plain
    assert "could not be asked" not in view.plain
    assert "Sales of today     3,380.30" in rows(view)


WEEK = PeriodSummary(
    span=Span.WEEK, first=date(2026, 11, 16), last=date(2026, 11, 20), booked=Decimal("900.00"), open=Decimal("150.00"),
    adjustment=Decimal("-12.70"), charges=Decimal("37.30"), charges_missing=(), trades=12, trips=FACTS.trips,
    slippage=Decimal("-96.25"), symbols=FACTS.symbols, made_at=NOW,
    days=(
        DayNet(day=date(2026, 11, 18), net=Decimal("1500.00"), capital=Decimal(100_000)),
        DayNet(day=date(2026, 11, 19), net=None),
        DayNet(day=date(2026, 11, 20), net=Decimal("-500.00"), capital=Decimal(100_000)),
    ),
)  # fmt: skip


def test_a_week_is_the_sum_of_its_days_and_names_the_day_without_data() -> None:
    view = views.period(WEEK, "main", "LIVE")
    assert rows(view) == [
        "WEEK 16-20 NOV  main      LIVE",
        "Net               +1,000.00 🟢",
        " +0.99 % on capital",
        "------------------------------",
        "Wed 18            +1,500.00 🟢",
        "Thu 19              no data",
        "Fri 20              −500.00 🔴",
        "------------------------------",
        "Booked              +900.00 🟢",
        "Open, change        +150.00 🟢",
        "Close adjustment     −12.70 🔴",
        "Charges ≈            −37.30",
        "             3.6 % of gross",
    ]
    assert "⚠️ No data, and in no sum: 19 Nov." in view.plain
    assert "Best day 18 Nov +1,500.00, worst 20 Nov −500.00. Green 1 of 2 days." in view.plain
    assert "Deepest fall below an earlier height −500.00." in view.plain


def test_a_month_lists_its_days_and_a_late_one_says_so() -> None:
    view = views.period(replace(WEEK, span=Span.MONTH, first=date(2026, 11, 1), late=True), "main", "LIVE", mark="🔵")
    assert rows(view)[0] == "NOVEMBER 2026 🔵 main     LIVE"
    assert "18 Nov +1,500.00 · 19 Nov no data · 20 Nov −500.00" in view.plain
    assert "Late: made at 14:02:11" in view.plain


def test_a_week_without_any_data_makes_up_no_nought() -> None:
    view = views.period(replace(WEEK, days=WEEK.days[1:2]), "main", "LIVE")
    assert "Net                 no data   ".rstrip() in rows(view)
    assert "0.00" not in view.plain.split("Trades")[0]


def test_charges_are_no_share_of_a_gross_that_does_not_pay_them() -> None:
    view = views.report(a_report(booked=Decimal("25.00"), open=Decimal(0), charges=Decimal("440.40")), "main", "LIVE")
    assert "Charges ≈           −440.40" in rows(view)
    assert "of gross" not in view.plain


def test_what_is_carried_without_a_stop_says_so_where_that_is_known() -> None:
    view = views.report(a_report(carried=(replace(LINES[1], guarded=False),)), "main", "LIVE")
    assert "   no stop ⚠️" in rows(view)
    assert "no stop" not in views.report(a_report(), "main", "LIVE").plain


def test_a_summary_that_is_late_or_not_whole_says_so() -> None:
    view = views.report(a_report(late=True, complete=False, charges=None, cash=None), "main", "LIVE")
    assert "Late: made at 14:02:11" in view.plain
    assert "could not be asked for everything" in view.plain
    assert "Before charges" in view.plain
    assert "Net" not in view.plain


def test_without_the_brokers_books_no_figure_is_made_up() -> None:
    view = views.report(
        a_report(
            records_only=True, complete=False, late=True, booked=Decimal(0), open=Decimal(0), charges=None, cash=None, carried=()
        ),
        "main",
        "LIVE",
    )
    assert rows(view) == [
        "20 NOV 2026  main         LIVE",
        "Net                 no data",
    ]
    assert "Orders 14, filled 11, rejected 1. Trades 18." in view.plain
    assert "0.00" not in view.plain
    assert "No data: mStock's books of this day could not be read." in view.plain


def test_a_day_without_trades_is_a_sign_of_life() -> None:
    view = views.report(a_report(trades=0, up_since=NOW - timedelta(days=3)), "main", "LIVE")
    assert "No trades; up since 17 Nov 14:02." in view.plain
    assert "No trades" not in views.report(a_report(up_since=NOW), "main", "LIVE").plain


def test_a_summary_made_on_another_day_says_on_which() -> None:
    view = views.report(a_report(late=True, made_at=NOW + timedelta(days=2)), "main", "LIVE")
    assert "Late: made at 22 Nov 14:02, because I was not running at its time." in view.plain


MONEY = st.decimals(-(10**10), 10**10, places=2, allow_nan=False)


@given(st.text(st.characters(codec=None), max_size=40), MONEY, MONEY, st.none() | MONEY.map(abs), st.none() | MONEY)
def test_no_figure_makes_a_row_wider_than_a_phone(
    label: str, booked: Decimal, open_: Decimal, charges: Decimal | None, cash: Decimal | None
) -> None:
    facts = replace(FACTS, capital=cash, month=open_, margin=cash)
    day = views.report(a_report(booked=booked, open=open_, charges=charges, cash=cash, facts=facts), label, "PAPER")
    days = (DayNet(day=WEEK.first, net=booked, capital=cash), DayNet(day=WEEK.last, net=cash))
    week = views.period(replace(WEEK, days=days, booked=booked, open=open_, charges=charges or Decimal(0)), label, "PAPER")
    assert all(columns(line) <= 30 for line in (*rows(day), *rows(week)))


def test_the_close_adjustment_is_a_line_of_its_own_and_in_the_net() -> None:
    report = views.report(a_report(adjustment=Decimal("-12.70")), "main", "LIVE")
    assert "Close adjustment     −12.70 🔴" in rows(report)
    assert "Net               +3,400.00 🟢" in rows(report)


def test_a_charge_that_is_not_known_leaves_its_line_open_and_the_rest_of_the_day_standing() -> None:
    shown = rows(views.report(a_report(charges_missing=("brokerage",)), "main", "LIVE"))
    assert "Net of these      +3,412.70 🟢" in shown
    assert " brokerage        not known" in shown


def test_tomorrows_stock_contracts_are_named_by_their_exchange_where_they_are_bses_alone() -> None:
    for stocks, said in (("stocks", "Thu 26 Nov: SENSEX, all stock"), ("BSE stocks", "Thu 26 Nov: SENSEX, BSE stock")):
        coming = (ComingDay(day=date(2026, 11, 26), expiring=("SENSEX", stocks)),)
        told = rows(views.report(a_report(facts=replace(FACTS, coming=coming)), "main", "PAPER"))
        assert said in told
        assert told[told.index(said) + 1] == " F&O expire"
