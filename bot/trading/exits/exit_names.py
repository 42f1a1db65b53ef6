"""Positions and rows in words: for lists, for buttons, for the record of acts."""

from bot.domain.market.display_names import short
from bot.domain.money import grouped, in_figures
from bot.domain.orders.exit_list import ExitList
from bot.domain.orders.portfolio import Position


def named(position: Position) -> str:
    """The position for a list: +65 NF 24500CE 23Nov."""
    sign = "+" if position.quantity > 0 else "−"
    return f"{sign}{grouped(str(abs(position.quantity)))} {short(position.instrument)}"


def odd_units(position: Position) -> int:
    """Units beyond whole lots: a lot that changed leaves them behind, and no order can close them."""
    return abs(position.quantity) % position.instrument.lot


def command(position: Position) -> str:
    """The command that closes this position alone."""
    return f"/exit {position.instrument.name} {position.product.lower()}"


def record(exits: ExitList) -> str:
    """The rows for the record of acts."""
    lines = [
        f"{row.draft.side} {row.draft.quantity} {row.draft.instrument.name} {row.draft.product}"
        f" at worst {in_figures(row.draft.price) if row.draft.price is not None else 'the market'}"
        for row in exits.rows
    ]
    return "; ".join(lines) or "no positions"
