"""What trades cost: one order, both sides of it, a set of fills, a day; an estimate, for the contract note is the truth."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal
from itertools import groupby

from bot.domain.market.instrument import Instrument, InstrumentKind, Right
from bot.domain.money import ZERO, total
from bot.domain.orders.order import Product, Side
from bot.domain.orders.tariff import (
    HUNDRED,
    Asset,
    Bill,
    BreakEven,
    Case,
    ChargeName,
    Fee,
    Interest,
    Line,
    Plan,
    Rate,
    RoundTrip,
    Tax,
    Terms,
    TradeClass,
    merged,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """Something bought or sold, or about to be: an order, a slice, or one fill of an order."""

    instrument: Instrument
    side: Side
    product: Product
    quantity: int  # shares or units
    price: Decimal  # rupees a unit; for options the premium
    day: date
    orders: int = (
        1  # executed broker orders that this stands for: the number of slices; 0: a further fill of one counted elsewhere
    )
    order: str = ""  # fills of one order carry its name and pay brokerage once; empty: an order of its own

    @property
    def value(self) -> Decimal:
        """Turnover in rupees: premium for options, contract value for futures."""
        return self.price * self.quantity

    @property
    def trade_class(self) -> TradeClass:
        if self.instrument.is_option:
            return TradeClass.OPTION
        if self.instrument.is_derivative:
            return TradeClass.FUTURE
        return {Product.MIS: TradeClass.INTRADAY, Product.MTF: TradeClass.MTF}.get(self.product, TradeClass.DELIVERY)

    @property
    def delivers(self) -> bool:
        """Whether shares leave the depository account: what the DP charge is for."""
        return self.side is Side.SELL and self.trade_class in (TradeClass.DELIVERY, TradeClass.MTF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """All dated rows about charges; each question is a pure function of them, the trades and the user's plan."""

    rates: tuple[Rate, ...]
    fees: tuple[Fee, ...]
    taxes: tuple[Tax, ...]
    interest: tuple[Interest, ...]
    plans: tuple[Plan, ...]
    funds: dict[str, Asset]  # symbol -> what the fund holds; every other symbol is a share
    gross_series: frozenset[str] = field(default=frozenset())  # trade-to-trade: nothing nets within the day

    def plan(self, name: str) -> Plan | None:
        """mStock's plan of that name; None: no such plan."""
        return next((plan for plan in self.plans if plan.name == name), None)

    def order(self, trade: Trade, plan: Plan | None) -> Bill:
        """One order alone, a delivery sale with its DP charge; without a plan the brokerage is not known and not counted."""
        return self.fills((trade,), plan)

    def round_trip(self, trade: Trade, plan: Plan | None) -> RoundTrip | None:
        """The order and its opposite at the same price; None for a delivery sale, whose other side lies in the past."""
        if trade.delivers:
            return None
        back = replace(trade, side=trade.side.opposite)
        entry = self.order(trade, plan)
        return RoundTrip(entry=entry, exit=self.order(back, plan), break_even=self._break_even(trade, entry.total, plan))

    def fills(self, trades: Iterable[Trade], plan: Plan | None) -> Bill:
        """The sum of the orders, each by its own product, with the DP charge once for each scrip and day."""
        made = tuple(trades)
        return merged((self._levies(made), self._brokerage(made, plan, self._exchange_levies(made)), self._depository(made)))

    def day(self, trades: Iterable[Trade], plan: Plan | None) -> Bill:
        """As the contract note sees it: what is bought and sold in one share, day and exchange is intraday, whatever its product.

        Trade-to-trade series never net. Brokerage stays by order and product.
        """
        made = tuple(trades)
        netted = tuple(part for group in _by_scrip_and_day(made) for part in self._netted(group))
        return merged(
            (self._levies(netted), self._brokerage(made, plan, self._exchange_levies(netted)), self._depository(netted))
        )

    def exercise(self, instrument: Instrument, quantity: int, settlement: Decimal, day: date) -> Bill:
        """An index option that the holder lets end in the money; settlement is the index, quantity in units."""
        if instrument.kind is not InstrumentKind.INDEX_OPTION or instrument.strike is None:
            msg = f"{instrument.name} is no index option"
            raise ValueError(msg)
        reach = settlement - instrument.strike if instrument.right is Right.CE else instrument.strike - settlement
        return self._settled(instrument, TradeClass.EXERCISE, Side.BUY, max(reach, ZERO) * quantity, day)

    def physical(self, instrument: Instrument, side: Side, quantity: int, settlement: Decimal, day: date) -> Bill:
        """A stock contract that ends in shares, which BUY takes and SELL gives; options at the strike, futures at settlement."""
        if instrument.kind not in (InstrumentKind.STOCK_FUTURE, InstrumentKind.STOCK_OPTION):
            msg = f"{instrument.name} is no stock contract"
            raise ValueError(msg)
        price = instrument.strike if instrument.strike is not None else settlement
        return self._settled(instrument, TradeClass.PHYSICAL, side, price * quantity, day)

    def square_off_fee(self, day: date, orders: int = 1) -> Bill:
        """What mStock takes for orders with which it closed a position itself."""
        return self._fee(ChargeName.SQUARE_OFF, day, orders)

    def mtf(self, borrowed: Decimal, day: date, *, days: int = 1, pledges: int = 0) -> Bill:
        """Interest on the borrowed rupees for a number of days, and pledges or unpledges of a scrip."""
        rows = [row for row in self.interest if row.since <= day]
        if not rows:
            return Bill(unknown=frozenset({ChargeName.MTF_INTEREST}))
        row = max(rows, key=lambda row: row.since)
        amount = borrowed * row.percent * days / (HUNDRED * 365)
        return Bill(lines=(Line(name=ChargeName.MTF_INTEREST, amount=amount, sources=(row.source,)),)) + self._fee(
            ChargeName.PLEDGE, day, pledges
        )

    def asset(self, instrument: Instrument) -> Asset:
        """Whether it is a share or which sort of fund; an unknown fund counts as a share, which pays most."""
        return self.funds.get(instrument.symbol, Asset.SHARE)

    def rate(self, charge: ChargeName, case: Case) -> Rate | None:
        """The row that decides: the newest, and one that names a series before one for all; None: the charge does not apply."""
        rows = [row for row in self.rates if row.charge is charge and row.covers(case)]
        return max(rows, key=lambda row: (bool(row.series), row.since), default=None)

    def covers(self, charge: ChargeName, day: date) -> bool:
        """Whether the rates of a charge reach back to that day at all."""
        return any(row.charge is charge and row.since <= day for row in self.rates)

    def _case(self, trade: Trade) -> Case:
        return Case(
            trade_class=trade.trade_class,
            side=trade.side,
            exchange=trade.instrument.exchange,
            asset=self.asset(trade.instrument),
            symbol=trade.instrument.symbol,
            series=trade.instrument.series,
            day=trade.day,
        )

    def _levied(self, charges: Sequence[ChargeName], case: Case, value: Decimal) -> Bill:
        lines, unknown = [], set()
        for charge in charges:
            row = self.rate(charge, case)
            if row is None:
                if not self.covers(charge, case.day):
                    unknown.add(charge)
            elif row.percent is None:
                unknown.add(charge)
            else:
                lines.append(Line(name=charge, amount=value * row.percent / HUNDRED, sources=(row.source,)))
        return Bill(lines=tuple(lines), unknown=frozenset(unknown))

    def _levies(self, trades: Sequence[Trade]) -> Bill:
        charges = (ChargeName.STT, ChargeName.EXCHANGE, ChargeName.IPFT, ChargeName.SEBI, ChargeName.STAMP)
        return merged(self._levied(charges, self._case(trade), trade.value) for trade in trades)

    def _exchange_levies(self, trades: Sequence[Trade]) -> Bill:
        """The levies that carry GST, by day, because the tax is dated too."""
        bills = []
        for trade in trades:
            tax = self._tax(trade.day)
            levies = self._levied((ChargeName.EXCHANGE, ChargeName.IPFT, ChargeName.SEBI), self._case(trade), trade.value)
            if tax is None:
                bills.append(Bill(unknown=frozenset({ChargeName.GST})))
                continue
            base = total(line.amount for line in levies.lines if line.name in tax.on)
            bills.append(Bill(lines=(_taxed(tax, base),), unknown=_unknown_tax(levies, tax)))
        return merged(bills)

    def _brokerage(self, trades: Sequence[Trade], plan: Plan | None, levied: Bill) -> Bill:
        bills = [levied]
        for orders in _by_order(trades):
            first = orders[0]
            terms = plan.terms.get(first.trade_class) if plan is not None else None
            if plan is None or terms is None:
                bills.append(Bill(unknown=frozenset({ChargeName.BROKERAGE})))
                continue
            amount = _for_orders(terms, total(trade.value for trade in orders), first.orders)
            bills.append(Bill(lines=(Line(name=ChargeName.BROKERAGE, amount=amount, sources=(plan.source,)),)))
            tax = self._tax(first.day)
            if tax is not None and ChargeName.BROKERAGE in tax.on:
                bills.append(Bill(lines=(_taxed(tax, amount),)))
        return merged(bills)

    def _depository(self, trades: Sequence[Trade]) -> Bill:
        scrips = {(trade.instrument.key, trade.day): trade for trade in trades if trade.delivers}
        return merged(self._fee(ChargeName.DP, trade.day, 1) for trade in scrips.values())

    def _fee(self, charge: ChargeName, day: date, count: int) -> Bill:
        if count == 0:
            return Bill()
        rows = [row for row in self.fees if row.charge is charge and row.since <= day]
        if not rows:
            return Bill(unknown=frozenset({charge}))
        row = max(rows, key=lambda row: row.since)
        each = row.rupees
        if row.gst:
            tax = self._tax(day)
            if tax is None:
                return Bill(unknown=frozenset({charge}))
            each += each * tax.percent / HUNDRED
        return Bill(lines=(Line(name=charge, amount=each * count, sources=(row.source,)),))

    def _tax(self, day: date) -> Tax | None:
        return max((row for row in self.taxes if row.since <= day), key=lambda row: row.since, default=None)

    def _settled(self, instrument: Instrument, trade_class: TradeClass, side: Side, value: Decimal, day: date) -> Bill:
        case = Case(
            trade_class=trade_class,
            side=side,
            exchange=instrument.exchange,
            asset=Asset.SHARE,
            symbol=instrument.symbol,
            series=instrument.series,
            day=day,
        )
        return self._levied((ChargeName.STT, ChargeName.STAMP, ChargeName.BROKERAGE), case, value)

    def _netted(self, group: Sequence[Trade]) -> Iterable[Trade]:
        """A share's trades of one day as they are taxed: what both sides have in common is intraday, the rest is delivered."""
        first = group[0]
        if first.instrument.kind is not InstrumentKind.EQUITY or first.instrument.series in self.gross_series:
            return group
        bought = sum(trade.quantity for trade in group if trade.side is Side.BUY)
        sold = sum(trade.quantity for trade in group if trade.side is Side.SELL)
        common = min(bought, sold)
        if common == 0:
            return group
        parts = []
        for side, quantity in ((Side.BUY, bought), (Side.SELL, sold)):
            average = total(trade.value for trade in group if trade.side is side) / quantity
            model = next(trade for trade in group if trade.side is side)
            still_open = min(_still_open(group, side), quantity - common)
            for product, share in ((Product.MIS, common + still_open), (Product.CNC, quantity - common - still_open)):
                if share:
                    parts.append(replace(model, product=product, quantity=share, price=average, order=""))
        return parts

    def _break_even(self, trade: Trade, paid: Decimal, plan: Plan | None) -> BreakEven | None:
        """The exit price that pays for the round trip; None when it would lie below zero.

        The exit's charges are linear in its price, but for a brokerage that is the lesser of a flat sum and a percentage. So
        each of these two has one price at which the gain is zero, and the nearer one to the entry counts.
        """
        side, quantity, tick = trade.side.sign, trade.quantity, trade.instrument.tick
        unit = replace(trade, side=trade.side.opposite, price=Decimal(1))
        fixed = self._depository((unit,)).total
        rate = (self.order(unit, None).total - fixed) / quantity
        ways = [(fixed + more, rate + share) for more, share in self._brokerages(unit, plan)]

        def gain(price: Decimal) -> Decimal:
            exit_costs = min(sum_ + share * price * quantity for sum_, share in ways)
            return (price - trade.price) * side * quantity - paid - exit_costs

        prices = [(trade.price * side * quantity + paid + sum_) / (quantity * (side - share)) for sum_, share in ways]
        price = min(prices) if trade.side is Side.BUY else max(prices)
        move = abs(price - trade.price)
        ticks = int((move / tick).to_integral_value(ROUND_CEILING))
        if ticks and gain(trade.price + side * (ticks - 1) * tick) >= 0:  # the price lies on a tick, but for its last digit
            ticks -= 1
        if price < 0 or trade.price + side * ticks * tick < 0:
            return None
        return BreakEven(price=price, move=move, ticks=ticks)

    def _brokerages(self, trade: Trade, plan: Plan | None) -> Sequence[tuple[Decimal, Decimal]]:
        """(sum, share of the turnover) of each way to reckon the brokerage and its tax; the least of them is taken."""
        terms = plan.terms.get(trade.trade_class) if plan is not None else None
        if terms is None:
            return ((ZERO, ZERO),)
        tax = self._tax(trade.day)
        taxed = 1 + tax.percent / HUNDRED if tax is not None and ChargeName.BROKERAGE in tax.on else Decimal(1)
        flat = (terms.flat * trade.orders * taxed, ZERO)
        return (flat,) if terms.percent is None else (flat, (ZERO, terms.percent / HUNDRED * taxed))


