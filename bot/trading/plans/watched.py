"""What this process knows of a plan that is alive, beyond what is stored."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.plans.plan import PlanLeg
from bot.trading.ticks.tick_watcher import Watching


@dataclass(slots=True)
class PlanWatch:
    """What this process knows of a plan that is alive. A restart finds it out again."""

    watching: Watching | None = None
    stop: PlanLeg | None = None  # as it is to stand by now
    touched_at: float | None = None  # all times are loop time
    at_target: bool = False  # where the last trade was
    is_stopped: bool = False
    ahead: float | None = None  # when the books were last looked at because the target was near
    free: int | None = None
    read: bool = False  # since the last fill of the account
    looked: bool = False  # ever by this process
    doubted_at: float | None = None
    taking_at: float | None = None
    calm_until: float = 0.0
    bare_since: float | None = None
    blind_since: datetime | None = None  # since when the target has no live prices
    blind_at: float = 0.0
    due: float | None = None
    busy: bool = False
    dirty: bool = True  # an order changed since its last step began: the next follows, but not before a retry is due
    urgent: bool = False  # a fill or a price: the next step follows at once
    rung: set[str] = field(default_factory=set)


def elapsed() -> float:
    """Seconds of the loop, which nobody sets."""
    return asyncio.get_running_loop().time()
