"""Which faults are armed now, for whom and how often.

It is asked at every place where one may strike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.simulators.broker.faults.errors import UnknownFault
from bot.simulators.broker.faults.table import FAULTS, Fault, Stage

LEAST = {"status": 200, "http": 200, "parts": 1}
MOST = {"status": 599, "http": 599, "percent": 100}


@dataclass(slots=True)
class ActiveFault:
    fault: Fault
    times: int | None
    skip: int
    route: str | None
    client: str | None
    params: dict[str, object]
    struck: int = 0

    def __getitem__(self, name: str) -> object:
        return self.params[name]

    def seconds(self) -> float:
        value = self.params["seconds"]
        return float(value) if isinstance(value, int | float | str) else 0.0

    def whole(self, name: str) -> int:
        value = self.params[name]
        return int(value) if isinstance(value, int | float | str) else 0

    def describe(self) -> dict[str, object]:
        return {
            "name": self.fault.name, "says": self.fault.says, "left": self.times, "skip": self.skip, "route": self.route,
            "client": self.client, "struck": self.struck, **self.params,
        }  # fmt: skip


def _read(fault: Fault, name: str, value: object) -> object:
    """A parameter in the kind of its default. UnknownFault for what makes no sense, before it could do harm halfway."""
    default = fault.params[name]
    number = value if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    try:
        if isinstance(default, bool):
            if isinstance(value, bool):
                return value
        elif isinstance(default, int):
            if LEAST.get(name, 0) <= int(number) <= MOST.get(name, int(number)):
                return int(number)
        elif isinstance(default, float):
            if 0 <= float(number) < math.inf:
                return float(number)
        elif isinstance(value, str) and value and value in fault.choices.get(name, {value}):
            return value
    except ValueError:
        pass  # no number: refused below
    allowed = f", but one of {sorted(fault.choices[name])}" if name in fault.choices else ""
    raise UnknownFault(f"{fault.name}: {name} cannot be {value!r}{allowed}")


class ActiveFaults:
    """What is armed now. `take` uses one up, `on` only looks."""

    def __init__(self) -> None:
        self._armed: list[ActiveFault] = []
        self.told: Callable[[ActiveFault, str, str], None] | None = None
        self.routes: frozenset[str] = frozenset()  # the names that a fault may be armed for; empty: any

    def arm(
        self,
        name: str,
        *,
        times: int | None = 1,
        skip: int = 0,
        route: str | None = None,
        client: str | None = None,
        **params: object,
    ) -> ActiveFault:
        """UnknownFault when it could never strike, or would not know what to do when it did."""
        fault = FAULTS.get(name)
        if fault is None:
            raise UnknownFault(f"no fault is called {name!r}; there are: {', '.join(FAULTS)}")
        strange = set(params) - set(fault.params)
        if strange:
            raise UnknownFault(f"{name} takes {sorted(fault.params) or 'no parameters'}, not {sorted(strange)}")
        if self.routes and route is not None and route not in self.routes:
            raise UnknownFault(f"no route is called {route!r}; there are: {', '.join(sorted(self.routes))}")
        if (times is not None and times < 1) or skip < 0:
            raise UnknownFault("a fault strikes at least once, after letting none or more calls pass")
        if fault.stage in ("switch", "stream") and name != "socket_refused":
            times = None  # switches and the socket's manners last until they are cleared
        read = {each: _read(fault, each, value) for each, value in params.items()}
        self._armed.append(entry := ActiveFault(fault, times, skip, route, client, {**fault.params, **read}))
        return entry

    def clear(self, name: str | None = None) -> int:
        before = len(self._armed)
        self._armed = [a for a in self._armed if name is not None and a.fault.name != name]
        return before - len(self._armed)

    def armed(self) -> list[ActiveFault]:
        return list(self._armed)

    def on(self, name: str, client: str | None = None) -> ActiveFault | None:
        """The armed fault of that name, not used up: for switches and the socket."""
        return next((a for a in self._armed if a.fault.name == name and a.client in (None, client)), None)

    def take(self, stage: Stage, route: str, client: str | None) -> ActiveFault | None:
        """The first armed fault of a stage that matches this call. Counts it as struck."""
        for armed in list(self._armed):
            fault = armed.fault
            fits = armed.route in (None, route) and (armed.route == route or not fault.routes or route in fault.routes)
            if fault.stage != stage or not fits or armed.client not in (None, client):
                continue
            if armed.skip > 0:
                armed.skip -= 1
                continue
            return self._strike(armed, route, client)
        return None

    def take_named(self, name: str, route: str, client: str | None) -> ActiveFault | None:
        """The armed fault of that name, used up once."""
        armed = self.on(name, client)
        return self._strike(armed, route, client) if armed is not None else None

    def _strike(self, armed: ActiveFault, route: str, client: str | None) -> ActiveFault:
        armed.struck += 1
        if armed.times is not None:
            armed.times -= 1
            if armed.times <= 0:
                self._armed.remove(armed)
        if self.told is not None:
            self.told(armed, route, client or "")
        return armed
