"""Brings the stop of a position to where leaving costs nothing: the entry's average and the charges of both sides."""

from dataclasses import replace
from decimal import Decimal

from bot.domain.charges.charges import Trade
from bot.domain.clock import Clock, ist_date
from bot.domain.errors import CheckFailed, ChoiceWanted
from bot.domain.market.instrument import InstrumentKey
from bot.domain.money import in_price, tick_down, tick_up
from bot.domain.orders.order import Order, OrderDraft, OrderRequest
from bot.domain.orders.order_text import request_line
from bot.domain.people.account import Actor
from bot.domain.positions.portfolio import Position, open_row
from bot.domain.proposals.proposal import Proposal
from bot.domain.terms import OrderKind, Product, Side
from bot.domain.value import value
from bot.trading.drafts.attached import is_passed
from bot.trading.exits.live_exit import LiveExit
from bot.trading.orders.lookup import own_order
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.proposals.proposals import Proposals

SHORT_OF = 1000  # the nearest stop that does not strike at once: this part of the price away, at least four ticks
TICKS = 4


@value
class StopToCost:
    """Asks to move the stop that stands, or to place one."""

    proposing: ProposalBuilder
    proposals: Proposals
    exits: LiveExit
    clock: Clock

    async def ask(self, actor: Actor, order_id: str, *, chat_id: int) -> Proposal:
        """The card of the stop at the break-even of an order's position, as ask_for."""
        draft = (await self.proposing.store.transaction(lambda db: own_order(db, actor, order_id))).draft
        return await self.ask_for(actor, draft.instrument.key, draft.product, chat_id=chat_id)

    async def ask_for(self, actor: Actor, key: InstrumentKey, product: Product, *, chat_id: int) -> Proposal:
        """The card of the stop at the break-even of a position.

        ChoiceWanted with the nearest stop where the price is beyond that already. CheckFailed where nothing is open, what was
        paid is not known, or the stop stands there already.
        """
        account, connection = self.proposing.connection(actor)
        held = open_row(await connection.broker.positions(), key, product)
        price = await self.proposing.prices.of(account.id, key)
        if held is None:
            raise CheckFailed([f"There is no open {product} position in it any more."])
        if price is None or held.average is None:
            raise CheckFailed(["What it cost, or its price, is not known now."])
        cost, long = self._cost(held, held.average), held.quantity > 0
        guard = await self._guard(account.id, held)
        if guard is not None and guard.draft.trigger is not None and not is_passed(cost, guard.draft.trigger, long=long):
            raise CheckFailed([f"The stop #{guard.number} stands at {in_price(guard.draft.trigger)}, not below the break-even."])
        if is_passed(cost, price.last, long=long):
            tick = held.instrument.tick
            away = max(tick_up(price.last / SHORT_OF, tick), TICKS * tick)
            near = tick_down(price.last - away, tick) if long else tick_up(price.last + away, tick)
            say = (
                f"The break-even is {in_price(cost)}, and the price is {in_price(price.last)}: a stop there would strike at once."
            )
            choices = [("Exit now", request_line(_closing(held)))]
            if near > 0:
                choices.insert(0, (f"Stop at {in_price(near)}", self._command(held, guard, near)))
            raise ChoiceWanted(say, near=choices)
        if guard is not None:
            return await self.proposals.modify(actor, guard.number, price=cost, quantity=None, chat_id=chat_id)
        return await self.proposals.propose(actor, replace(_closing(held), trigger=cost), chat_id=chat_id)

    def _cost(self, held: Position, average: Decimal) -> Decimal:
        """The price in rupees, on the tick, that pays for both sides."""
        long = held.quantity > 0
        entry = Trade(
            instrument=held.instrument, side=Side.BUY if long else Side.SELL, product=held.product,
            quantity=abs(held.quantity), price=average, day=ist_date(self.clock.now()),
        )  # fmt: skip
        both = self.proposing.tariff.round_trip(entry, self.proposing.plan)
        move = both.break_even.move if both is not None and both.break_even is not None else Decimal(0)
        return tick_up(average + move, held.instrument.tick) if long else tick_down(average - move, held.instrument.tick)

    async def _guard(self, account_id: str, held: Position) -> Order | None:
        lot = held.instrument.lot
        whole = abs(held.quantity) // lot * lot
        if not whole:
            raise CheckFailed([f"{abs(held.quantity)} is less than one lot of {lot}: no stop can be placed for it."])
        side = Side.SELL if held.quantity > 0 else Side.BUY
        closing = OrderDraft(
            instrument=held.instrument, side=side, quantity=whole, kind=OrderKind.MARKET, product=held.product
        )  # fmt: skip
        row, _ = await self.exits.standing(account_id, closing)
        if row.others:
            raise CheckFailed([f"#{row.others[0].number} is closing it already."])
        if len(row.guards) > 1:
            names = " or ".join(f"/modify {each.number}" for each in row.guards)
            raise CheckFailed([f"{len(row.guards)} stops guard it. Move the one that you mean: {names}."])
        return row.guards[0] if row.guards else None

    def _command(self, held: Position, guard: Order | None, trigger: Decimal) -> str:
        return (
            f"/modify {guard.number} {trigger:f}" if guard is not None else request_line(replace(_closing(held), trigger=trigger))
        )


def _closing(held: Position) -> OrderRequest:
    lot = held.instrument.lot
    return OrderRequest(
        side=Side.SELL if held.quantity > 0 else Side.BUY,
        symbol=held.instrument.name,
        quantity=abs(held.quantity) // lot * lot,
        product=held.product,
        exchange=held.instrument.exchange,
    )
