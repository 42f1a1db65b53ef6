"""Positions and funds, worked out from the ledger's facts when they are asked for.

Nothing here is stored, so positions cannot drift from trades, and funds hold section 4's identity by construction:
AVAILABLE = start of day - utilised - realised loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from bot.simulators.broker.accounts.ledger import Ledger
from bot.simulators.broker.accounts.margin import required
from bot.simulators.broker.accounts.records import Account, Order, Product, Trade, moment
from bot.simulators.broker.market.instruments import Instrument, Key
from bot.simulators.broker.market.market import Market

PROCEEDS_AFTER = timedelta(seconds=30)  # sale proceeds reach the balance "only after tens of seconds" (section 4)
MARKET_CUSHION = (107, 100)  # a MARKET buy is held back at about 7 % above its value

Find = Callable[[Key], Instrument]


@dataclass(slots=True)
class Position:
    """One row: an instrument under one product. `net` in units, signed. `cost` is what the open part cost, same sign."""

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


@dataclass(slots=True)
class _Day:
    """What is known of a client's day: positions, and how many trades they hold."""

    positions: dict[tuple[Key, Product], Position]
    trades: int = 0


class Portfolio:
    """Answers from the ledger: what an account holds open today and what money it can use."""

    def __init__(self, ledger: Ledger, market: Market, find: Find) -> None:
        self._ledger = ledger
        self._market = market
        self._find = find
        self._days: dict[tuple[str, str, int], _Day] = {}

    def positions(self, client: str, day: str) -> list[Position]:
        """First carried, then first traded first. Rows that are flat again stay for the day (7.1)."""
        return list(self._today(client, day).values())

    def position(self, client: str, day: str, key: Key, product: Product) -> Position:
        return self._today(client, day).get((key, product)) or Position(key, product)

    def _today(self, client: str, day: str) -> dict[tuple[Key, Product], Position]:
        """The day's positions. Only trades that came since the last look are added."""
        key = (client, day, self._ledger.undone)
        if key not in self._days:
            self._days = {other: seen for other, seen in self._days.items() if other[0] != client}
            self._days[key] = _Day(self._carried(client))
        known = self._days[key]
        for trade in self._ledger.trades_after(client, day, known.trades):
            known.positions.setdefault((trade.key, trade.product), Position(trade.key, trade.product)).add(trade)
            known.trades += 1
        return known.positions

    def _carried(self, client: str) -> dict[tuple[Key, Product], Position]:
        found: dict[tuple[Key, Product], Position] = {}
        for carried in self._ledger.carried.values():
            if carried.client == client:
                position = Position(carried.key, carried.product, carried.quantity, carried.cost)
                position.net, position.cost = carried.quantity, Fraction(carried.cost)
                found[carried.key, carried.product] = position
        return found

    def knows(self, order: Order) -> bool:
        return order.id in self._ledger.orders

    def spot(self, instrument: Instrument, now: datetime) -> int:
        underlying = self._find(instrument.underlying) if instrument.underlying else instrument
        return self._market.price(underlying, now)

    def position_margin(self, client: str, day: str, now: datetime) -> int:
        """What open positions tie up. Delivery counts as cash paid less proceeds that have arrived."""
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

    def loss_share(self, account: Account, product: Product, now: datetime) -> int:
        """Percent of what is tied up in a product's open positions that is lost on them at the prices of now. 0 in profit."""
        loss, tied = Fraction(0), 0
        for position in self.positions(account.client, account.day):
            if position.product == product and position.net:
                instrument = self._find(position.key)
                loss += position.cost - position.net * self._market.price(instrument, now)
                tied += required(
                    instrument, product=product, side="BUY" if position.net > 0 else "SELL", quantity=abs(position.net),
                    price=round(position.average), spot=self.spot(instrument, now),
                ).total  # fmt: skip
        return max(int(loss * 100 / tied), 0) if tied else 0

    def _delivery_cash(self, client: str, day: str, key: Key, now: datetime) -> int:
        cash = 0
        for trade in self._ledger.trades_of(client, day):
            if trade.key == key and trade.product == "DELIVERY":
                if trade.side == "BUY":
                    cash += trade.quantity * trade.price
                elif moment(trade.at) + PROCEEDS_AFTER <= now:
                    cash -= trade.quantity * trade.price
        return cash

    def order_margin(self, order: Order, now: datetime, opening: int | None = None) -> int:
        """What the unfilled part of a working order ties up: only the units that would open something."""
        units = self.opening_units(order) if opening is None else opening
        if not units or (order.product == "DELIVERY" and order.side == "SELL"):
            return 0
        instrument = self._find(order.key)
        price = order.price
        if order.kind == "STOPLOSS_MARKET":
            price = order.trigger
        elif order.kind == "MARKET":
            bid, ask = self._market.best(instrument, now)
            price = ask * MARKET_CUSHION[0] // MARKET_CUSHION[1] if order.side == "BUY" else bid
        return required(
            instrument, product=order.product, side=order.side, quantity=units, price=price, spot=self.spot(instrument, now)
        ).total

    def opening_units(self, order: Order) -> int:
        """The units of an order that close nothing, when the orders before it have had their share of the position."""
        orders = self._ledger.working_of(order.client, order.day)
        return dict(self._opening(order.client, order.day, [*orders, order] if order not in orders else orders))[order.id]

    def _opening(self, client: str, day: str, orders: list[Order]) -> list[tuple[str, int]]:
        closable: dict[tuple[Key, Product, str], int] = {}
        found: list[tuple[str, int]] = []
        for order in orders:
            kind = (order.key, order.product, order.side)
            if kind not in closable:
                closable[kind] = max(-self.position(client, day, order.key, order.product).net * order.sign, 0)
            closing = min(closable[kind], order.remaining)
            closable[kind] -= closing
            found.append((order.id, order.remaining - closing))
        return found

    def orders_margin(self, client: str, day: str, now: datetime) -> int:
        """What all working orders tie up together."""
        orders = self._ledger.working_of(client, day)
        opening = dict(self._opening(client, day, orders))
        return sum(self.order_margin(order, now, opening[order.id]) for order in orders)

    def funds(self, account: Account, now: datetime) -> Funds:
        client, day = account.client, account.day
        margin = self.position_margin(client, day, now)
        utilised = margin
        utilised += self.orders_margin(client, day, now)
        utilised += sum(b.amount for b in self._ledger.blocks.values() if b.client == client and moment(b.until) > now)
        booked = sum((p.realised for p in self.positions(client, day) if p.product != "DELIVERY"), Fraction(0))
        return Funds(account.sod, utilised, max(-round(booked), 0), max(account.peak, margin))

    def sellable(self, client: str, day: str, key: Key) -> tuple[int, int]:
        """Units an account may sell from what it holds and bought today, and how many of them are free of CDSL's word."""
        holding = self._ledger.holdings.get((client, key))
        net = self.position(client, day, key, "DELIVERY").net
        waiting = sum(
            o.remaining
            for o in self._ledger.working_of(client, day)
            if o.key == key and o.product == "DELIVERY" and o.side == "SELL"
        )
        if holding is None:
            return max(net - waiting, 0), max(net - waiting, 0)
        units = holding.quantity + holding.t1 - holding.collateral + net - waiting
        settled = units if self._ledger.accounts[client].ddpi else holding.authorised + holding.t1 + net - waiting
        return max(units, 0), max(min(units, settled), 0)
