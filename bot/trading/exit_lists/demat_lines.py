"""Holdings as rows of a list of exits: what can be sold of each, and what is left where it is."""

from collections.abc import Sequence
from contextlib import suppress

from bot.domain.errors import CheckFailed, UsageError
from bot.domain.exits.exit_choice import chosen
from bot.domain.market.display_names import short
from bot.domain.market.prices import Price
from bot.domain.money import ZERO, grouped
from bot.domain.positions.portfolio import Holding, Position, PositionLine
from bot.domain.terms import Product


def demat_line(holding: Holding) -> PositionLine:
    """What can be sold of a holding, as a position in delivery would stand."""
    units, average, last = holding.sellable, holding.average, holding.last
    position = Position(
        instrument=holding.instrument, product=Product.CNC, quantity=units, bought=0, sold=0, bought_value=ZERO, sold_value=ZERO,
        average=average,
    )  # fmt: skip
    profit = (last - average) * units if average is not None and last is not None else None
    return PositionLine(
        position=position, price=Price(last=last) if last is not None else None, booked=None, open=None, since_entry=profit
    )


def demat_line_of(words: str, lines: Sequence[PositionLine]) -> PositionLine | None:
    """The one holding that these words name, and of which something can be sold."""
    with suppress(CheckFailed, UsageError):
        found = chosen(words, [line for line in lines if line.position.quantity]).lines
        return found[0] if len(found) == 1 else None
    return None


def left_in_demat(holdings: Sequence[Holding]) -> list[str]:
    """Holdings of which nothing can be sold, with why."""
    said = []
    for each in holdings:
        if each.sellable:
            continue
        why = f"{grouped(str(each.collateral))} pledged" if each.collateral and each.total else "sold today"
        said.append(f"{short(each.instrument)}: {why}")
    return said
