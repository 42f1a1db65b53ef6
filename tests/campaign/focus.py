"""What a session is about, where it is not about everything: used to look for one mutant where it can be seen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """Names of acts and troubles. None: all of them."""

    acts: tuple[str, ...] | None = None
    orders: tuple[str, ...] | None = None
    weather: tuple[str, ...] | None = None
    stepped: bool | None = None
    fatal: str | None = None  # the kind of commit at which the process dies
    ends: float | None = None  # how often the process ends between two acts
    days: tuple[str, ...] = ()  # whole days pass, with these acts alone
