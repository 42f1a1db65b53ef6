"""What is open of an underlying in all, as rows of the list of positions."""

from fractions import Fraction

from bot.domain.market.display_names import SHORT_NAMES
from bot.domain.positions.net_lots import net_lots
from bot.domain.positions.portfolio import Positions
from handlers.views.format import MINUS, joined, signed_count


def net_lot_rows(positions: Positions) -> tuple[str, ...]:
    """NF net lots CE −1 · PE +2 · FUT +1, where several contracts of one underlying are open."""
    rows: list[str] = []
    for each in net_lots(line.position for line in positions.lines):
        name = SHORT_NAMES.get(each.symbol, each.symbol)
        kinds = [f"{kind} {_lots(lots)}" for kind, lots in each.lots]
        rows += joined(f"{name} net lots {kinds[0]}", *kinds[1:])
    return tuple(rows)


def _lots(lots: Fraction) -> str:
    """Whole lots with their sign. A part of a lot, which a changed lot leaves behind, with two decimals."""
    if lots.denominator == 1:
        return signed_count(int(lots))
    return f"{'+' if lots > 0 else MINUS}{abs(float(lots)):.2f}"
