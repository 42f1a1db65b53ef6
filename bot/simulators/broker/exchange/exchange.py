"""The order desk: takes, refuses, changes and cancels orders as the Type B routes ask."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from bot.simulators.broker.accounts.margin import required
from bot.simulators.broker.accounts.records import (
    CANCELLED,
    EXPIRED,
    MODIFIED,
    REJECTED,
    Account,
    Channel,
    Order,
    Product,
    Side,
    Trade,
    day_text,
    stamp,
)
from bot.simulators.broker.exchange.matching import Matcher
from bot.simulators.broker.exchange.orderbook import OrderBook
from bot.simulators.broker.exchange.reasons import REASONS
from bot.simulators.broker.exchange.requests import STOPS, OrderRequest, bad
from bot.simulators.broker.exchange.risk import RiskCheck
from bot.simulators.broker.faults.armed import ActiveFault
from bot.simulators.broker.faults.errors import Refusal
from bot.simulators.broker.market.hours import Phase, Timetable
from bot.simulators.broker.market.instruments import Instrument

DEAD = "Order is Cancelled.Kindly refresh your OrderBook"
Lookup = Callable[[str, str], Instrument | None]


class Exchange:
    """The broker's side of the counter. `book` and `matcher` stand behind it."""

    def __init__(self, *, book: OrderBook, matcher: Matcher, risk: RiskCheck, timetable: Timetable, lookup: Lookup) -> None:
        self.book = book
        self.matcher = matcher
        self._risk = risk
        self._timetable = timetable
        self._lookup = lookup
        self._ledger = book.ledger
        self._portfolio = book.portfolio
        self._clock = book.clock
        self._faults = book.faults

    def place(self, account: Account, request: OrderRequest, channel: Channel = "API") -> Order:
        """Books the order, as Transit or as Rejected with its reason. Raises Refusal when it is not even an order."""
        instrument = self._lookup(request.exchange, request.token)
        if instrument is None or instrument.is_index:
            raise bad("Invalid symboltoken. Please provide valid symbol token.")
        if request.symbol and request.symbol not in (instrument.name, instrument.symbol):
            raise bad("Invalid tradingsymbol. Please provide valid trading symbol.")
        now = self._clock.now()
        with self._ledger.change():
            order = self.book.draft(account, request, instrument, channel)
            if order.variety == "AMO":
                order.day = day_text(self._timetable.next_session(now))
            behaviour = self._faults.take("order", "place", account.client) if channel == "API" else None
            reason = self._risk.refusal(account, order, instrument, now)
            if order.kind == "MARKET" and self._faults.on("market_orders_refused", account.client):
                reason = reason or REASONS["market_order"]
            if behaviour is not None:
                reason = self._behave(order, instrument, behaviour) or reason
            if reason:
                order.text = self._risk.words(order, instrument, reason, now)
                self.book.move(order, REJECTED)
            self._ledger.put(order)
            self._ledger.tell(now, account.client, "order", id=order.id, name=instrument.name, side=order.side,
                              quantity=order.quantity, kind=order.kind, price=order.price, product=order.product,
                              tag=order.tag, channel=channel, status=order.status, text=order.text)  # fmt: skip
            self.book.tell(order)
        if order.working:
            self.matcher.take(order)
        return order

    @staticmethod
    def _behave(order: Order, instrument: Instrument, behaviour: ActiveFault) -> str | None:
        """Writes an armed behaviour into the order. Returns a reason when it is to be rejected at once."""
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
            if name in ("part_then_cancelled", "part_then_expired"):
                order.then = CANCELLED if name == "part_then_cancelled" else EXPIRED
            elif name == "part_then_rejected":
                order.then, order.then_text = REJECTED, REASONS["price_protection"]
        return None

    def modify(self, account: Account, order_id: str, request: OrderRequest) -> Order:
        """Replaces price, trigger, kind, validity, disclosed and total quantity of a working order."""
        order = self._working(account, order_id, "RS-0034")
        instrument = self.book.find(order.key)
        now = self._clock.now()
        self._refuse_if_fixed(order, instrument, now)
        if request.quantity <= order.filled:
            raise bad("Modified quantity should be greater than traded quantity.", "400")
        old = (order.kind, order.price, order.trigger, order.quantity, order.validity, order.disclosed)
        order.kind, order.price, order.trigger = request.kind, request.price, request.trigger
        order.quantity, order.validity, order.disclosed = request.quantity, request.validity, request.disclosed
        reason = self._risk.refusal(account, order, instrument, now)
        if reason is None and self._risk.out_of_band(order, instrument, now):
            reason = REASONS["price_range"]
        if reason:
            message = self._risk.words(order, instrument, reason, now).replace(",", " ")
            order.kind, order.price, order.trigger, order.quantity, order.validity, order.disclosed = old
            raise Refusal(message)
        order.triggered = order.triggered and order.kind in STOPS
        with self._ledger.change():
            self.book.reach_exchange(order)  # it may have been on its way still
            order.text = order.text if order.filled else "CONFIRMED"
            self.book.move(order, MODIFIED)
            self._ledger.put(order)
            self._ledger.tell(now, account.client, "modified", id=order.id, kind=order.kind, price=order.price,
                              trigger=order.trigger, quantity=order.quantity, was=old)  # fmt: skip
            self.book.tell(order)
        self.matcher.changed(order)
        return order

    def cancel(self, account: Account, order_id: str, *, by: str = "client") -> Order:
        order = self._working(account, order_id, "RS-00093")
        if by == "client":
            self._refuse_if_fixed(order, self.book.find(order.key), self._clock.now())
        if by == "client" and self._faults.take("order", "cancel", account.client):
            with self._ledger.change():
                self._ledger.tell(self._clock.now(), account.client, "cancel not carried out", id=order.id)
            return order
        self.book.end(order, CANCELLED)
        return order

    def convert(self, account: Account, instrument: Instrument, *, old: Product, new: Product, side: Side, quantity: int) -> None:
        """Moves units of today's position from one product to another at their average. No order is made (7.2)."""
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
        spot = self._portfolio.spot(instrument, now)
        more, less = (
            required(instrument, product=one, side=side, quantity=quantity, price=price, spot=spot).total for one in (new, old)
        )
        available = self._portfolio.funds(account, now).available
        if more - less > available:
            raise Refusal(self._risk.short_of_funds(more - less, available).replace(",", " "), code="RS-0111")
        back: Side = "SELL" if side == "BUY" else "BUY"
        with self._ledger.change():
            for product, way in ((old, back), (new, side)):
                self._ledger.put(
                    Trade(number=self.book.next_trade(), order="", client=account.client,
                          day=account.day, exchange=instrument.exchange, token=instrument.token, side=way, kind="MARKET",
                          product=product, quantity=quantity, price=price, at=stamp(now), channel="API",
                          exchange_order="0", from_product=old)
                )  # fmt: skip
            self._ledger.tell(now, account.client, "converted", name=instrument.name, quantity=quantity, old=old, new=new)

    def cancel_all(self, account: Account) -> list[Order]:
        """Cancels what can be cancelled now. An order that stands fast in an auction keeps none of the others alive."""
        cancelled: list[Order] = []
        for order in self._ledger.working_of(account.client, account.day):
            with suppress(Refusal):
                cancelled.append(self.cancel(account, order.id))
        return cancelled

    def _refuse_if_fixed(self, order: Order, instrument: Instrument, now: datetime) -> None:
        """Market orders of the closing auction stand from 15:25 on (market-rules.md 4.8), and all orders while it is matched."""
        phase = self._timetable.phase(instrument, now)
        if order.kind == "MARKET" and phase is Phase.AUCTION_LIMIT:
            raise Refusal("Market order can not be modified or cancelled in this session")
        if phase is Phase.MATCHING:
            raise Refusal("Order can not be modified or cancelled in this session")

    def _working(self, account: Account, order_id: str, code: str) -> Order:
        order = self._ledger.orders.get(order_id.strip())
        if order is None or order.client != account.client or order.day < account.day:
            raise Refusal("something went wrong", code="MA500")
        if not order.working:
            raise Refusal(DEAD, code=code)
        return order
