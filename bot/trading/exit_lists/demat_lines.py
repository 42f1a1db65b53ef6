"""Holdings as rows of a list of exits: what can be sold of each, and what is left where it is."""

from collections.abc import Sequence
from contextlib import suppress

from bot.domain.errors import CheckFailed, UsageError
from bot.domain.exits.exit_choice import chosen
from bot.domain.market.display_names import short
from bot.domain.market.prices import Price
from bot.domain.money import grouped
from bot.domain.positions.portfolio import Holding, PositionLine


def demat_line(holding: Holding) -> PositionLine:
    """What can be sold of a holding, as a position in delivery would stand."""
    average, last = holding.average, holding.last
    profit = (last - average) * holding.sellable if average is not None and last is not None else None
    return PositionLine(
        position=holding.in_delivery,
        price=Price(last=last) if last is not None else None,
        booked=None,
        open=None,
        since_entry=profit,
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
