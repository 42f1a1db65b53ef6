"""Strikes off the entries of plans that were not sent yet; what closes lives on."""

from bot.domain.orders.plan import LegKind, LegState
from bot.domain.ports.repositories import Repositories


def strike_entries(db: Repositories, account_id: str | None, *, of: int | None = None) -> int:
    """How many entry legs will never be sent now.

    account_id: None is every account. of: only those that this person (Telegram id) confirmed.
    """
    return sum(
        db.plans.strike(plan.id, leg.number)
        for plan in db.plans.alive()
        if account_id in (None, plan.account_id) and of in (None, plan.placed_by)
        for leg in plan.legs
        if leg.kind is LegKind.ENTRY and leg.state is LegState.WAITING
    )
