"""A trail as a person is asked about it, and as it stands."""

from datetime import datetime
from decimal import Decimal

from bot.domain.market.prices import Price
from bot.domain.orders.confirmation import Confirmation
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.people.account import Account
from bot.domain.plans.plan import Plan
from bot.domain.plans.trail import Trail, TrailRule
from bot.domain.value import value


@value
class TrailSeen:
    """A trail as it stands at a moment."""

    trail: Trail
    slowed_until: datetime | None = None  # the account's trails have used up their moves
    blind_since: datetime | None = None
    refused: int = 0  # moves that mStock did not take, as far as is known, one after the other
    doubt: Decimal | None = None  # the trigger that the stop may have as well, in rupees: the answer to that move got lost


@value
class TrailCard:
    """A trail for what is open, before it is confirmed. Nothing of it was sent or changed."""

    confirmation: Confirmation
    account: Account
    rule: TrailRule
    stop: OrderDraft  # that it moves, or that is placed first
    guard: Order | None  # the stop that stands; None: it is placed with the Confirm
    price: Price
    open: int  # shares or units that are open


@value
class TrailShown:
    """A trail that was confirmed, as it stands at a moment."""

    account: Account
    plan: Plan
    guard: Order | None  # the order that guards now
    seen: TrailSeen
    as_of: datetime
