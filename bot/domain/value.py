"""The form of the domain's values: a dataclass that is quickly made, because a start makes hundreds of them."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

_Value = TypeVar("_Value")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def value(cls: type[_Value]) -> type[_Value]:
    """Makes the class a frozen dataclass with slots, whose fields are given by name.

    It compares, hashes and shows itself as any dataclass does. The library would compile text to methods for that, for each
    class anew: a tenth of the start, and four megabytes. Here all classes share theirs.
    """
    made = dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)(cls)
    parts = fields(made)  # type: ignore[arg-type]  # a dataclass since the line above
    shown = [part.name for part in parts if part.repr]
    compared = _reader([part.name for part in parts if part.compare])

    def equals(one: object, other: object) -> bool:
        return compared(one) == compared(other) if other.__class__ is one.__class__ else NotImplemented

    def hashed(one: object) -> int:
        return hash(compared(one))

    def words(one: object) -> str:
        return f"{type(one).__qualname__}({', '.join(f'{name}={getattr(one, name)!r}' for name in shown)})"

    for name, method in (("__eq__", equals), ("__hash__", hashed), ("__repr__", words)):
        if cls.__dict__.get(name) is None:  # what a class says by itself stays
            setattr(made, name, method)
    for name, refuse in (("__setattr__", _not_set), ("__delattr__", _not_deleted)):
        setattr(made, name, refuse)  # the library's would hold on to the class without slots, which it makes on the way
    if "__weakref__" in vars(made):  # Pythons before 3.11.3 hold on to it by this too
        del made.__weakref__  # type: ignore[attr-defined]  # the library makes it, if it is there
    return made


def renew(old: _Value, new: _Value) -> None:
    """Puts the parts of a newer value into an older one, for the dated facts, of which all of the bot holds one and the same.

    Each part is put in at once: whoever reads on another thread meets the old one or the new one.
    """
    for part in fields(old):  # type: ignore[arg-type]  # a dataclass, as @value made it
        object.__setattr__(old, part.name, getattr(new, part.name))


def _not_set(one: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _not_deleted(one: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _reader(names: list[str]) -> Callable[[object], Any]:
    return attrgetter(*names) if names else lambda _: ()
