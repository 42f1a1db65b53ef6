"""What happened to an account without an order of anybody: contracts that ended, positions that mStock closed itself."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.charges.day_bill import Event, SquaredOff
from bot.domain.clock import Clock, ist_date
from bot.domain.errors import PersonError
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.orders.order import TradeFact
from bot.domain.pnl.expiry import end_of, worth_at_end
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product
from bot.domain.value import value
from bot.trading.account.margin_loans import MarginLoans
from bot.trading.account.prices import Prices
from bot.trading.instruments.catalogue import Catalogue

Dealt = tuple[str, Instrument, Product, datetime | None]  # a fill: the broker's order id, of what, in which product, when (UTC)


@value
class DayEvents:
    """Prices of what has ended today, and what the day's bill has to know besides the fills."""

    store: Store
    prices: Prices
    instruments: Catalogue
    loans: MarginLoans
    clock: Clock
    ended: Callable[[Instrument, datetime], bool]  # whether a contract is traded no more at a moment (UTC)
    closes_at: Callable[[Instrument, Product, datetime], datetime | None]  # when mStock closes it itself on the day of a moment

    async def settled(
        self, account_id: str, positions: Sequence[Position], prices: Mapping[InstrumentKey, Price]
    ) -> tuple[Mapping[InstrumentKey, Price], Collection[InstrumentKey], Sequence[Event]]:
        """The prices with those of ended contracts by their underlying's close, which these are, and what their ends cost.

        Where the underlying is not known its contracts have no price any more: their last trade is no settlement.
        """
        now = self.clock.now()
        ending = [each for each in positions if each.quantity and self.ended(each.instrument, now)]
        if not ending:
            return prices, (), ()
        spots = {each.instrument.symbol: self.underlying(each.instrument) for each in ending}
        known = await self.prices.of_all(account_id, [spot.key for spot in spots.values() if spot is not None])
        made, settled, events = dict(prices), set[InstrumentKey](), list[Event]()
        for each in ending:
            key, underlying = each.instrument.key, spots[each.instrument.symbol]
            spot = known.get(underlying.key) if underlying is not None else None
            seen = made.pop(key, None)
            if spot is not None:
                worth = worth_at_end(each.instrument, spot.last)
                made[key] = replace(seen or Price(last=worth), last=worth, at=spot.at, bid=None, ask=None, bids=(), asks=())
                settled.add(key)
                event = end_of(each.instrument, each.quantity, worth)
                events += [event] if event is not None else []
        return made, settled, events

    def underlying(self, contract: Instrument) -> Instrument | None:
        """The index or share that a contract ends by. None where the list of contracts does not say."""
        try:
            found = self.instruments.find(contract.symbol, today=ist_date(self.clock.now())).instrument
        except PersonError:
            return None
        return found if found is not None and not found.is_derivative and found.symbol == contract.symbol else None

    async def squared_off(self, account_id: str, facts: Sequence[TradeFact]) -> Sequence[SquaredOff]:
        """Today's orders with which mStock closed positions itself, as far as that can be told."""
        fills = [
            (fact.broker_id, instrument, fact.product, fact.at)
            for fact in facts
            if fact.product is Product.MIS and (instrument := self.instruments.by_key(fact.key)) is not None
        ]
        if not self.by_the_broker(fills, ()):  # the usual case asks nobody
            return ()
        today = ist_date(self.clock.now())

        def ours(db: Repositories) -> set[str]:
            return {order.broker_id for order in db.orders.of_day(account_id, today) if order.is_ours and order.broker_id}

        return self.by_the_broker(fills, await self.store.read(ours))

    def by_the_broker(self, fills: Iterable[Dealt], ours: Collection[str]) -> Sequence[SquaredOff]:
        """One for each order from elsewhere that dealt in intraday at or after the moment at which mStock closes it."""
        found = {}
        for order, instrument, product, at in fills:
            if product is not Product.MIS or order in ours or at is None:
                continue
            closes = self.closes_at(instrument, product, at)
            if closes is not None and at >= closes:
                found[order] = SquaredOff(instrument=instrument)
        return tuple(found.values())
