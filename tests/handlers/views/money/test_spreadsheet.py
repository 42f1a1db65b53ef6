"""What a spreadsheet reads of our files: figures as figures, text as text, and nothing that it would work out."""

import csv
import io
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pnl.sheets import Cell, Sheet
from handlers.views.money.spreadsheet import csv_file, harmless, xlsx_file
from tests.stage.values.orders import NOW

DAY = date(2026, 11, 20)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)
CELLS = st.none() | TEXT | st.integers(-(10**6), 10**6) | st.decimals(-(10**6), 10**6, places=2) | st.just(DAY)


def a_sheet(*rows: tuple[Cell, ...], columns: tuple[str, ...] = ("A", "B")) -> Sheet:
    return Sheet(name="Trades", columns=columns, rows=rows)


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def cells(content: bytes, page: int = 1) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return book.read(f"xl/worksheets/sheet{page}.xml").decode()


def test_excel_knows_the_file_as_utf_8_and_figures_stay_figures() -> None:
    file = csv_file(a_sheet((Decimal("-12.50"), "आईटीसी"), (1500, None)), "trades")
    assert file.name == "trades.csv"
    assert file.content.startswith(b"\xef\xbb\xbf")
    assert read(file.content) == [["A", "B"], ["-12.50", "आईटीसी"], ["1500", ""]]


def test_cells_of_text_that_begin_like_a_formula_are_made_harmless() -> None:
    attacks = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")']
    written = [row[0] for row in read(csv_file(a_sheet(*((text, None) for text in attacks)), "x").content)[1:]]
    assert written == [f"'{text}" for text in attacks]
    book = xlsx_file([a_sheet(*((text, None) for text in attacks))], "x", NOW)
    assert "<f>" not in cells(book.content)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_no_text_begins_a_formula_and_every_figure_reads_back(rows: list[tuple[Cell, Cell]]) -> None:
    found = read(csv_file(a_sheet(*rows), "x").content)[1:]
    assert len(found) == len(rows)
    for line, row in zip(found, rows, strict=True):
        for written, cell in zip(line, row, strict=True):
            if isinstance(cell, str):
                assert written == harmless(cell)
                assert not written.startswith(("=", "+", "-", "@"))
            elif isinstance(cell, (int, Decimal)):
                assert Decimal(written) == cell
    assert "<f>" not in cells(xlsx_file([a_sheet(*rows)], "x", NOW).content)


def test_a_workbook_holds_each_table_with_dates_and_exact_figures() -> None:
    tables = [
        a_sheet((DAY, Decimal("1480.30")), (datetime(2026, 11, 20, 9, 30), Decimal("0.05"))),  # noqa: DTZ001 - India's wall clock
        Sheet(name="Tax year", columns=("Class",), rows=(("F&O",),), remarks=("Turnover: ...",)),
    ]
    file = xlsx_file(tables, "pnl", NOW)
    assert file.name == "pnl.xlsx"
    first = cells(file.content)
    assert re.findall(r"<v>([\d.]+)</v>", first)[2:] == ["46346", "1480.30", "46346.39583333334", "0.05"]
    with zipfile.ZipFile(io.BytesIO(file.content)) as book:
        assert "Turnover: ..." in book.read("xl/sharedStrings.xml").decode()
        assert 'name="Tax year"' in book.read("xl/workbook.xml").decode()
