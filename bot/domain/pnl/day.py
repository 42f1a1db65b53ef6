"""What one row of an account's positions made today, read three ways, and the sum over any choice of rows.

The day of a row is what was realised today and the change since the previous close (since entry for what was opened today). Our
own fills say it, first in first out, where they make the quantity that the broker shows. Else the broker's row says it. The
official close of yesterday and the price that we valued yesterday at may differ: that difference is a line of today, so that
days add up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from decimal import Decimal

from bot.domain.market.instrument import InstrumentKind
from bot.domain.market.prices import Price
from bot.domain.money import PAISA, ZERO, total
from bot.domain.pnl.fifo import Exit, Lot, booked_by_day, cost_of, lots_of, match, quantity_of
from bot.domain.pnl.trades import FINE, DayMark, LedgerTrade
from bot.domain.positions.held import NewBase
from bot.domain.positions.portfolio import Holding, Missing, Off, Position, PositionLine, Reason
from bot.domain.positions.rebase import Rebase
from bot.domain.terms import Product, Side
from bot.domain.value import value

HALF_A_PAISA = Decimal("0.005")


@value
class OwnRow:
    """What our own records say of one row."""

    trades: tuple[LedgerTrade, ...] = ()  # of today
    lots: tuple[Lot, ...] = ()  # open when the day began
    mark: DayMark | None = None  # how the trading day before was closed
    counted: Mapping[date, Decimal] = field(default_factory=dict)  # day -> the price that it valued what it bought at

    @property
    def forward(self) -> bool:
        """Whether it began with what the broker says was carried."""
        return any(lot.opened is None for lot in self.lots)


NOTHING = OwnRow()


@value
class DayPnl:
    """The day of a scope, rupees before charges: all rows, one, those of an underlying, those of some products."""

    rows: tuple[PositionLine, ...]

    @classmethod
    def of(cls, rows: Iterable[PositionLine], scope: Callable[[PositionLine], bool] = lambda _: True) -> "DayPnl":
        """The rows that the scope takes in. Holdings are no rows: their change is never part of a net."""
        return cls(rows=tuple(row for row in rows if scope(row)))

    @property
    def missing(self) -> tuple[PositionLine, ...]:
        """Rows that the sums leave out. Each names in `missing` what nobody says."""
        return tuple(row for row in self.rows if row.today is None)

    @property
    def known(self) -> bool:
        """Whether every row is in the sums."""
        return not self.missing

    @property
    def booked(self) -> Decimal:
        """Realised today, of the rows where that is known."""
        return total(row.booked for row in self.rows if row.booked is not None)

    @property
    def open(self) -> Decimal:
        """Today's change of what is open, of the rows where that is known."""
        return total(row.open for row in self.rows if row.open is not None)

    @property
    def adjustment(self) -> Decimal:
        """The close adjustment: a line of today for what yesterday was valued at."""
        return total(row.adjustment for row in self.rows)

    @property
    def gross(self) -> Decimal:
        """What the scope made today before charges."""
        return self.booked + self.open + self.adjustment

    @property
    def difference(self) -> Decimal:
        """Ours less the broker's, of the rows where both are known."""
        return total(row.difference for row in self.rows if row.difference is not None)


def day_line(position: Position, price: Price | None, own: OwnRow = NOTHING, holding: Holding | None = None) -> PositionLine:
    """One row's day. holding: the demat shares of the same instrument, for what was sold out of them."""
    if _is_halfway(position, price, own):
        return PositionLine(position=position, price=price, booked=None, open=None, missing=(Missing.SPLIT,))
    fills = lots_of(own.trades)
    delivery = position.product is Product.CNC and not position.carried
    if not _whole(position, own, start=0 if delivery else quantity_of(own.lots)):
        return _by_broker(position, price, own, holding)
    if delivery:
        return _delivery(position, price, own, fills, holding)
    base = _base(price, own)
    realised, left = booked_by_day([lot._replace(price=base) for lot in own.lots], fills, position.product)
    held = booked_by_day(own.lots, fills, position.product)[1] if own.lots else left
    booked = realised * position.multiplier if realised is not None else None
    opened = _open(left, price, position)
    unknown = booked is None or opened is None
    missing = _missing(position, price, no_base=bool(own.lots) and base is None, no_cost=unknown)
    return _line(position, price, own, booked=booked, opened=opened, held=held, missing=missing if unknown else ())


