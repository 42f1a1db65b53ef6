"""The scrip master as columns: the same facts as the rows, and a lazy master's own columns are taken."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.scrip_columns import CodedColumn, Directory, GrowingTextColumn, columns_of
from tests.stage.values.master import MADE

ROWS = MADE.rows[:3_000]
TEXTS = st.lists(st.text(max_size=6), max_size=12)


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
    column = CodedColumn.of(["b", "a", "b"], {"a": 1, "b": None})
    assert list(column) == [column[0], column[1], column[-1]] == [None, 1, None]
    assert (len(column), column[1:]) == (3, [1, None])
    many = CodedColumn.of(range(70_000), {key: str(key) for key in range(70_000)})
    assert (many[0], many[69_999]) == ("0", "69999"), "more values than two bytes can count"


@given(st.lists(TEXTS, max_size=4))
def test_texts_that_come_in_portions_read_as_one_list(portions: list[list[str]]) -> None:
    column = GrowingTextColumn()
    for portion in portions:
        column.extend(portion)
    whole = [text for portion in portions for text in portion]
    assert list(column) == whole
    assert [column[at] for at in range(-len(whole), len(whole))] == whole + whole
    assert column[1:3] == whole[1:3]
    for beyond in (len(whole), -len(whole) - 1):
        with pytest.raises(IndexError):
            column[beyond]


@given(TEXTS)
def test_a_directory_of_such_a_column_finds_every_row_of_a_word(words: list[str]) -> None:
    column = GrowingTextColumn()
    column.extend(words)
    directory = Directory(column)
    for word in [*words, "another"]:
        assert list(directory.rows(word)) == [at for at, each in enumerate(words) if each == word]


@pytest.mark.parametrize(
    ("values", "width"), [(3, 1), (1 << 8, 1), ((1 << 8) + 1, 2), (1 << 16, 2), ((1 << 16) + 1, 4), ((1 << 16) + 2, 4)]
)
def test_a_coded_column_keeps_every_row_in_few_bytes_however_many_values_there_are(values: int, width: int) -> None:
    column = CodedColumn.of([values - 1, 0, values - 1], {number: str(number) for number in range(values)})
    assert list(column) == [str(values - 1), "0", str(values - 1)]
    assert list(column.mapped(int)) == [values - 1, 0, values - 1]
    assert column.codes.itemsize == width
    assert CodedColumn(array("I", [1]), ["a", "b"])[0] == "b"
