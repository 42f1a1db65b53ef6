"""What the funds should say, reckoned a second time: from the bare trades and orders, by the stated rules and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from bot.simulators.broker.accounts.records import Account, Carried, Order, Trade, moment
from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.market.instruments import Instrument, Key

Line = tuple[Key, str]  # an instrument under a product


@dataclass
class Open:
    """What is open of one line: its signed units, their cost with the same sign, and what was made on those that are closed."""

    net: int = 0
    cost: Fraction = Fraction(0)
    made: Fraction = Fraction(0)

    def trade(self, units: int, price: int) -> None:
        closing = -max(-abs(self.net), -abs(units)) if self.net * units < 0 else 0
        if closing:
            way = 1 if self.net > 0 else -1
            average = self.cost / self.net
            self.made += way * closing * (price - average)
            self.cost -= way * closing * average
            self.net -= way * closing
            units += way * closing
        self.net += units
        self.cost += units * price


def replayed(carried: Iterable[Carried], trades: Iterable[Trade]) -> dict[Line, Open]:
    """A day's lines from what was brought in and what was traded."""
    lines = {(c.key, str(c.product)): Open(c.quantity, Fraction(c.cost)) for c in carried}
    for trade in trades:
        lines.setdefault((trade.key, trade.product), Open()).trade(trade.sign * trade.quantity, trade.price)
    return lines


def rule(instrument: Instrument, product: str, side: str, units: int, *, price: int, spot: int) -> int:
    """The table of margin.py in its own words, paise."""
    value = units * price
    if instrument.exchange in ("NSE", "BSE"):
        return value * {"DELIVERY": 100 if side == "BUY" else 0, "INTRADAY": 20, "MARGIN": 30}[product] // 100
    if instrument.option and side == "BUY":
        return value
    shares = (10, 2) if instrument.kind in ("FUTIDX", "OPTIDX") else (15, 5)
    return sum(units * (spot if instrument.option else price) * share // 100 for share in shares)


def tied_up(broker: PaperBroker, account: Account, now: datetime) -> int:
    """AMOUNT_UTILIZED in paise: positions, then working orders in turn, then what is held back for a while."""
    trades = broker.ledger.trades_of(account.client, account.day)
    lines = replayed([c for c in broker.ledger.carried.values() if c.client == account.client], trades)
    total = 0
    for (key, product), line in lines.items():
        if product != "DELIVERY" and line.net:
            instrument = broker.find(key)
            side, average = "BUY" if line.net > 0 else "SELL", round(line.cost / line.net)
            total += rule(instrument, product, side, abs(line.net), price=average, spot=spot(broker, instrument, now))
    for trade in trades:
        if trade.product == "DELIVERY":
            arrived = trade.side == "BUY" or moment(trade.at) + timedelta(seconds=30) <= now
            total += trade.sign * trade.quantity * trade.price * arrived
    left = {line: abs(found.net) for line, found in lines.items()}
    for order in broker.ledger.orders_of(account.client, account.day):
        if order.status not in ("Traded", "Rejected", "Cancelled", "Expired"):
            total += _order(broker, order, lines, left, now)
    return total + sum(b.amount for b in broker.ledger.blocks.values() if b.client == account.client and moment(b.until) > now)


def _order(broker: PaperBroker, order: Order, lines: dict[Line, Open], left: dict[Line, int], now: datetime) -> int:
    line, units = (order.key, str(order.product)), order.quantity - order.filled - order.cancelled
    if lines.get(line, Open()).net * order.sign < 0:
        closing = min(left[line], units)
        left[line] -= closing
        units -= closing
    if not units or (order.product, order.side) == ("DELIVERY", "SELL"):
        return 0
    instrument = broker.find(order.key)
    bid, ask = broker.market.best(instrument, now)
    by_kind = {"MARKET": ask * 107 // 100 if order.side == "BUY" else bid, "STOPLOSS_MARKET": order.trigger}
    price = by_kind.get(order.kind, order.price)
    return rule(instrument, order.product, order.side, units, price=price, spot=spot(broker, instrument, now))


def spot(broker: PaperBroker, instrument: Instrument, now: datetime) -> int:
    return broker.market.price(broker.find(instrument.underlying or instrument.key), now)
