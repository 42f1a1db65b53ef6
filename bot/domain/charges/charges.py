"""What trades cost: one order, both sides of it, a set of fills, a day.

Every figure is an estimate, for the contract note is the truth.
"""

from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal

from bot.domain.charges.tariff import (
    HUNDRED,
    Asset,
    Bill,
    BreakEven,
    BrokeragePlan,
    BrokerageTerms,
    Case,
    ChargeName,
    Fee,
    Gap,
    Interest,
    Loan,
    Rate,
    RoundTripBill,
    TariffLine,
    Tax,
    TradeClass,
    merged,
)
from bot.domain.charges.turnover import Turnover, class_of, meeting, netted, series_of, turnovers
from bot.domain.market.instrument import Instrument, InstrumentKind, Right
from bot.domain.money import ZERO, total
from bot.domain.terms import Product, Side
from bot.domain.value import value

LEVIES = (ChargeName.STT, ChargeName.EXCHANGE, ChargeName.IPFT, ChargeName.SEBI, ChargeName.STAMP)
SETTLED = {TradeClass.EXERCISE: "an exercise", TradeClass.PHYSICAL: "a settlement in shares"}
NO_PLAN = Gap(name=ChargeName.BROKERAGE, why="no brokerage plan is set")


@value
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
        return class_of(self.instrument, self.product)

    @property
    def delivers(self) -> bool:
        """Whether shares leave the depository account: what the DP charge is for."""
        return self.side is Side.SELL and self.trade_class in (TradeClass.DELIVERY, TradeClass.MTF)


