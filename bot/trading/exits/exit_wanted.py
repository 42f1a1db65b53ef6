"""A way out as a leg of a plan licenses it, and what became of it."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.orders.order import Order, OrderDraft
from bot.domain.plans.plan import PlanLeg
from bot.domain.terms import Side


class ExitState(StrEnum):
    """What became of a way out."""

    SENT = "SENT"  # the order works, or is filled; or it is UNKNOWN or rejected: its own news says so
    GONE = "GONE"  # nothing is open any more
    HELD = "HELD"  # another order is closing it
    UNKNOWN = "UNKNOWN"  # an exit whose outcome is not known stands in the way; it is never doubled by itself
    KEPT = "KEPT"  # the stop stands as it was, and nothing was sent
    BARE = "BARE"  # the stop is gone and nothing was sent: the quantity is unguarded


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitResult:
    """How a way out ended, with the order that it is about."""

    state: ExitState
    order: Order | None = None
    beside: tuple[Order, ...] = ()  # of what was sent: other orders that are closing the rest of what was wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitWanted:
    """A way out as it is licensed: a leg of a plan that is alive, and the draft that it goes by now."""

    account_id: str
    plan_id: str
    leg: PlanLeg
    draft: OrderDraft  # the leg's own terms, or less: no more shares, no worse price
    by: int  # Telegram id of who confirmed
    name: str  # of the same, for the others
    card: tuple[int, int] | None = None  # chat and message that show it
    takes_over: bool = False  # it turns our own resting exits too: a panic gets out of what a far limit was to close
    doubles: frozenset[str] = frozenset()  # exits of unknown outcome that the person sends another beside, and knows it

    def __post_init__(self) -> None:
        if not licensed(self.leg.draft, self.draft):
            msg = f"leg {self.leg.number} of plan {self.plan_id} does not license {self.draft}"
            raise ValueError(msg)


def licensed(leg: OrderDraft, draft: OrderDraft) -> bool:
    """Whether a draft asks for no more than a leg allows: same row and side, at most its quantity, no worse price."""
    same = (leg.instrument.key, leg.product, leg.side) == (draft.instrument.key, draft.product, draft.side)
    if not same or draft.quantity > leg.quantity:
        return False
    if leg.price is None:
        return True
    if draft.price is None:
        return False
    return draft.price <= leg.price if draft.side is Side.BUY else draft.price >= leg.price
