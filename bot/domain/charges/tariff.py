"""The dated rows behind every charge: rates, fees, taxes, brokerage plans, and the bill that they add up to."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from bot.domain.market.instrument import Exchange
from bot.domain.money import ZERO, total
from bot.domain.terms import Side
from bot.domain.value import value

HUNDRED = Decimal(100)


class ChargeName(StrEnum):
    """The lines of a bill."""

    BROKERAGE = "BROKERAGE"
    STT = "STT"  # securities transaction tax
    EXCHANGE = "EXCHANGE"  # the exchange's transaction charge
    IPFT = "IPFT"  # the exchange's investor protection fund
    SEBI = "SEBI"
    STAMP = "STAMP"
    GST = "GST"
    DP = "DP"  # depository, per scrip and day of a delivery sale; GST included
    SQUARE_OFF = "SQUARE_OFF"  # for an order with which mStock closed the position; GST included
    MTF_INTEREST = "MTF_INTEREST"
    PLEDGE = "PLEDGE"

    @property
    def say(self) -> str:
        """The line as a trader calls it."""
        return _SPOKEN.get(self, self.value)


_SPOKEN = {
    ChargeName.BROKERAGE: "brokerage",
    ChargeName.EXCHANGE: "exchange charge",
    ChargeName.STAMP: "stamp duty",
    ChargeName.DP: "DP charge",
    ChargeName.SQUARE_OFF: "square-off fee",
    ChargeName.MTF_INTEREST: "MTF interest",
    ChargeName.PLEDGE: "pledge fee",
}


class TradeClass(StrEnum):
    """What the tariff distinguishes."""

    DELIVERY = "delivery"
    MTF = "mtf"  # delivery with borrowed money
    INTRADAY = "intraday"
    FUTURE = "future"
    OPTION = "option"
    EXERCISE = "exercise"  # an index option that ends in the money
    PHYSICAL = "physical"  # a stock contract that ends in shares


class Asset(StrEnum):
    """What is bought in the cash market: the tax differs."""

    SHARE = "share"
    EQUITY_FUND = "equity-fund"  # exchange-traded fund on Indian shares
    OTHER_FUND = "other-fund"  # gold, silver, liquid, debt and foreign funds


@value
class Rate:
    """One dated rate: percent of the turnover (premium, contract value, intrinsic value) for the trades that it names."""

    charge: ChargeName
    classes: frozenset[TradeClass]
    sides: frozenset[Side]
    since: date
    percent: Decimal | None  # None: charged, but how much is not known
    source: str
    exchanges: frozenset[Exchange]
    assets: frozenset[Asset]
    underlyings: frozenset[str] = frozenset()  # empty: all but those named in `besides`
    besides: frozenset[str] = frozenset()
    series: frozenset[str] = frozenset()  # empty: every series that no other row names

    def covers(self, case: "Case") -> bool:
        return (
            case.trade_class in self.classes
            and case.side in self.sides
            and case.exchange in self.exchanges
            and case.asset in self.assets
            and (not self.underlyings or case.symbol in self.underlyings)
            and case.symbol not in self.besides
            and (not self.series or case.series in self.series)
            and self.since <= case.day
        )


@value
class Case:
    """All that a rate can depend on."""

    trade_class: TradeClass
    side: Side
    exchange: Exchange
    asset: Asset
    symbol: str
    series: str
    day: date


@value
class Fee:
    """A fixed sum for an event (a delivery sale of a scrip, a square-off order, a pledge), from a date on."""

    charge: ChargeName
    rupees: Decimal
    gst: bool  # GST comes on top and is shown in the same line: it is on the ledger as one sum
    since: date
    source: str


@value
class Tax:
    """GST, in percent of the named lines."""

    percent: Decimal
    on: frozenset[ChargeName]
    since: date
    source: str


@value
class InterestSlab:
    """Percent a year for loans up to a sum in rupees, that sum included. upto None is the last slab."""

    upto: Decimal | None
    percent: Decimal


@value
class Interest:
    """MTF interest by the day of a year of 365. The whole loan pays the percentage of the slab that it falls into."""

    slabs: tuple[InterestSlab, ...]  # in rising order, the last one open
    since: date
    source: str

    def percent(self, borrowed: Decimal) -> Decimal:
        """Percent a year on that many borrowed rupees."""
        return next(slab.percent for slab in self.slabs if slab.upto is None or borrowed <= slab.upto)


@value
class BrokerageTerms:
    """Brokerage of one executed order: a flat sum, or a percentage where that is less."""

    flat: Decimal
    percent: Decimal | None = None

    def of(self, value: Decimal) -> Decimal:
        """Rupees for one executed order of that turnover."""
        return self.flat if self.percent is None else min(self.flat, value * self.percent / HUNDRED)


@value
class BrokeragePlan:
    """A brokerage plan as the user has it. A class without terms is not known."""

    name: str
    title: str
    terms: Mapping[TradeClass, BrokerageTerms]
    source: str


@value
class TariffLine:
    """One charge in rupees, unrounded."""

    name: ChargeName
    amount: Decimal
    sources: tuple[str, ...] = ()


@value
class Gap:
    """A charge that applies and is not known. The rest of the bill stands."""

    name: ChargeName
    why: str


@value
class Bill:
    """Charges by name. What is charged but not known stands in `gaps` and is not in the total."""

    lines: tuple[TariffLine, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def unknown(self) -> frozenset[ChargeName]:
        """The charges that are not known, or not for all that the bill is for."""
        return frozenset(gap.name for gap in self.gaps)

    @property
    def total(self) -> Decimal:
        """Rupees of all known lines, unrounded."""
        return total(line.amount for line in self.lines)

    def amount(self, name: ChargeName) -> Decimal | None:
        """Rupees of one charge, zero where it does not apply. None: not known."""
        if name in self.unknown:
            return None
        return total(line.amount for line in self.lines if line.name is name)

    def __add__(self, other: "Bill") -> "Bill":
        return merged((self, other))


def merged(bills: Iterable[Bill]) -> Bill:
    """One bill with each charge once, in the order of ChargeName."""
    amounts: dict[ChargeName, Decimal] = {}
    sources: dict[ChargeName, dict[str, None]] = {}
    gaps: dict[Gap, None] = {}
    for bill in bills:
        gaps |= dict.fromkeys(bill.gaps)
        for line in bill.lines:
            amounts[line.name] = amounts.get(line.name, ZERO) + line.amount
            sources.setdefault(line.name, {}).update(dict.fromkeys(line.sources))
    lines = (TariffLine(name=name, amount=amounts[name], sources=tuple(sources[name])) for name in ChargeName if name in amounts)
    return Bill(lines=tuple(lines), gaps=tuple(gaps))


@value
class Loan:
    """What mStock lends for an MTF purchase, rupees."""

    own: Decimal  # what the person pays
    lent: Decimal
    interest: Decimal | None  # a day, estimated; None: not known


@value
class BreakEven:
    """Where a round trip pays for itself, by the charges that are known."""

    price: Decimal  # rupees, unrounded
    move: Decimal  # rupees a unit away from the entry, always positive
    ticks: int  # whole ticks that pay for it


@value
class RoundTripBill:
    """Both sides of an order: in, and out again at the same price."""

    entry: Bill
    exit: Bill
    break_even: BreakEven | None  # None: no price pays for it

    @property
    def both(self) -> Bill:
        return self.entry + self.exit

    @property
    def total(self) -> Decimal:
        return self.both.total