def _still_open(group: Sequence[Trade], side: Side) -> int:
    """Shares of an intraday position that the day's trades leave open on that side."""
    return max(sum(trade.side.sign * side.sign * trade.quantity for trade in group if trade.product is Product.MIS), 0)


def _for_orders(terms: Terms, value: Decimal, orders: int) -> Decimal:
    """Brokerage of so many equal orders that carry the value together."""
    return ZERO if orders == 0 else terms.of(value / orders) * orders


def _taxed(tax: Tax, base: Decimal) -> Line:
    return Line(name=ChargeName.GST, amount=base * tax.percent / HUNDRED, sources=(tax.source,))


def _unknown_tax(levies: Bill, tax: Tax) -> frozenset[ChargeName]:
    return frozenset({ChargeName.GST}) if levies.unknown & tax.on else frozenset()


def _by_order(trades: Sequence[Trade]) -> list[list[Trade]]:
    """Fills of one order together; a trade without the name of an order is one of its own."""
    named: dict[str, list[Trade]] = {}
    alone: list[list[Trade]] = []
    for trade in trades:
        if trade.order:
            named.setdefault(trade.order, []).append(trade)
        else:
            alone.append([trade])
    return [*named.values(), *alone]


def _by_scrip_and_day(trades: Sequence[Trade]) -> list[list[Trade]]:
    def place(trade: Trade) -> tuple[date, str, str]:
        return (trade.day, trade.instrument.exchange, trade.instrument.token)

    return [list(group) for _, group in groupby(sorted(trades, key=place), key=place)]
