"""What a position blocks in one product and in another, by the broker's own margin route."""

import asyncio
from dataclasses import replace
from decimal import Decimal

from bot.domain.errors import BrokerError
from bot.domain.money import tick_up
from bot.domain.orders.order import OrderDraft
from bot.domain.ports.broker import BrokerConnection
from bot.domain.positions.conversion import converted_draft
from bot.domain.positions.portfolio import Position
from bot.domain.terms import OrderKind, Product
from bot.domain.value import value


@value
class ProductMargins:
    """Rupees for the same units in both products. None: not known."""

    now: Decimal | None
    then: Decimal | None

    @property
    def more(self) -> Decimal | None:
        return None if self.now is None or self.then is None else self.then - self.now


async def product_margins(
    connection: BrokerConnection, position: Position, to: Product, quantity: int, price: Decimal | None
) -> ProductMargins:
    """Both figures, read side by side at this price in rupees. None: the market's own."""
    then = converted_draft(position, to, quantity)
    if price is not None:
        then = replace(then, kind=OrderKind.LIMIT, price=tick_up(price, position.instrument.tick))
    now = replace(then, product=position.product)
    blocks, needs = await asyncio.gather(_required(connection, now), _required(connection, then))
    return ProductMargins(now=blocks, then=needs)


async def _required(connection: BrokerConnection, draft: OrderDraft) -> Decimal | None:
    try:
        return (await connection.broker.margin(draft)).required
    except BrokerError:
        return None
