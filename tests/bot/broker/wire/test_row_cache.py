"""A row that stands in the book as before is not read again, one that differs in anything is."""

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broker.wire import answers
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


VALUES = st.recursive(
    st.one_of(SCALARS, st.text(), st.floats(), st.integers()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
STATES = st.sampled_from([True, False, "success", "true", "Error", 400, None, ""])


@given(
    STATES, st.one_of(st.lists(VALUES, max_size=4), VALUES), st.sampled_from([200, 200, 401, 500]), st.integers(-1, 60), st.data()
)
def test_a_book_that_is_read_row_by_row_reads_as_the_whole(
    status: object, data: object, http: int, cut: int, drawn: st.DataObject
) -> None:
    body = json.dumps({"status": status, "message": "m", "errorcode": "", "data": data}).encode()
    if cut >= 0:  # a byte that fell over on the way
        body = body[:cut] + drawn.draw(st.binary(max_size=2)) + body[cut + 1 :]
    answer = answers.Answer(http, body)
    rows = answers.book(answer)
    if rows is None:
        return
    reply = answers.envelope(body)
    if reply is None:  # some row is no JSON after all, and then no row of that book counts
        with pytest.raises(Unreadable):
            Rows(repr).facts(rows)
        return
    assert answers.failure_of_read(answer, reply) is None
    assert Rows(repr).facts(rows) == Rows(repr).facts(reply.data or [])


def test_a_row_that_came_as_it_came_before_is_not_read_again() -> None:
    reader = Reader()
    rows = Rows(reader)
    for body in (b'{"status":true,"data":[{"id":1},{"id":2}]}', b'{"status":"success","data":[{"id":3},{"id":1},{"id":2}]}'):
        told = answers.book(answers.Answer(200, body))
        assert told is not None
        rows.facts(told)
    assert reader.asked == [{"id": 1}, {"id": 2}, {"id": 3}]
