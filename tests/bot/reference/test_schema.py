"""Reading rows: right values come exactly, wrong ones are refused by file, table, row and key."""

import tomllib
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import pytest
from msgspec import field

from bot.domain.charges.tariff import BrokerageTerms
from bot.domain.errors import BotError
from bot.reference.schema import SOME, BadRow, Count, Figure, InnerTable, Row, Tables, Text, tables_of, value_of


class Fruit(StrEnum):
    APPLE = "apple"
    PEAR = "pear"


class Step(InnerTable, frozen=True, kw_only=True):
    upto: Figure


class Thing(Row, frozen=True, kw_only=True):
    name: Text | None = None
    day: date | None = field(name="from", default=None)
    at: time | None = None
    n: Count = 1
    yes: bool = False
    rate: Figure | None = None
    fruit: Fruit | None = None
    fruits: Annotated[frozenset[Fruit], SOME] = frozenset(Fruit)
    names: tuple[str, ...] = ()
    steps: Annotated[tuple[Step, ...], SOME] | None = None
    units: dict[str, int] | None = None


class Things(Tables, frozen=True, kw_only=True):
    things: tuple[Thing, ...] = ()
    alone: Thing | None = None


def read(text: str) -> Things:
    return tables_of(tomllib.loads(text), "some.toml", Things)


def third(line: str) -> Thing:
    """A third row with that line and a source."""
    row = "[[things]]\nsource = 's'\n"
    return read(f"{row}{row}{row}{line}").things[2]


def test_right_values_are_read_exactly_and_missing_ones_are_what_the_table_says() -> None:
    row = third(
        "name = 'x'\nfrom = 2026-01-02\nat = 15:10:00\nn = 7\nyes = true\nrate = '0.05'\nfruit = 'pear'\nfruits = ['apple']\n"
        "names = ['a', 'b']\nsteps = [{ upto = '1' }]"
    )
    assert (row.name, row.day, row.at, row.n, row.yes, row.fruit) == ("x", date(2026, 1, 2), time(15, 10), 7, True, Fruit.PEAR)
    assert row.fruits == {Fruit.APPLE}
    assert row.names == ("a", "b")
    assert third("").fruits == set(Fruit)


@pytest.mark.parametrize("text", ["0.05", "0.00297", "20", "0.1", "123456789.123456789123456789"])
def test_a_figure_never_passes_through_a_binary_float(text: str) -> None:
    class Charge(InnerTable, frozen=True, kw_only=True):
        flat: Figure

    value = value_of(Charge(flat=text), BrokerageTerms)
    assert isinstance(value.flat, Decimal)
    assert str(value.flat) == text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("name = ''", "name must be text, not ''"),
        ("name = ' '", "name must be text, not ' '"),
        ("name = 3", "name must be text, not 3"),
        ("from = '2026-01-02'", "from must be a date such as 2026-11-22, not '2026-01-02'"),
        ("from = 2026-01-02T10:00:00", "from must be a date such as 2026-11-22, not datetime"),
        ("at = '15:10'", "at must be a time such as 15:10:00, not '15:10'"),
        ("n = 0", "n must be a whole number from 1, not 0"),
        ("n = true", "n must be a whole number from 1, not True"),
        ("n = 1.0", "n must be a whole number from 1, not 1.0"),
        ("yes = 'yes'", "yes must be true or false, not 'yes'"),
        ("rate = 0.05", 'rate must be a figure in quotes such as "0.05", not 0.05'),
        ("rate = 5", 'rate must be a figure in quotes such as "0.05", not 5'),
        ("rate = 'NaN'", "rate must be a figure in quotes"),
        ("rate = '0,05'", "rate must be a figure in quotes"),
        ("rate = '-0.05'", "rate must be a figure in quotes"),
        ('rate = "0.05\\n"', "rate must be a figure in quotes"),
        ("rate = '٠.٥'", "rate must be a figure in quotes"),
        ("fruit = 'plum'", "fruit must be one of apple, pear, not 'plum'"),
        ("fruits = ['apple', 'plum']", "fruits must be one of apple, pear, not 'plum'"),
        ("fruits = []", "fruits must be a list with something in it, not []"),
        ("fruits = 'apple'", "fruits must be a list with something in it, not 'apple'"),
        ("names = ['a', 3]", "names must be text, not 3"),
        ("steps = ['x']", "steps must be a table, not 'x'"),
        ("units = 3", "units must be a table, not 3"),
        ("units = { A = 'x' }", "units must be a whole number from 0, not {'A': 'x'}"),
        ("anounced = 2026-01-12", "I do not know anounced: it is none of source, name, from, at"),
    ],
)
def test_a_wrong_value_is_refused_with_the_place_where_it_stands(line: str, words: str) -> None:
    with pytest.raises(BadRow) as caught:
        third(line)
    assert caught.value.say.startswith(f"some.toml, [[things]] row 3: {words}")
    assert isinstance(caught.value, BotError)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[things]]\nname = 'x'", "some.toml, [[things]] row 1: source is missing"),
        ("[alone]\nname = 'x'", "some.toml, [alone]: source is missing"),
        ("[alone]\nsource = 's'\nn = 0", "some.toml, [alone]: n must be a whole number from 1, not 0"),
        (
            "[[things]]\nsource = 's'\nsteps = [{ upto = '1' }, {}]",
            "some.toml, [[things]] row 1, steps 2: upto is missing",
        ),
        (
            "[[things]]\nsource = 's'\nsteps = [{ upto = '1' }, { upto = 2 }]",
            'some.toml, [[things]] row 1, steps 2: upto must be a figure in quotes such as "0.05", not 2',
        ),
        ("[things]\na = 1", "some.toml: things must be a list with something in it, not {'a': 1}"),
        ("things = [3]", "some.toml: things must be a table, not 3"),
        ("[[alone]]\na = 1", "some.toml: alone must be a table, not [{'a': 1}]"),
    ],
)
def test_every_place_is_named_as_the_file_has_it(text: str, says: str) -> None:
    with pytest.raises(BadRow) as caught:
        read(text)
    assert caught.value.say == says


def test_what_others_read_is_left_to_them() -> None:
    assert read("[[elsewhere]]\na = 1") == Things()
