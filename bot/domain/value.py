"""The form of the domain's values: a dataclass that is quickly made, because a start makes hundreds of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

_Value = TypeVar("_Value")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def value(cls: type[_Value]) -> type[_Value]:
    """Makes the class a frozen dataclass with slots, whose fields are given by name."""
    return _made(dataclass(slots=True, kw_only=True, init=False, eq=False, repr=False)(cls), cls)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def positional(cls: type[_Value]) -> type[_Value]:
    """The same of a few fields that everybody knows in their order: they may be given without names."""
    return _made(dataclass(slots=True, init=False, eq=False, repr=False)(cls), cls)


def renew(old: _Value, new: _Value) -> None:
    """Puts the parts of a newer value into an older one, for the dated facts, of which all of the bot holds one and the same.

    Each part is put in at once: whoever reads on another thread meets the old one or the new one.
    """
    _put_all(old, _all_of(new))


def _made(made: type[_Value], cls: type[_Value]) -> type[_Value]:
    """Gives the dataclass what its class does not say by itself: it begins, compares, hashes and shows itself as any dataclass.

    The library would compile text to methods for all of that, for each class anew: a quarter of the start, and four megabytes.
    Here all classes share theirs, and `__init__` is compiled when the first of a kind is made: most kinds have none for hours.
    """
    parts = fields(made)  # type: ignore[arg-type]  # a dataclass since the line above
    shown = [part.name for part in parts if part.repr]
    compared = _reader([part.name for part in parts if part.compare])

    def begins(one: object, /, *given: object, **named: object) -> None:
        made.__init__ = _init_of(made, parts)  # type: ignore[method-assign]  # in its own place from now on
        made.__init__(one, *given, **named)

    def equals(one: object, other: object) -> bool:
        return compared(one) == compared(other) if other.__class__ is one.__class__ else NotImplemented

    def hashed(one: object) -> int:
        return hash(compared(one))

    def words(one: object) -> str:
        return f"{type(one).__qualname__}({', '.join(f'{name}={getattr(one, name)!r}' for name in shown)})"

    for name, method in (("__init__", begins), ("__eq__", equals), ("__hash__", hashed), ("__repr__", words)):
        if cls.__dict__.get(name) is None:  # what a class says by itself stays
            setattr(made, name, method)
    for name, shared in _SHARED.items():
        setattr(made, name, shared)
    if "__weakref__" in vars(made):  # Pythons before 3.11.3 hold on to the class without slots, made on the way, by this
        del made.__weakref__  # type: ignore[attr-defined]  # the library makes it, if it is there
    return made


def _init_of(made: type, parts: Sequence[Field[Any]]) -> Callable[..., None]:
    """The `__init__` that the library writes for a frozen dataclass. A part that is never given is put in by __post_init__."""
    world: dict[str, Any] = {"__put__": object.__setattr__}
    takes, puts = ["_self"], [" pass"]
    for part in sorted((part for part in parts if part.init), key=lambda part: bool(part.kw_only)):
        name = given = part.name
        world[f"_{name}"] = part.default
        if part.default_factory is not MISSING:
            world[f"_new_{name}"] = part.default_factory
            given = f"_new_{name}() if {name} is _{name} else {name}"
        required = part.default is part.default_factory is MISSING
        if part.kw_only and "*" not in takes:
            takes.append("*")
        takes.append(name if required else f"{name}=_{name}")
        puts.append(f" __put__(_self, {name!r}, {given})")
    if hasattr(made, "__post_init__"):
        puts.append(" _self.__post_init__()")
    exec("\n".join([f"def __init__({', '.join(takes)}):", *puts]), world)  # noqa: S102  # of names that Python took for fields
    written: Callable[..., None] = world["__init__"]
    written.__qualname__ = f"{made.__qualname__}.__init__"
    return written


def _put_all(one: object, parts: Iterable[object]) -> None:
    for part, given in zip(fields(one), parts, strict=True):  # type: ignore[arg-type]  # a dataclass, as @value made it
        object.__setattr__(one, part.name, given)


def _all_of(one: object) -> list[object]:
    return [getattr(one, part.name) for part in fields(one)]  # type: ignore[arg-type]  # as above


def _not_set(one: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _not_deleted(one: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _reader(names: list[str]) -> Callable[[object], Any]:
    return attrgetter(*names) if names else lambda _: ()


# How nothing of it changes, and how it is copied and pickled all the same.
_SHARED = {"__setattr__": _not_set, "__delattr__": _not_deleted, "__getstate__": _all_of, "__setstate__": _put_all}
