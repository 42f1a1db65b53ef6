"""What a card says of its order besides the terms: every warning, and when the market takes it again."""

from datetime import datetime

from bot.domain.market.calendar import Window
from bot.domain.money import grouped
from bot.domain.proposals.proposal import Remark
from bot.trading.checks.beside import BESIDE
from bot.trading.checks.checks import WARNINGS, over_freeze
from bot.trading.checks.pnl_checks import PNL_EXITS
from bot.trading.checks.selling import SELLING
from bot.trading.checks.situation import Situation


def remarks(at: Situation, *, parts: int = 1) -> tuple[Remark, ...]:
    """Every warning about the order. None of them refuses it. parts: how many orders it is sent in."""
    if parts > 1:
        told = tuple(remark for remark in remarks(at) if remark.name != over_freeze.__name__)
        return (Remark(name="sliced", say=f"Over the freeze of {grouped(str(at.freeze))}: sent in {parts} orders"), *told)
    checks = (*WARNINGS, *BESIDE, *SELLING, *PNL_EXITS)
    return tuple(Remark(name=check.__name__, say=say) for check in checks if (say := check(at)) is not None)


def closed_until(at: Situation) -> datetime | None:
    """When the market takes this order again, UTC. None: it takes it now, it is a change, or nobody knows. Source: calendar."""
    if at.draft.session is not None:  # it is sent while the market is closed
        return None
    return None if at.before is not None else takes_again(at.window, reduces=at.reduces)


def takes_again(window: Window | None, *, reduces: bool) -> datetime | None:
    """When the market takes an order again, UTC, that it does not take now. None: it takes it, or nobody knows."""
    if window is None or not window.known:
        return None
    return None if (window.may_exit if reduces else window.may_enter) else window.opens
