"""Orders and what becomes of them: taken, checked, shown, matched against the market, changed, cancelled."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.paper.errors import Refusal
from bot.paper.facts import (
    CANCELLED,
    EXPIRED,
    MODIFIED,
    PENDING,
    REJECTED,
    TRADED,
    TRANSIT,
    TRIGGER_PENDING,
    TRIGGERED,
    Account,
    Block,
    Channel,
    Order,
    Product,
    Side,
    Trade,
    stamp,
)
from bot.paper.faults import Armed, Faults
from bot.paper.hours import Phase, Timetable, ist
from bot.paper.instruments import Instrument, Key
from bot.paper.ledger import Ledger
from bot.paper.margin import required
from bot.paper.market import Market
from bot.paper.portfolio import Portfolio
from bot.paper.reasons import REASONS
from bot.paper.requests import STOPS, OrderRequest, bad
from bot.paper.risk import RiskDesk, rms_text

DEAD = "Order is Cancelled.Kindly refresh your OrderBook"
LOOK_AGAIN = 1.0  # seconds between looks at a resting order
OVER_BLOCK = timedelta(seconds=20)  # a MARKET buy is held back about 7 % too high at first (section 4)


class Clock(Protocol):
    """Tells the time and nothing else."""

    def now(self) -> datetime:
        """The moment now, UTC aware."""
        ...


Publish = Callable[[str, str, Order], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of loop time between the steps of an order's life."""

    transit: float = 0.02
    match: float = 0.02


