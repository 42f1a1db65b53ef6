"""What a sale meets at the depository, and an exit in lots: pure functions, each with its data source.

They only warn.
"""

from bot.domain.clock import ist_date
from bot.domain.market.display_names import label
from bot.domain.money import grouped
from bot.domain.positions.portfolio import Holding, met_today
from bot.domain.terms import Product, Side
from bot.trading.checks.situation import Check, Situation


def odd_rest(at: Situation) -> str | None:
    """Source: positions, the lot of the scrip master."""
    lot = at.draft.instrument.lot
    rest = at.closable % lot
    if not at.reduces or not rest or at.draft.quantity < at.closable - rest:
        return None
    name = label(at.draft.instrument, today=ist_date(at.now))
    return (
        f"{grouped(str(rest))} cannot be {'sold' if at.draft.side is Side.SELL else 'bought back'}: {name} goes in lots of {lot}"
    )


def bought_today(at: Situation) -> str | None:
    """Source: positions."""
    part = met_today(at.draft, at.positions) if at.draft.side is Side.SELL and at.draft.product is Product.CNC else 0
    return f"{grouped(str(part))} were bought today: sold today they count as intraday" if part else None


def undelivered(at: Situation) -> str | None:
    """Source: holdings."""
    free, t1 = _free(at), sum(row.t1 for row in _rows(at))
    part = min(at.draft.quantity - free, t1)
    if not t1 or part <= 0:
        return None
    return f"{grouped(str(part))} are not in demat yet: if your seller fails to deliver you face the auction"


def unauthorised(at: Situation) -> str | None:
    """Source: holdings, what /ddpi or the setting DDPI says. Whether mStock asks is not known before the sale."""
    rows = _rows(at)
    if at.ddpi or not rows or sum(row.authorised for row in rows) >= at.draft.quantity:
        return None
    return "mStock may need your CDSL TPIN today: authorise in the mStock app, then confirm (/ddpi yes if a DDPI is on file)"


def pledged(at: Situation) -> str | None:
    """Source: holdings."""
    kept = sum(row.collateral for row in _rows(at))
    return f"{grouped(str(kept))} more are pledged: they are sold only after you unpledge them" if kept else None


def _rows(at: Situation) -> list[Holding]:
    """The holdings that a delivery sale takes from, when the day's own purchases do not suffice."""
    draft = at.draft
    if draft.side is not Side.SELL or draft.product is not Product.CNC:
        return []
    today = sum(row.quantity for row in at.positions if row.instrument.key == draft.instrument.key and row.product is Product.CNC)
    return [] if today >= draft.quantity else [row for row in at.holdings if row.instrument.key == draft.instrument.key]


def _free(at: Situation) -> int:
    """Shares that are delivered, not pledged and not sold today."""
    today = sum(
        row.quantity for row in at.positions if row.instrument.key == at.draft.instrument.key and row.product is Product.CNC
    )
    return max(0, sum(row.quantity - row.collateral for row in _rows(at)) + today)


AT_DEPOSITORY: tuple[Check, ...] = (bought_today, undelivered, unauthorised, pledged)
SELLING: tuple[Check, ...] = (odd_rest, *AT_DEPOSITORY)
