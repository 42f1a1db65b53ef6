"""The scrip master as columns: the same facts as the rows, and a lazy master's own columns are taken."""

from bench.master import make
from bot.domain.market.scrip_columns import CodedColumn, Directory, columns_of

ROWS = make(rows=5_000).rows[:3_000]


def test_columns_hold_each_field_of_each_row_in_order() -> None:
    columns = columns_of(ROWS)
    for at, row in enumerate(ROWS):
        assert (columns.exchange[at], columns.token[at], columns.symbol[at], columns.name[at]) == (
            row.exchange,
            row.token,
            row.symbol,
            row.name,
        )
        assert (columns.kind[at], columns.expiry[at], columns.strike[at], columns.right[at], columns.series[at]) == (
            row.kind,
            row.expiry,
            row.strike,
            row.right,
            row.series,
        )


def test_a_directory_finds_every_row_of_a_word_in_their_order() -> None:
    directory = Directory(["TCS", "ACC", "TCS", "INFY", "TCS"])
    assert list(directory.rows("TCS")) == [0, 2, 4]
    assert list(directory.rows("ACC")) == [1]
    assert list(directory.rows("ABB")) == list(directory.rows("ZEE")) == list(Directory([]).rows("TCS")) == []


def test_a_coded_column_reads_as_the_values_it_was_made_of() -> None:
    column = CodedColumn(["b", "a", "b"], {"a": 1, "b": None})
    assert list(column) == [column[0], column[1], column[-1]] == [None, 1, None]
    assert (len(column), column[1:]) == (3, [1, None])
    many = CodedColumn(range(70_000), {key: str(key) for key in range(70_000)})
    assert (many[0], many[69_999]) == ("0", "69999"), "more values than two bytes can count"
