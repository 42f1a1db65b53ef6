"""Positions and funds, worked out anew from the ledger's facts each time they are asked for.

Nothing here is stored, so positions cannot drift from trades, and funds hold section 4's identity by construction:
AVAILABLE = start of day - utilised - realised loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from bot.paper.facts import Account, Order, Product, Trade, moment
from bot.paper.instruments import Instrument, Key
from bot.paper.ledger import Ledger
from bot.paper.margin import required
from bot.paper.market import Market

PROCEEDS_AFTER = timedelta(seconds=30)  # sale proceeds reach the balance "only after tens of seconds" (section 4)
MARKET_CUSHION = (107, 100)  # a MARKET buy is held back at about 7 % above its value

Find = Callable[[Key], Instrument]


@dataclass(slots=True)
class Position:
    """One row: an instrument under one product. `net` in units, signed; `cost` is what the open part cost, same sign."""

    key: Key
    product: Product
    carried: int = 0
    carried_cost: int = 0
    buy_quantity: int = 0
    buy_value: int = 0
    sell_quantity: int = 0
    sell_value: int = 0
    net: int = 0
    cost: Fraction = Fraction(0)
    realised: Fraction = Fraction(0)

    def apply(self, signed: int, price: int) -> None:
        """Average cost: what closes is booked against the average, what opens joins it."""
        if self.net * signed < 0:
            closing = min(abs(signed), abs(self.net))
            direction = 1 if self.net > 0 else -1
            average = self.cost / self.net
            self.realised += closing * (price - average) * direction
            self.cost -= average * closing * direction
            self.net -= closing * direction
            signed += closing * direction
        if signed:
            self.net += signed
            self.cost += signed * price

    def add(self, trade: Trade) -> None:
        if trade.side == "BUY":
            self.buy_quantity += trade.quantity
            self.buy_value += trade.quantity * trade.price
        else:
            self.sell_quantity += trade.quantity
            self.sell_value += trade.quantity * trade.price
        self.apply(trade.sign * trade.quantity, trade.price)

    @property
    def average(self) -> Fraction:
        return self.cost / self.net if self.net else Fraction(0)


@dataclass(frozen=True, slots=True)
class Funds:
    """Paise. `available` is `sod - utilised - lost` in every state."""

    sod: int
    utilised: int
    lost: int
    peak: int

    @property
    def available(self) -> int:
        return self.sod - self.utilised - self.lost


class Portfolio:
    """Answers from the ledger: what an account holds open today and what money it can use."""

    def __init__(self, ledger: Ledger, market: Market, find: Find) -> None:
        self._ledger = ledger
        self._market = market
        self._find = find

    def positions(self, client: str, day: str) -> list[Position]:
        """First carried, then first traded first; rows that are flat again stay for the day (7.1)."""
        found: dict[tuple[Key, Product], Position] = {}
        for carried in self._ledger.carried.values():
            if carried.client == client:
                position = Position(carried.key, carried.product, carried.quantity, carried.cost)
                position.net, position.cost = carried.quantity, Fraction(carried.cost)
                found[carried.key, carried.product] = position
        for trade in self._ledger.trades_of(client, day):
            found.setdefault((trade.key, trade.product), Position(trade.key, trade.product)).add(trade)
        return list(found.values())

    def position(self, client: str, day: str, key: Key, product: Product) -> Position:
        for position in self.positions(client, day):
            if position.key == key and position.product == product:
                return position
        return Position(key, product)

    def knows(self, order: Order) -> bool:
        return order.id in self._ledger.orders

    def spot(self, instrument: Instrument, now: datetime) -> int:
        underlying = self._find(instrument.underlying) if instrument.underlying else instrument
        return self._market.price(underlying, now)

    def position_margin(self, client: str, day: str, now: datetime) -> int:
        """What open positions tie up; delivery counts as cash paid less proceeds that have arrived."""
        total = 0
        for position in self.positions(client, day):
            if position.product == "DELIVERY":
                total += self._delivery_cash(client, day, position.key, now)
            elif position.net:
                instrument = self._find(position.key)
                margin = required(
                    instrument, product=position.product, side="BUY" if position.net > 0 else "SELL",
                    quantity=abs(position.net), price=round(position.average), spot=self.spot(instrument, now),
                )  # fmt: skip
                total += margin.total
        return total

    def _delivery_cash(self, client: str, day: str, key: Key, now: datetime) -> int:
        cash = 0
        for trade in self._ledger.trades_of(client, day):
            if trade.key == key and trade.product == "DELIVERY":
                if trade.side == "BUY":
                    cash += trade.quantity * trade.price
                elif moment(trade.at) + PROCEEDS_AFTER <= now:
                    cash -= trade.quantity * trade.price
        return cash

    def order_margin(self, order: Order, now: datetime) -> int:
        """What the unfilled part of a working order ties up: only the units that would open something."""
        opening = self.opening_units(order)
        if not opening or (order.product == "DELIVERY" and order.side == "SELL"):
            return 0
        instrument = self._find(order.key)
        price = order.price
        if order.kind == "STOPLOSS_MARKET":
            price = order.trigger
        elif order.kind == "MARKET":
            bid, ask = self._market.best(instrument, now)
            price = ask * MARKET_CUSHION[0] // MARKET_CUSHION[1] if order.side == "BUY" else bid
        return required(
            instrument, product=order.product, side=order.side, quantity=opening, price=price, spot=self.spot(instrument, now)
        ).total

    def opening_units(self, order: Order) -> int:
        net = self.position(order.client, order.day, order.key, order.product).net
        closable = max(-net * order.sign, 0)
        for other in self._ledger.orders_of(order.client, order.day):
            if other.id == order.id:
                break  # only orders before this one take the closing units from it
            if other.working and (other.key, other.product, other.side) == (order.key, order.product, order.side):
                closable -= other.remaining
        return max(order.remaining - max(closable, 0), 0)

    def funds(self, account: Account, now: datetime) -> Funds:
        client, day = account.client, account.day
        margin = self.position_margin(client, day, now)
        utilised = margin
        utilised += sum(self.order_margin(o, now) for o in self._ledger.orders_of(client, day) if o.working)
        utilised += sum(b.amount for b in self._ledger.blocks.values() if b.client == client and moment(b.until) > now)
        booked = sum((p.realised for p in self.positions(client, day) if p.product != "DELIVERY"), Fraction(0))
        return Funds(account.sod, utilised, max(-round(booked), 0), max(account.peak, margin))

    def sellable(self, client: str, day: str, key: Key) -> tuple[int, int]:
        """Units an account may sell from what it holds and bought today, and how many of them are free of CDSL's word."""
        holding = self._ledger.holdings.get((client, key))
        net = self.position(client, day, key, "DELIVERY").net
        waiting = sum(
            o.remaining
            for o in self._ledger.orders_of(client, day)
            if o.working and o.key == key and o.product == "DELIVERY" and o.side == "SELL"
        )
        if holding is None:
            return max(net - waiting, 0), max(net - waiting, 0)
        units = holding.quantity + holding.t1 - holding.collateral + net - waiting
        settled = units if self._ledger.accounts[client].ddpi else holding.authorised + holding.t1 + net - waiting
        return max(units, 0), max(min(units, settled), 0)
