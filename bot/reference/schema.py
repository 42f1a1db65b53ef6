"""What all dated tables have in common: strict typed rows, and a sentence that names file, row and key of a mistake."""

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, TypeVar

import msgspec
from msgspec import inspect

from bot.domain.errors import SettingsError

_FIGURE = r"^[0-9]+(\.[0-9]+)?\Z"
_ERROR = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>[^.\[]+)(?:\[(?P<place>\d+|\.\.\.)\])?")
_FIELD = re.compile(r"Object (?P<how>missing|contains) .*`(?P<name>.*)`", re.DOTALL)

Text = Annotated[str, msgspec.Meta(pattern=r"\S")]
Figure = Annotated[str, msgspec.Meta(pattern=_FIGURE)]  # in quotes, so that it stays exact; never negative
SOME = msgspec.Meta(min_length=1)
Count = Annotated[int, msgspec.Meta(ge=1)]


class BadRow(SettingsError):
    """A row of the dated data cannot be used. The words name the file, the table and the row."""


class InnerTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table inside a row. A key that nobody knows is refused: misspelt, it must not pass for a missing one."""


class Row(InnerTable, frozen=True, kw_only=True):
    """A row of a table. A fact without its source is not believed."""

    source: Text


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """Some tables of a file. It may hold others, which somebody else reads."""


T = TypeVar("T", bound=Tables)
V = TypeVar("V")


def tables_of(content: Mapping[str, object], file: str, model: type[T]) -> T:
    """Reads the model's tables out of a file's TOML. BadRow says what is wrong and where."""
    try:
        return msgspec.convert(content, model, builtin_types=(date, time))  # so that a date in quotes is none
    except msgspec.ValidationError as error:
        raise BadRow(_sentence(str(error), content, file, inspect.type_info(model))) from None


def value_of(row: InnerTable, model: type[V]) -> V:
    """A value of the domain whose fields are named like the row's. Figures become exact Decimals."""
    return msgspec.convert(row, model, from_attributes=True)


def _sentence(error: str, content: object, file: str, kind: inspect.Type) -> str:
    match = _ERROR.fullmatch(error)
    what, path = (match["what"], match["path"] or "") if match is not None else (error, "")
    places, key, value = [file], "", content
    for step in _STEP.finditer(path):
        name, place = step["name"], step["place"]
        kind, value = _inside(kind, name), value[name] if isinstance(value, dict) else None
        key = name
        label = f"[{name}]" if len(places) == 1 else name
        if place is not None:
            kind = _item(kind)
            if place.isdigit() and isinstance(value, list):
                value = value[int(place)]
                label = f"[{label}] row {int(place) + 1}" if len(places) == 1 else f"{label} {int(place) + 1}"
        places.append(label)
    field = _FIELD.fullmatch(what)
    if field is not None and field["how"] == "missing":
        words = f"{field['name']} is missing"
    elif field is not None:
        words = f"I do not know {field['name']}: it is none of {', '.join(field.encode_name for field in _fields(kind))}"
    elif what.startswith(("Expected ", "Invalid enum value ")):
        places.pop()
        words = f"{key} must be {_wanted(kind)}, not {value!r}"
    else:  # a row's own words, or those of a file, which name the row themselves
        return f"{', '.join(places)}{': ' if path else ', '}{what}"
    return f"{', '.join(places)}: {words}"


def _inside(kind: inspect.Type, name: str) -> inspect.Type:
    inner = next(field.type for field in _fields(kind) if field.encode_name == name)
    if isinstance(inner, inspect.UnionType):  # of one type and nothing
        return next(part for part in inner.types if not isinstance(part, inspect.NoneType))
    return inner


def _item(kind: inspect.Type) -> inspect.Type:
    match kind:
        case inspect.DictType():
            return kind.value_type
        case inspect.VarTupleType() | inspect.FrozenSetType():
            return kind.item_type
    return kind


def _fields(kind: inspect.Type) -> tuple[inspect.Field, ...]:
    return kind.fields if isinstance(kind, inspect.StructType) else ()


def _wanted(kind: inspect.Type) -> str:
    match kind:
        case inspect.EnumType(cls=words):
            return f"one of {', '.join(str(word.value) for word in words)}"
        case inspect.DateType():
            return "a date such as 2026-11-22"
        case inspect.TimeType():
            return "a time such as 15:10:00"
        case inspect.IntType(ge=least):
            return f"a whole number from {least or 0}"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType(pattern=pattern):
            return 'a figure in quotes such as "0.05"' if pattern == _FIGURE else "text"
        case inspect.StructType() | inspect.DictType():
            return "a table"
    return "a list with something in it"
