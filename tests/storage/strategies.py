"""Random values of the domain, found from their own annotations, so that a new field or notice is covered by itself."""

import typing
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any

from hypothesis import strategies as st

from bot.domain.market.instrument import Instrument
from bot.domain.orders.order import OrderDraft
from bot.domain.terms import OrderKind

amounts = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.decimals(places=2, min_value=-(10**9), max_value=10**9),
    st.sampled_from([Decimal("-0"), Decimal("0.00"), Decimal("1E+3"), Decimal("1E-20"), Decimal("100.10")]),
)
moments = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(fold=0))  # UTC has no hour that comes twice
words = st.text(max_size=20)
whole = st.integers(-(2**63), 2**63 - 1)
prices = st.decimals(places=2, min_value="0.05", max_value=10**6)


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    values = {field.name: draw(of(hint)) for field, hint in _hints(Instrument)}
    return Instrument(
        **{**values, "lot": draw(st.integers(1, 5000)), "tick": draw(st.sampled_from([Decimal("0.01"), Decimal("0.05")]))}
    )


@st.composite
def drafts(draw: st.DrawFn) -> OrderDraft:
    values = {field.name: draw(of(hint)) for field, hint in _hints(OrderDraft)}
    instrument, kind = values["instrument"], values["kind"]
    on_tick = st.integers(1, 10**7).map(lambda ticks: ticks * instrument.tick)
    values["quantity"] = instrument.lot * draw(st.integers(1, 1000))
    values["price"] = draw(on_tick) if kind in (OrderKind.LIMIT, OrderKind.SL) else None
    values["trigger"] = draw(on_tick) if kind in (OrderKind.SL, OrderKind.SL_M) else None
    values["disclosed"] = draw(st.none() | st.integers(1, 10**6))
    return OrderDraft(**values)


@cache
def of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type as it stands in an annotation."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if typing.get_origin(hint) in (UnionType, typing.Union):
        return st.one_of(*(of(part) for part in typing.get_args(hint)))
    if typing.get_origin(hint) is tuple:
        return st.lists(of(typing.get_args(hint)[0]), max_size=2).map(tuple)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and issubclass(hint, tuple):  # a NamedTuple
        return st.tuples(*(of(part) for part in typing.get_type_hints(hint).values())).map(lambda parts: hint(*parts))
    return st.fixed_dictionaries({field.name: of(part) for field, part in _hints(hint)}).map(lambda values: hint(**values))


@cache
def _hints(cls: Any) -> list[tuple[Any, Any]]:
    hints = typing.get_type_hints(cls)
    return [(field, hints[field.name]) for field in fields(cls)]


_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    Decimal: amounts,
    datetime: moments,
    date: st.dates(),
    str: words,
    bool: st.booleans(),
    int: whole,
    type(None): st.none(),
    Instrument: instruments(),
    OrderDraft: drafts(),
}
