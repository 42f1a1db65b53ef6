"""The ways in which Telegram can fail a bot, by name, set from outside for the next calls.

flood            429, "retry after" `seconds`; nothing was done
server_error     500 in JSON; nothing was done
bad_gateway      502 as an HTML page; nothing was done
dropped          the connection ends before the call was read; nothing was done
lost_answer      the call is done, then the connection ends without an answer
hanging          the call is done, and no answer ever comes (the client's time-out ends it)
slow             the call is done after `seconds`, and answered
blocked          403, the person blocked the bot (for a lasting block: `Chats.block`)
chat_not_found   400
conflict         409, as if another poller had taken over
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

NAMES: Final = frozenset(
    {
        "flood",
        "server_error",
        "bad_gateway",
        "dropped",
        "lost_answer",
        "hanging",
        "slow",
        "blocked",
        "chat_not_found",
        "conflict",
        "revoked",
    }
)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One misbehaviour that waits for its call."""

    name: str
    #: The Bot API method it waits for, in any case; empty for every method but getUpdates.
    method: str
    #: How many calls it still hits.
    left: int
    #: For `flood` and `slow`.
    seconds: float

    def meets(self, method: str) -> bool:
        """Whether this call is the one."""
        if not self.method:
            return method.lower() != "getupdates"
        return self.method.lower() == method.lower()


class Faults:
    """The list of misbehaviours to come, oldest first. `met` counts those that happened, by name."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self.met: Counter[str] = Counter()
        #: Telegram cannot be reached at all.
        self.down = False

    def add(self, name: str, method: str = "", *, times: int = 1, seconds: float = 5) -> Fault:
        """Let the next `times` calls of `method` (any but getUpdates when empty) fail so. ValueError for an unknown name."""
        if name not in NAMES:
            raise ValueError(f"no fault is called {name!r}; there are {', '.join(sorted(NAMES))}")
        fault = Fault(name=name, method=method, left=times, seconds=seconds)
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Behave again."""
        self._waiting.clear()
        self.down = False

    def take(self, method: str) -> Fault | None:
        """The fault that hits this call, if any, used up by one."""
        for fault in self._waiting:
            if fault.meets(method):
                fault.left -= 1
                if fault.left <= 0:
                    self._waiting.remove(fault)
                self.met[fault.name] += 1
                return fault
        return None
