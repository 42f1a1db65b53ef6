"""Positions and rows in words: for lists, for buttons, for the record of acts."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from bot.domain.errors import ChoiceWanted
from bot.domain.exits.exit_choice import ExitChoice
from bot.domain.exits.exit_list import ExitList
from bot.domain.market.display_names import short
from bot.domain.money import grouped, in_figures
from bot.domain.positions.portfolio import Position, PositionLine

MOST_WAYS = 8  # buttons


def named(position: Position) -> str:
    """The position for a list: +65 NF 24500CE 23Nov."""
    sign = "+" if position.quantity > 0 else "−"
    return f"{sign}{grouped(str(abs(position.quantity)))} {short(position.instrument)}"


def odd_units(position: Position) -> int:
    """Units beyond whole lots: a lot that changed leaves them behind, and no order can close them."""
    return abs(position.quantity) % position.instrument.lot


def command(position: Position, *, of_demat: bool = False) -> str:
    """The command that closes this position alone, or sells this holding."""
    which = "holdings" if of_demat else position.product.lower()
    return f"/exit {position.instrument.name} {which}"


def which_of(choice: ExitChoice, *, of_demat: bool = False) -> ChoiceWanted:
    """The question of which position a size is said. Each button says it again."""
    most = choice.quantity or 0
    near = [
        (f"{named(line.position)} {line.position.product}", f"{command(line.position, of_demat=of_demat)} {choice.size}")
        for line in choice.lines
        if abs(line.position.quantity) >= most
    ]
    return ChoiceWanted("Which of them?", near=near)


def ways_out(words: str, lines: Sequence[PositionLine]) -> list[tuple[str, str]]:
    """A button for each open position where words name none of them, the likest name first."""
    said = words.upper()
    open_lines = [line for line in lines if line.position.is_open]
    open_lines.sort(key=lambda line: SequenceMatcher(None, said, line.position.instrument.symbol).ratio(), reverse=True)
    return [(f"Exit {named(line.position)} {line.position.product}", command(line.position)) for line in open_lines[:MOST_WAYS]]


def record(exits: ExitList) -> str:
    """The rows for the record of acts."""
    lines = [
        f"{row.draft.side} {row.draft.quantity} {row.draft.instrument.name} {row.draft.product}"
        f" at worst {in_figures(row.draft.price) if row.draft.price is not None else 'the market'}"
        for row in exits.rows
    ]
    return "; ".join(lines) or "no positions"
