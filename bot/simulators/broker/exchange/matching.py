"""Matching: moves working orders along against the market, on timers that sleep while nothing is due."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, time

from bot.simulators.broker.accounts.records import CANCELLED, REJECTED, TRANSIT, TRIGGER_PENDING, TRIGGERED, Order
from bot.simulators.broker.exchange.orderbook import OrderBook
from bot.simulators.broker.exchange.reasons import REASONS
from bot.simulators.broker.exchange.requests import STOPS
from bot.simulators.broker.exchange.risk import RiskCheck
from bot.simulators.broker.market.hours import Phase, Timetable, is_trading_day, ist
from bot.simulators.broker.market.instruments import Instrument, Key
from bot.simulators.broker.market.market import Market

LOOK_AGAIN = 1.0  # seconds between looks at a resting order
BY_NIGHT = 60.0  # the same of one that waits for the next session
DAY = (time(8, 58), time(16, 5))  # in India: all that the exchange does lies between them
AFTER_A_FAILURE = 10.0  # seconds
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds of loop time between the steps of an order's life."""

    transit: float = 0.02
    match: float = 0.02


class Matcher:
    """Knows when each working order is due for its next look."""

    def __init__(self, book: OrderBook, market: Market, risk: RiskCheck, timetable: Timetable, latency: Latency) -> None:
        self._book = book
        self._market = market
        self._risk = risk
        self._timetable = timetable
        self._latency = latency
        self._due: dict[str, float] = {}
        self._arrived: set[str] = set()  # orders that have met the market once: from then on they rest
        self._wake = asyncio.Event()

    def take(self, order: Order) -> None:
        """A new order sets out for the exchange."""
        self.schedule(order.id, self._latency.transit)

    def changed(self, order: Order) -> None:
        """The order's terms are new: it meets the market as if it had just arrived."""
        self._arrived.discard(order.id)
        self.schedule(order.id, order.delay or self._latency.match)

    def schedule(self, order_id: str, delay: float) -> None:
        """Looks at the order again after `delay` seconds of loop time."""
        self._due[order_id] = asyncio.get_running_loop().time() + delay
        self._wake.set()

    def resume(self) -> None:
        """After a restart: every working order is looked at again."""
        for order in self._book.ledger.orders.values():
            if order.working:
                self._arrived.add(order.id)
                self.schedule(order.id, self._latency.match)

    def look(self, key: Key | None = None) -> None:
        """The market moved by hand: look now at what rests there."""
        for order in self._book.ledger.orders.values():
            waiting = order.working and order.status != TRANSIT and order.id in self._arrived
            if waiting and (key is None or order.key == key or self._book.find(order.key).underlying == key):
                self.schedule(order.id, 0.0)

    async def run(self) -> None:
        """Moves orders along until cancelled. Sleeps while nothing is due."""
        loop = asyncio.get_running_loop()
        while True:
            for order_id in [i for i, due in self._due.items() if due <= loop.time()]:
                del self._due[order_id]
                again = self._step(self._book.ledger.orders[order_id])
                if again is not None:
                    self._due[order_id] = loop.time() + again
            self._wake.clear()
            delay = max(min(self._due.values()) - loop.time(), 0.0) if self._due else None
            try:
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _step(self, order: Order) -> float | None:
        try:
            return self._advance(order)
        except Exception:  # last resort: one order that cannot be moved (a full disk) must not stop all the others
            log.exception("order %s could not be moved; it is tried again", order.id)
            return AFTER_A_FAILURE

    def _advance(self, order: Order) -> float | None:
        """One step of an order's life. Returns the seconds until the next, or None when there is none."""
        if not order.working:
            return None
        instrument = self._book.find(order.key)
        now = self._book.clock.now()
        if order.status == TRANSIT:
            return self._enter(order, instrument, now)
        if order.then and (order.filled or (order.then_text and not order.part)):
            self._book.end(order, order.then, order.then_text)
            return None
        phase = self._timetable.phase(instrument, now)
        if order.never:
            return None
        if phase is Phase.POST_CLOSE:
            return self._at_the_close(order, instrument, now)
        if phase is not Phase.CONTINUOUS:
            by_day = is_trading_day(ist(now).date()) and DAY[0] <= ist(now).time() < DAY[1]
            return LOOK_AGAIN if by_day else BY_NIGHT
        if order.kind in STOPS and not order.triggered:
            return self._trigger(order, instrument, now)
        price = self._price_for(order, instrument, now)
        self._arrived.add(order.id)
        if price is None:
            if order.validity == "IOC":
                self._book.end(order, CANCELLED, "")
                return None
            return self._patience(order, instrument, now)
        self._book.fill(order, min(order.part or order.remaining, order.remaining), price)
        return max(order.gap, self._latency.match)

    def _at_the_close(self, order: Order, instrument: Instrument, now: datetime) -> float:
        """The post-close session trades at one price, the day's close."""
        price = self._market.price(instrument, now)
        if order.kind not in STOPS and _would_take(order, price):
            self._book.fill(order, order.remaining, price)
        return LOOK_AGAIN

    def fill_in_auction(self, order: Order, price: int, *, by: str, rest_stays: bool) -> None:
        """An auction's one price: an order that accepts it is filled. Any other stays (pre-open) or is cancelled (close)."""
        if _would_take(order, price) and not order.never and order.kind not in STOPS:
            self._book.fill(order, order.remaining, price, by=by)
        elif not rest_stays:
            self._book.end(order, CANCELLED, "CANCELLED BY EXCHANGE: UNMATCHED IN CLOSING AUCTION")

    def _enter(self, order: Order, instrument: Instrument, now: datetime) -> float | None:
        """From the broker's books to the exchange's."""
        if self._risk.out_of_band(order, instrument, now):
            self._book.end(order, REJECTED, REASONS["price_range"])
            return None
        with self._book.ledger.change():
            self._book.reach_exchange(order)
            waiting = order.kind in STOPS and not order.triggered
            order.text = "CONFIRMED"
            self._book.move(order, TRIGGER_PENDING if waiting else self._book.resting_word(order.client))
            self._book.ledger.put(order)
            self._book.tell(order)
        return order.delay or self._latency.match

    def _trigger(self, order: Order, instrument: Instrument, now: datetime) -> float:
        last = self._market.price(instrument, now)
        self._arrived.add(order.id)
        if (last < order.trigger) if order.side == "BUY" else (last > order.trigger):
            return self._patience(order, instrument, now)
        with self._book.ledger.change():
            order.triggered = True
            self._book.move(order, TRIGGERED)
            self._book.ledger.put(order)
            self._book.ledger.tell(now, order.client, "triggered", id=order.id, last=last)
            self._book.tell(order)
        self._arrived.discard(order.id)
        return self._latency.match

    def _patience(self, order: Order, instrument: Instrument, now: datetime) -> float:
        """Seconds until a resting order is worth another look: one, or up to ten while the price is a percent away."""
        if instrument.is_option:
            return LOOK_AGAIN
        waits_for = order.price if order.triggered or not order.trigger else order.trigger
        percent = abs(self._market.price(instrument, now) - waits_for) / waits_for * 100
        return min(max(percent * 10, LOOK_AGAIN), 10 * LOOK_AGAIN)

    def _price_for(self, order: Order, instrument: Instrument, now: datetime) -> int | None:
        """What the order would trade at now: the opposite best on arrival, its own price once it rests. None: not yet."""
        bid, ask = self._market.best(instrument, now)
        opposite = ask if order.side == "BUY" else bid
        if order.kind in ("MARKET", "STOPLOSS_MARKET"):
            return opposite
        if (opposite > order.price) if order.side == "BUY" else (opposite < order.price):
            return None
        return order.price if order.id in self._arrived else opposite


def _would_take(order: Order, price: int) -> bool:
    """Whether a market or limit order accepts a single price."""
    if order.kind in ("MARKET", "STOPLOSS_MARKET"):
        return True
    return price <= order.price if order.side == "BUY" else price >= order.price
