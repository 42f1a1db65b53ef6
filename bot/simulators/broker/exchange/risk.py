"""The broker's risk desk: why an order is refused before it reaches the exchange, and in which words."""

from __future__ import annotations

from datetime import datetime

from bot.simulators.broker.accounts.portfolio import Portfolio
from bot.simulators.broker.accounts.records import Account, Order
from bot.simulators.broker.exchange.reasons import REASONS
from bot.simulators.broker.exchange.requests import STOPS
from bot.simulators.broker.market.hours import SQUARE_OFF, Phase, Timetable, ist
from bot.simulators.broker.market.instruments import Instrument, plain
from bot.simulators.broker.market.market import Market

IN_AUCTION = (Phase.AUCTION, Phase.AUCTION_LIMIT)
BEFORE_OPEN = (Phase.PRE_OPEN, Phase.PRE_OPEN_LIMIT)


class RiskCheck:
    """Reads the books and the market. Changes nothing."""

    def __init__(self, portfolio: Portfolio, market: Market, timetable: Timetable) -> None:
        self._portfolio = portfolio
        self._market = market
        self._timetable = timetable

    def refusal(self, account: Account, order: Order, instrument: Instrument, now: datetime) -> str | None:
        """The reason's text, or None when the order may pass."""
        return (
            self._by_the_clock(order, instrument, now)
            or self._by_the_contract(order, instrument)
            or self._by_the_books(account, order, now)
        )

    def _by_the_clock(self, order: Order, instrument: Instrument, now: datetime) -> str | None:
        phase = self._timetable.phase(instrument, now)
        if order.variety == "AMO":  # our own rule, until a live account shows mStock's: taken while the market is closed
            if phase is Phase.CLOSED:
                return None
            if order.exchange_id == "0":
                return REASONS["amo_open"]
        if phase in (Phase.CLOSED, Phase.MATCHING):
            return REASONS["market_closed"]
        if phase is Phase.PAUSE:
            return REASONS["auction_pause"]
        if phase in IN_AUCTION and (order.kind in STOPS or order.validity == "IOC" or order.disclosed):
            return REASONS["auction_stop"]
        if phase in BEFORE_OPEN and (order.kind in STOPS or order.validity == "IOC"):
            return REASONS["pre_open"]
        if phase in (Phase.AUCTION_LIMIT, Phase.PRE_OPEN_LIMIT) and order.kind == "MARKET":
            return REASONS["market_order"]
        opens = self._portfolio.opening_units(order) > 0
        late = self._timetable.hours == "real" and ist(now).time() >= SQUARE_OFF[instrument.segment]
        if late and order.product == "INTRADAY" and opens:
            return REASONS["square_off"]
        return None

    @staticmethod
    def _by_the_contract(order: Order, instrument: Instrument) -> str | None:
        if order.quantity % instrument.lot:
            return f"{REASONS['lot']} {instrument.lot}"
        if instrument.freeze and order.quantity > instrument.freeze:
            return f"{REASONS['freeze']} {instrument.freeze}"
        if order.price % instrument.tick or order.trigger % instrument.tick:
            return f"{REASONS['tick']} {plain(instrument.tick)}"
        # SL-M is left on NSE cash and NSE futures only (market-rules.md 4.8).
        if order.kind == "STOPLOSS_MARKET" and (instrument.is_option or instrument.exchange in ("BSE", "BFO")):
            return REASONS["stop_market"]
        if order.product in ("DELIVERY", "MARGIN") and instrument.is_derivative:
            return REASONS["product"]
        if order.product == "CARRYFORWARD" and not instrument.is_derivative:
            return REASONS["product"]
        if order.product == "INTRADAY" and instrument.series in ("BE", "BZ"):
            return REASONS["trade_to_trade"]
        return None

    def _by_the_books(self, account: Account, order: Order, now: datetime) -> str | None:
        if order.product == "DELIVERY" and order.side == "SELL":
            owned, free = self._portfolio.sellable(account.client, order.day, order.key)
            if self._portfolio.knows(order):  # a modify: what it asks for itself is not in its own way
                owned, free = owned + order.remaining, free + order.remaining
            if order.quantity > owned:
                return f"{REASONS['holdings']},AVAILABLE QUANTITY={owned},ORDER QUANTITY={order.quantity}"
            if order.quantity > free:
                return f"{REASONS['authorisation']},AUTHORISED QUANTITY={free}"
            return None
        if order.product == "MARGIN" and order.side == "SELL" and self._portfolio.opening_units(order):
            return REASONS["holdings"]
        needed = self._portfolio.order_margin(order, now)
        available = self._portfolio.funds(account, now).available + (needed if self._portfolio.knows(order) else 0)
        return self.short_of_funds(needed, available) if needed > max(available, 0) else None

    @staticmethod
    def short_of_funds(needed: int, available: int) -> str:
        return (
            f"{REASONS['funds']},AVAILABLE FUND={plain(available)},ADDITIONAL REQUIRED FUND={plain(needed - available)},"
            f"CALCULATED MARGIN FOR ORDER={plain(needed)}"
        )

    def words(self, order: Order, instrument: Instrument, reason: str, now: datetime) -> str:
        """`RMS:<id>:exchange,instrument,token,symbol,product,-,series,client,side,quantity,product letter,value,reason` (5.2)."""
        letter = {"INTRADAY": "I", "DELIVERY": "C", "CARRYFORWARD": "M", "MARGIN": "F"}[order.product]
        series = instrument.series if not instrument.is_derivative else ""
        bid, ask = self._market.best(instrument, now)
        price = order.price or order.trigger or (ask if order.side == "BUY" else bid)
        fields = [
            instrument.book_exchange, instrument.book_kind, instrument.token, instrument.book_symbol(), order.product, "",
            series, order.client, order.side[0], str(order.quantity), letter, plain(price * order.quantity), reason,
        ]  # fmt: skip
        return f"RMS:{order.id}:" + ",".join(fields)

    def out_of_band(self, order: Order, instrument: Instrument, now: datetime) -> bool:
        """Whether the exchange itself refuses the price for today."""
        if not order.price:
            return False
        low, high = self._market.band(instrument, now)
        return not low <= order.price <= high
