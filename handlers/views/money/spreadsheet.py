"""Tables as files: CSV that opens in Excel as it is, and XLSX."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from bot.domain.pnl.sheets import Cell, Sheet
from bot.domain.value import value

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # with which a cell of text would be taken for something to work out
_WIDEST = 40  # characters of a column


@value
class FileToSend:
    """A file with its name as it is saved."""

    name: str
    content: bytes


def csv_file(sheet: Sheet, name: str) -> FileToSend:
    """One table as UTF-8 with a mark at its beginning, by which Excel knows it. Figures stay figures. Text is made harmless."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(sheet.columns)
    writer.writerows([_written(cell) for cell in row] for row in sheet.rows)
    if below := (*sheet.remarks, *sheet.holes):
        writer.writerow([])
        writer.writerows([harmless(remark)] for remark in below)
    return FileToSend(name=f"{name}.csv", content=text.getvalue().encode("utf-8-sig"))


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return harmless(str(cell))
        case Decimal():
            return f"{cell:f}"
        case datetime():
            return cell.isoformat(" ")
        case _:
            return str(cell)


def xlsx_file(sheets: Sequence[Sheet], name: str, made_at: datetime) -> FileToSend:
    """All tables in one workbook. Text is written as text, so that nothing in it is worked out. made_at: UTC."""
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415  # no stubs; only an export needs its forty modules

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"created": made_at.replace(tzinfo=None)})
        head = book.add_format({"bold": True, "bottom": 1})
        formats = {
            Decimal: book.add_format({"num_format": "#,##0.00##"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 0)
            for column, title in enumerate(sheet.columns):
                page.write_string(0, column, title, head)
                shown = [len(_written(row[column])) for row in sheet.rows[:200]]
                page.set_column(column, column, min(max([len(title), *shown]) + 2, _WIDEST))
            for line, row in enumerate(sheet.rows, 1):
                for column, cell in enumerate(row):
                    match cell:
                        case None:
                            pass
                        case str():
                            page.write_string(line, column, str(cell))
                        case datetime() | date():
                            page.write_datetime(line, column, cell, formats[type(cell)])
                        case _:
                            page.write_number(line, column, cell, formats.get(type(cell)))
            for ahead, remark in enumerate((*sheet.remarks, *sheet.holes), len(sheet.rows) + 2):
                page.write_string(ahead, 0, remark)
    return FileToSend(name=f"{name}.xlsx", content=content.getvalue())
