"""Domain values as JSON and back, exactly: drafts, notices, reports."""

from dataclasses import is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Generic, TypeVar

import msgspec

from bot.domain.errors import StorageError
from bot.domain.news.families import KINDS
from bot.domain.news.notice import Notice

T = TypeVar("T")

_encoder = msgspec.json.Encoder(decimal_format="string")


class Shape(Generic[T]):
    """Writes and reads values of one class. StorageError for what would not come back as it went in."""

    def __init__(self, cls: type[T]) -> None:
        self._cls = cls
        self._decoder = msgspec.json.Decoder(cls)

    def write(self, value: T) -> bytes:
        if not isinstance(value, self._cls):
            msg = f"a {type(value).__name__} is no {self._cls.__name__}"
            raise StorageError(msg)
        _refuse_inexact(value)
        try:
            return _encoder.encode(value)
        except (TypeError, ValueError, OverflowError) as error:  # a secret inside, a lone surrogate, a number beyond 64 bits
            msg = f"A {self._cls.__name__} could not be stored."
            raise StorageError(msg) from error

    def read(self, body: bytes) -> T:
        try:
            return self._decoder.decode(body)
        except (msgspec.MsgspecError, ValueError) as error:  # ValueError: a __post_init__ refused it
            msg = f"A stored {self._cls.__name__} could not be read."
            raise StorageError(msg) from error


@cache
def _shape(kind: str) -> Shape[Notice]:
    if kind not in KINDS:
        msg = f"A stored notice is of a kind that this version does not know: {kind}."
        raise StorageError(msg)
    return Shape(KINDS[kind])


def pack(notice: Notice) -> tuple[str, str]:
    """(kind, body) of a notice."""
    kind = type(notice).__name__
    return kind, _shape(kind).write(notice).decode()


def unpack(kind: str, body: str) -> Notice:
    """The notice that pack made these of. StorageError for an unknown kind or a body of another shape."""
    return _shape(kind).read(body.encode())


def _refuse_inexact(value: object) -> None:
    """Python checks no annotations: a float in a price or a naive time would be written without a word."""
    match value:
        case None | str() | bool() | int() | Enum():
            return
        case Decimal() if value.is_finite():
            return
        case float() | Decimal():
            msg = f"not an exact amount: {value!r}"
            raise StorageError(msg)
        case datetime():
            if value.tzinfo is None:
                msg = f"a moment without a zone: {value!r}"
                raise StorageError(msg)
        case tuple() | list():
            for item in value:
                _refuse_inexact(item)
        case _ if is_dataclass(value):
            for name in value.__dataclass_fields__:
                _refuse_inexact(getattr(value, name))
        case _:
            return
