"""What a night does to the books: orders lapse, positions are carried, settled or delivered, money is booked.

Rules, simple and stated. Day orders expire. INTRADAY positions still open are squared off at the day's last price by an
order of the broker's own. DELIVERY buys come into the holdings as T1 and are settled at the next trading day, sells
leave them. Expired contracts settle at the underlying's last price in cash. Everything else is carried at its cost.
The next start-of-day limit is the last one plus what was booked, less what deliveries cost. No charges are taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from bot.simulators.broker.accounts.ledger import Ledger
from bot.simulators.broker.accounts.portfolio import Portfolio, Position
from bot.simulators.broker.accounts.records import EXPIRED, Account, Carried, Holding, day_text
from bot.simulators.broker.exchange.orderbook import Clock, OrderBook
from bot.simulators.broker.market.hours import Timetable, is_trading_day
from bot.simulators.broker.market.instruments import Instrument, Key
from bot.simulators.broker.market.market import Market


class DayEnd:
    """Closes the books of the accounts at night."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        book: OrderBook,
        portfolio: Portfolio,
        market: Market,
        timetable: Timetable,
        clock: Clock,
        find: Callable[[Key], Instrument],
    ) -> None:
        self._ledger = ledger
        self._book = book
        self._portfolio = portfolio
        self._market = market
        self._timetable = timetable
        self._clock = clock
        self._find = find

    def roll_accounts(self, today: date) -> None:
        """Closes the books of every account whose day has passed."""
        for account in self._ledger.accounts.values():
            if account.day < day_text(today):
                self._roll(account, today)

    def _roll(self, account: Account, today: date) -> None:
        old = date.fromisoformat(account.day)
        with self._ledger.change():
            for order in self._ledger.working_of(account.client, account.day):
                self._book.end(order, EXPIRED)
            for position in self._portfolio.positions(account.client, account.day):
                if position.product == "INTRADAY" and position.net:
                    instrument = self._find(position.key)
                    price = self._market.price(instrument, self._timetable.closing(instrument, old))
                    self._book.by_the_broker(account, instrument, "INTRADAY", -position.net, price)
            booked = 0
            for position in self._portfolio.positions(account.client, account.day):
                booked += self._book_position(account, replace(position), today)
            self._deliver(account, old, today)
            sod = account.sod
            account.sod, account.day, account.peak = account.sod + booked, day_text(today), 0
            self._ledger.put(account)
            self._ledger.tell(self._clock.now(), account.client, "new day", sod=account.sod, was=sod, day=account.day)

    def _book_position(self, account: Account, position: Position, today: date) -> int:
        """Carries or settles one position. Returns the paise by which the next start of day changes."""
        carried = self._ledger.carried.get((account.client, position.key, position.product))
        if carried is not None:
            self._ledger.drop(carried)
        instrument = self._find(position.key)
        if position.product == "DELIVERY":
            return position.sell_value - position.buy_value
        if position.net and instrument.expiry is not None and instrument.expiry < today:
            position.apply(-position.net, self._settlement(instrument))
            self._ledger.tell(
                self._clock.now(), account.client, "settled", name=instrument.name, realised=round(position.realised)
            )
        if position.net:
            self._ledger.put(
                Carried(client=account.client, exchange=position.key[0], token=position.key[1], product=position.product,
                        quantity=position.net, cost=round(position.cost), name=instrument.name)
            )  # fmt: skip
        return round(position.realised)

    def _settlement(self, instrument: Instrument) -> int:
        """Paise at which an expired contract is settled: the underlying's last price, or what the option is worth at it."""
        assert instrument.expiry is not None  # noqa: S101 - only contracts are settled
        assert instrument.underlying is not None  # noqa: S101
        at: datetime = self._timetable.closing(instrument, instrument.expiry)
        spot = self._market.price(self._find(instrument.underlying), at)
        if not instrument.is_option:
            return spot
        return max(spot - instrument.strike, 0) if instrument.option == "CE" else max(instrument.strike - spot, 0)

    def _deliver(self, account: Account, old: date, today: date) -> None:
        """Yesterday's T1 is in the account when a trading day has passed. Today's deliveries come and go."""
        settled = any(is_trading_day(date.fromordinal(n)) for n in range(old.toordinal(), today.toordinal()))
        net: dict[Key, tuple[int, int]] = {}
        for trade in self._ledger.trades_of(account.client, account.day):
            if trade.product == "DELIVERY":
                units, paid = net.get(trade.key, (0, 0))
                net[trade.key] = (units + trade.sign * trade.quantity, paid + trade.sign * trade.quantity * trade.price)
        keys: list[Key] = [h.key for h in self._ledger.holdings.values() if h.client == account.client]
        for key in dict.fromkeys([*keys, *net]):
            holding = self._ledger.holdings.get((account.client, key)) or Holding(
                client=account.client, exchange=key[0], token=key[1], quantity=0, cost=0
            )
            if settled:
                holding.quantity, holding.t1 = holding.quantity + holding.t1, 0
            holding.authorised = 0  # CDSL's word is for one day
            units, paid = net.get(key, (0, 0))
            if units >= 0:
                holding.t1, holding.cost = holding.t1 + units, holding.cost + (paid if units else 0)
            else:
                owned = holding.quantity + holding.t1
                holding.cost = holding.cost * (owned + units) // owned if owned else 0
                from_settled = min(holding.quantity, -units)
                holding.quantity, holding.t1 = holding.quantity - from_settled, holding.t1 + units + from_settled
            if holding.quantity or holding.t1:
                self._ledger.put(holding)
            elif (account.client, key) in self._ledger.holdings:
                self._ledger.drop(holding)