def _is_halfway(position: Position, price: Price | None, own: OwnRow) -> bool:
    """Whether a split shows in the price alone or in the quantity alone, so that their product is no money.

    The price tells by the broker's previous close, against what our own last day was valued at. The quantity tells only where
    the price of now does as well: more may have been bought elsewhere. Of an option the strike tells, for a premium halves by
    itself, and its previous close has to be nearer to what the split makes of our mark than to the mark.
    """
    mark, lots, base = own.mark, quantity_of(own.lots), _base(price, own)
    if price is None or mark is None or mark.mark is None or base is None or not position.carried:
        return False
    if mark.quantity != lots or lots * position.carried <= 0:
        return False
    instrument, split = position.instrument, _split(position, mark, base)
    by_quantity = _factor(position, Decimal(abs(position.carried)), Decimal(abs(lots)))
    if instrument.is_option:
        far = split is not None and abs(base - split.price(mark.mark, instrument.tick)) > abs(base - mark.mark)
        return split is not None and (split != by_quantity or far)
    if instrument.kind not in (InstrumentKind.EQUITY, InstrumentKind.STOCK_FUTURE):
        return False
    if split is not None:
        return position.carried == lots
    return by_quantity is not None and by_quantity == _factor(position, mark.mark, price.last)


def _split(position: Position, mark: DayMark, base: Decimal) -> Rebase | None:
    """The usual factor by which the night changed the price of what was carried: of an option its strike. None: no split."""
    if position.instrument.is_option:
        return _factor(position, mark.instrument.strike, position.instrument.strike)
    return _factor(position, mark.mark, base)


def _factor(position: Position, before: Decimal | None, now: Decimal | None) -> Rebase | None:
    if before is None or now is None:
        return None
    return Rebase.suspected(NewBase(instrument=position.instrument, before=before, now=now))


def _whole(position: Position, own: OwnRow, *, start: int) -> bool:
    """Whether our fills make all that the broker's row shows: what is open, and what was bought and sold on the way there.

    Whether the row's quantities hold what was carried is not documented.
    """
    bought = sum(trade.quantity for trade in own.trades if trade.side is Side.BUY)
    sold = sum(trade.quantity for trade in own.trades if trade.side is Side.SELL)
    shown = (position.bought, position.sold)
    return start + bought - sold == position.quantity and shown in (
        (bought, sold),
        (bought + max(start, 0), sold + max(-start, 0)),
    )


def _delivery(
    position: Position, price: Price | None, own: OwnRow, fills: Sequence[Lot], holding: Holding | None
) -> PositionLine:
    """Shares bought or sold today for delivery: what both sides have in common closes itself, the rest of a sale was held."""
    within, rest = match((), fills)
    booked = _booked(within, position)
    reasons: tuple[Reason, ...] = ()
    if quantity_of(rest) < 0:
        lots: Sequence[Lot] = own.lots
        if holding is None or quantity_of(lots) != holding.listed:
            lots = (Lot(-quantity_of(rest), holding.average if holding is not None else None),)
            reasons = (Reason.BROUGHT_FORWARD,)
        sold, rest = match(lots, rest)
        realised = _booked(sold, position)
        if booked is None or realised is None:
            return PositionLine(position=position, price=price, booked=None, open=None, missing=(Missing.COST,))
        line = _line(position, price, own, booked=booked + realised, opened=ZERO, held=(), holding=holding, reasons=reasons)
        return _less_counted(line, sold, own)
    opened = _open(rest, price, position)
    missing = _missing(position, price, no_base=False, no_cost=True) if booked is None or opened is None else ()
    return _line(position, price, own, booked=booked, opened=opened, held=rest, missing=missing)


