"""The sheets of a range: rows as they are on record, and the tax year told apart as the law does."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import total
from bot.domain.pnl import sheets
from bot.domain.pnl.fifo import Lot
from bot.domain.pnl.range_report import RangeDay, RangeReport, Slip
from bot.domain.pnl.round_trips import RowDay, walk
from bot.domain.pnl.sheets import Cell, Sheet, TaxClass
from bot.domain.terms import Product, Side
from bot.trading.account.day_charges import ledger_charges
from tests.bot.domain.pnl.test_range_report import a_report
from tests.stage.values.ledger import a_fill, on
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import NOW, RELIANCE

DAY = date(2026, 11, 20)


def a_range(rows: list[RowDay], *days: RangeDay) -> RangeReport:
    return RangeReport(account_id="a1", first=DAY, last=DAY, days=days, row_days=tuple(rows))


def held_since(day: date | None) -> list[RowDay]:
    sale = a_fill(-10, "1500.00", 1, instrument=RELIANCE, product=Product.CNC)
    return walk([sale], [Lot(10, Decimal(1400), day, "b")])


def by_class(sheet: Sheet) -> dict[Cell, tuple[Cell, ...]]:
    return {row[0]: row[1:] for row in sheet.rows}


def test_intraday_and_fo_count_absolute_differences_and_delivery_its_sale_value() -> None:
    options = walk([a_fill(65, "100", 1), a_fill(-65, "110", 2), a_fill(65, "100", 3), a_fill(-65, "97", 4)])
    shares = {"instrument": RELIANCE, "product": Product.MIS}
    intraday = walk([a_fill(-10, "1500", 1, **shares), a_fill(10, "1490", 2, **shares)])
    summary, parts = sheets.tax(a_range([*options, *intraday, *held_since(DAY - timedelta(days=30))]))
    made = by_class(summary)
    assert made[TaxClass.DERIVATIVES] == (2, 13000, 13455, 650, -195, 455, 845, 0)
    assert made[TaxClass.INTRADAY] == (1, 14900, 15000, 100, 0, 100, 100, 0)
    assert made[TaxClass.SHORT_TERM] == (1, 14000, 15000, 1000, 0, 1000, 15000, 0)
    assert len(parts.rows) == 4
    assert "absolute differences" in summary.remarks[0]


def test_more_than_twelve_months_is_long_term_and_twelve_are_not() -> None:
    def kind(since: date | None) -> Cell:
        return sheets.tax(a_range(held_since(since)))[1].rows[0][0]

    assert kind(date(2025, 11, 20)) == TaxClass.SHORT_TERM
    assert kind(date(2025, 11, 19)) == TaxClass.LONG_TERM
    assert kind(date(2024, 2, 29)) == TaxClass.LONG_TERM
    assert kind(None) == TaxClass.UNKNOWN, "brought forward: held since before the bot's first day"


def test_a_part_without_a_cost_is_counted_and_in_no_sum() -> None:
    sale = a_fill(-10, "1500.00", 1, instrument=RELIANCE, product=Product.CNC)
    summary, parts = sheets.tax(a_range(walk([sale], [Lot(10, None)])))
    assert by_class(summary)[TaxClass.UNKNOWN] == (1, 0, 15000, 0, 0, 0, 15000, 1)
    assert parts.rows[0][3] == "not known"


def test_stt_stands_apart_from_the_other_charges() -> None:
    fills = (a_fill(65, "100", 1), a_fill(-65, "110", 2))
    bill = ledger_charges(fills, tariff=REFERENCE_DATA.tariff, plan=REFERENCE_DATA.tariff.plan("flat-5"), day=DAY)
    day = RangeDay(day=DAY, report=a_report(DAY), trades=fills, bill=bill)
    made = by_class(sheets.tax(a_range([], day))[0])
    charged = [made[f"Charges, F&O, {what}"][5] for what in ("STT", "without STT")]
    assert all(isinstance(amount, Decimal) and amount < 0 for amount in charged)
    assert abs(total(amount for amount in charged if isinstance(amount, Decimal)) + bill.rows[0].bill.total) < Decimal("0.02")


MOVES = st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 5).filter(bool), st.integers(10, 900).map(Decimal)), max_size=12)


@given(MOVES, st.sampled_from([Product.CNC, Product.MIS]))
def test_the_classes_together_are_all_that_was_closed(moves: list[tuple[int, int, Decimal]], product: Product) -> None:
    fills = [
        a_fill(signed, price, number, at=on(day) + timedelta(seconds=number), instrument=RELIANCE, product=product)
        for number, (day, signed, price) in enumerate(moves, 1)
    ]
    rows = walk(fills)
    summary, _ = sheets.tax(a_range(rows))
    results = [row[6] for row in summary.rows if isinstance(row[6], Decimal)]
    assert total(results) == total(out.amount for row in rows for out in row.exits if out.amount is not None)


def test_the_days_end_with_their_sum_and_a_day_without_data_says_so() -> None:
    known = RangeDay(
        day=DAY, report=a_report(DAY, booked=Decimal(100), charges=Decimal(10), charges_missing=("brokerage",), trades=2)
    )
    gone = RangeDay(day=DAY + timedelta(days=1), report=a_report(DAY + timedelta(days=1), records_only=True, charges=None))
    sheet = sheets.days(a_range([], known, gone))
    assert sheet.rows[0] == (DAY, 100, 0, 0, 10, 90, 2, "not known: brokerage")
    assert sheet.rows[1][-1] == "no data"
    assert sheet.rows[2] == ("Total", 100, 0, 0, 10, 90, 2, "")


def test_a_fill_stands_with_its_time_in_india_and_one_without_a_price_has_no_value() -> None:
    sheet = sheets.trades([a_fill(65, "101.25", 1), replace(a_fill(65, "1", 2), price=None)])
    assert sheet.rows[0][1:9] == (
        NOW.replace(tzinfo=None) + timedelta(hours=5, minutes=30, seconds=1), "NFO", "NIFTY26NOV24500CE", "NRML", "BUY", 65,
        Decimal("101.25"), Decimal("6581.25"),
    )  # fmt: skip
    assert sheet.rows[1][7:9] == (None, None)


def test_each_order_stands_with_what_it_slipped() -> None:
    slip = Slip(
        number=3, day=DAY, at=NOW, instrument=RELIANCE, side=Side.SELL, quantity=10, touch=Decimal(1480),
        average=Decimal("1479.333333"),
    )  # fmt: skip
    (row,) = sheets.slippage(replace(a_range([]), slips=(slip,))).rows
    assert row[1] == 3
    assert row[3:] == ("RELIANCE-EQ", Side.SELL, 10, Decimal(1480), Decimal("1479.3333"), Decimal("-6.67"))