@value
class Tariff:
    """All dated rows about charges. Each question is a pure function of them, the trades and the user's plan."""

    rates: tuple[Rate, ...]
    fees: tuple[Fee, ...]
    taxes: tuple[Tax, ...]
    interest: tuple[Interest, ...]
    plans: tuple[BrokeragePlan, ...]
    funds: dict[str, Asset]  # symbol -> what the fund holds; every other symbol is a share
    gross_series: frozenset[str] = field(default=frozenset())  # trade-to-trade: nothing nets within the day

    def plan(self, name: str) -> BrokeragePlan | None:
        """mStock's plan of that name. None: no such plan."""
        return next((plan for plan in self.plans if plan.name == name), None)

    def order(self, trade: Trade, plan: BrokeragePlan | None, *, meets: int = 0) -> Bill:
        """One order alone, a delivery sale with its DP charge. Without a plan the brokerage is not known and not counted.

        meets: shares of it that meet what the day did on the other side (a delivery share sold on the day it was bought).
        These are charged as the day will charge them, as intraday. Brokerage stays by the order's product.
        """
        flows = tuple(part for flow in turnovers((trade,)) for part in meeting(flow, meets, self.gross_series))
        return self._billed(flows, (trade,), plan)

    def ledger_order(self, trade: Trade, plan: BrokeragePlan | None, *, meets: int = 0) -> Bill:
        """The same with what stands on the ledger beside the contract note.

        A purchase on margin is pledged and its sale unpledged, each for a fee. What meets the same day's shares is neither.
        """
        bill = self.order(trade, plan, meets=meets)
        return merged((bill, self._pledge(trade))) if meets < trade.quantity else bill

    def round_trip(self, trade: Trade, plan: BrokeragePlan | None) -> RoundTripBill | None:
        """The order and its opposite at the same price. None for a delivery sale, whose other side lies in the past."""
        if trade.delivers:
            return None
        back = replace(trade, side=trade.side.opposite)
        entry = self.ledger_order(trade, plan)
        return RoundTripBill(
            entry=entry, exit=self.ledger_order(back, plan), break_even=self._break_even(trade, entry.total, plan)
        )

    def fills(self, trades: Iterable[Trade], plan: BrokeragePlan | None) -> Bill:
        """The sum of the orders, each by its own product, with the DP charge once for each scrip and day."""
        made = tuple(trades)
        return self._billed(turnovers(made), made, plan)

    def day(self, trades: Iterable[Trade], plan: BrokeragePlan | None) -> Bill:
        """The bill as the contract note has it, unrounded: what is bought and sold in one share, day and exchange is intraday.

        Trade-to-trade series never net. Brokerage stays by order and product.
        """
        made = tuple(trades)
        return self._billed(netted(turnovers(made), self.gross_series), made, plan)

    def exercise(self, instrument: Instrument, quantity: int, settlement: Decimal, day: date) -> Bill:
        """An index option that the holder lets end in the money. settlement is the index, quantity in units."""
        if instrument.kind is not InstrumentKind.INDEX_OPTION or instrument.strike is None:
            msg = f"{instrument.name} is no index option"
            raise ValueError(msg)
        reach = settlement - instrument.strike if instrument.right is Right.CE else instrument.strike - settlement
        return self._settled(instrument, TradeClass.EXERCISE, Side.BUY, max(reach, ZERO) * quantity, day)

    def physical(self, instrument: Instrument, side: Side, quantity: int, settlement: Decimal, day: date) -> Bill:
        """A stock contract that ends in shares, which BUY takes and SELL gives.

        Options end at the strike, futures at settlement.
        """
        if instrument.kind not in (InstrumentKind.STOCK_FUTURE, InstrumentKind.STOCK_OPTION):
            msg = f"{instrument.name} is no stock contract"
            raise ValueError(msg)
        price = instrument.strike if instrument.strike is not None else settlement
        return self._settled(instrument, TradeClass.PHYSICAL, side, price * quantity, day)

    def square_off_fee(self, day: date, orders: int = 1) -> Bill:
        """What mStock takes for orders with which it closed a position itself."""
        return self._fee(ChargeName.SQUARE_OFF, day, orders)

    def mtf(self, borrowed: Decimal | None, day: date, *, days: int = 1, pledges: int = 0, of: Decimal | None = None) -> Bill:
        """Interest on the borrowed rupees for a number of days, and pledges or unpledges of a scrip.

        borrowed None: how much was lent is not known. of: the whole loan that it is a part of, whose slab decides.
        """
        return self._interest(borrowed, of, day, days) + self._fee(ChargeName.PLEDGE, day, pledges)

    def _interest(self, borrowed: Decimal | None, of: Decimal | None, day: date, days: int) -> Bill:
        if borrowed is None:
            return Bill(gaps=(Gap(name=ChargeName.MTF_INTEREST, why="what mStock lent for it"),))
        row = max((row for row in self.interest if row.since <= day), key=lambda row: row.since, default=None)
        if row is None:
            return Bill(gaps=(_before_rows(ChargeName.MTF_INTEREST, day),))
        percent = row.percent(borrowed if of is None else of)
        amount = borrowed * percent * days / (HUNDRED * 365)
        return Bill(lines=(TariffLine(name=ChargeName.MTF_INTEREST, amount=amount, sources=(row.source,)),))

    def loan(self, value: Decimal, margin: Decimal, day: date) -> Loan:
        """What an MTF purchase of that value borrows where the broker blocks that margin, and its interest a day, in rupees."""
        lent = max(value - margin, ZERO)
        return Loan(own=value - lent, lent=lent, interest=self.mtf(lent, day).amount(ChargeName.MTF_INTEREST))

    def _pledge(self, trade: Trade) -> Bill:
        return self._fee(ChargeName.PLEDGE, trade.day, int(trade.trade_class is TradeClass.MTF))

    def asset(self, instrument: Instrument) -> Asset:
        """Whether it is a share or which sort of fund. An unknown fund counts as a share, which pays most."""
        return self.funds.get(instrument.symbol, Asset.SHARE)

    def rate(self, charge: ChargeName, case: Case) -> Rate | None:
        """The row that decides: one that names a series or an underlying before one for all, then the newest.

        None: the charge does not apply.
        """
        rows = [row for row in self.rates if row.charge is charge and row.covers(case)]
        return max(rows, key=lambda row: (bool(row.series), bool(row.underlyings), row.since), default=None)

    def covers(self, charge: ChargeName, day: date) -> bool:
        """Whether the rates of a charge reach back to that day at all."""
        return any(row.charge is charge and row.since <= day for row in self.rates)

    def _billed(self, flows: Sequence[Turnover], trades: Sequence[Trade], plan: BrokeragePlan | None) -> Bill:
        return merged((*(self._levies(flow) for flow in flows), self._brokerage(trades, plan), self._depository(flows)))

    def _levies(self, flow: Turnover) -> Bill:
        """What the state and the exchange take, with the GST that is due on it."""
        case = Case(
            trade_class=flow.trade_class,
            side=flow.side,
            exchange=flow.instrument.exchange,
            asset=self.asset(flow.instrument),
            symbol=flow.instrument.symbol,
            series=series_of(flow.instrument),
            day=flow.day,
        )
        levies = self._levied(LEVIES, case, flow.value)
        tax = self._tax(flow.day)
        if tax is None:
            return levies + Bill(gaps=(_before_rows(ChargeName.GST, flow.day),))
        untaxed = tuple(Gap(name=ChargeName.GST, why=gap.why) for gap in levies.gaps if gap.name in tax.on)
        base = total(line.amount for line in levies.lines if line.name in tax.on)
        return levies + Bill(lines=(_taxed(tax, base),), gaps=untaxed)

    def _levied(self, charges: Sequence[ChargeName], case: Case, value: Decimal) -> Bill:
        lines, gaps = [], []
        for charge in charges:
            row = self.rate(charge, case)
            if row is None:
                if not self.covers(charge, case.day):
                    gaps.append(_before_rows(charge, case.day))
            elif row.percent is None:
                gaps.append(Gap(name=charge, why=row.source))
            else:
                lines.append(TariffLine(name=charge, amount=value * row.percent / HUNDRED, sources=(row.source,)))
        return Bill(lines=tuple(lines), gaps=tuple(gaps))

    def _brokerage(self, trades: Sequence[Trade], plan: BrokeragePlan | None) -> Bill:
        if plan is None:
            return Bill(gaps=(NO_PLAN,) if trades else ())
        gaps: dict[Gap, None] = {}
        amounts: dict[date, Decimal] = {}  # by day: the tax on it is dated
        for orders in _by_order(trades):
            first = orders[0]
            terms = plan.terms.get(first.trade_class)
            if terms is None:
                gaps[Gap(name=ChargeName.BROKERAGE, why=f"what plan {plan.name} takes for {first.trade_class}")] = None
                continue
            value = total(trade.value for trade in orders) if terms.percent is not None else ZERO
            amounts[first.day] = amounts.get(first.day, ZERO) + _for_orders(terms, value, first.orders)
        lines = []
        for day, amount in amounts.items():
            lines.append(TariffLine(name=ChargeName.BROKERAGE, amount=amount, sources=(plan.source,)))
            tax = self._tax(day)
            if tax is not None and ChargeName.BROKERAGE in tax.on:
                lines.append(_taxed(tax, amount))
        return Bill(lines=tuple(lines), gaps=tuple(gaps))

    def _depository(self, flows: Sequence[Turnover]) -> Bill:
        scrips = {(flow.instrument.key, flow.day): flow for flow in flows if flow.delivers}
        return merged(self._fee(ChargeName.DP, flow.day, 1) for flow in scrips.values())

    def _fee(self, charge: ChargeName, day: date, count: int) -> Bill:
        if count == 0:
            return Bill()
        rows = [row for row in self.fees if row.charge is charge and row.since <= day]
        if not rows:
            return Bill(gaps=(_before_rows(charge, day),))
        row = max(rows, key=lambda row: row.since)
        fee = row.rupees
        if row.gst:
            tax = self._tax(day)
            if tax is None:
                return Bill(gaps=(_before_rows(charge, day),))
            fee += fee * tax.percent / HUNDRED
        return Bill(lines=(TariffLine(name=charge, amount=fee * count, sources=(row.source,)),))

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
        brokerage = Gap(name=ChargeName.BROKERAGE, why=f"what mStock takes for {SETTLED[trade_class]}")
        return self._levied((ChargeName.STT, ChargeName.STAMP), case, value) + Bill(gaps=(brokerage,))

    def _break_even(self, trade: Trade, paid: Decimal, plan: BrokeragePlan | None) -> BreakEven | None:
        """The exit price that pays for the round trip. None when it would lie below zero.

        The exit's charges are linear in its price, but for a brokerage that is the lesser of a flat sum and a percentage. So
        each of these two has one price at which the gain is zero, and the nearer one to the entry counts.
        """
        side, quantity, tick = trade.side.sign, trade.quantity, trade.instrument.tick
        unit = replace(trade, side=trade.side.opposite, price=Decimal(1))
        fixed = self._depository(turnovers((unit,))).total + self._pledge(unit).total
        rate = (self.ledger_order(unit, None).total - fixed) / quantity
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

    def _brokerages(self, trade: Trade, plan: BrokeragePlan | None) -> Sequence[tuple[Decimal, Decimal]]:
        """(sum, share of the turnover) of each way to reckon the brokerage and its tax. The least of them is taken."""
        terms = plan.terms.get(trade.trade_class) if plan is not None else None
        if terms is None:
            return ((ZERO, ZERO),)
        tax = self._tax(trade.day)
        taxed = 1 + tax.percent / HUNDRED if tax is not None and ChargeName.BROKERAGE in tax.on else Decimal(1)
        flat = (terms.flat * trade.orders * taxed, ZERO)
        return (flat,) if terms.percent is None else (flat, (ZERO, terms.percent / HUNDRED * taxed))


def _for_orders(terms: BrokerageTerms, value: Decimal, orders: int) -> Decimal:
    """Brokerage of so many equal orders that carry the value together."""
    return ZERO if orders == 0 else terms.of(value / orders) * orders


def _taxed(tax: Tax, base: Decimal) -> TariffLine:
    return TariffLine(name=ChargeName.GST, amount=base * tax.percent / HUNDRED, sources=(tax.source,))


def _before_rows(charge: ChargeName, day: date) -> Gap:
    return Gap(name=charge, why=f"no row reaches back to {day.isoformat()}")


def _by_order(trades: Sequence[Trade]) -> list[list[Trade]]:
    """Fills of one order together. A trade without the name of an order is one of its own."""
    named: dict[str, list[Trade]] = {}
    alone: list[list[Trade]] = []
    for trade in trades:
        if trade.order:
            named.setdefault(trade.order, []).append(trade)
        else:
            alone.append([trade])
    return [*named.values(), *alone]
