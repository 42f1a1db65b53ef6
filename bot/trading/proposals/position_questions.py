"""Questions about what is open: out of a position, and a stop for it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from bot.domain.errors import CheckFailed, ChoiceWanted
from bot.domain.market.display_names import short
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.money import in_price
from bot.domain.orders.legs import Leg, Measure
from bot.domain.orders.order import OrderRequest
from bot.domain.orders.order_text import request_line
from bot.domain.people.account import Actor
from bot.domain.ports.repositories import Store
from bot.domain.positions.portfolio import Position, open_row
from bot.domain.proposals.proposal import Proposal
from bot.domain.terms import Product, Side
from bot.domain.value import value
from bot.trading.actor import account_of
from bot.trading.drafts.attached import is_passed, stops_meant
from bot.trading.orders.lookup import own_order
from bot.trading.proposals.proposal_builder import ProposalBuilder

STOPS, OPTION_STOPS = (1, 2, 3), (10, 20, 30)  # per cent away from the entry that are offered


@value
class PositionQuestions:
    """What a person may be asked to confirm about a position, as the broker has it now."""

    store: Store
    proposing: ProposalBuilder
    propose: Callable[..., Awaitable[Proposal]]

    async def exit_of(self, actor: Actor, order_id: str, *, chat_id: int) -> Proposal:
        """Closes the whole position of the order's instrument and product, at the market."""
        order = await self.store.transaction(lambda db: own_order(db, actor, order_id))
        return await self.exit_position(actor, order.draft.instrument.key, order.draft.product, chat_id=chat_id)

    async def exit_position(self, actor: Actor, key: InstrumentKey, product: Product, *, chat_id: int) -> Proposal:
        """Closes what is held of one instrument in one product, as the broker has it now, at the market."""
        held = await self._open_position(actor, key, product)
        lot = (self.proposing.instruments.by_key(key) or held.instrument).lot
        size = abs(held.quantity)
        if size < lot:
            raise CheckFailed([f"{size} cannot be closed here: {held.instrument.symbol} goes in lots of {lot}."])
        return await self.propose(actor, replace(_closing(held), quantity=size // lot * lot), chat_id=chat_id, as_exit=True)

    async def stop_of(self, actor: Actor, order_id: str, leg: Leg, *, chat_id: int) -> Proposal:
        """A stop order for the whole position of the order's instrument and product, as stop_for."""
        draft = (await self.store.transaction(lambda db: own_order(db, actor, order_id))).draft
        return await self.stop_for(actor, draft.instrument.key, draft.product, leg, chat_id=chat_id)

    async def stop_for(self, actor: Actor, key: InstrumentKey, product: Product, leg: Leg, *, chat_id: int) -> Proposal:
        """A stop order for the whole position.

        ChoiceWanted where the number may be a price or points. CheckFailed where the price has passed it already, where a stop
        waits, or (ExitHeld) where other orders leave it nothing to guard: it never opens the other side.
        """
        instrument, held, price = await self._to_be_stopped(actor, key, product)
        request, long = _closing(held), held.quantity > 0
        entry = held.average or price.last
        prices = stops_meant(leg, entry=entry, last=price.last, long=long, tick=instrument.tick)
        lines = [replace(request, trigger=each, trigger_limit=leg.limit) for each in prices]
        if len(lines) > 1:
            near = [(f"Stop at {in_price(each)}", request_line(line)) for each, line in zip(prices, lines, strict=True)]
            raise ChoiceWanted(f"Is {in_price(leg.value)} a price, or points?", near=near)
        if not lines or is_passed(prices[0], price.last, long=long):
            at = f" {in_price(prices[0])}" if prices else ""
            say = f"The price has passed a stop at{at} already: it is {in_price(price.last)} now."
            raise CheckFailed([say], near=[("Exit now", request_line(request))])
        return await self.propose(actor, lines[0], chat_id=chat_id, as_exit=True)

    async def stops_for(self, actor: Actor, positions: Sequence[Position], leg: Leg) -> ChoiceWanted:
        """The question which of several positions a stop is for, with a whole command for each that it fits."""
        prices = await self.proposing.prices.of_all(account_of(actor).id, [each.instrument.key for each in positions])
        near = []
        for held in positions:
            price, long = prices.get(held.instrument.key), held.quantity > 0
            if price is None:
                continue
            entry, tick = held.average or price.last, held.instrument.tick
            for trigger in stops_meant(leg, entry=entry, last=price.last, long=long, tick=tick):
                if not is_passed(trigger, price.last, long=long):
                    line = replace(_closing(held), trigger=trigger, trigger_limit=leg.limit)
                    near.append((f"{short(held.instrument)} {held.product} at {in_price(trigger)}", request_line(line)))
        return ChoiceWanted("A stop for which of them?", near=near)

    async def stop_choices(self, actor: Actor, order_id: str) -> ChoiceWanted:
        """The question at which price the position of the order's instrument is to be stopped, with whole commands as buttons."""
        draft = (await self.store.transaction(lambda db: own_order(db, actor, order_id))).draft
        instrument, held, price = await self._to_be_stopped(actor, draft.instrument.key, draft.product)
        request, long = _closing(held), held.quantity > 0
        entry = held.average or price.last
        legs = [Leg(value=Decimal(each), measure=Measure.PERCENT) for each in (OPTION_STOPS if instrument.is_option else STOPS)]
        near = [
            (f"{leg.value} %: {in_price(trigger)}", request_line(replace(request, trigger=trigger)))
            for leg in legs
            for trigger in stops_meant(leg, entry=entry, last=price.last, long=long, tick=instrument.tick)
            if not is_passed(trigger, price.last, long=long)
        ]
        follows = "10" if instrument.is_option else "1"
        near.append((f"Trail {follows} %", f"/trail {instrument.name} {held.product.lower()} {follows}%"))
        say = f"A stop for {held.quantity:+} {short(instrument)} at which price? Tap one, or type it: a price, 20pts, 2%, cost"
        return ChoiceWanted(say, near=near)

    async def _to_be_stopped(self, actor: Actor, key: InstrumentKey, product: Product) -> tuple[Instrument, Position, Price]:
        """What is open, or else the shares of it that lie in the demat account."""
        delivered = await self._delivered(actor, key) if product is Product.CNC else None
        held = delivered or await self._open_position(actor, key, product)
        price = await self.proposing.prices.of(account_of(actor).id, key)
        if price is None:
            raise CheckFailed([f"No price of {short(held.instrument)} is known now, so no stop can be placed safely."])
        return held.instrument, held, price

    async def _delivered(self, actor: Actor, key: InstrumentKey) -> Position | None:
        """The shares in the demat account, where no delivery position of it is open."""
        _, connection = self.proposing.connection(actor)
        rows, holdings = await asyncio.gather(connection.broker.positions(), connection.broker.holdings())
        mine = [row for row in rows if row.instrument.key == key and row.product is Product.CNC and row.quantity]
        if any(not row.is_sold_holding for row in mine):
            return None
        sold = -sum(row.quantity for row in mine)
        found = (replace(each, sold=sold).in_delivery for each in holdings if each.instrument.key == key)
        return next((each for each in found if each.quantity), None)

    async def _open_position(self, actor: Actor, key: InstrumentKey, product: Product) -> Position:
        _, connection = self.proposing.connection(actor)
        held = open_row(await connection.broker.positions(), key, product)
        if held is None:
            later = " What has been delivered is in /holdings." if product is Product.CNC else ""
            raise CheckFailed([f"There is no open {product} position in it any more.{later}"])
        return held


def _closing(held: Position) -> OrderRequest:
    """The order that closes a position, at the market."""
    return OrderRequest(
        side=Side.SELL if held.quantity > 0 else Side.BUY,
        symbol=held.instrument.name,
        quantity=abs(held.quantity),
        product=held.product,
        exchange=held.instrument.exchange,
    )
