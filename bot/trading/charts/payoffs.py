"""What the account holds on one underlying, put together as one payoff."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, CheckFailed, NotFound
from bot.domain.market.display_names import short
from bot.domain.market.instrument import Instrument
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Actor
from bot.domain.pictures import Payoff
from bot.domain.plans.basket import payoff_legs
from bot.domain.plans.payoff import PayoffLeg
from bot.domain.positions.portfolio import Holding, Missing, PositionLine
from bot.trading.account.account_views import AccountViews
from bot.trading.account.prices import Prices
from bot.trading.account.quotes import Quotes
from bot.trading.actor import account_of


@dataclass(slots=True, kw_only=True)
class Payoffs:
    """The payoff of positions and holdings at the nearest expiry of the options among them."""

    quotes: Quotes
    views: AccountViews
    prices: Prices
    clock: Clock
    mode: str

    async def held(self, actor: Actor, words: str) -> Payoff:
        """All of one underlying. NotFound when nothing of it is held. What cannot be drawn is named in it."""
        account = account_of(actor)
        named = await self.quotes.named(words, command="/chart")
        symbol = named.symbol
        book, demat = await asyncio.gather(self.views.positions(actor), self.views.holdings(actor))
        mine = (line for line in book.lines if line.position.instrument.symbol == symbol and line.position.is_open)
        positions = sorted(mine, key=lambda line: line.position.instrument.name)  # their own order is that of their results
        holdings = [holding for holding in demat.lines if holding.instrument.symbol == symbol]
        as_of = min(book.as_of, demat.as_of)
        today = ist_date(as_of)
        ends = [line.position.instrument.expiry for line in positions if line.position.instrument.is_option]
        expiry = min((end for end in ends if end is not None), default=None)
        legs, left_out = _split(_positions(positions), expiry, today)
        shares, without_cost = _split(_shares(holdings), expiry, today)
        if not (legs or shares or left_out or without_cost):
            raise NotFound(f"Nothing is held on {symbol}.")
        return Payoff(
            name=symbol,
            expiry=expiry,
            legs=(*shares, *legs),
            spot=await self._spot(account.id, symbol),
            left_out=(*left_out, *without_cost),
            mode=self.mode,
            as_of=as_of,
        )

    async def of_orders(self, actor: Actor, drafts: Sequence[OrderDraft], *, with_held: bool = False) -> Payoff:
        """Orders that are not sent yet, entered at their worst prices. with_held: beside what is held on their underlying.

        CheckFailed where they are no one payoff, NotFound where nothing is held.
        """
        account = account_of(actor)
        legs = payoff_legs(drafts)
        if legs is None:
            raise CheckFailed(["A payoff needs one underlying, one day of expiry, and a worst price for each order."])
        symbol = drafts[0].instrument.symbol
        expiry = max((each for draft in drafts if (each := draft.instrument.expiry) is not None), default=None)
        held = await self.held(actor, symbol) if with_held else None
        if held is not None and None not in (held.expiry, expiry) and held.expiry != expiry:
            raise CheckFailed([f"What you hold on {symbol} ends on another day: /chart {symbol.lower()} payoff draws it."])
        return Payoff(
            name=symbol,
            expiry=expiry or (held.expiry if held is not None else None),
            legs=(*(held.legs if held is not None else ()), *legs),
            left_out=held.left_out if held is not None else (),
            spot=await self._spot(account.id, symbol),
            mode=self.mode,
            as_of=self.clock.now(),
        )

    async def _spot(self, account_id: str, symbol: str) -> Decimal | None:
        match = self.quotes.instruments.find(symbol, today=ist_date(self.clock.now()))
        if match.instrument is None:
            return None
        try:
            price = await self.prices.of(account_id, match.instrument.key)
        except BrokerError:
            return None
        return price.last if price is not None else None


_Held = tuple[Instrument, int, Decimal | None, bool]  # what, signed units, entry in rupees, whether a split may be half told


def _positions(lines: Iterable[PositionLine]) -> Iterator[_Held]:
    for line in lines:
        position = line.position
        yield position.instrument, position.quantity * position.multiplier, position.average, Missing.SPLIT in line.missing


def _shares(holdings: Iterable[Holding]) -> Iterator[_Held]:
    for holding in holdings:
        if holding.total:
            yield holding.instrument, holding.total, holding.average, holding.base is not None


def _split(held: Iterable[_Held], expiry: date | None, today: date) -> tuple[tuple[PayoffLeg, ...], tuple[str, ...]]:
    """(legs, what is left out): an option that lives on after the expiry has no certain worth on that day."""
    legs, left_out = [], []
    for instrument, quantity, average, halfway in held:
        name = short(instrument, today=today) if instrument.is_derivative else f"{instrument.symbol} shares"
        if halfway:
            left_out.append(f"{name} ({Missing.SPLIT})")
        elif average is None:
            left_out.append(f"{name} (entry not known)")
        elif instrument.is_option and instrument.expiry != expiry:
            left_out.append(name)
        else:
            legs.append(
                PayoffLeg(name=name, right=instrument.right, strike=instrument.strike, quantity=quantity, average=average)
            )
    return tuple(legs), tuple(left_out)