class Exchange:
    """One order book of orders for all accounts of this broker; every change is committed before it is told."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        market: Market,
        portfolio: Portfolio,
        find: Callable[[Key], Instrument],
        lookup: Callable[[str, str], Instrument | None],
        timetable: Timetable,
        clock: Clock,
        rng: random.Random,
        faults: Faults,
        publish: Publish,
        pace: Pace,
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._portfolio = portfolio
        self._find = find
        self._lookup = lookup
        self._timetable = timetable
        self._clock = clock
        self._rng = rng
        self._faults = faults
        self._publish = publish
        self._pace = pace
        self._risk = RiskDesk(portfolio, market, timetable)
        self._due: dict[str, float] = {}
        self._arrived: set[str] = set()  # orders that have met the market once: from then on they rest
        self._wake = asyncio.Event()

    # Taking orders.

    def place(self, account: Account, request: OrderRequest, channel: Channel = "API") -> Order:
        """Books the order, as Transit or as Rejected with its reason; raises Refusal when it is not even an order."""
        instrument = self._lookup(request.exchange, request.token)
        if instrument is None or instrument.is_index:
            raise bad("Invalid symboltoken. Please provide valid symbol token.")
        if request.symbol and request.symbol not in (instrument.name, instrument.symbol):
            raise bad("Invalid tradingsymbol. Please provide valid trading symbol.")
        now = self._clock.now()
        with self._ledger.change():
            order = self._new(account, request, instrument, channel, now)
            behaviour = self._faults.take("order", "place", account.client) if channel == "API" else None
            reason = self._risk.refusal(account, order, instrument, now)
            if order.kind == "MARKET" and self._faults.on("market_orders_refused", account.client):
                reason = reason or REASONS["market_order"]
            if behaviour is not None:
                reason = self._behave(order, instrument, behaviour) or reason
            if reason:
                order.text = rms_text(order, instrument, account.client, reason)
                self._move(order, REJECTED, now)
            self._ledger.put(order)
            self._ledger.tell(now, account.client, "order", id=order.id, name=instrument.name, side=order.side,
                              quantity=order.quantity, kind=order.kind, price=order.price, product=order.product,
                              tag=order.tag, channel=channel, status=order.status, text=order.text)  # fmt: skip
        self._publish(account.client, "order", order)
        if order.working:
            self.schedule(order.id, self._pace.transit)
        return order

    def _new(self, account: Account, request: OrderRequest, instrument: Instrument, channel: Channel, now: datetime) -> Order:
        stream = self._rng.randrange(11, 40)
        count = self._ledger.next_number(f"stream/{ist(now):%y%m%d}/{stream}", 101)
        number = f"{1 if channel == 'API' else 2}{stream}{1 if instrument.segment == 'E' else 2}{ist(now):%y%m%d}{count}"
        return Order(
            id=number, client=account.client, day=account.day, exchange=request.exchange, token=request.token,
            side=request.side, kind=request.kind, product=request.product, validity=request.validity,
            variety=request.variety, quantity=request.quantity, price=request.price, trigger=request.trigger,
            disclosed=request.disclosed, tag=request.tag if channel == "API" else "NA", channel=channel, status=TRANSIT,
            placed_at=stamp(now), updated_at=stamp(now), steps=[[TRANSIT, stamp(now)]],
        )  # fmt: skip

    @staticmethod
    def _behave(order: Order, instrument: Instrument, behaviour: Armed) -> str | None:
        """Writes an armed behaviour into the order; a reason when it is to be rejected at once."""
        name = behaviour.fault.name
        if name == "order_rejected":
            reason = str(behaviour["reason"])
            return REASONS.get(reason, reason)
        if name == "rejected_later":
            reason = str(behaviour["reason"])
            order.then, order.then_text = REJECTED, REASONS.get(reason, reason)
        elif name == "fill_never":
            order.never = True
        elif name == "fill_late":
            order.delay = behaviour.seconds()
        else:
            lots = order.quantity // instrument.lot
            order.part = max(-(-lots // max(behaviour.whole("parts"), 1)), 1) * instrument.lot
            order.gap = behaviour.seconds()
            if name == "part_then_cancelled":
                order.then = CANCELLED
            elif name == "part_then_rejected":
                order.then, order.then_text = REJECTED, REASONS["price_protection"]
        return None

    def modify(self, account: Account, order_id: str, request: OrderRequest) -> Order:
        """Replaces price, trigger, kind, validity and total quantity of a working order."""
        order = self._working(account, order_id, "RS-0034")
        instrument = self._find(order.key)
        now = self._clock.now()
        self._refuse_if_fixed(order, instrument, now)
        if request.quantity <= order.filled:
            raise bad("Modified quantity should be greater than traded quantity.", "400")
        old = (order.kind, order.price, order.trigger, order.quantity, order.validity)
        order.kind, order.price, order.trigger = request.kind, request.price, request.trigger
        order.quantity, order.validity = request.quantity, request.validity
        reason = self._risk.refusal(account, order, instrument, now)
        if reason:
            message = rms_text(order, instrument, account.client, reason).replace(",", " ")
            order.kind, order.price, order.trigger, order.quantity, order.validity = old
            raise Refusal(message)
        order.triggered = order.triggered and order.kind in STOPS
        with self._ledger.change():
            self._move(order, MODIFIED, now)
            self._ledger.put(order)
            self._ledger.tell(now, account.client, "modified", id=order.id, kind=order.kind, price=order.price,
                              trigger=order.trigger, quantity=order.quantity, was=old)  # fmt: skip
        self._arrived.discard(order.id)
        self._publish(account.client, "order", order)
        self.schedule(order.id, order.delay or self._pace.match)
        return order

    def cancel(self, account: Account, order_id: str, *, by: str = "client") -> Order:
        order = self._working(account, order_id, "RS-00093")
        if by == "client":
            self._refuse_if_fixed(order, self._find(order.key), self._clock.now())
        if by == "client" and self._faults.take("order", "cancel", account.client):
            with self._ledger.change():
                self._ledger.tell(self._clock.now(), account.client, "cancel not carried out", id=order.id)
            return order
        self._end(order, CANCELLED, "")
        return order

    def convert(self, account: Account, instrument: Instrument, old: Product, new: Product, side: Side, quantity: int) -> None:
        """Moves units of today's position from one product to another at their average; no order is made (7.2)."""
        position = self._portfolio.position(account.client, account.day, instrument.key, old)
        sign = 1 if side == "BUY" else -1
        open_units = max(position.net * sign, 0)
        if quantity == 0 or quantity > open_units:
            raise Refusal(
                f"{instrument.book_exchange} {instrument.book_kind} {instrument.token} {instrument.series} "
                f"{instrument.company or instrument.symbol} {side[0]} {quantity} {new[0]} INSUFICIENT QUANTITY TO CONVERT. "
                f"INSUFICIENT QUANTITY: {quantity - open_units} AVAILABLE QUANTITY: {open_units}",
                code="MA0034",
            )  # fmt: skip
        now = self._clock.now()
        price = round(position.average)
        more = required(instrument, new, side, quantity, price, self._portfolio.spot(instrument, now)).total
        less = required(instrument, old, side, quantity, price, self._portfolio.spot(instrument, now)).total
        available = self._portfolio.funds(account, now).available
        if more - less > available:
            raise Refusal(self._risk.short_of_funds(more - less, available).replace(",", " "), code="RS-0111")
        back: Side = "SELL" if side == "BUY" else "BUY"
        with self._ledger.change():
            for product, way in ((old, back), (new, side)):
                self._ledger.put(
                    Trade(number=str(self._ledger.next_number("trade", 206_465_040)), order="", client=account.client,
                          day=account.day, exchange=instrument.exchange, token=instrument.token, side=way, kind="MARKET",
                          product=product, quantity=quantity, price=price, at=stamp(now), channel="API",
                          exchange_order="0", from_product=old)
                )  # fmt: skip
            self._ledger.tell(now, account.client, "converted", name=instrument.name, quantity=quantity, old=old, new=new)

    def cancel_all(self, account: Account) -> list[Order]:
        working = [o for o in self._ledger.orders_of(account.client, account.day) if o.working]
        return [self.cancel(account, order.id) for order in working]

    def _refuse_if_fixed(self, order: Order, instrument: Instrument, now: datetime) -> None:
        """Market orders of the closing auction stand from 15:25 on (market-rules.md 4.8)."""
        fixed = (Phase.AUCTION_LIMIT, Phase.MATCHING)
        if order.kind == "MARKET" and self._timetable.phase(instrument, now) in fixed:
            raise Refusal("Market order can not be modified or cancelled in this session")

    def _working(self, account: Account, order_id: str, code: str) -> Order:
        order = self._ledger.orders.get(order_id.strip())
        if order is None or order.client != account.client or order.day != account.day:
            raise Refusal("something went wrong", code="MA500")
        if not order.working:
            raise Refusal(DEAD, code=code)
        return order

    # Matching.

    def schedule(self, order_id: str, delay: float) -> None:
        """Looks at the order again after `delay` seconds of loop time."""
        self._due[order_id] = asyncio.get_running_loop().time() + delay
        self._wake.set()

    def resume(self) -> None:
        """After a restart: every working order is looked at again."""
        for order in self._ledger.orders.values():
            if order.working:
                self._arrived.add(order.id)
                self.schedule(order.id, self._pace.match)

    def look(self, key: Key | None = None) -> None:
        """The market moved by hand: look now at what rests there."""
        for order in self._ledger.orders.values():
            waiting = order.working and order.status != TRANSIT and order.id in self._arrived
            if waiting and (key is None or order.key == key or self._find(order.key).underlying == key):
                self.schedule(order.id, 0.0)

    async def run(self) -> None:
        """Moves orders along until cancelled; sleeps while nothing is due."""
        loop = asyncio.get_running_loop()
        while True:
            for order_id in [i for i, due in self._due.items() if due <= loop.time()]:
                del self._due[order_id]
                again = self._advance(self._ledger.orders[order_id])
                if again is not None:
                    self._due[order_id] = loop.time() + again
            self._wake.clear()
            delay = max(min(self._due.values()) - loop.time(), 0.0) if self._due else None
            try:
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _advance(self, order: Order) -> float | None:
        """One step of an order's life; seconds until the next, or None when there is none."""
        if not order.working:
            return None
        instrument = self._find(order.key)
        now = self._clock.now()
        if order.status == TRANSIT:
            return self._enter(order, instrument, now)
        if order.then and (order.filled or order.then_text and not order.part):
            self._end(order, order.then, order.then_text)
            return None
        phase = self._timetable.phase(instrument, now)
        if order.never:
            return None
        if phase is Phase.POST_CLOSE:
            return self._at_the_close(order, instrument, now)
        if phase is not Phase.CONTINUOUS:
            return LOOK_AGAIN
        if order.kind in STOPS and not order.triggered:
            return self._trigger(order, instrument, now)
        price = self._price_for(order, instrument, now)
        self._arrived.add(order.id)
        if price is None:
            if order.validity == "IOC":
                self._end(order, CANCELLED, "")
                return None
            return self._patience(order, instrument, now)
        self.fill(order, min(order.part or order.remaining, order.remaining), price)
        return max(order.gap, self._pace.match)

    def _at_the_close(self, order: Order, instrument: Instrument, now: datetime) -> float:
        """The post-close session trades at one price, the day's close."""
        price = self._market.price(instrument, now)
        if order.kind not in STOPS and _would_take(order, price):
            self.fill(order, order.remaining, price)
        return LOOK_AGAIN

    def fill_in_auction(self, order: Order, price: int) -> None:
        """The closing auction's one price: an order that accepts it is filled, any other is cancelled."""
        if _would_take(order, price) and not order.never and order.kind not in STOPS:
            self.fill(order, order.remaining, price, by="auction")
        else:
            self._end(order, CANCELLED, "CANCELLED BY EXCHANGE: UNMATCHED IN CLOSING AUCTION")

    def _enter(self, order: Order, instrument: Instrument, now: datetime) -> float | None:
        """From the broker's books to the exchange's."""
        if self._risk.out_of_band(order, instrument, now):
            self._end(order, REJECTED, REASONS["price_range"])
            return None
        with self._ledger.change():
            order.exchange_id = str(1_500_000_000_000_000 + self._ledger.next_number("exchange order", 282_131))
            waiting = order.kind in STOPS and not order.triggered
            order.text = "CONFIRMED"
            self._move(order, TRIGGER_PENDING if waiting else PENDING, now)
            self._ledger.put(order)
        self._publish(order.client, "order", order)
        return order.delay or self._pace.match

    def _trigger(self, order: Order, instrument: Instrument, now: datetime) -> float:
        last = self._market.price(instrument, now)
        self._arrived.add(order.id)
        if (last < order.trigger) if order.side == "BUY" else (last > order.trigger):
            return self._patience(order, instrument, now)
        with self._ledger.change():
            order.triggered = True
            self._move(order, TRIGGERED, now)
            self._ledger.put(order)
            self._ledger.tell(now, order.client, "triggered", id=order.id, last=last)
        self._arrived.discard(order.id)
        self._publish(order.client, "order", order)
        return self._pace.match

    def _patience(self, order: Order, instrument: Instrument, now: datetime) -> float:
        """Seconds until a resting order is worth another look: one, or up to ten while the price is a percent away."""
        if instrument.is_option:
            return LOOK_AGAIN
        waits_for = order.price if order.triggered or not order.trigger else order.trigger
        percent = abs(self._market.price(instrument, now) - waits_for) / waits_for * 100
        return min(max(percent * 10, LOOK_AGAIN), 10 * LOOK_AGAIN)

    def _price_for(self, order: Order, instrument: Instrument, now: datetime) -> int | None:
        """What the order would trade at now: the opposite best on arrival, its own price once it rests; None: not yet."""
        bid, ask = self._market.best(instrument, now)
        opposite = ask if order.side == "BUY" else bid
        if order.kind in ("MARKET", "STOPLOSS_MARKET"):
            return opposite
        if (opposite > order.price) if order.side == "BUY" else (opposite < order.price):
            return None
        return order.price if order.id in self._arrived else opposite

    def fill(self, order: Order, quantity: int, price: int, *, by: str = "market") -> Trade:
        """Books one trade of the order at `price` paise, with everything that follows from it, and tells it."""
        now = self._clock.now()
        account = self._ledger.accounts[order.client]
        with self._ledger.change():
            opening = self._portfolio.opening_units(order) > 0
            trade = Trade(
                number=str(self._ledger.next_number("trade", 206_465_040)), order=order.id, client=order.client,
                day=order.day, exchange=order.exchange, token=order.token, side=order.side, kind=order.kind,
                product=order.product, quantity=quantity, price=price, at=stamp(now), channel=order.channel,
                exchange_order=order.exchange_id,
            )  # fmt: skip
            order.filled += quantity
            order.value += quantity * price
            order.text = "TRADE CONFIRMED"
            partial = self._faults.on("partial_called", order.client)
            self._move(order, TRADED if not order.remaining else str(partial["word"]) if partial else PENDING, now)
            self._ledger.put(trade)
            self._ledger.put(order)
            if order.kind == "MARKET" and order.side == "BUY" and opening:
                amount = quantity * price * 7 // 100
                if order.product == "INTRADAY" and not self._find(order.key).is_derivative:
                    amount //= 5
                self._ledger.put(Block(id=trade.number, client=order.client, amount=amount, until=stamp(now + OVER_BLOCK)))
            for block in [b for b in self._ledger.blocks.values() if b.until <= stamp(now)]:
                self._ledger.drop(block)
            margin = self._portfolio.position_margin(order.client, order.day, now)
            if margin > account.peak:
                account.peak = margin
                self._ledger.put(account)
            self._ledger.tell(now, order.client, "fill", id=order.id, quantity=quantity, price=price, by=by,
                              filled=order.filled, of=order.quantity)  # fmt: skip
        self._publish(order.client, "trade", order)
        return trade

    def _end(self, order: Order, status: str, text: str) -> None:
        now = self._clock.now()
        with self._ledger.change():
            if status in (CANCELLED, EXPIRED):
                order.cancelled = order.remaining
            if text or not order.filled:
                order.text = text
            self._move(order, status, now)
            self._ledger.put(order)
            self._ledger.tell(now, order.client, status.lower(), id=order.id, filled=order.filled, text=text)
        self._due.pop(order.id, None)
        self._publish(order.client, "order", order)

    def by_the_broker(self, account: Account, instrument: Instrument, product: Product, signed: int, price: int) -> Order:
        """An order of the broker's own, untagged and filled at once at `price`: a square-off."""
        now = self._clock.now()
        request = OrderRequest(
            exchange=instrument.exchange, token=instrument.token, symbol=instrument.name,
            side="BUY" if signed > 0 else "SELL", kind="MARKET", product=product, validity="DAY", variety="NORMAL",
            quantity=abs(signed), price=0, trigger=0,
        )  # fmt: skip
        with self._ledger.change():
            order = self._new(account, request, instrument, "WEB", now)
            order.exchange_id = str(1_500_000_000_000_000 + self._ledger.next_number("exchange order", 282_131))
            self._ledger.put(order)
            self._ledger.tell(now, account.client, "square-off", id=order.id, name=instrument.name, quantity=abs(signed))
            self.fill(order, abs(signed), price, by="broker")
        return order

    def end(self, order: Order, status: str, text: str = "") -> None:
        """The exchange ends a working order by itself: at the close, before the auction, at the desk's wish."""
        self._end(order, status, text)

    @staticmethod
    def _move(order: Order, status: str, now: datetime) -> None:
        order.status = status
        order.updated_at = stamp(now)
        order.steps.append([status, stamp(now)])


def _would_take(order: Order, price: int) -> bool:
    """Whether a market or limit order accepts a single price."""
    if order.kind in ("MARKET", "STOPLOSS_MARKET"):
        return True
    return price <= order.price if order.side == "BUY" else price >= order.price
