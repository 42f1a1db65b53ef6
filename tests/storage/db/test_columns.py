"""The column types give back exactly what went in, and refuse what has lost its meaning already."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, ColumnElement, Integer, MetaData, Table, create_engine, select
from sqlalchemy.exc import StatementError

from bot.domain.people.account import Role
from storage.db.columns import Day, ExactText, Flag, Json, UtcTime, Word
from storage.db.schema import metadata
from tests.storage.strategies import amounts, moments

plain = Table(
    "plain", MetaData(), Column("id", Integer, primary_key=True), Column("amount", ExactText), Column("at", UtcTime),
    Column("day", Day), Column("flag", Flag), Column("word", Word(Role)), sqlite_strict=True,
)  # fmt: skip
engine = create_engine("sqlite://")
plain.create(engine)


def through(name: str, value: Any) -> Any:
    with engine.connect() as connection:
        connection.execute(plain.insert().values({name: value}))
        return connection.execute(select(plain.c[name])).scalar_one()


@given(amounts)
def test_an_amount_comes_back_digit_by_digit(amount: Decimal) -> None:
    assert str(through("amount", amount)) == str(amount)


@given(moments)
def test_a_moment_comes_back_to_the_microsecond_in_utc(moment: datetime) -> None:
    assert repr(through("at", moment)) == repr(moment)


zones = st.integers(-720, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(
    st.builds(
        lambda moment, zone: moment.astimezone(zone), st.integers(0, 10**9).map(lambda at: datetime.fromtimestamp(at, UTC)), zones
    )
)
def test_a_moment_of_any_zone_comes_back_as_the_same_moment(moment: datetime) -> None:
    back = through("at", moment)
    assert back == moment
    assert back.tzinfo is UTC


@given(st.lists(moments, min_size=2))
def test_moments_sort_in_the_database_as_they_do_in_time(moments: list[datetime]) -> None:
    written = [UtcTime().process_bind_param(moment, engine.dialect) or "" for moment in moments]
    assert [moment for _, moment in sorted(zip(written, moments, strict=True))] == sorted(moments)


@given(st.dates(), st.booleans(), st.sampled_from(Role))
def test_dates_flags_and_words_come_back(day: date, flag: bool, word: Role) -> None:
    assert through("day", day) == day
    assert through("flag", flag) is flag
    assert through("word", word) is word


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("amount", 1.5),
        ("amount", Decimal("NaN")),
        ("amount", Decimal("Infinity")),
        ("at", datetime(2026, 11, 20)),  # noqa: DTZ001
        ("day", datetime(2026, 11, 20, tzinfo=UTC)),
        ("word", "king"),
    ],
)
def test_what_has_lost_its_meaning_is_refused(name: str, wrong: object) -> None:
    with pytest.raises(StatementError):
        through(name, wrong)


def test_money_cannot_be_compared_ordered_or_added_by_the_database() -> None:
    money = [column for table in metadata.tables.values() for column in table.c if isinstance(column.type, ExactText)]
    assert len(money) >= 3
    refused = (
        lambda column: column > Decimal(1),
        lambda column: column == Decimal(1),
        lambda column: Decimal(1) < column,
        lambda column: column + 1,
        lambda column: 1 + column,
        lambda column: column.desc(),
        lambda column: column.between(1, 2),
        lambda column: column.in_([Decimal(1)]),
    )
    for column in money:
        assert isinstance(column.is_(None), ColumnElement)
        for build in refused:
            with pytest.raises(TypeError, match="compare letters"):
                build(column)  # type: ignore[no-untyped-call]  # a lambda has no annotations


def test_every_column_has_one_of_the_types_that_keep_their_meaning() -> None:
    for table in metadata.tables.values():
        for column in table.c:
            name = type(column.type).__name__
            assert name in {
                "Integer",
                "Text",
                "LargeBinary",
                *(kind.__name__ for kind in (ExactText, UtcTime, Day, Flag, Word, Json)),
            }