def _less_counted(line: PositionLine, sold: Sequence[Exit], own: OwnRow) -> PositionLine:
    """The sale without what the day of purchase has counted already, from its cost to that day's close."""
    counted = ZERO
    for each in sold:
        close = own.counted.get(each.opened) if each.opened is not None else None
        if close is not None and each.entry is not None:
            counted += (close - each.entry) * each.quantity
    if not counted:
        return line
    adjustment = line.adjustment - counted * line.position.multiplier
    return _explained(replace(line, adjustment=adjustment, reasons=(*line.reasons, Reason.CLOSE_ADJUSTMENT)), own)


def _by_broker(position: Position, price: Price | None, own: OwnRow, holding: Holding | None) -> PositionLine:
    """The row as the broker's averages have it, where our own fills do not make its quantity."""
    booked, opened = _broker_parts(position, price, _base(price, own), own, holding)
    missing: tuple[Missing, ...] = ()
    if booked is None or opened is None:
        uncosted = position.average is None or position.is_sold_holding
        no_base = bool(position.carried) and _base(price, own) is None
        missing = _missing(position, price, no_base=no_base, no_cost=uncosted)
    adjustment = _adjustment(price, own, position)
    since = None
    if price is not None and position.average is not None and position.is_open:
        since = position.open_profit(price.last)
    line = PositionLine(
        position=position,
        price=price,
        booked=booked,
        open=opened,
        since_entry=since,
        average=position.average,
        adjustment=adjustment,
        missing=missing,
        broker=None if booked is None or opened is None else booked + opened,
        reasons=(Reason.MISSING_TRADE,),
    )
    return _explained(line, own)


def _line(
    position: Position,
    price: Price | None,
    own: OwnRow,
    *,
    booked: Decimal | None,
    opened: Decimal | None,
    held: Sequence[Lot],
    missing: tuple[Missing, ...] = (),
    holding: Holding | None = None,
    reasons: tuple[Reason, ...] = (),
) -> PositionLine:
    """The row as our own fills have it, with the broker's reading beside it and why they differ."""
    cost, quantity = cost_of(held), quantity_of(held)
    parts = _broker_parts(position, price, _base(price, own), own, holding)
    broker = None if parts[0] is None or parts[1] is None else parts[0] + parts[1]
    adjustment = _adjustment(price, own, position)
    line = PositionLine(
        position=position,
        price=price,
        booked=booked,
        open=opened,
        since_entry=_open(held, price, position) if held else None,
        average=(cost / quantity).quantize(FINE) if cost is not None and quantity else None,
        adjustment=adjustment,
        missing=missing,
        broker=broker,
        reasons=reasons,
    )
    return _explained(line, own)


def _explained(line: PositionLine, own: OwnRow) -> PositionLine:
    """The line with what it differs by from the broker's, in parts that have a reason each."""
    if not line.difference:
        return replace(line, off=())
    rest, parts = line.difference - line.adjustment, []
    if line.adjustment:
        parts.append(Off(reason=Reason.CLOSE_ADJUSTMENT, rupees=line.adjustment))
    if rest:
        parts.append(Off(reason=_why(line, own, rest), rupees=rest))
    return replace(line, off=tuple(parts), reasons=tuple(dict.fromkeys([*line.reasons, *(part.reason for part in parts)])))


def _why(line: PositionLine, own: OwnRow, rest: Decimal) -> Reason:
    """What makes a difference beyond the close adjustment. Averages that are rounded to the paisa make so much and no more."""
    position = line.position
    units = abs(position.carried) + position.bought + position.sold
    if any(trade.missing for trade in own.trades):
        return Reason.MISSING_TRADE
    if abs(rest) <= HALF_A_PAISA * units * position.multiplier + PAISA:
        return Reason.ROUNDING
    if own.forward or Reason.BROUGHT_FORWARD in line.reasons:
        return Reason.BROUGHT_FORWARD
    return Reason.OLDEST_FIRST if position.is_sold_holding else Reason.NOT_FOUND


