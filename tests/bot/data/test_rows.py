"""Reading one row: right values pass, wrong ones are refused by file, table, row and key."""

from datetime import date, time
from decimal import Decimal
from enum import StrEnum

import pytest

from bot.data.rows import BadRow, Row, Table
from bot.domain.errors import BotError


class Fruit(StrEnum):
    APPLE = "apple"
    PEAR = "pear"


def a_row(**values: object) -> Row:
    return Row(values, "some.toml, [[things]] row 3")


def test_right_values_are_taken_once_and_exactly() -> None:
    row = a_row(
        name="x",
        day=date(2026, 1, 2),
        at=time(15, 10),
        n=7,
        yes=True,
        rate="0.05",
        fruit="pear",
        fruits=["apple"],
        names=["a", "b"],
    )
    assert row.text("name") == "x"
    assert row.date("day") == date(2026, 1, 2)
    assert row.clock("at") == time(15, 10)
    assert row.whole("n") == 7
    assert row.flag("yes") is True
    assert row.amount("rate") == Decimal("0.05")
    assert row.word("fruit", Fruit) is Fruit.PEAR
    assert row.words("fruits", Fruit) == {Fruit.APPLE}
    assert row.texts("names") == ("a", "b")
    assert row.texts("missing") == ()
    assert row.flag("missing", default=False) is False
    assert row.words("missing", Fruit, default=tuple(Fruit)) == set(Fruit)
    row.finish()


@pytest.mark.parametrize(
    ("values", "read", "words"),
    [
        ({}, "text", "value is missing"),
        ({"value": ""}, "text", "must be text"),
        ({"value": 3}, "text", "must be text"),
        ({"value": "2026-01-02"}, "date", "must be a date"),
        ({"value": "15:10"}, "clock", "must be a time"),
        ({"value": -1}, "whole", "whole number from 0"),
        ({"value": True}, "whole", "whole number"),
        ({"value": "yes"}, "flag", "true or false"),
        ({"value": 0.05}, "amount", "in quotes"),
        ({"value": "NaN"}, "amount", "no figure"),
        ({"value": "0,05"}, "amount", "no figure"),
        ({"value": "-0.05"}, "amount", "must not be negative"),
        ({"value": []}, "items", "must be a list"),
        ({"value": [3]}, "texts", "list of names"),
        ({"value": 3}, "inner", "must be a table"),
    ],
)
def test_a_wrong_value_is_refused_with_the_place_where_it_stands(values: dict[str, object], read: str, words: str) -> None:
    with pytest.raises(BadRow, match=words) as caught:
        getattr(a_row(**values), read)("value")
    assert caught.value.say.startswith("some.toml, [[things]] row 3: ")
    assert isinstance(caught.value, BotError)


def test_a_word_outside_the_list_is_refused_with_the_list() -> None:
    with pytest.raises(BadRow, match="one of apple, pear, not 'plum'"):
        a_row(value="plum").word("value", Fruit)


def test_a_misspelt_key_does_not_pass_for_a_missing_one() -> None:
    row = a_row(anounced=date(2026, 1, 12))
    with pytest.raises(BadRow, match="I do not know anounced"):
        row.finish()


def test_rows_inside_a_row_say_which_one_is_wrong() -> None:
    first, second = a_row(steps=[{"upto": "1"}, {}]).rows("steps")
    assert first.amount("upto") == Decimal(1)
    with pytest.raises(BadRow, match=r"row 3, steps 2: upto is missing"):
        second.amount("upto")
    with pytest.raises(BadRow, match="must be a table"):
        list(a_row(steps=["x"]).rows("steps"))


def test_a_table_that_nobody_reads_is_refused() -> None:
    table = Table({"days": [{"name": "x"}], "dyas": [{}]}, "host.toml")
    assert [row.text("name") for row in table.rows("days")] == ["x"]
    with pytest.raises(BadRow, match=r"host.toml: I do not know the table dyas"):
        table.finish()


def test_a_row_that_was_only_half_understood_is_refused() -> None:
    table = Table({"days": [{"name": "x", "extra": 1}]}, "host.toml")
    rows = table.rows("days")
    assert next(rows).text("name") == "x"
    with pytest.raises(BadRow, match=r"host.toml, \[\[days\]\] row 1: I do not know extra"):
        next(rows)


@pytest.mark.parametrize("content", [{"days": {"a": 1}}, {"days": [3]}])
def test_a_table_of_the_wrong_shape_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(BadRow, match="days"):
        list(Table(content, "host.toml").rows("days"))


def test_a_single_table_may_be_missing_and_must_be_one() -> None:
    assert Table({}, "host.toml").one("protection") is None
    with pytest.raises(BadRow, match="must be one table"):
        Table({"protection": [1]}, "host.toml").one("protection")
