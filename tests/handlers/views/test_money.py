"""Profit and loss before and after charges, and the summary of a day."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from handlers.views import money as views
from handlers.views.format import columns
from handlers.views.message import Table, View
from tests.handlers.samples import LINES, NOW, a_report


def rows(view: View) -> list[str]:
    return [line for part in view.parts if isinstance(part, Table) for line in part.rows]


def test_the_summary_of_a_day() -> None:
    view = views.report(a_report(), "main", "LIVE")
    assert rows(view)[:7] == [
        "20 NOV 2026  main         LIVE",
        "Net               +3,412.70 🟢",
        "------------------------------",
        "Booked            +4,180.00 🟢",
        "Open                −322.50 🔴",
        "Charges ≈           −444.80",
        "            11.5 % of gross",
    ]
    assert rows(view)[10:] == [
        "Trades                   18",
        "Carried",
        " −65 NF 24500CE 23Nov NRML",
        "                    −357.50 🔴",
        "Cash now        2,45,310.55",
    ]


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
        "------------------------------",
        "Orders                   14",
        " filled                  11",
        " rejected                 1",
        "Trades                   18",
    ]
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
    day = views.report(a_report(booked=booked, open=open_, charges=charges, cash=cash), label, "PAPER")
    assert all(columns(line) <= 30 for line in rows(day))


def test_the_close_adjustment_is_a_line_of_its_own_and_in_the_net() -> None:
    report = views.report(a_report(adjustment=Decimal("-12.70")), "main", "LIVE")
    assert "Close adjustment     −12.70 🔴" in rows(report)
    assert "Net               +3,400.00 🟢" in rows(report)


def test_a_charge_that_is_not_known_leaves_its_line_open_and_the_rest_of_the_day_standing() -> None:
    shown = rows(views.report(a_report(charges_missing=("brokerage",)), "main", "LIVE"))
    assert "Net of these      +3,412.70 🟢" in shown
    assert " brokerage        not known" in shown
