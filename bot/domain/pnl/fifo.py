"""First in, first out: what each exit closed, and what is left open.

Plain loops over tuples: a year of an active account is some hundred thousand fills.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from bot.domain.money import ZERO
from bot.domain.pnl.trades import LedgerTrade
from bot.domain.terms import Product


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
    entry: Decimal | None  # rupees
    price: Decimal | None  # rupees
    opened: date | None  # in India; None: not known
    closed: date | None
    entry_order: str
    order: str
    at: datetime | None  # UTC, of the exit

    @property
    def amount(self) -> Decimal | None:
        """Rupees booked, before charges and for a multiplier of one; None where a price is not known."""
        return None if self.entry is None or self.price is None else (self.price - self.entry) * self.quantity


def lots_of(trades: Iterable[LedgerTrade]) -> list[Lot]:
    """Fills as what they would open, oldest first, however they were read."""
    placed = sorted(trades, key=lambda trade: trade.place)
    return [Lot(trade.signed, trade.price, trade.day, trade.broker_id, trade.at) for trade in placed]


def match(lots: Iterable[Lot], fills: Iterable[Lot]) -> tuple[list[Exit], list[Lot]]:
    """What the fills close, oldest lot first, and what is open after them. A fill goes through zero where it is the larger."""
    opened, first = list(lots), 0
    held = opened[0][0] if opened else 0  # what is left of the first open lot
    exits: list[Exit] = []
    made = tuple.__new__  # a named tuple's own takes three times as long
    for fill in fills:
        left, price, day, order, at = fill
        while left and held * left < 0:
            _, entry, since, opener, _ = opened[first]
            if (held < 0) is (held + left < 0) and held + left:
                exits.append(made(Exit, (-left, entry, price, since, day, opener, order, at)))
                held, left = held + left, 0
            else:
                exits.append(made(Exit, (held, entry, price, since, day, opener, order, at)))
                left += held
                first += 1
                held = opened[first][0] if first < len(opened) else 0
        if left:
            opened.append(fill if left == fill[0] else Lot(left, price, day, order, at))
            held = held or left
    return exits, [*([opened[first]._replace(quantity=held)] if held else []), *opened[first + 1 :]]


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


def carried_into(day: date, trades: Sequence[LedgerTrade], begun: Sequence[Lot], product: Product) -> list[Lot]:
    """What is open of one row when a day begins: fills of earlier days on top of what was brought forward."""
    lots = list(begun)
    earlier = sorted((trade for trade in trades if trade.day < day), key=lambda trade: (trade.day, trade.place))
    for _, of_day in groupby(earlier, key=lambda trade: trade.day):
        lots = match_day(lots, lots_of(of_day), product)[1]
    return lots


def quantity_of(lots: Iterable[Lot]) -> int:
    """The open quantity, signed, shares or units."""
    return sum(lot[0] for lot in lots)


def cost_of(lots: Iterable[Lot]) -> Decimal | None:
    """Rupees that the lots cost, negative for shorts and for a multiplier of one; None where one of them does not say."""
    cost = ZERO
    for lot in lots:
        if lot[1] is None:
            return None
        cost += lot[1] * lot[0]
    return cost
