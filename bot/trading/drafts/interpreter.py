"""From the readings of an order's words to the one instrument that they name, or to the buttons that ask."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import ChoiceWanted, UnknownSymbol, UsageError
from bot.domain.market.display_names import label, short
from bot.domain.market.instrument import Instrument
from bot.domain.money import in_figures
from bot.domain.orders.order import OrderRequest
from bot.domain.orders.order_text import request_line
from bot.domain.orders.reading import Reading, Readings
from bot.domain.people.account import Actor
from bot.domain.value import value
from bot.trading.account.prices import Prices
from bot.trading.actor import account_of
from bot.trading.drafts.meaning import Meant, lots_of_a_share, meant
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.instruments.finder import Found, not_ordered

AT_THE_MONEY = Decimal("0.3")  # of the index: a number further away is no strike of its contracts


@value
class Interpreter:
    """Asks the day's instruments what words name."""

    instruments: Catalogue
    prices: Prices
    clock: Clock
    evenings: bool = False  # after-market orders are sent

    async def meant(self, actor: Actor, readings: Readings) -> Meant:
        """What is ordered. UnknownSymbol or ChoiceWanted where that is a question. Nothing is read but prices for its buttons."""
        await self.instruments.settled()
        try:
            found = meant(readings, self._read, self._guess, self._named)
        except UnknownSymbol:
            for level in readings:
                for reading in level:
                    index = self._find(reading.request).instrument
                    if index is not None:
                        raise await self._on_an_index(actor, index, reading.request) from None
            raise
        first = found.readings[0].request
        if first.lots is not None and not found.instrument.is_derivative and len(found.readings) == 1:
            future = self.instruments.find(f"{found.instrument.symbol} fut", today=self._today).instrument
            raise lots_of_a_share(first, found.instrument, future)
        return found

    def named(self, request: OrderRequest) -> Meant:
        """The one instrument of a request that is written out. UnknownSymbol with near misses as whole commands otherwise."""
        if not request.symbol.strip():
            raise UsageError("Which share or contract?", example=f"/{request.side.lower()} RELIANCE 10")
        return meant(((Reading(request=request),),), self._read, self._guess, self._named)

    async def _on_an_index(self, actor: Actor, index: Instrument, request: OrderRequest) -> ChoiceWanted:
        """What can be ordered instead, with the premium and the cost of one lot. A number near the index is a strike."""
        account = account_of(actor)
        spot = await self.prices.of(account.id, index.key)
        middle = next((each.strike for each in self.instruments.around(index.symbol, None, today=self._today)), None)
        at = spot.last if spot is not None else middle
        figures = [Decimal(figure) for figure in (request.quantity, request.price) if figure is not None]
        strike = next((figure for figure in figures if at is not None and abs(figure - at) <= at * AT_THE_MONEY), None)
        contracts = self.instruments.around(index.symbol, strike or at, today=self._today)
        if strike is not None:
            contracts = tuple(each for each in contracts if each.is_option)
            size = next((int(figure) for figure in figures if figure != strike and figure == int(figure)), None)
            sized = request.lots is not None or request.rupees is not None or request.portion is not None
            lots = request.lots if sized else 1 if size is None else None
            request = replace(request, quantity=size, lots=lots, price=None)
        prices = await self.prices.of_all(account.id, [each.key for each in contracts])
        near = []
        for each in contracts:
            price = prices.get(each.key)
            cost = f" at {in_figures(price.last)}" if price is not None else ""
            if price is not None and each.is_option:
                cost += f", lot ₹{in_figures(price.last * each.lot)}"
            name = short(each, today=self._today)  # the whole one and its cost are wider than a phone's button
            near.append((f"{name}{cost}", request_line(replace(request, symbol=each.name, exchange=None))))
        return ChoiceWanted(not_ordered(index, contracts), near=near)

    def _find(self, request: OrderRequest) -> Found:
        return self.instruments.read(request.symbol, exchange=request.exchange, today=self._today)

    def _read(self, request: OrderRequest) -> Found:
        found = self._find(request)
        return found if found.instrument is None or found.instrument.is_tradable else Found()

    def _guess(self, request: OrderRequest) -> Found:
        return self.instruments.find(request.symbol, exchange=request.exchange, today=self._today, tradable=True)

    def _named(self, instrument: Instrument) -> str:
        return label(instrument, today=self._today)

    @property
    def _today(self) -> date:
        return ist_date(self.clock.now())
