"""What guards the fill of an entry, as its living card shows it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal

from bot.domain.orders.order import Order
from bot.domain.plans.trail_card import TrailSeen
from bot.domain.value import value


@value
class Guarding:
    """The part that the exchange guards, and the part that the bot does."""

    guard: Order | None  # the stop that waits, or the limit that it became; None: nothing rests at the exchange
    target: Decimal | None = None  # the price that the bot watches, rupees; None: it watches none
    seen_at: datetime | None = None  # when the bot last saw a price of it, UTC; None: not since it began
    trail: TrailSeen | None = None  # by which the bot moves the stop
    plan_id: str = ""  # of the trail


GuardingOf = Callable[[Order], Awaitable[Guarding | None]]
