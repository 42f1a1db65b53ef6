"""A value is what the library's own frozen dataclass would be, made in less time."""

import copy
import gc
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.value import positional, value


@value
class Price:
    """Rupees, with a note that says nothing of which price it is."""

    rupees: Decimal
    note: str = field(default="", compare=False)
    key: str = field(default="", repr=False)
    seen: tuple[int, ...] = field(default_factory=tuple)


@value
class Limit(Price):
    """A price with a side."""

    side: str = "BUY"


@value
class Empty:
    """A value without a field."""


@positional
class Step(Empty):
    """From a price to another, in rupees, and how it is said."""

    start: int
    end: int = 10
    seen: list[int] = field(default_factory=list)
    said: str = field(default="", kw_only=True)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError("no step")
        object.__setattr__(self, "size", self.end - self.start)


@value
class Shouted:
    """Has its own words and its own likeness."""

    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shouted) and self.text.upper() == other.text.upper()

    def __hash__(self) -> int:
        return hash(self.text.upper())

    def __repr__(self) -> str:
        return self.text.upper()


def test_it_shows_all_its_fields_but_the_hidden_ones() -> None:
    assert repr(Price(rupees=Decimal(5), key="secret")) == "Price(rupees=Decimal('5'), note='', seen=())"
    assert repr(Limit(rupees=Decimal(5))) == "Limit(rupees=Decimal('5'), note='', seen=(), side='BUY')"
    assert repr(Empty()) == "Empty()"


def test_two_are_equal_by_their_class_and_the_fields_that_count() -> None:
    five = Price(rupees=Decimal(5), note="bid")
    assert five == Price(rupees=Decimal("5.00"), note="ask")
    assert hash(five) == hash(Price(rupees=Decimal("5.00"), note="ask"))
    assert five != Price(rupees=Decimal(5), key="k")
    assert five != Limit(rupees=Decimal(5))
    assert Limit(rupees=Decimal(5)) != Limit(rupees=Decimal(5), side="SELL")
    assert len({Empty(), Empty()}) == 1


def test_a_class_keeps_the_words_and_the_likeness_that_it_says_by_itself() -> None:
    assert repr(Shouted(text="stop")) == "STOP"
    assert len({Shouted(text="stop"), Shouted(text="Stop")}) == 1


def test_nothing_of_it_changes_and_its_fields_are_given_by_name() -> None:
    five: Any = Price(rupees=Decimal(5))
    with pytest.raises(FrozenInstanceError):
        five.rupees = Decimal(6)
    with pytest.raises(FrozenInstanceError):
        del five.rupees
    by_place: Any = Price
    with pytest.raises(TypeError, match="positional"):
        by_place(Decimal(5))
    with pytest.raises(TypeError, match="rupees"):
        by_place()
    assert not hasattr(five, "__dict__")


def test_one_whose_fields_have_an_order_takes_them_by_it_too() -> None:
    assert Step(5) == Step(5, 10, []) == Step(end=10, start=5, said="")
    assert Step(5).seen is not Step(5).seen
    assert Step(5).size == 5
    match Step(5, 6, said="up"):
        case Step(start, end):
            assert (start, end) == (5, 6)
    wrong: Any = Step
    with pytest.raises(TypeError, match="start"):
        wrong()
    with pytest.raises(TypeError, match="positional"):
        wrong(5, 6, [], "up")
    with pytest.raises(ValueError, match="no step"):
        Step(10)


def test_a_kind_is_ready_from_its_first_value_on() -> None:
    @value
    class Fresh:
        a: int
        b: int = 2

    wrong: Any = Fresh
    for _ in range(2):  # the first one compiles what makes the second
        with pytest.raises(TypeError):
            wrong(b=1)
        assert Fresh(a=1) == replace(Fresh(a=3), a=1)


def test_the_class_that_the_library_makes_on_the_way_is_let_go() -> None:
    class Parent:
        __slots__ = ()

    made: type = value(type("Child", (Parent,), {"__annotations__": {"a": int}}))
    gc.collect()
    assert Parent.__subclasses__() == [made]


def test_it_is_a_dataclass_to_whoever_copies_replaces_sends_or_lists_it() -> None:
    limit = Limit(rupees=Decimal(5), note="bid", seen=(1,))
    assert replace(limit, side="SELL") == Limit(rupees=Decimal(5), seen=(1,), side="SELL")
    assert copy.deepcopy(limit) == pickle.loads(pickle.dumps(limit)) == limit  # noqa: S301 - our own bytes
    assert [each.name for each in fields(limit)] == ["rupees", "note", "key", "seen", "side"]


@given(
    one=st.tuples(st.integers(0, 2), st.text(max_size=1), st.booleans()),
    other=st.tuples(st.integers(0, 2), st.text(max_size=1), st.booleans()),
)
def test_it_is_as_like_and_reads_as_what_the_library_makes_of_the_same_class(
    one: tuple[int, str, bool], other: tuple[int, str, bool]
) -> None:
    ours = _two_of(value(_plain()), one, other)
    assert ours == _two_of(dataclass(frozen=True, slots=True, kw_only=True)(_plain()), one, other)


def _two_of(made: Any, *fields_of: tuple[int, str, bool]) -> tuple[bool, bool, str]:
    """Whether the two are equal, whether their hashes are, and how the first one reads."""
    first, second = (made(a=a, b=b, c=c) for a, b, c in fields_of)
    return first == second, hash(first) == hash(second), repr(first)


def _plain() -> type:
    class Plain:
        """Three fields."""

        a: int
        b: str
        c: bool

    return Plain
