"""What P&L exits have to do with a new order: those that would close what it opens."""

from bot.domain.plans.pnl_words import under
from bot.trading.checks.situation import Check, Situation


def under_pnl_exit(at: Situation) -> str | None:
    """Says which P&L exits would close what this opens. Source: our own store."""
    if at.reduces:
        return None
    words = "; ".join(under(each) for each in at.pnl_exits if each.scope.takes_in(at.draft.instrument, at.draft.product))
    return words[:1].upper() + words[1:] if words else None


PNL_EXITS: tuple[Check, ...] = (under_pnl_exit,)
