"""First in, first out: what each exit closed, and what is left open.

Plain loops over tuples: a year of an active account is some hundred thousand fills.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from bot.domain.money import ZERO
from bot.domain.pnl.trades import LedgerTrade
from bot.domain.terms import Product, Side

_PLACE = attrgetter("at", "broker_id", "step")  # as LedgerTrade.place, in half the time
_AS_IT_IS = tuple.__new__  # a named tuple's own takes three times as long


class Lot(NamedTuple):
    """What one fill opened and nothing has closed yet."""

    quantity: int  # signed, shares or units
    price: Decimal | None  # rupees; None: not known
    opened: date | None = None  # in India; None: brought forward, so that the holding period is not known
    order: str = ""  # the broker's id of the order that opened it
    at: datetime | None = None  # UTC


class Exit(NamedTuple):
    """What one fill closed of one lot."""

    quantity: int  # signed as the lot was: positive when a long was sold
    lot: Lot  # as it was opened, whatever else of it is closed by others
    fill: Lot  # that closed it, whatever else it closed

    @property
    def entry(self) -> Decimal | None:
        """Rupees. None: not known."""
        return self.lot.price

    @property
    def price(self) -> Decimal | None:
        """Rupees. None: not known."""
        return self.fill.price

    @property
    def opened(self) -> date | None:
        """The day in India. None: not known."""
        return self.lot.opened

    @property
    def closed(self) -> date | None:
        """The day in India."""
        return self.fill.opened

    @property
    def entry_order(self) -> str:
        """The broker's id of the order that opened it."""
        return self.lot.order

    @property
    def order(self) -> str:
        """The broker's id of the order that closed it."""
        return self.fill.order

    @property
    def at(self) -> datetime | None:
        """When it was closed, UTC."""
        return self.fill.at

    @property
    def amount(self) -> Decimal | None:
        """Rupees booked, before charges and for a multiplier of one. None where a price is not known."""
        entry, price = self.lot.price, self.fill.price
        return None if entry is None or price is None else (price - entry) * self.quantity


def lots_of(trades: Iterable[LedgerTrade]) -> list[Lot]:
    """Fills as what they would open, oldest first, however they were read."""
    return list(lots_in_turn(trades))


def lots_in_turn(trades: Iterable[LedgerTrade]) -> Iterator[Lot]:
    """The same one by one."""
    buy, made = Side.BUY, _AS_IT_IS
    for fill in sorted(trades, key=_PLACE):
        yield made(Lot, (fill.quantity if fill.side is buy else -fill.quantity, fill.price, fill.day, fill.broker_id, fill.at))


def match(lots: Iterable[Lot], fills: Iterable[Lot]) -> tuple[list[Exit], list[Lot]]:
    """What the fills close, oldest lot first, and what is open after them. A fill goes through zero where it is the larger."""
    exits: list[Exit] = []
    left = _matched(lots, fills, lambda quantity, lot, fill: exits.append(_AS_IT_IS(Exit, (quantity, lot, fill))))
    return exits, left


def booked_by(lots: Iterable[Lot], fills: Iterable[Lot]) -> tuple[Decimal | None, list[Lot]]:
    """The rupees that the fills book, before charges and for a multiplier of one, and what is open after them.

    As `match` without a record of each exit, which is most of its time. None: a cost or a price of what was closed is not known.
    """
    booked, known = ZERO, True

    def note(quantity: int, lot: Lot, fill: Lot) -> None:
        nonlocal booked, known
        entry, price = lot[1], fill[1]
        if entry is None or price is None:
            known = False
        else:
            booked += (price - entry) * quantity

    left = _matched(lots, fills, note)
    return booked if known else None, left


def _matched(lots: Iterable[Lot], fills: Iterable[Lot], note: Callable[[int, Lot, Lot], None]) -> list[Lot]:
    """Tells of each part that a fill closes of a lot: how much of it, signed as the lot. Returns what is open in the end."""
    opened = deque(lots)
    held = opened[0][0] if opened else 0  # what is left of the first open lot
    for fill in fills:
        left = fill[0]
        while held < 0 < left or left < 0 < held:
            rest = held + left
            if (held < 0 and rest < 0) or (held > 0 and rest > 0):
                note(-left, opened[0], fill)
                held, left = rest, 0
            else:
                note(held, opened.popleft(), fill)
                left = rest
                held = opened[0][0] if opened else 0
        if left:
            opened.append(fill if left == fill[0] else fill._replace(quantity=left))
            held = held or left
    if opened and held != opened[0][0]:
        opened[0] = opened[0]._replace(quantity=held)
    return list(opened)


def match_day(lots: Sequence[Lot], fills: Sequence[Lot], product: Product) -> tuple[list[Exit], list[Lot]]:
    """One day's fills against what was open before it.

    Delivery is netted first, as it is settled and taxed: what was bought and sold on the same day never reached the demat
    account, and only the rest comes out of the holdings.
    """
    if product is not Product.CNC:
        return match(lots, fills)
    within, rest = match((), fills)
    exits, left = match(lots, rest)
    return within + exits, left


def booked_by_day(lots: Sequence[Lot], fills: Sequence[Lot], product: Product) -> tuple[Decimal | None, list[Lot]]:
    """Does what `match_day` does, with the rupees booked in the place of the exits (`booked_by`)."""
    if product is not Product.CNC:
        return booked_by(lots, fills)
    within, rest = booked_by((), fills)
    booked, left = booked_by(lots, rest)
    return None if within is None or booked is None else within + booked, left


def carried_into(day: date, trades: Sequence[LedgerTrade], begun: Sequence[Lot], product: Product) -> list[Lot]:
    """What is open of one row when a day begins: fills of earlier days on top of what was brought forward."""
    lots = list(begun)
    earlier = sorted((trade for trade in trades if trade.day < day), key=lambda trade: (trade.day, trade.place))
    for _, of_day in groupby(earlier, key=lambda trade: trade.day):
        lots = match_day(lots, lots_of(of_day), product)[1]
        if product is Product.CNC:  # what was sold beyond them came out of holdings from before our first fill
            lots = [lot for lot in lots if lot.quantity > 0]
    return lots


def quantity_of(lots: Iterable[Lot]) -> int:
    """The open quantity, signed, shares or units."""
    return sum(lot[0] for lot in lots)


def cost_of(lots: Iterable[Lot]) -> Decimal | None:
    """Rupees that the lots cost, negative for shorts and for a multiplier of one. None where one of them does not say."""
    cost = ZERO
    for lot in lots:
        if lot[1] is None:
            return None
        cost += lot[1] * lot[0]
    return cost
