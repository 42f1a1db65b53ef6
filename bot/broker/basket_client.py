"""The broker's own margin of several orders: a saved basket is made for it, reckoned, and deleted."""

import logging
from collections.abc import Sequence

from bot.broker import routes
from bot.broker.authorised import AuthorisedCalls
from bot.broker.wire import bodies, models
from bot.domain.clock import Clock, ist
from bot.domain.errors import BrokerError, Unreadable
from bot.domain.orders.order import OrderDraft
from bot.domain.positions.portfolio import Margin

log = logging.getLogger(__name__)


class BasketClient:
    """Sends no order. What it leaves behind where a deletion fails is a saved basket of that moment's name."""

    def __init__(self, calls: AuthorisedCalls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock

    async def margin(self, drafts: Sequence[OrderDraft]) -> Margin:
        """What they would block together, a hedge among them included as far as the broker sees one. A call for each order."""
        name = f"margin {ist(self._clock.now()):%H%M%S%f}"
        await self._calls.read(routes.CREATE_BASKET, {"BaskName": name, "BaskDesc": "margin of several orders"})
        rows = models.rows(await self._calls.read(routes.BASKETS), "baskets")
        saved = (models.read(models.BasketRow, row, "basket") for row in rows)
        basket_id = next((row.BASKET_ID for row in saved if name == row.BASKET_NAME), None)
        if basket_id is None:
            raise Unreadable("mStock made a basket and does not list it.")
        try:
            totals = models.BasketTotals()
            for place, draft in enumerate(drafts, 1):
                body = bodies.basket_body(draft, basket_id, name, place)
                totals = models.read(
                    models.BasketTotals, await self._calls.read(routes.CALCULATE_BASKET, body), "basket's margin"
                )
        finally:
            await self._deleted(basket_id)
        return Margin(required=totals.TOTAL_FINAL_MARGIN)

    async def _deleted(self, basket_id: str) -> None:
        try:
            await self._calls.read(routes.DELETE_BASKET, {"BasketId": basket_id})
        except BrokerError as error:
            log.info("a saved basket was left at the broker: %s", type(error).__name__)
