"""Rows of the order book without our tag: which of our orders they may be, and what the broker's details say of them (F1)."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.domain.clock import MOST_SKEW
from bot.domain.errors import BrokerError
from bot.domain.market.instrument import Exchange
from bot.domain.orders.order import Order, OrderFact
from bot.domain.ports.broker import Broker

MOST = 3  # rows that are asked about in one look
PATIENCE = 2.0  # seconds for each answer
SKEW = timedelta(seconds=MOST_SKEW)  # by which the broker's clock may be behind ours


def is_alike(order: Order, fact: OrderFact) -> bool:
    """Whether a row has the terms of one of our orders, and is no older. Kind and price may come back otherwise than sent."""
    draft, sent = order.draft, order.sent_at or order.created_at
    same = (draft.instrument.key, draft.side, draft.product, draft.quantity) == (fact.key, fact.side, fact.product, fact.quantity)
    return same and (fact.at is None or fact.at >= sent - SKEW)


async def with_tags(
    broker: Broker, facts: Sequence[OrderFact], lost: Sequence[Order], known: Collection[str]
) -> Sequence[OrderFact]:
    """The rows, each with our tag where the order book left it out and the broker's details of the order have it.

    lost: our orders of unknown outcome. known: the broker's ids that belong to orders of ours already, or to others.
    """
    tags = {order.tag for order in lost}
    asked = [
        fact
        for fact in facts
        if fact.tag is None and fact.broker_id not in known and any(is_alike(order, fact) for order in lost)
    ][:MOST]
    found = dict(zip(asked, await asyncio.gather(*(_tag_of(broker, fact) for fact in asked)), strict=True))
    return [replace(fact, tag=tag) if (tag := found.get(fact)) in tags and tag is not None else fact for fact in facts]


async def _tag_of(broker: Broker, fact: OrderFact) -> str | None:
    """The tag in the order's details. None where they have none, or do not come."""
    derivative = fact.key.exchange in (Exchange.NFO, Exchange.BFO)
    try:
        async with asyncio.timeout(PATIENCE):
            steps = await broker.order_steps(fact.broker_id, derivative=derivative)
    except (BrokerError, TimeoutError):
        return None
    return next((step.tag for step in steps if step.tag), None)
