"""A P&L exit in words: what it watches, and where it strikes."""

from decimal import Decimal

from bot.domain.clock import ist
from bot.domain.market.display_names import short
from bot.domain.money import in_figures
from bot.domain.plans.pnl_exit import PnlAction, PnlExit, Scope, ScopeKind


def scope_in_words(scope: Scope) -> str:
    """Names a scope: all intraday and carry-forward, all NIFTY, or NF 24500CE 23Nov NRML."""
    match scope.kind:
        case ScopeKind.ALL:
            return "all intraday and carry-forward"
        case ScopeKind.UNDERLYING:
            return f"all {scope.underlying}"
        case ScopeKind.POSITION:
            return f"{short(scope.instrument)} {scope.product}" if scope.instrument is not None else ""


def levels_in_words(exit_: PnlExit) -> str:
    """−5,000, +8,000, giveback 3,000."""
    return levels_in_figures(exit_).replace(".00", "")


def levels_in_figures(exit_: PnlExit) -> str:
    """−5,000.00, +8,000.00, giveback 3,000.00: for news, where a discreet push knows amounts by their paise."""
    said = []
    if exit_.stop is not None:
        said.append(f"{'below ' if exit_.stop > 0 else ''}{_signed(exit_.stop)}")
    if exit_.target is not None:
        said.append(f"{'above ' if exit_.target < 0 else ''}{_signed(exit_.target)}")
    if exit_.giveback is not None:
        said.append(f"giveback {in_figures(exit_.giveback)}")
    return ", ".join(said)


def typed(exit_: PnlExit) -> str:
    """The words that ask for such a one: exit all if -5000 giveback 3000 gross."""
    scope, what, said = exit_.scope, "all", list[str]()
    if scope.kind is ScopeKind.UNDERLYING:
        what = scope.underlying.lower()
    elif scope.instrument is not None:
        what = f"{scope.instrument.name} {scope.product}".lower()
    if exit_.stop is not None:
        said.append(f"{exit_.stop:f}" if exit_.stop < 0 else f"below {exit_.stop:f}")
    if exit_.target is not None:
        said.append(f"{exit_.target:f}" if exit_.target > 0 else f"above {exit_.target:f}")
    if exit_.giveback is not None:
        said.append(f"giveback {exit_.giveback:f}")
    said.append("net" if exit_.after_charges else "gross")
    if exit_.action is PnlAction.ALERT:
        said.append("alert")
    if exit_.blocks_until is not None:
        till = f"{ist(exit_.blocks_until):%H:%M}"
        said.append("block" if till == "00:00" else f"block till {till}")
    return f"exit {what} if {' '.join(said)}"


def under(exit_: PnlExit) -> str:
    """under your P&L exit −5,000 · Exit."""
    act = "Exit" if exit_.action is PnlAction.EXIT else "Alert only"
    return f"under your P&L exit {levels_in_words(exit_)} · {act}"


def _signed(level: Decimal) -> str:
    return f"{'−' if level < 0 else '+'}{in_figures(level)}"
