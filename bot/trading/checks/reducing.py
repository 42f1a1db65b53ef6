"""What stands against an act by the role of who asks: to look, to make positions smaller, or to trade."""

from bot.domain.market.display_names import short
from bot.domain.people.account import GRANTS, Limits, Permission, Role
from bot.domain.terms import Product
from bot.trading.checks.checks import refusals
from bot.trading.checks.situation import Situation
from bot.trading.orders.cover import uncovers

DELIVERY = "you can close intraday and carried positions; delivery and holdings are the owner's."


def withheld(role: Role, product: Product, limits: Limits) -> bool:
    """Whether somebody in this role may not close what is held in this product."""
    return Permission.OPEN not in GRANTS[role] and _is_owners(product, limits)


def _is_owners(product: Product, limits: Limits) -> bool:
    return product in (Product.CNC, Product.MTF) and not limits.guardian_sells_holdings


def beyond_reducing(at: Situation) -> str | None:
    """Why somebody who may only reduce may not do this. None when it may be done. Source: positions, holdings, /limits."""
    if not at.reduces:
        return "you can make positions smaller, not open or grow them."
    if _is_owners(at.draft.product, at.limits):
        return DELIVERY
    bare = uncovers(at.draft, at.positions)
    if bare is not None:
        return f"you cannot take this away: it covers the short {short(bare)}. Buy that back first."
    return None


def objections(role: Role, at: Situation) -> tuple[str, ...]:
    """Every reason against the act for somebody in this role, the role's own first."""
    if Permission.OPEN in GRANTS[role]:
        return refusals(at)
    if Permission.REDUCE not in GRANTS[role]:
        return (f"As {role} you can look, not trade.", *refusals(at))
    why = beyond_reducing(at)
    return (f"As {role} {why}", *refusals(at)) if why else refusals(at)
