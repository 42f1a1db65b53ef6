"""A row that stands in the book as before is not read again, one that differs in anything is."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broker.wire.row_cache import Rows
from bot.domain.errors import Unreadable

SCALARS = st.sampled_from([None, True, False, 0, 1, 2, 0.0, 1.0, 2.5, "", "1", "10"])
BOOKS = st.lists(st.lists(st.dictionaries(st.sampled_from("abc"), SCALARS, max_size=3), max_size=6), max_size=6)


@dataclass
class Reader:
    """Reads a row as its own words, refuses "10", leaves out a row without anything, and remembers what it was asked."""

    asked: list[object] = field(default_factory=list)

    def __call__(self, row: object) -> str | None:
        self.asked.append(row)
        if "'10'" in repr(row):
            raise Unreadable("ten")
        return repr(row) if row else None


@given(BOOKS)
def test_whatever_books_follow_one_another_each_reads_as_if_it_were_the_first(books: list[list[object]]) -> None:
    rows = Rows(Reader())
    for book in books:
        if "'10'" in repr(book):
            with pytest.raises(Unreadable):
                rows.facts(book)
        else:
            assert rows.facts(book) == Rows(Reader()).facts(book)


def test_only_the_row_that_is_new_is_read() -> None:
    reader = Reader()
    rows = Rows(reader)
    rows.facts([{"id": 1, "filled": 0}, {"id": 2, "filled": 0}])
    reader.asked.clear()
    rows.facts([{"id": 3, "filled": 0}, {"id": 1, "filled": 5}, {"id": 2, "filled": 0}])
    assert reader.asked == [{"id": 3, "filled": 0}, {"id": 1, "filled": 5}]


def test_what_a_book_shows_no_more_is_forgotten() -> None:
    reader = Reader()
    rows = Rows(reader)
    for book in ([{"id": 1}], [], [{"id": 1}]):
        rows.facts(book)
    assert reader.asked == [{"id": 1}, {"id": 1}]


def test_rows_that_may_be_left_out_are_counted_in_each_book_and_hide_no_other() -> None:
    rows = Rows(Reader(), spare=lambda _row: True)
    for _ in range(2):
        assert rows.facts([{"id": 1}, {"id": "10"}, {"id": 2}]) == ["{'id': 1}", "{'id': 2}"]
        assert rows.left_out == 1
    assert rows.facts([{"id": 1}]) == ["{'id': 1}"]
    assert rows.left_out == 0