def _broker_parts(
    position: Position, price: Price | None, base: Decimal | None, own: OwnRow, holding: Holding | None
) -> tuple[Decimal | None, Decimal | None]:
    """(booked, open) of today by the broker's averages: what was carried is taken from its own cost to the previous close."""
    if position.is_sold_holding:
        cost = holding.average if holding is not None else None
        if cost is None:
            return None, None
        return position.sold_value - position.bought_value + cost * position.quantity, ZERO
    if position.quantity and position.average is None:
        return None, None
    booked = position.booked_profit()
    opened = ZERO if not position.quantity else position.open_profit(price.last) if price is not None else None
    if not position.carried:
        return booked, opened
    entry = position.carried_average or _average(own.lots) or (position.average if position.quantity else None)
    if base is None or entry is None:
        return None, None
    against = position.sold if position.carried > 0 else position.bought
    sign = 1 if position.carried > 0 else -1
    closed = sign * min(abs(position.carried), against)
    shift = (base - entry) * position.multiplier
    booked -= shift * closed
    return booked, None if opened is None else opened - shift * (position.carried - closed)


def _average(lots: Sequence[Lot]) -> Decimal | None:
    cost, quantity = cost_of(lots), quantity_of(lots)
    return cost / quantity if cost is not None and quantity else None


def _base(price: Price | None, own: OwnRow) -> Decimal | None:
    """The previous close by the broker. Where it does not say, it is the price that we valued yesterday at."""
    if price is not None and price.previous_close is not None:
        return price.previous_close
    return own.mark.mark if own.mark is not None else None


def _adjustment(price: Price | None, own: OwnRow, position: Position) -> Decimal:
    base, mark, carried = _base(price, own), own.mark, quantity_of(own.lots)
    if mark is None or mark.mark is None or base is None or mark.quantity != carried or not carried:
        return ZERO
    if position.product is Product.CNC and not position.carried:
        return ZERO  # it is in the holdings by now, whose change is a line of its own
    now = carried
    if position.carried != carried:  # perhaps a split made so many contracts of them
        split = _split(position, mark, base)
        now = position.carried if split is not None and position.carried == split.quantity(carried) else carried
    return (base * now - mark.mark * carried) * position.multiplier


def _booked(exits: Sequence[Exit], position: Position) -> Decimal | None:
    amounts = [each.amount for each in exits]
    known = [amount for amount in amounts if amount is not None]
    return total(known) * position.multiplier if len(known) == len(amounts) else None


def _open(lots: Sequence[Lot], price: Price | None, position: Position) -> Decimal | None:
    if not lots:
        return ZERO
    cost = cost_of(lots)
    if cost is None or price is None:
        return None
    return (price.last * quantity_of(lots) - cost) * position.multiplier


def _missing(position: Position, price: Price | None, *, no_base: bool, no_cost: bool) -> tuple[Missing, ...]:
    """What to name where a figure is not known. The cost is named only where nothing else explains it."""
    found = []
    if price is None and position.is_open:
        found.append(Missing.PRICE)
    if no_base:
        found.append(Missing.PREVIOUS_CLOSE)
    if no_cost and not found:
        found.append(Missing.COST)
    return tuple(found)


def mark_of(account_id: str, line: PositionLine, day: date) -> DayMark:
    """How a row stands when its day (in India) is closed."""
    position = line.position
    return DayMark(
        account_id=account_id,
        day=day,
        instrument=position.instrument,
        product=position.product,
        quantity=position.quantity,
        mark=line.price.last if line.price is not None and position.quantity else None,
        booked=line.booked,
        open=line.open,
        adjustment=line.adjustment,
        since_entry=line.since_entry,
    )
