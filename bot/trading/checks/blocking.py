"""What the broker would block for an order, as far as it can be read now."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from bot.domain.errors import BrokerError, SessionExpired
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.ports.broker import Broker
from bot.domain.positions.portfolio import Margin

T = TypeVar("T")


async def known(reading: Awaitable[T]) -> T | None:
    """A figure of the card that cannot be read now is shown as not known. Only a dead session ends the question."""
    try:
        return await reading
    except SessionExpired:
        raise
    except BrokerError:
        return None


async def margins(broker: Broker, draft: OrderDraft, before: Order | None) -> tuple[Margin, Decimal | None]:
    """What the broker would block for the order alone, and what of that it does not block yet, in rupees. None: not known.

    before: the order whose terms the draft replaces. What it has filled is paid, and what still works of it is blocked.
    """
    if before is None:
        margin = await known(broker.margin(draft)) or Margin(required=None)
        return margin, margin.required
    left = replace(draft, quantity=draft.quantity - before.filled, disclosed=None)
    works = replace(before.draft, quantity=before.pending, disclosed=None)
    whole, then, now = await asyncio.gather(*(known(broker.margin(each)) for each in (draft, left, works)))
    margin = whole or Margin(required=None)
    if then is None or now is None or then.required is None or now.required is None:
        return margin, None
    return margin, then.required - now.required
