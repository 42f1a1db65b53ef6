"""What was bought and sold of each instrument, as it is charged: fills summed, and what meets within a day taken as intraday."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Protocol

from bot.domain.charges.tariff import TradeClass
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind
from bot.domain.money import total
from bot.domain.terms import Product, Side
from bot.domain.value import value


class Traded(Protocol):
    """A trade, as far as its turnover goes."""

    @property
    def instrument(self) -> Instrument: ...
    @property
    def side(self) -> Side: ...
    @property
    def product(self) -> Product: ...
    @property
    def quantity(self) -> int: ...
    @property
    def price(self) -> Decimal: ...
    @property
    def day(self) -> date: ...


@value
class Turnover:
    """All that was bought, or all that was sold, of one instrument in one product on one day."""

    instrument: Instrument
    side: Side
    product: Product
    day: date
    quantity: int  # shares or units
    value: Decimal  # rupees: premium for options, contract value for futures

    @property
    def trade_class(self) -> TradeClass:
        return class_of(self.instrument, self.product)

    @property
    def delivers(self) -> bool:
        """Whether shares leave the depository account: what the DP charge is for."""
        return self.side is Side.SELL and self.trade_class in (TradeClass.DELIVERY, TradeClass.MTF)


def series_of(instrument: Instrument) -> str:
    """The exchange's series of a share. On BSE it is its group where the name ends in it (SMALLCO-XT). Empty: not known."""
    if instrument.series or instrument.exchange is not Exchange.BSE or instrument.kind is not InstrumentKind.EQUITY:
        return instrument.series
    _, dash, group = instrument.name.rpartition("-")
    return group if dash else ""


_CASH = {Product.MIS: TradeClass.INTRADAY, Product.MTF: TradeClass.MTF}


def class_of(instrument: Instrument, product: Product) -> TradeClass:
    """What the tariff calls a trade in this product."""
    if instrument.is_option:
        return TradeClass.OPTION
    if instrument.is_derivative:
        return TradeClass.FUTURE
    return _CASH.get(product, TradeClass.DELIVERY)


def turnovers(trades: Iterable[Traded]) -> tuple[Turnover, ...]:
    """The trades summed by instrument, side, product and day. A day of many fills has few of them."""
    sums: dict[tuple[int, bool, str, date], tuple[Traded, list[int], list[Decimal]]] = {}
    for trade in trades:
        key = (id(trade.instrument), trade.side is Side.BUY, trade.product, trade.day)
        found = sums.get(key)
        if found is None:
            found = sums[key] = (trade, [], [])
        found[1].append(trade.quantity)
        found[2].append(trade.price * trade.quantity)
    return tuple(
        Turnover(
            instrument=first.instrument,
            side=first.side,
            product=first.product,
            day=first.day,
            quantity=sum(quantities),
            value=total(values),
        )
        for first, quantities, values in sums.values()
    )


def netted(flows: Iterable[Turnover], gross_series: frozenset[str]) -> tuple[Turnover, ...]:
    """Splits turnover as the day is taxed: what both sides of a share have in common is intraday, the rest delivered.

    Each day and exchange counts by itself.
    Trade-to-trade series (gross_series) never net.
    """
    groups: dict[tuple[str, str, date], list[Turnover]] = {}
    for flow in flows:
        groups.setdefault((flow.instrument.exchange, flow.instrument.token, flow.day), []).append(flow)
    return tuple(part for group in groups.values() for part in _netted(group, gross_series))


def meeting(flow: Turnover, quantity: int, gross_series: frozenset[str]) -> tuple[Turnover, ...]:
    """A trade of which so many shares meet what the day did on the other side: these are charged as intraday."""
    if quantity <= 0 or not _nets(flow.instrument, gross_series) or flow.trade_class is TradeClass.INTRADAY:
        return (flow,)
    meets = min(quantity, flow.quantity)
    return tuple(
        _share(flow, product, part) for product, part in ((Product.MIS, meets), (flow.product, flow.quantity - meets)) if part
    )


def _netted(group: Sequence[Turnover], gross_series: frozenset[str]) -> Iterable[Turnover]:
    if not _nets(group[0].instrument, gross_series):
        return group
    bought = sum(flow.quantity for flow in group if flow.side is Side.BUY)
    sold = sum(flow.quantity for flow in group if flow.side is Side.SELL)
    common = min(bought, sold)
    if common == 0:
        return group
    parts = []
    for side, quantity in ((Side.BUY, bought), (Side.SELL, sold)):
        flows = [flow for flow in group if flow.side is side]
        whole = replace(flows[0], quantity=quantity, value=total(flow.value for flow in flows))
        still_open = min(_still_open(group, side), quantity - common)
        for product, share in ((Product.MIS, common + still_open), (Product.CNC, quantity - common - still_open)):
            if share:
                parts.append(_share(whole, product, share))
    return parts


def _nets(instrument: Instrument, gross_series: frozenset[str]) -> bool:
    return instrument.kind is InstrumentKind.EQUITY and series_of(instrument) not in gross_series


def _share(flow: Turnover, product: Product, quantity: int) -> Turnover:
    return replace(flow, product=product, quantity=quantity, value=flow.value * quantity / flow.quantity)


def _still_open(group: Sequence[Turnover], side: Side) -> int:
    """Shares of an intraday position that the day's trades leave open on that side."""
    return max(sum(flow.side.sign * side.sign * flow.quantity for flow in group if flow.product is Product.MIS), 0)
