"""A column reads as the list that it stands for."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.scrip_columns import CodedColumn, Directory, TextColumn

TEXTS = st.lists(st.text(max_size=6), max_size=12)


@given(st.lists(TEXTS, max_size=4))
def test_texts_that_come_in_portions_read_as_one_list(portions: list[list[str]]) -> None:
    column = TextColumn()
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
    column = TextColumn()
    column.extend(words)
    directory = Directory(column)
    for word in [*words, "another"]:
        assert list(directory.rows(word)) == [at for at, each in enumerate(words) if each == word]


@pytest.mark.parametrize("values", [3, (1 << 16) + 1, (1 << 16) + 2])
def test_a_coded_column_keeps_every_row_however_many_values_there_are(values: int) -> None:
    column = CodedColumn.of([values - 1, 0, values - 1], {number: str(number) for number in range(values)})
    assert list(column) == [str(values - 1), "0", str(values - 1)]
    assert list(column.mapped(int)) == [values - 1, 0, values - 1]
    assert CodedColumn(array("I", [1]), ["a", "b"])[0] == "b"
