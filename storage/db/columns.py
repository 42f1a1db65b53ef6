"""Column types that refuse what would lose meaning: exact Decimal as text, UTC times, dates, flags, words, stored JSON."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, NoReturn, TypeVar

from sqlalchemy import Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from bot.domain.money import exact
from storage.db.json_shapes import Shape

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class ExactText(TypeDecorator[Decimal]):
    """An exact Decimal as its own text, trailing zeros and all. A float is refused.

    Text compares by letters ("9" after "10"), so an SQL expression over such a column is refused while it is built.
    """

    impl = Text
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[Decimal]):
        """Lets `is_(None)` through and nothing else."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            if op.__name__ not in ("is_", "is_not"):
                self._refuse(op)
            return super().operate(op, *other, **kwargs)

        def reverse_operate(self, op: Any, other: Any, **kwargs: Any) -> NoReturn:
            self._refuse(op)

        def _refuse(self, op: Any) -> NoReturn:
            msg = f"money is stored as text: {op.__name__} in SQL would compare letters"
            raise TypeError(msg)

    comparator_factory = Comparator

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else str(exact(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC as text of one length, so that letters sort as time does. A naive datetime is refused."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"a moment without a zone: {value!r}"
            raise TypeError(msg)
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Day(TypeDecorator[date]):
    """A calendar date in India as ISO text. A datetime is refused, for its date depends on a zone."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            msg = f"a moment is not a date: {value!r}"
            raise TypeError(msg)
        return value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class Flag(TypeDecorator[bool]):
    """Yes or no as 1 or 0: strict tables know no BOOLEAN."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:  # noqa: FBT001
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)


class Word(TypeDecorator[E], Generic[E]):
    """One word of an enumeration. A word that the code does not know is refused when read."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[E]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.words(value)


class Json(TypeDecorator[T], Generic[T]):
    """One domain value of a given class as JSON text."""

    impl = Text
    cache_ok = True

    def __init__(self, cls: type[T]) -> None:
        super().__init__()
        self.cls = cls
        self._shape = Shape(cls)

    def process_bind_param(self, value: T | None, dialect: Dialect) -> str | None:
        return None if value is None else self._shape.write(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> T | None:
        return None if value is None else self._shape.read(value.encode())
