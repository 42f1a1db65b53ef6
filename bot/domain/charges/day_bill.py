"""What a day costs an account: lines as the contract note rounds them, rows by instrument unrounded, and what is not known."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from bot.domain.charges.charges import Tariff, Trade
from bot.domain.charges.tariff import Bill, BrokeragePlan, ChargeName, Gap, TariffLine, merged
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey, InstrumentKind, Right
from bot.domain.money import ZERO, to_paise, total
from bot.domain.terms import Side
from bot.domain.value import value

RUPEE = Decimal(1)


@value
class Exercised:
    """An index option that the account held to its end. settlement is the index in rupees, quantity in units."""

    instrument: Instrument
    quantity: int
    settlement: Decimal


@value
class Delivered:
    """A stock contract that ended in shares, which BUY takes and SELL gives. settlement is the share's price in rupees."""

    instrument: Instrument
    side: Side
    quantity: int
    settlement: Decimal


@value
class SquaredOff:
    """Orders with which mStock closed a position itself."""

    instrument: Instrument | None  # None: it is not known whose
    orders: int = 1


@value
class Borrowed:
    """Money that mStock lent over nights, and pledges and unpledges that came with it."""

    instrument: Instrument | None  # None: the loan of the whole account
    rupees: Decimal | None  # None: how much was lent is not known
    of: Decimal | None = None  # the whole loan that it is a part of, whose slab decides; None: it is the whole
    nights: int = 1
    pledges: int = 0


Event = Exercised | Delivered | SquaredOff | Borrowed


def at_expiry(instrument: Instrument, quantity: int, settlement: Decimal) -> Exercised | Delivered | None:
    """What the end of a contract is to the day's charges. None: it ends without any.

    quantity is what was held to the end, signed, in units. settlement is in rupees: the index, or the share's price. A holder's
    index option in the money is exercised. A stock contract ends in shares, an option only in the money.
    """
    strike, right = instrument.strike, instrument.right
    if not quantity or (strike is not None and (settlement - strike) * (1 if right is Right.CE else -1) <= 0):
        return None
    match instrument.kind:
        case InstrumentKind.INDEX_OPTION if quantity > 0:
            return Exercised(instrument=instrument, quantity=quantity, settlement=settlement)
        case InstrumentKind.STOCK_FUTURE | InstrumentKind.STOCK_OPTION:
            takes = quantity > 0 if right is not Right.PE else quantity < 0  # who is short of a put must take the shares
            side = Side.BUY if takes else Side.SELL
            return Delivered(instrument=instrument, side=side, quantity=abs(quantity), settlement=settlement)
    return None


@value
class ChargeRow:
    """What one instrument cost on the day, unrounded. Without an instrument, what belongs to the account as a whole."""

    instrument: Instrument | None
    bill: Bill


@value
class DayBill:
    """The charges of one account and day. What is not known is left out of every sum and named. The rest stands."""

    lines: tuple[TariffLine, ...] = ()  # rounded as on the contract note, each charge once, in the order of ChargeName
    rows: tuple[ChargeRow, ...] = ()
    gaps: tuple[Gap, ...] = ()
    uncounted: int = 0  # trades in instruments that nobody could name: nothing of theirs is in the lines

    @property
    def total(self) -> Decimal:
        """Rupees of all that is known, to the paisa."""
        return total(line.amount for line in self.lines)

    @property
    def missing(self) -> tuple[str, ...]:
        """The charges that are not known, or not all of them, in a trader's words. Empty: the total is whole."""
        unknown = {gap.name for gap in self.gaps}
        names = tuple(name.say for name in ChargeName if name in unknown)
        trades = f"{self.uncounted} trade{'s' if self.uncounted > 1 else ''}"
        return (*names, f"charges of {trades}") if self.uncounted else names

    def amount(self, name: ChargeName) -> Decimal:
        """Rupees of one line as far as they are known, zero where it does not apply."""
        return total(line.amount for line in self.lines if line.name is name)


def day_bill(
    tariff: Tariff,
    plan: BrokeragePlan | None,
    trades: Iterable[Trade],
    events: Sequence[Event] = (),
    *,
    day: date,
    uncounted: int = 0,
) -> DayBill:
    """The bill of one account's day. trades are all fills of that day, in any order.

    What is bought and sold in one share on the day is intraday. The DP charge falls once for each scrip that leaves the
    depository, brokerage once for each order. STT is rounded to the rupee once for each exchange and segment, every other
    charge to the paisa. ValueError for a trade of another day.
    """
    bills: dict[InstrumentKey | None, list[Bill]] = {}
    instruments: dict[InstrumentKey | None, Instrument | None] = {}

    def put(instrument: Instrument | None, bill: Bill) -> None:
        key = instrument.key if instrument is not None else None
        instruments.setdefault(key, instrument)
        bills.setdefault(key, []).append(bill)

    for instrument, fills in _by_instrument(trades, day):
        put(instrument, tariff.day(fills, plan))
    for event in events:
        put(event.instrument, _of_event(tariff, event, day))
    rows = tuple(ChargeRow(instrument=instruments[key], bill=merged(parts)) for key, parts in bills.items())
    whole = merged(row.bill for row in rows)
    stt = _stt(rows)
    lines = tuple(
        TariffLine(name=line.name, amount=stt if line.name is ChargeName.STT else to_paise(line.amount), sources=line.sources)
        for line in whole.lines
    )
    return DayBill(lines=lines, rows=rows, gaps=whole.gaps, uncounted=uncounted)


def _by_instrument(trades: Iterable[Trade], day: date) -> Iterable[tuple[Instrument, list[Trade]]]:
    """The fills of each instrument. One that was read twice from the master is still one instrument."""
    seen: dict[int, list[Trade]] = {}  # by identity first, for a day may have many fills of few instruments
    groups: dict[InstrumentKey, tuple[Instrument, list[Trade]]] = {}
    for trade in trades:
        if trade.day != day:
            msg = f"a trade of {trade.day.isoformat()} is none of {day.isoformat()}"
            raise ValueError(msg)
        fills = seen.get(id(trade.instrument))
        if fills is None:
            _, fills = groups.setdefault(trade.instrument.key, (trade.instrument, []))
            seen[id(trade.instrument)] = fills
        fills.append(trade)
    return groups.values()


def _of_event(tariff: Tariff, event: Event, day: date) -> Bill:
    match event:
        case Exercised():
            return tariff.exercise(event.instrument, event.quantity, event.settlement, day)
        case Delivered():
            return tariff.physical(event.instrument, event.side, event.quantity, event.settlement, day)
        case SquaredOff():
            return tariff.square_off_fee(day, event.orders)
        case Borrowed():
            return tariff.mtf(event.rupees, day, days=event.nights, pledges=event.pledges, of=event.of)


def _stt(rows: Iterable[ChargeRow]) -> Decimal:
    segments: dict[Exchange, Decimal] = {}
    for row in rows:
        if row.instrument is not None:
            paid = total(line.amount for line in row.bill.lines if line.name is ChargeName.STT)
            segments[row.instrument.exchange] = segments.get(row.instrument.exchange, ZERO) + paid
    return total(amount.quantize(RUPEE, rounding=ROUND_HALF_UP) for amount in segments.values())
